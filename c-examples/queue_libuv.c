/* A client in a libuv loop: a callback for each command, run by the loop's own thread.
 * A uv_poll_t watches the queue's descriptor and dispatches; a timer shows that the loop stays free.
 * usage: queue_libuv [url]
 */
#define _POSIX_C_SOURCE 200809L
#include <redisclient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { COMMANDS = 1000 };

struct service {
    redisclient *client;
    redisclient_queue *queue;
    uv_poll_t watcher;
    uv_timer_t clock;
    int answered, ticks, failed;
};

struct request {
    struct service *service;
    char text[32];
};

/* The loop ends when none of its handles is left. */
static void stop_when_done(struct service *service)
{
    if (!service->failed && (service->answered < COMMANDS || service->ticks == 0))
        return;
    if (!uv_is_closing((uv_handle_t *)&service->watcher))
        uv_close((uv_handle_t *)&service->watcher, NULL);
    if (!uv_is_closing((uv_handle_t *)&service->clock))
        uv_close((uv_handle_t *)&service->clock, NULL);
}

/* The reply is lent; redisclient_reply_keep would keep it. */
static void on_reply(void *data, const redisclient_reply *reply, const redisclient_error *error)
{
    struct request *request = data;
    struct service *service = request->service;

    if (error != NULL || strcmp(redisclient_reply_text(reply, NULL), request->text) != 0) {
        fprintf(stderr, "queue_libuv: %s: %s\n", request->text, redisclient_error_message(error));
        service->failed = 1;
    }
    service->answered++;
}

/* A submit that is not OK has taken nothing: the request is still ours. */
static int ask(struct service *service, int number)
{
    struct request *request = malloc(sizeof *request);
    redisclient_status status;

    if (request == NULL)
        return 1;
    request->service = service;
    snprintf(request->text, sizeof request->text, "request %d", number);
    status = redisclient_submit(service->queue, NULL, REDISCLIENT_ARGS("ECHO", request->text), on_reply, request, free);
    if (status == REDISCLIENT_OK)
        return 0;
    free(request);
    fprintf(stderr, "queue_libuv: submit answered %d\n", (int)status);
    return 1;
}

static void on_readable(uv_poll_t *watcher, int status, int events)
{
    struct service *service = watcher->data;

    (void)events;
    if (status < 0 || redisclient_queue_dispatch(service->queue, 0) < 0)
        service->failed = 1;
    stop_when_done(service);
}

static void on_tick(uv_timer_t *clock)
{
    struct service *service = clock->data;

    service->ticks++;
    stop_when_done(service);
}

static void run(struct service *service)
{
    uv_loop_t *loop = uv_default_loop();

    uv_poll_init(loop, &service->watcher, (int)redisclient_queue_fd(service->queue));
    uv_timer_init(loop, &service->clock);
    service->watcher.data = service->clock.data = service;
    uv_poll_start(&service->watcher, UV_READABLE, on_readable);
    uv_timer_start(&service->clock, on_tick, 1, 5);
    for (int number = 0; number < COMMANDS && !service->failed; number++)
        service->failed = ask(service, number);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    if (!service->failed)
        printf("%d commands were answered in the loop's own thread, and its timer went on\n", service->answered);
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "redis://127.0.0.1:6379";
    struct service service;
    redisclient_error *error = NULL;

    memset(&service, 0, sizeof service);
    if (redisclient_open(url, NULL, &service.client, &error) != REDISCLIENT_OK) {
        fprintf(stderr, "queue_libuv: %s\n", redisclient_error_message(error));
        redisclient_error_free(error);
        return 1;
    }
    service.queue = redisclient_queue_new(service.client);
    run(&service);
    redisclient_queue_free(service.queue);
    redisclient_free(service.client);
    return service.failed;
}
