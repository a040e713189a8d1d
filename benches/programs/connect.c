/* Opens a client with a full greeting and closes it, again and again.
 * own arguments: USER PASSWORD
 */
#include "measure.h"

struct state {
    const char *address;
    struct use use;
};

static bool work(void *data, long count)
{
    struct state *state = data;
    for (; count > 0; count--) client_close(client_open(state->address, &state->use));
    return true;
}

int main(int argc, char **argv)
{
    struct plan it = plan(argc, argv, 2);
    struct state state = {it.address, {.mode = it.mode, .user = it.arguments[0], .password = it.arguments[1], .connections = 1}};
    measure(&it, work, &state);
}
