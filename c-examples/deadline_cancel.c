/* End a call that would wait for ever, by its own deadline or from another thread.
 * The client serves the next command as if nothing had happened.
 * usage: deadline_cancel [url]
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <redisclient.h>
#include <stdio.h>
#include <time.h>

/* Stands for a user who loses patience. A cancel is sticky: fired early, it would still work. */
static void *cancel_soon(void *cancel)
{
    struct timespec patience = {0, 100 * 1000 * 1000};

    nanosleep(&patience, NULL);
    redisclient_cancel_fire(cancel);
    return NULL;
}

/* Waits on a list that nobody fills. Answers 1 when the wait did not end as expected. */
static int wait_in_vain(redisclient *client, const redisclient_call *call, redisclient_status expected)
{
    redisclient_error *error = NULL;
    redisclient_status status =
        redisclient_command_call(client, call, REDISCLIENT_ARGS("BLPOP", "nobody:pushes", "0"), NULL, &error);

    printf("BLPOP ended with %d: %s\n", (int)status, redisclient_error_message(error));
    redisclient_error_free(error);
    return status != expected;
}

static int wait_until_cancelled(redisclient *client)
{
    redisclient_call call = REDISCLIENT_CALL_INIT;
    pthread_t user;
    int failed = 1;

    call.deadline_ms = -1;
    call.cancel = redisclient_cancel_new();
    if (pthread_create(&user, NULL, cancel_soon, call.cancel) == 0) {
        failed = wait_in_vain(client, &call, REDISCLIENT_ECANCELLED);
        pthread_join(user, NULL);
    }
    redisclient_cancel_free(call.cancel);
    return failed;
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "redis://127.0.0.1:6379";
    redisclient *client = NULL;
    redisclient_error *error = NULL;
    redisclient_call call = REDISCLIENT_CALL_INIT;
    int failed = 0;

    if (redisclient_open(url, NULL, &client, &error) == REDISCLIENT_OK) {
        call.deadline_ms = 100;
        failed |= wait_in_vain(client, &call, REDISCLIENT_ETIMEOUT);
        failed |= wait_until_cancelled(client);
        if (redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error) == REDISCLIENT_OK)
            printf("PING is answered: the client is as good as before\n");
    }
    if (error != NULL)
        fprintf(stderr, "deadline_cancel: %s\n", redisclient_error_message(error));
    failed |= error != NULL;

    redisclient_error_free(error);
    redisclient_free(client);
    return failed;
}
