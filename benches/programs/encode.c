/* Encoding alone: SET of a 16-byte value, or HSET of 1,000 fields.
 * own arguments: set|hset
 */
#include "measure.h"
#include <stdio.h>
#include <string.h>

enum { FIELDS = 1000, ARGUMENTS = 2 + 2 * FIELDS, ROOM = 16 };

static bool work(void *data, long count)
{
    const struct command *command = data;
    for (; count > 0; count--)
        if (client_encode(command) != command->wire_length) return false;
    return true;
}

/* HSET key field:0000 value:0000 ..., of one length each. */
static struct command hset_command(void)
{
    static char texts[ARGUMENTS][ROOM];
    static const char *argv[ARGUMENTS];
    static size_t lengths[ARGUMENTS];
    strcpy(texts[0], "HSET");
    strcpy(texts[1], "hash");
    for (int i = 2; i < ARGUMENTS; i++) snprintf(texts[i], ROOM, "%s:%04d", i % 2 ? "value" : "field", i / 2);
    for (int i = 0; i < ARGUMENTS; i++) argv[i] = texts[i], lengths[i] = strlen(texts[i]);
    return encoded(ARGUMENTS, argv, lengths);
}

int main(int argc, char **argv)
{
    struct plan it = plan(argc, argv, 1);
    struct command command = strcmp(it.arguments[0], "set") == 0 ? set_command(16) : hset_command();
    measure(&it, work, &command);
}
