/* One command after another, each reply awaited: get or set of SIZE bytes.
 * own arguments: get|set SIZE
 */
#include "measure.h"
#include <string.h>

struct state {
    struct client *client;
    struct command command;
};

static bool work(void *data, long count)
{
    struct state *state = data;
    for (; count > 0; count--)
        if (!client_call(state->client, &state->command)) return false;
    return true;
}

int main(int argc, char **argv)
{
    struct plan it = plan(argc, argv, 2);
    size_t size = (size_t)number(it.arguments[1]);
    bool gets = strcmp(it.arguments[0], "get") == 0;
    struct state state = {client_open(it.address, &(struct use){.mode = it.mode, .connections = 1}),
                          gets ? get_command(size) : set_command(size)};
    measure(&it, work, &state);
    client_close(state.client);
}
