/* This library's connection driven by hand: one handle, one connection, as a context of hiredis is. */
#include "client.h"
#include <redisclient.h>
#include <stdio.h>

bool client_call(struct client *client, const struct command *command)
{
    redisclient_connection *connection = (redisclient_connection *)client;
    redisclient_reply *reply;
    if (redisclient_connection_send(connection, command->argc, command->argv, command->lengths, NULL) != REDISCLIENT_OK
        || redisclient_connection_flush(connection, 5000, NULL) != REDISCLIENT_OK
        || redisclient_connection_receive(connection, 5000, &reply, NULL) != REDISCLIENT_OK)
        return false;
    bool well = reply->length == command->reply_length;
    redisclient_reply_free(reply);
    return well;
}

struct client *client_open(const char *address, const struct use *use)
{
    char url[512];
    redisclient_connection *connection = NULL;
    redisclient_error *error = NULL;
    (void)use;
    snprintf(url, sizeof url, "%s://%s", *address == '/' ? "unix" : "redis", address);
    if (redisclient_connection_open(url, NULL, &connection, &error) != REDISCLIENT_OK)
        fail("%s", redisclient_error_message(error));
    return (struct client *)connection;
}

void client_close(struct client *client)
{
    redisclient_connection_free((redisclient_connection *)client);
}
