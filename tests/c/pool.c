/* The pool: many threads on few connections, each with replies of its own; limits, waiting, dead and
 * dirty connections. */
#include "check.h"
#include <pthread.h>

enum { THREADS = 32, CONNECTIONS = 8 };

struct worker {
  pthread_t thread;
  redisclient *client;
  int number, commands;
};

/* Values that name their owner: a reply of anyone else would be seen. */
static void *work(void *data) {
  struct worker *self = data;
  char key[32], value[64];
  snprintf(key, sizeof key, "worker %d", self->number);
  for (int i = 0; i < self->commands; i += 2) {
    snprintf(value, sizeof value, "%d of %d", i, self->number);
    EXPECT(self->client, REDISCLIENT_REPLY_STATUS, "OK", "SET", key, value);
    EXPECT(self->client, REDISCLIENT_REPLY_STRING, value, "GET", key);
  }
  return NULL;
}

static void all_work(redisclient *client) {
  struct worker workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (struct worker){.client = client, .number = i, .commands = scaled(1000)};
    REQUIRE(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
}

static void many_threads(redisclient *watcher, const char *url) {
  redisclient *client = open_with(url, "pool.max=8");
  int64_t before = info(watcher, "stats", "total_connections_received");
  all_work(client);
  int64_t opened = info(watcher, "stats", "total_connections_received");
  CHECK(opened - before <= CONNECTIONS - 1); /* one was opened before */
  all_work(client);
  int64_t again = info(watcher, "stats", "total_connections_received");
  CHECK(again - before <= CONNECTIONS - 1);
  redisclient_free(client);
  WAIT_UNTIL(info(watcher, "clients", "connected_clients") == 1);
}

/* One thread, whatever it does, is served by one connection. */
static void steady(redisclient *watcher, const char *url) {
  redisclient *client = open_client(url);
  int64_t before = info(watcher, "stats", "total_connections_received");
  for (int i = 0; i < 200; i++) {
    DO(client, "SET", "steady", "v");
    redisclient_error *error = NULL;
    CHECK_INT(redisclient_command(client, REDISCLIENT_ARGS("LPUSH", "steady", "v"), NULL, &error), REDISCLIENT_ESERVER);
    redisclient_error_free(error);
  }
  CHECK_INT(info(watcher, "stats", "total_connections_received"), before);
  redisclient_free(client);
}

static void *hold(void *client) {
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_command(client, REDISCLIENT_ARGS("BLPOP", "held", "0"), &reply, &error));
  redisclient_reply_free(reply);
  return NULL;
}

static pthread_t held(redisclient *watcher, redisclient *client) {
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, hold, client) == 0);
  WAIT_UNTIL(info(watcher, "clients", "blocked_clients") == 1);
  return thread;
}

static void let_go(redisclient *watcher, pthread_t thread) {
  DO(watcher, "RPUSH", "held", "x");
  pthread_join(thread, NULL);
}

/* The one connection is held: how that is said, and when. */
static void exhausted(redisclient *watcher, const char *url, const char *wait, int64_t least) {
  char query[64];
  snprintf(query, sizeof query, "pool.max=1&pool.wait_ms=%s", wait);
  redisclient *client = open_with(url, query);
  pthread_t thread = held(watcher, client);
  redisclient_error *error = NULL;
  int64_t start = now_ms();
  redisclient_status status = redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error);
  int64_t took = now_ms() - start;
  CHECK(took >= least && took < 20000);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
  CHECK_INT(redisclient_error_retryable(error), 1);
  static const char *const parts[] = {"in use", "0 idle", "waiting", "oldest", "pool.max"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) CHECK_CONTAINS(redisclient_error_message(error), parts[i]);
  check_fails(status, error, REDISCLIENT_EPOOL, "", __FILE__, __LINE__, "command on an exhausted pool");
  let_go(watcher, thread);
  EXPECT(client, REDISCLIENT_REPLY_STATUS, "PONG", "PING");
  redisclient_free(client);
}

/* By default a caller waits as long as its deadline lets it, and gets the connection when it comes. */
static void waiting(redisclient *watcher, const char *url) {
  redisclient *client = open_with(url, "pool.max=1");
  pthread_t thread = held(watcher, client);
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_error *error = NULL;
  call.deadline_ms = 100;
  int64_t start = now_ms();
  redisclient_status status = redisclient_command_call(client, &call, REDISCLIENT_ARGS("PING"), NULL, &error);
  CHECK(now_ms() - start >= 95 && now_ms() - start < 20000);
  CHECK(status == REDISCLIENT_EPOOL || status == REDISCLIENT_ETIMEOUT);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
  redisclient_error_free(error);
  struct worker waiter = {.client = client, .number = 1, .commands = 2};
  REQUIRE(pthread_create(&waiter.thread, NULL, work, &waiter) == 0);
  pause_ms(20);
  let_go(watcher, thread);
  pthread_join(waiter.thread, NULL);
  redisclient_free(client);
}

/* Connecting that fails gives its slot back, each time. */
static void failed_connects(const char *url) {
  redisclient *client = open_with(url, "lazy=yes&pool.max=1&pool.wait_ms=0&retry.count=0");
  for (int i = 0; i < 20; i++) CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECONNECT, "");
  redisclient_free(client);
}

/* A connection that owes a reply is closed, and its slot is free at once. */
static void dirty(const char *url) {
  redisclient *client = open_with(url, "pool.max=1&pool.wait_ms=0");
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.deadline_ms = 20;
  for (int i = 0; i < 10; i++) {
    char mark[16];
    snprintf(mark, sizeof mark, "%d", i);
    CHECK_FAILS(redisclient_command_call(client, &call, REDISCLIENT_ARGS("BLPOP", "nothing", "0"), NULL, &error), REDISCLIENT_ETIMEOUT, "");
    EXPECT(client, REDISCLIENT_REPLY_STRING, mark, "ECHO", mark);
  }
  redisclient_free(client);
}

/* Closed by the server while idle: found at checkout, the command runs once and nobody notices. */
static void dead_when_idle(redisclient *watcher, const char *url, const char *query, int64_t idle_ms) {
  redisclient *client = open_with(url, query);
  DO(client, "SET", "runs", "0");
  for (int i = 1; i < 4; i++) {
    char runs[16];
    redisclient_reply *reply = RUN(watcher, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    redisclient_reply_free(reply);
    WAIT_UNTIL(info(watcher, "clients", "connected_clients") == 1);
    pause_ms(idle_ms);
    redisclient_error *error = NULL;
    CHECK_INT(redisclient_command(client, REDISCLIENT_ARGS("INCR", "runs"), &reply, &error), REDISCLIENT_OK);
    CHECK_INTEGER(reply, i);
    snprintf(runs, sizeof runs, "%d", i);
    redisclient_reply_free(reply);
    redisclient_error_free(error);
    EXPECT(watcher, REDISCLIENT_REPLY_STRING, runs, "GET", "runs");
  }
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *url = argument(argv, "url"), *tcp = argument(argv, "tcp");
  redisclient *watcher = open_client(url);
  many_threads(watcher, url);
  steady(watcher, tcp);
  exhausted(watcher, url, "0", 0);
  exhausted(watcher, url, "100", 95);
  waiting(watcher, url);
  failed_connects(argument(argv, "nobody"));
  dirty(tcp);
  dead_when_idle(watcher, tcp, "pool.check_after_ms=0", 20); /* the end may still travel */
  dead_when_idle(watcher, url, "db=0", 150);
  redisclient_free(watcher);
  return check_result();
}
