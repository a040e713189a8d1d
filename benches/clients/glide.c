/* The library inside GLIDE's Python wheel, by the C functions that its own wrappers call: a private interface of
 * version 2.6, declared here as far as it is used. It keeps one connection for all threads. */
#include "client.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_STRING = 4, TYPE_OK = 8, TYPE_ARRAY = 5, REQUEST_CUSTOM = 1, REQUEST_GET = 1504, REQUEST_SET = 1517, SYNCHRONOUS = 1 };

struct response {
    int type;
    long integer;
    double number;
    bool boolean;
    char *text;
    long text_length;
    struct response *items;
    long count;
    struct response *map_key, *map_value, *set_items;
    long set_count;
    void *user;
};
struct failure { const char *message; int type; };
struct result { struct response *response; struct failure *error; void *arena; };
struct opened { const void *client; const char *message; int type; };
struct kind { int type; struct { void *success, *failure; bool stack; } callbacks; };
struct entry { int request; const uint8_t **arguments; size_t count; const size_t *lengths; };
struct batch { size_t count; const struct entry **entries; bool atomic; };

const struct opened *create_client(const uint8_t *request, size_t length, const struct kind *kind, void *on_message,
                                   void *resolver, uintptr_t id);
void free_connection_response(const struct opened *opened);
void close_client(const void *client);
struct result *command(const void *client, uintptr_t channel, int request, unsigned long count, const size_t *arguments,
                       const unsigned long *lengths, const unsigned char *route, size_t route_length, uint64_t span);
struct result *batch(const void *client, uintptr_t channel, const struct batch *batch, bool raise, const void *options,
                     uint64_t span);
void free_command_result(struct result *result);

static void no_message(void) {}

static uint8_t *put_number(uint8_t *to, unsigned tag, unsigned value)
{
    *to++ = (uint8_t)tag;
    for (; value >= 128; value >>= 7) *to++ = (uint8_t)(value | 128);
    *to++ = (uint8_t)value;
    return to;
}

static uint8_t *put_bytes(uint8_t *to, unsigned tag, const void *bytes, size_t length)
{
    to = put_number(to, tag, (unsigned)length);
    memcpy(to, bytes, length);
    return to + length;
}

/* A ConnectionRequest in protocol buffers: address (1), request timeout (4), authentication (7). */
static size_t make_request(uint8_t *request, const char *address, const struct use *use)
{
    uint8_t part[512], *end = part, *to = request;
    const char *colon = strrchr(address, ':');
    if (*address == '/') {
        end = put_bytes(end, 3 << 3 | 2, address, strlen(address));
    } else {
        end = put_bytes(end, 1 << 3 | 2, address, (size_t)(colon - address));
        end = put_number(end, 2 << 3, (unsigned)atoi(colon + 1));
    }
    to = put_bytes(to, 1 << 3 | 2, part, (size_t)(end - part));
    to = put_number(to, 4 << 3, 5000);
    if (use->user) {
        end = put_bytes(part, 1 << 3 | 2, use->password, strlen(use->password));
        end = put_bytes(end, 2 << 3 | 2, use->user, strlen(use->user));
        to = put_bytes(to, 7 << 3 | 2, part, (size_t)(end - part));
    }
    return (size_t)(to - request);
}

struct client *client_open(const char *address, const struct use *use)
{
    static struct client *shared;
    uint8_t request[1024];
    struct kind kind = {SYNCHRONOUS, {0}};
    if (strcmp(use->mode, "pool") == 0) absent("is not used with its pool of clients here");
    if (strcmp(use->mode, "shared") == 0 && shared) return shared;
    size_t length = make_request(request, address, use);
    const struct opened *opened = create_client(request, length, &kind, (void *)no_message, NULL, 0);
    if (!opened || !opened->client) fail("cannot connect to %s: %s", address, opened ? opened->message : "no answer");
    struct client *client = (struct client *)opened->client;
    free_connection_response(opened);
    if (strcmp(use->mode, "shared") == 0) shared = client;
    return client;
}

/* A shared one is left to the end of the program. */
void client_close(struct client *client)
{
    close_client(client);
}

static bool right(const struct response *response, const struct command *it)
{
    if (it->expected == EXPECT_STATUS) return response->type == TYPE_OK;
    return response->type == TYPE_STRING && (size_t)response->text_length == it->reply_length;
}

/* The name of the command goes as a number. */
static int request_of(const struct command *it)
{
    return it->argv[0][0] == 'G' ? REQUEST_GET : it->argv[0][0] == 'S' ? REQUEST_SET : REQUEST_CUSTOM;
}

static size_t skipped(int request)
{
    return request == REQUEST_CUSTOM ? 0 : 1;
}

bool client_call(struct client *client, const struct command *it)
{
    int request = request_of(it);
    size_t skip = skipped(request);
    struct result *result = command(client, 0, request, it->argc - skip, (const size_t *)(it->argv + skip),
                                    (const unsigned long *)(it->lengths + skip), NULL, 0, 0);
    if (!result) return false;
    bool well = !result->error && result->response && right(result->response, it);
    free_command_result(result);
    return well;
}

bool client_pipeline(struct client *client, const struct command *it, size_t depth)
{
    int request = request_of(it);
    size_t skip = skipped(request);
    struct entry *entries = malloc(depth * sizeof *entries);
    const struct entry **list = malloc(depth * sizeof *list);
    for (size_t i = 0; i < depth; i++) {
        entries[i] = (struct entry){request, (const uint8_t **)(it->argv + skip), it->argc - skip, it->lengths + skip};
        list[i] = &entries[i];
    }
    struct result *result = batch(client, 0, &(struct batch){depth, list, false}, false, NULL, 0);
    const struct response *all = result ? result->response : NULL;
    bool well = all && !result->error && all->type == TYPE_ARRAY && (size_t)all->count == depth;
    for (size_t i = 0; well && i < depth; i++) well = right(&all->items[i], it);
    if (result) free_command_result(result);
    free(list);
    free(entries);
    return well;
}
