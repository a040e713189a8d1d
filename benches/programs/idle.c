/* The memory that COUNT idle connections keep: after connecting, after a PING on each, after a GET of 64 KiB on each. */
#include "measure.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static long resident(void)
{
    long pages = 0, skipped;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &skipped, &pages) != 2) fail("/proc/self/statm cannot be read");
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static void call_each(struct client **clients, long count, const struct command *command)
{
    for (long i = 0; i < count; i++)
        if (!client_call(clients[i], command)) fail("a reply was not the one expected");
}

int main(int argc, char **argv)
{
    struct plan it = plan(argc, argv, 0);
    struct use use = {.mode = it.mode, .connections = (size_t)it.count};
    struct command ping = encoded(1, (const char *const[]){"PING"}, (size_t[]){4}), get = get_command(65536);
    ping.reply_length = 4;
    ping.reply_wire_length = 7;

    /* One that is not counted: what a first connection needs once. */
    struct client *first = client_open(it.address, &(struct use){.mode = "alone", .connections = 1});
    if (!client_call(first, &ping) || !client_call(first, &get)) fail("a reply was not the one expected");

    struct client **clients = calloc((size_t)it.count, sizeof *clients);
    for (long i = 0; i < it.count; i++) clients[i] = first;
    long before = resident();
    for (long i = 0; i < it.count; i++) clients[i] = client_open(it.address, &use);
    long connected = resident();
    call_each(clients, it.count, &ping);
    long pinged = resident();
    call_each(clients, it.count, &get);
    long used = resident();
    printf("count=%ld connected_bytes=%ld pinged_bytes=%ld used_bytes=%ld\n", it.count, connected - before, pinged - before, used - before);
    for (long i = 0; i < it.count; i++) client_close(clients[i]);
    client_close(first);
}
