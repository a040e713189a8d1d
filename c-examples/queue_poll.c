/* Many commands at once from a loop of one's own around poll().
 * A queue gives one descriptor to wait for. A callback runs only where this program dispatches; what
 * was submitted under a tag is taken out in bulk. Other descriptors of the program stand beside it.
 * usage: queue_poll [url]
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <poll.h>
#include <redisclient.h>
#include <stdio.h>
#include <string.h>

enum { COMMANDS = 10000, AT_ONCE = 256 };

struct work {
    redisclient_queue *queue;
    uint64_t submitted, answered;
    int wakes, failed, said_goodbye;
};

static void fail(struct work *work, const char *what, const redisclient_error *error)
{
    fprintf(stderr, "queue_poll: %s: %s\n", what, redisclient_error_message(error));
    work->failed = 1;
}

/* Submit never waits; when as much is in flight as the limits allow, it says so: go on later. */
static void submit_some(struct work *work)
{
    while (work->submitted < COMMANDS) {
        char number[32];
        redisclient_status status;

        snprintf(number, sizeof number, "%" PRIu64, work->submitted);
        status = redisclient_submit_tagged(work->queue, NULL, work->submitted, REDISCLIENT_ARGS("ECHO", number));
        if (status == REDISCLIENT_EFULL)
            return;
        if (status != REDISCLIENT_OK) {
            fprintf(stderr, "queue_poll: submit answered %d\n", (int)status);
            work->failed = 1;
            return;
        }
        work->submitted++;
    }
}

/* A tag is a number of yours: here the one that must come back as text. */
static void check(struct work *work, const redisclient_completion *one)
{
    char number[32];

    snprintf(number, sizeof number, "%" PRIu64, one->tag);
    if (one->error != NULL)
        fail(work, number, one->error);
    else if (strcmp(redisclient_reply_text(one->reply, NULL), number) != 0)
        fail(work, number, NULL);
    work->answered++;
}

/* Take out all that waits, then go back to poll. */
static void take(struct work *work)
{
    redisclient_completion some[AT_ONCE];
    int count;

    while ((count = redisclient_queue_drain(work->queue, some, AT_ONCE, 0)) > 0) {
        for (int i = 0; i < count; i++) {
            check(work, &some[i]);
            redisclient_reply_free(some[i].reply);
            redisclient_error_free(some[i].error);
        }
    }
    if (count < 0 || redisclient_queue_dispatch(work->queue, 0) < 0)
        work->failed = 1;
}

/* A callback of one command; reply and error are only lent to it. */
static void goodbye(void *data, const redisclient_reply *reply, const redisclient_error *error)
{
    struct work *work = data;

    if (error != NULL)
        fail(work, "goodbye", error);
    else
        printf("%s after %d wake-ups for %d commands\n", redisclient_reply_text(reply, NULL), work->wakes, COMMANDS);
    work->said_goodbye = 1;
}

/* One turn of the loop: wait for anything to do, and do it. */
static void turn(struct work *work)
{
    struct pollfd fds[2] = {
        {.fd = (int)redisclient_queue_fd(work->queue), .events = POLLIN},
        {.fd = -1, .events = POLLIN}, /* another descriptor of the program: poll skips -1 */
    };

    if (poll(fds, 2, 10000) <= 0)
        fail(work, "no reply within 10 s", NULL);
    work->wakes++;
    take(work);
}

static void run(struct work *work)
{
    while (!work->failed && work->answered < COMMANDS) {
        submit_some(work);
        turn(work);
    }
    if (redisclient_submit(work->queue, NULL, REDISCLIENT_ARGS("ECHO", "Goodbye"), goodbye, work, NULL) != REDISCLIENT_OK)
        work->failed = 1;
    while (!work->failed && !work->said_goodbye)
        turn(work);
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "redis://127.0.0.1:6379";
    struct work work = {NULL, 0, 0, 0, 0, 0};
    redisclient *client = NULL;
    redisclient_error *error = NULL;

    if (redisclient_open(url, NULL, &client, &error) != REDISCLIENT_OK) {
        fprintf(stderr, "queue_poll: %s\n", redisclient_error_message(error));
        redisclient_error_free(error);
        return 1;
    }
    work.queue = redisclient_queue_new(client);
    run(&work);
    redisclient_queue_free(work.queue);
    redisclient_free(client);
    return work.failed;
}
