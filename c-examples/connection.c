/* Drive one connection by hand.
 * You decide what is sent and when, and see every reply and push in the order of the wire. Nothing
 * is retried. For tools, proxies and ports of older code.
 * usage: connection [url]
 */
#include <redisclient.h>
#include <stdio.h>
#include <string.h>

static const char *hello_field(const redisclient_reply *hello, const char *name)
{
    for (size_t i = 0; i + 1 < redisclient_reply_count(hello); i += 2)
        if (strcmp(redisclient_reply_text(redisclient_reply_at(hello, i), NULL), name) == 0)
            return redisclient_reply_text(redisclient_reply_at(hello, i + 1), NULL);
    return "unknown";
}

static void print_scalar(const redisclient_reply *reply)
{
    if (redisclient_reply_kind(reply) == REDISCLIENT_REPLY_INTEGER)
        printf(" %lld", (long long)redisclient_reply_integer(reply));
    else
        printf(" %s", redisclient_reply_text(reply, NULL));
}

/* Pushes are no replies: a message may stand before, between or after the answers. */
static void print_reply(const redisclient_reply *reply)
{
    printf("  %s", redisclient_reply_kind(reply) == REDISCLIENT_REPLY_PUSH ? "push" : "reply");
    if (redisclient_reply_count(reply) == 0)
        print_scalar(reply);
    for (size_t i = 0; i < redisclient_reply_count(reply); i++)
        print_scalar(redisclient_reply_at(reply, i));
    printf("\n");
}

static int talk(redisclient_connection *connection, redisclient_error **error)
{
    static const char ping[] = "*1\r\n$4\r\nPING\r\n";

    if (redisclient_connection_send(connection, REDISCLIENT_ARGS("SUBSCRIBE", "news"), error) != REDISCLIENT_OK
        || redisclient_connection_send(connection, REDISCLIENT_ARGS("PUBLISH", "news", "rain"), error) != REDISCLIENT_OK
        || redisclient_connection_send_raw(connection, ping, sizeof ping - 1, error) != REDISCLIENT_OK
        || redisclient_connection_flush(connection, 1000, error) != REDISCLIENT_OK)
        return 1;

    /* SUBSCRIBE is confirmed by a push, PUBLISH brings its answer and the message, PING its answer. */
    for (int expected = 4; expected > 0; expected--) {
        redisclient_reply *reply = NULL;
        if (redisclient_connection_receive(connection, 1000, &reply, error) != REDISCLIENT_OK)
            return 1;
        print_reply(reply);
        redisclient_reply_free(reply);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "redis://127.0.0.1:6379";
    redisclient_options *options = redisclient_options_new();
    redisclient_connection *connection = NULL;
    redisclient_error *error = NULL;
    int failed = 1;

    if (redisclient_options_set(options, "protocol", "3", &error) == REDISCLIENT_OK
        && redisclient_connection_open(url, options, &connection, &error) == REDISCLIENT_OK) {
        const redisclient_reply *hello = redisclient_connection_hello(connection);
        printf("connected to %s %s\n", hello_field(hello, "server"), hello_field(hello, "version"));
        failed = talk(connection, &error);
    }
    if (failed)
        fprintf(stderr, "connection: %s\n", redisclient_error_message(error));

    redisclient_error_free(error);
    redisclient_connection_free(connection);
    redisclient_options_free(options);
    return failed;
}
