/* Runs the recipe for libev: each of many commands is answered by its own reply, in the loop. */
#include <ev.h>
#include <redisclient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recipe.h"

enum { COMMANDS = 1000 };

static int answered, failed;

static void on_reply(void *data, const redisclient_reply *reply, const redisclient_error *error)
{
  (void)error;
  failed |= strcmp(redisclient_reply_text(reply, NULL), data) != 0;
  if (++answered == COMMANDS) ev_break(ev_default_loop(0), EVBREAK_ALL);
}

static void out_of_time(struct ev_loop *loop, ev_timer *timer, int events)
{
  (void)timer, (void)events;
  ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
  redisclient *client = NULL;
  struct ev_loop *loop = ev_default_loop(0);
  ev_io watcher;
  ev_timer timer;
  if (argc != 2 || redisclient_open(argv[1], NULL, &client, NULL) != REDISCLIENT_OK) return 2;
  redisclient_queue *queue = redisclient_queue_new(client);
  watch(loop, &watcher, queue);
  ev_timer_init(&timer, out_of_time, 20., 0.);
  ev_timer_start(loop, &timer);
  for (int i = 0; i < COMMANDS; i++) {
    char *text = malloc(32);
    if (!text) return 2;
    snprintf(text, 32, "ticket %d", i);
    failed |= redisclient_submit(queue, NULL, REDISCLIENT_ARGS("ECHO", text), on_reply, text, free) != REDISCLIENT_OK;
  }
  ev_run(loop, 0);
  ev_io_stop(loop, &watcher);
  redisclient_queue_free(queue);
  redisclient_free(client);
  printf("%d answered\n", answered);
  return failed || answered != COMMANDS;
}
