/* Pipelines of DEPTH commands, every reply looked at; COUNT is of pipelines.
 * own arguments: get|set SIZE DEPTH
 */
#include "measure.h"
#include <string.h>

struct state {
    struct client *client;
    struct command command;
    size_t depth;
};

static bool work(void *data, long count)
{
    struct state *state = data;
    for (; count > 0; count--)
        if (!client_pipeline(state->client, &state->command, state->depth)) return false;
    return true;
}

int main(int argc, char **argv)
{
    struct plan it = plan(argc, argv, 3);
    size_t size = (size_t)number(it.arguments[1]);
    bool gets = strcmp(it.arguments[0], "get") == 0;
    struct state state = {client_open(it.address, &(struct use){.mode = it.mode, .connections = 1}),
                          gets ? get_command(size) : set_command(size), (size_t)number(it.arguments[2])};
    measure(&it, work, &state);
    client_close(state.client);
}
