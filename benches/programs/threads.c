/* THREADS threads that each GET 16 bytes, one after another; COUNT is of all threads together. In mode "shared" they
 * use one client, otherwise each has its own.
 * own arguments: THREADS
 */
#include "measure.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct thread {
    pthread_t handle;
    struct client *client;
    long count, warm;
    bool well;
};

static pthread_barrier_t warmed, begun;
static struct command command;

static bool call_times(struct client *client, long count)
{
    for (; count > 0; count--)
        if (!client_call(client, &command)) return false;
    return true;
}

static void *run(void *data)
{
    struct thread *thread = data;
    bool well = call_times(thread->client, thread->warm);
    pthread_barrier_wait(&warmed);
    pthread_barrier_wait(&begun);
    thread->well = call_times(thread->client, thread->count) && well;
    return NULL;
}

int main(int argc, char **argv)
{
    struct plan it = plan(argc, argv, 1);
    long threads = number(it.arguments[0]);
    bool own = strcmp(it.mode, "alone") == 0;
    struct use use = {.mode = it.mode, .connections = (size_t)threads};
    struct client *shared = own ? NULL : client_open(it.address, &use);
    struct thread *all = calloc((size_t)threads, sizeof *all);
    pthread_attr_t small;
    command = get_command(16);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 << 10);
    pthread_barrier_init(&warmed, NULL, (unsigned)threads + 1);
    pthread_barrier_init(&begun, NULL, (unsigned)threads + 1);
    for (long i = 0; i < threads; i++) {
        all[i].client = own ? client_open(it.address, &use) : shared;
        all[i].count = it.count / threads;
        all[i].warm = it.warm / threads;
        if (pthread_create(&all[i].handle, &small, run, &all[i])) fail("no thread");
    }
    pthread_barrier_wait(&warmed);
    start_measuring();
    pthread_barrier_wait(&begun);
    bool well = true;
    for (long i = 0; i < threads; i++) {
        pthread_join(all[i].handle, NULL);
        well &= all[i].well;
    }
    stop_measuring(it.count / threads * threads);
    if (!well) fail("a reply was not the one expected");
    for (long i = 0; own && i < threads; i++) client_close(all[i].client);
    if (!own) client_close(shared);
}
