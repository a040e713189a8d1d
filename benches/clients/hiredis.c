/* hiredis, and libvalkey with -DVALKEY, whose names differ in their beginning. */
#include "client.h"
#include <stdlib.h>
#include <string.h>
#ifdef VALKEY
#include <valkey/valkey.h>
#define IT(name) valkey##name
#define KIND(name) VALKEY_REPLY_##name
#else
#include <hiredis.h>
#define IT(name) redis##name
#define KIND(name) REDIS_REPLY_##name
#endif

/* argv as it wants it. */
#define ARGUMENTS(command) (int)(command)->argc, (const char **)(command)->argv, (command)->lengths

static IT(Context) *context(struct client *client)
{
    return (IT(Context) *)client;
}

/* Pipelined, as a careful user would. */
static void greet(IT(Context) *it, const struct use *use)
{
    IT(AppendCommand)(it, "HELLO 3 AUTH %s %s", use->user, use->password);
    IT(AppendCommand)(it, "CLIENT SETINFO LIB-NAME hiredis");
    IT(AppendCommand)(it, "CLIENT SETINFO LIB-VER 1");
    for (int i = 0; i < 3; i++) {
        IT(Reply) *reply;
        if (IT(GetReply)(it, (void **)&reply) || reply->type == KIND(ERROR)) fail("the server refuses the greeting");
        freeReplyObject(reply);
    }
}

struct client *client_open(const char *address, const struct use *use)
{
    IT(Context) *it;
    if (strcmp(use->mode, "pool") == 0) absent("has no pool");
    if (strcmp(use->mode, "shared") == 0) absent("is not shared by threads");
    if (*address == '/') {
        it = IT(ConnectUnix)(address);
    } else {
        char host[64];
        const char *colon = strrchr(address, ':');
        size_t length = (size_t)(colon - address);
        if (length >= sizeof host) fail("too long: %s", address);
        memcpy(host, address, length);
        host[length] = 0;
        it = IT(Connect)(host, atoi(colon + 1));
    }
    if (!it || it->err) fail("cannot connect to %s: %s", address, it ? it->errstr : "no memory");
    if (use->user) greet(it, use);
    return (struct client *)it;
}

void client_close(struct client *client)
{
    IT(Free)(context(client));
}

static bool right(const IT(Reply) *reply, const struct command *command)
{
    int kind = command->expected == EXPECT_STRING ? KIND(STRING) : KIND(STATUS);
    return reply->type == kind && reply->len == command->reply_length;
}

bool client_call(struct client *client, const struct command *command)
{
    IT(Reply) *reply = IT(CommandArgv)(context(client), ARGUMENTS(command));
    if (!reply) return false;
    bool well = right(reply, command);
    freeReplyObject(reply);
    return well;
}

bool client_pipeline(struct client *client, const struct command *command, size_t depth)
{
    IT(Context) *it = context(client);
    for (size_t i = 0; i < depth; i++) IT(AppendCommandArgv)(it, ARGUMENTS(command));
    for (size_t i = 0; i < depth; i++) {
        IT(Reply) *reply;
        if (IT(GetReply)(it, (void **)&reply)) return false;
        bool well = right(reply, command);
        freeReplyObject(reply);
        if (!well) return false;
    }
    return true;
}

static bool in_place;

struct parser *parser_open(const char *mode)
{
    in_place = strcmp(mode, "place") == 0;
#ifndef VALKEY
    if (in_place) absent("cannot be read into in place");
#endif
    return (struct parser *)IT(ReaderCreate)();
}

static size_t give(IT(Reader) *reader, const char *bytes, size_t piece)
{
#ifdef VALKEY
    if (in_place) {
        char *space;
        size_t room;
        if (IT(ReaderGetReadBuf)(reader, &space, &room, 1)) return 0;
        if (piece > room) piece = room;
        receive(space, bytes, piece);
        IT(ReaderCommitRead)(reader, piece);
        return piece;
    }
#endif
    return IT(ReaderFeed)(reader, bytes, piece) ? 0 : piece;
}

static long size_of(const IT(Reply) *reply)
{
    switch (reply->type) {
    case KIND(INTEGER): return 1;
    case KIND(STRING):
    case KIND(STATUS): return (long)reply->len;
    default: return (long)reply->elements;
    }
}

static long take_all(IT(Reader) *reader)
{
    long sizes = 0;
    for (;;) {
        IT(Reply) *reply;
        if (IT(ReaderGetReply)(reader, (void **)&reply)) return -1;
        if (!reply) return sizes;
        sizes += size_of(reply);
        freeReplyObject(reply);
    }
}

long parser_pass(struct parser *parser, const char *bytes, size_t length, size_t piece)
{
    IT(Reader) *reader = (IT(Reader) *)parser;
    long sizes = 0;
    while (length) {
        size_t given = give(reader, bytes, piece < length ? piece : length);
        long taken = given ? take_all(reader) : -1;
        if (taken < 0) return -1;
        sizes += taken;
        bytes += given;
        length -= given;
    }
    return sizes;
}

void parser_close(struct parser *parser)
{
    IT(ReaderFree)((IT(Reader) *)parser);
}

size_t client_encode(const struct command *command)
{
    char *bytes;
    long long length = IT(FormatCommandArgv)(&bytes, ARGUMENTS(command));
    IT(FreeCommand)(bytes);
    return (size_t)length;
}
