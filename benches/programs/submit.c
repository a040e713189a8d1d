/* One thread that submits and takes completions: WINDOW commands under way, GET of 16 bytes. This library alone has it.
 * own arguments: WINDOW
 */
#include "measure.h"
#include <redisclient.h>
#include <stdio.h>
#include <stdlib.h>

struct state {
    redisclient_queue *queue;
    redisclient_completion *done;
    size_t window;
};

static bool right(const redisclient_completion *done)
{
    return done->reply && done->reply->kind == REDISCLIENT_REPLY_STRING && done->reply->length == 16;
}

/* Takes what has come; how many, or -1. */
static long drain(struct state *state)
{
    int count = redisclient_queue_drain(state->queue, state->done, state->window, 5000);
    if (count <= 0) return -1;
    for (int i = 0; i < count; i++) {
        if (!right(&state->done[i])) return -1;
        redisclient_reply_free(state->done[i].reply);
    }
    return count;
}

static bool work(void *data, long count)
{
    static const char bytes[] = "GETvalue:16";
    static const size_t lengths[] = {3, 8};
    struct state *state = data;
    long sent = 0, done = 0;
    while (done < count) {
        for (; sent < count && sent - done < (long)state->window; sent++)
            if (redisclient_submit_packed(state->queue, NULL, (uint64_t)sent, 2, bytes, lengths) != REDISCLIENT_OK)
                return false;
        long more = drain(state);
        if (more < 0) return false;
        done += more;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct plan it = plan(argc, argv, 1);
    char url[512];
    redisclient *client = NULL;
    redisclient_error *error = NULL;
    snprintf(url, sizeof url, "%s://%s", *it.address == '/' ? "unix" : "redis", it.address);
    if (redisclient_open(url, NULL, &client, &error) != REDISCLIENT_OK) fail("%s", redisclient_error_message(error));
    struct state state = {redisclient_queue_new(client), NULL, (size_t)number(it.arguments[0])};
    state.done = calloc(state.window, sizeof *state.done);
    if (!state.queue || !state.done) fail("no queue");
    measure(&it, work, &state);
    redisclient_queue_free(state.queue);
    redisclient_free(client);
}
