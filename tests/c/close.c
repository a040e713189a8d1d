/* Close and free, from any thread and at any time: calls inside end with ECLOSED, later ones too. */
#include "check.h"
#include <errno.h>
#include <pthread.h>

struct caller {
  pthread_t thread;
  redisclient *client;
  redisclient_status status;
  int64_t ended;
};

static void *pop(void *data) {
  struct caller *self = data;
  redisclient_error *error = NULL;
  self->status = redisclient_command(self->client, REDISCLIENT_ARGS("BLPOP", "never", "0"), NULL, &error);
  self->ended = now_ms();
  CHECK_INT(redisclient_error_code(error), self->status);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_UNKNOWN);
  redisclient_error_free(error);
  return NULL;
}

static void *pop_in_pipeline(void *data) {
  struct caller *self = data;
  redisclient_pipeline *pipeline = redisclient_pipeline_new(self->client);
  redisclient_reply *reply = NULL;
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("BLPOP", "never", "0"));
  self->status = redisclient_pipeline_run(pipeline, &reply, NULL);
  self->ended = now_ms();
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
  return NULL;
}

enum { CALLERS = 4 };

/* Calls that wait in the server. */
static void with_calls_inside(redisclient *watcher, const char *url, void (*end)(redisclient *)) {
  redisclient *client = open_client(url);
  struct caller callers[CALLERS];
  for (int i = 0; i < CALLERS; i++) {
    callers[i] = (struct caller){.client = client};
    REQUIRE(pthread_create(&callers[i].thread, NULL, i == 0 ? pop_in_pipeline : pop, &callers[i]) == 0);
  }
  WAIT_UNTIL(info(watcher, "clients", "blocked_clients") == CALLERS);
  int64_t start = now_ms();
  end(client);
  for (int i = 0; i < CALLERS; i++) {
    pthread_join(callers[i].thread, NULL);
    CHECK_INT(callers[i].status, REDISCLIENT_ECLOSED);
    CHECK(callers[i].ended - start < 15000);
  }
  WAIT_UNTIL(info(watcher, "clients", "blocked_clients") == 0);
  if (end == redisclient_close) redisclient_free(client);
}

static void *wait_for_connection(void *data) {
  struct caller *self = data;
  redisclient_error *error = NULL;
  self->status = redisclient_command(self->client, REDISCLIENT_ARGS("PING"), NULL, &error);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
  redisclient_error_free(error);
  return NULL;
}

/* A call that still waits for a connection ends as well. */
static void with_waiters(redisclient *watcher, const char *url) {
  redisclient *client = open_with(url, "pool.max=1&timeout_ms=-1");
  struct caller holder = {.client = client}, waiter = {.client = client};
  REQUIRE(pthread_create(&holder.thread, NULL, pop, &holder) == 0);
  WAIT_UNTIL(info(watcher, "clients", "blocked_clients") == 1);
  REQUIRE(pthread_create(&waiter.thread, NULL, wait_for_connection, &waiter) == 0);
  pause_ms(50); /* ends the same when it has not come so far: only then less is shown */
  redisclient_close(client);
  pthread_join(holder.thread, NULL);
  pthread_join(waiter.thread, NULL);
  CHECK_INT(holder.status, REDISCLIENT_ECLOSED);
  CHECK_INT(waiter.status, REDISCLIENT_ECLOSED);
  redisclient_free(client);
}

/* Any number of times; afterwards every door answers ECLOSED and nothing works on in vain. */
static void closed_stays_closed(redisclient *watcher, const char *url) {
  redisclient *client = open_client(url);
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_reply *reply = NULL;
  int64_t connected = info(watcher, "clients", "connected_clients");
  for (int i = 0; i < 3; i++) redisclient_close(client);
  WAIT_UNTIL(info(watcher, "clients", "connected_clients") == connected - 1);
  for (int i = 0; i < 2; i++) {
    redisclient_error *error = NULL;
    redisclient_status status = redisclient_command(client, REDISCLIENT_ARGS("PING"), &reply, &error);
    CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
    CHECK_INT(redisclient_error_retryable(error), 0);
    check_fails(status, error, REDISCLIENT_ECLOSED, "", __FILE__, __LINE__, "command after close");
    CHECK_FAILS(redisclient_command_packed(client, NULL, 1, "PING", (const size_t[]){4}, &reply, &error), REDISCLIENT_ECLOSED, "");
    redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("PING"));
    CHECK_FAILS(redisclient_pipeline_run(pipeline, &reply, &error), REDISCLIENT_ECLOSED, "");
  }
  CHECK(!reply);
  int64_t cpu = cpu_ms();
  pause_ms(100);
  CHECK(cpu_ms() - cpu < 50);
  errno = 4242;
  redisclient_close(client);
  redisclient_free(client);
  CHECK_INT(errno, 4242);
  redisclient_pipeline_free(pipeline);
}

static void *close_it(void *client) {
  redisclient_close(client);
  return NULL;
}

/* From many threads at once, while others open and call. */
static void at_once(const char *url) {
  for (int round = 0; round < scaled(40); round++) {
    redisclient *client = open_client(url);
    pthread_t closers[4];
    struct caller caller = {.client = client};
    for (int i = 0; i < 4; i++) REQUIRE(pthread_create(&closers[i], NULL, close_it, client) == 0);
    redisclient_status status = redisclient_command(caller.client, REDISCLIENT_ARGS("PING"), NULL, NULL);
    CHECK(status == REDISCLIENT_OK || status == REDISCLIENT_ECLOSED);
    for (int i = 0; i < 4; i++) pthread_join(closers[i], NULL);
    CHECK_INT(redisclient_command(caller.client, REDISCLIENT_ARGS("PING"), NULL, NULL), REDISCLIENT_ECLOSED);
    redisclient_free(client);
  }
}

int main(int argc, char **argv) {
  (void)argc;
  redisclient *watcher = open_client(argument(argv, "url"));
  with_calls_inside(watcher, argument(argv, "url"), redisclient_close);
  with_calls_inside(watcher, argument(argv, "tcp"), redisclient_free);
  with_waiters(watcher, argument(argv, "tcp"));
  closed_stays_closed(watcher, argument(argv, "tcp"));
  at_once(argument(argv, "url"));
  redisclient_free(watcher);
  return check_result();
}
