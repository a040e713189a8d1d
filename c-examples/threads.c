/* Share one client among many threads.
 * It needs no lock around it; connections come from its pool. Each thread writes and reads its own
 * key and checks that every reply is its own.
 * usage: threads [url]
 */
#include <pthread.h>
#include <redisclient.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 500 };

struct worker {
    pthread_t thread;
    redisclient *client;
    int number;
    int failed;
};

static int round_trip(redisclient *client, const char *key, const char *value)
{
    redisclient_reply *reply = NULL;
    redisclient_error *error = NULL;
    int failed = 1;

    if (redisclient_command(client, REDISCLIENT_ARGS("SET", key, value), NULL, &error) != REDISCLIENT_OK
        || redisclient_command(client, REDISCLIENT_ARGS("GET", key), &reply, &error) != REDISCLIENT_OK)
        fprintf(stderr, "threads: %s\n", redisclient_error_message(error));
    else if (strcmp(redisclient_reply_text(reply, NULL), value) != 0)
        fprintf(stderr, "threads: %s is not %s\n", key, value);
    else
        failed = 0;

    redisclient_reply_free(reply);
    redisclient_error_free(error);
    return failed;
}

static void *work(void *data)
{
    struct worker *worker = data;
    char key[32], value[32];

    snprintf(key, sizeof key, "thread:%d", worker->number);
    for (int i = 0; i < ROUNDS && !worker->failed; i++) {
        snprintf(value, sizeof value, "%d.%d", worker->number, i);
        worker->failed = round_trip(worker->client, key, value);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "redis://127.0.0.1:6379";
    struct worker workers[THREADS];
    redisclient *client = NULL;
    redisclient_error *error = NULL;
    int started = 0, failed = 0;

    if (redisclient_open(url, NULL, &client, &error) != REDISCLIENT_OK) {
        fprintf(stderr, "threads: %s\n", redisclient_error_message(error));
        redisclient_error_free(error);
        return 1;
    }
    for (; started < THREADS; started++) {
        workers[started] = (struct worker){.client = client, .number = started};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
            break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        failed |= workers[i].failed;
    }
    if (!failed && started == THREADS)
        printf("%d threads ran %d commands each on one client: every reply was its own\n", THREADS, 2 * ROUNDS);

    redisclient_free(client);
    return failed || started < THREADS;
}
