/* The commands that are measured, with their bytes for the client that only writes and reads. */
#include "measure.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *memory(size_t size)
{
    void *block = malloc(size);
    if (!block) fail("no memory");
    return block;
}

struct command encoded(size_t argc, const char *const *argv, const size_t *lengths)
{
    size_t room = 32;
    for (size_t i = 0; i < argc; i++) room += lengths[i] + 32;
    char *wire = memory(room), *end = wire + sprintf(wire, "*%zu\r\n", argc);
    for (size_t i = 0; i < argc; i++) {
        end += sprintf(end, "$%zu\r\n", lengths[i]);
        memcpy(end, argv[i], lengths[i]);
        end += lengths[i];
        memcpy(end, "\r\n", 2);
        end += 2;
    }
    return (struct command){.argc = argc, .argv = argv, .lengths = lengths, .wire = wire, .wire_length = (size_t)(end - wire)};
}

static char *key(const char *kind, size_t size)
{
    char *name = memory(64);
    snprintf(name, 64, "%s:%zu", kind, size);
    return name;
}

static struct command of(const char *const *words, const size_t *sizes, size_t argc)
{
    const char **argv = memory(argc * sizeof *argv);
    size_t *lengths = memory(argc * sizeof *lengths);
    memcpy(argv, words, argc * sizeof *argv);
    memcpy(lengths, sizes, argc * sizeof *lengths);
    return encoded(argc, argv, lengths);
}

struct command get_command(size_t size)
{
    const char *name = key("value", size);
    struct command command = of((const char *const[]){"GET", name}, (size_t[]){3, strlen(name)}, 2);
    char head[32];
    command.expected = EXPECT_STRING;
    command.reply_length = size;
    command.reply_wire_length = (size_t)sprintf(head, "$%zu\r\n", size) + size + 2;
    return command;
}

struct command set_command(size_t size)
{
    const char *name = key("written", size);
    char *value = memory(size + 1);
    memset(value, 'v', size);
    struct command command = of((const char *const[]){"SET", name, value}, (size_t[]){3, strlen(name), size}, 3);
    command.expected = EXPECT_STATUS;
    command.reply_length = 2;
    command.reply_wire_length = 5;
    return command;
}
