/* This library, with every limit as it is by default. */
#include "client.h"
#include <redisclient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client {
    redisclient *handle;
    size_t users;
};

struct parser {
    redisclient_reader *reader;
    bool in_place;
};

static void make_url(char *url, size_t room, const char *address, const struct use *use)
{
    char login[128] = "", options[128] = "";
    if (use->user) snprintf(login, sizeof login, "%s:%s@", use->user, use->password);
    if (strcmp(use->mode, "shared") == 0) strcpy(options, "?mode=shared");
    if (strcmp(use->mode, "pool") == 0)
        snprintf(options, sizeof options, "?pool.min=%zu&pool.max=%zu&pool.order=fifo", use->connections, use->connections);
    const char *scheme = *address == '/' ? "unix" : "redis";
    int length = snprintf(url, room, "%s://%s%s%s", scheme, login, address, options);
    if (length < 0 || (size_t)length >= room) fail("too long: %s", address);
}

/* A program has its URL at hand: it is made once for each use. */
static const char *url_of(const char *address, const struct use *use)
{
    static char url[512];
    static const struct use *made_for;
    if (made_for != use) make_url(url, sizeof url, address, use);
    made_for = use;
    return url;
}

static redisclient *open_handle(const char *address, const struct use *use)
{
    redisclient *handle = NULL;
    redisclient_error *error = NULL;
    const char *url = url_of(address, use);
    redisclient_status status = redisclient_open(url, NULL, &handle, &error);
    if (status == REDISCLIENT_EOPTION) absent("%s", redisclient_error_message(error));
    if (status != REDISCLIENT_OK) fail("%s", redisclient_error_message(error));
    return handle;
}

/* A client with a pool is opened once, whatever the number of its users. */
struct client *client_open(const char *address, const struct use *use)
{
    static struct client *pooled;
    struct client *client = pooled;
    if (!client) {
        client = calloc(1, sizeof *client);
        client->handle = open_handle(address, use);
        if (strcmp(use->mode, "pool") == 0) pooled = client;
    }
    client->users++;
    return client;
}

void client_close(struct client *client)
{
    if (--client->users) return;
    redisclient_free(client->handle);
    free(client);
}

static bool right(const redisclient_reply *reply, const struct command *command)
{
    uint32_t kind = command->expected == EXPECT_STRING ? REDISCLIENT_REPLY_STRING : REDISCLIENT_REPLY_STATUS;
    return reply->kind == kind && reply->length == command->reply_length;
}

bool client_call(struct client *client, const struct command *command)
{
    redisclient_reply *reply;
    if (redisclient_command(client->handle, command->argc, command->argv, command->lengths, &reply, NULL) != REDISCLIENT_OK)
        return false;
    bool well = right(reply, command);
    redisclient_reply_free(reply);
    return well;
}

bool client_pipeline(struct client *client, const struct command *command, size_t depth)
{
    redisclient_pipeline *pipeline = redisclient_pipeline_new(client->handle);
    for (size_t i = 0; i < depth; i++) redisclient_pipeline_add(pipeline, command->argc, command->argv, command->lengths);
    redisclient_reply *all = NULL;
    bool well = redisclient_pipeline_run(pipeline, &all, NULL) == REDISCLIENT_OK && all->length == depth;
    for (size_t i = 0; well && i < depth; i++) well = right(&all->value.items[i], command);
    redisclient_reply_free(all);
    redisclient_pipeline_free(pipeline);
    return well;
}

struct parser *parser_open(const char *mode)
{
    struct parser *parser = calloc(1, sizeof *parser);
    parser->reader = redisclient_reader_new(NULL);
    parser->in_place = strcmp(mode, "place") == 0;
    return parser;
}

/* As recv would: no more than there is room for, nor than a piece. */
static size_t give(struct parser *parser, const char *bytes, size_t piece)
{
    if (!parser->in_place) return redisclient_reader_feed(parser->reader, bytes, piece) == REDISCLIENT_OK ? piece : 0;
    size_t room;
    char *space = redisclient_reader_space(parser->reader, 1, &room);
    if (!space) return 0;
    if (piece > room) piece = room;
    receive(space, bytes, piece);
    return redisclient_reader_commit(parser->reader, piece) == REDISCLIENT_OK ? piece : 0;
}

static long take_all(redisclient_reader *reader)
{
    long sizes = 0;
    for (;;) {
        redisclient_reply *reply;
        if (redisclient_reader_next(reader, &reply, NULL) != REDISCLIENT_OK) return -1;
        if (!reply) return sizes;
        sizes += reply->kind == REDISCLIENT_REPLY_INTEGER ? 1 : (long)reply->length;
        redisclient_reply_free(reply);
    }
}

long parser_pass(struct parser *parser, const char *bytes, size_t length, size_t piece)
{
    long sizes = 0;
    while (length) {
        size_t given = give(parser, bytes, piece < length ? piece : length);
        long taken = given ? take_all(parser->reader) : -1;
        if (taken < 0) return -1;
        sizes += taken;
        bytes += given;
        length -= given;
    }
    return sizes;
}

void parser_close(struct parser *parser)
{
    redisclient_reader_free(parser->reader);
    free(parser);
}

size_t client_encode(const struct command *command)
{
    static char buffer[1 << 16];
    return redisclient_encode(command->argc, command->argv, command->lengths, buffer, sizeof buffer);
}
