/* Signals a thousand times a second, with a handler that does not restart system calls: nothing ends
 * sooner, later or otherwise than without them. */
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

static atomic_int signals;

static void count_signal(int number) {
  (void)number;
  int kept = errno;
  atomic_fetch_add(&signals, 1);
  errno = kept;
}

/* A thousand a second. Memcheck, where each costs a good part of a millisecond and little would be done
 * between two, has a hundred: as many for each step of the program. */
static void storm(bool on) {
  int every_us = !on ? 0 : under("valgrind") ? 10000 : 1000;
  struct itimerval every = {{0, every_us}, {0, every_us}};
  REQUIRE(setitimer(ITIMER_REAL, &every, NULL) == 0);
}

static void mask(int how) {
  sigset_t alarms;
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  pthread_sigmask(how, &alarms, NULL);
}

/* Between what it should take and that with leave for a busy machine: a wait begun anew at each signal would
 * never end. */
static void took(int64_t start, int64_t least, const char *what) {
  int64_t took = now_ms() - start, most = least + 15000;
  if (!CHECK(took >= least - 2 && took < most)) fprintf(stderr, "    %s: %" PRId64 " ms\n", what, took);
}

static void commands(redisclient *client) {
  static char value[1 << 20];
  const char *const set[] = {"SET", "large", value};
  memset(value, 'x', sizeof value);
  DO(client, "DEL", "counter");
  for (int i = 1; i <= scaled(100); i++) {
    redisclient_reply *reply = RUN(client, "INCR", "counter");
    CHECK_INTEGER(reply, i);
    redisclient_reply_free(reply);
  }
  for (int i = 0; i < scaled(5); i++) {
    redisclient_reply *reply = NULL;
    CHECK_OK(redisclient_command(client, 3, set, (const size_t[]){3, 5, sizeof value}, NULL, &error));
    reply = RUN(client, "GET", "large");
    CHECK_INT(reply->length, sizeof value);
    redisclient_reply_free(reply);
  }
}

static void pipeline(redisclient *client) {
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_reply *reply = NULL;
  int count = scaled(5000);
  for (int i = 0; i < count; i++) redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("ECHO", "echo"));
  CHECK_OK(redisclient_pipeline_run(pipeline, &reply, &error));
  CHECK_INT(redisclient_reply_count(reply), count);
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
}

static void blocking(redisclient *client) {
  int64_t start = now_ms();
  redisclient_reply *reply = RUN(client, "BLPOP", "never", "0.2");
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_NIL);
  redisclient_reply_free(reply);
  took(start, 200, "BLPOP");
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.deadline_ms = 200;
  start = now_ms();
  CHECK_FAILS(redisclient_command_call(client, &call, REDISCLIENT_ARGS("BLPOP", "never", "0"), NULL, &error), REDISCLIENT_ETIMEOUT, "while waiting for the reply");
  took(start, 200, "BLPOP past its deadline");
}

static void by_hand(const char *url) {
  redisclient_connection *connection = open_connection(url);
  redisclient_reply *reply = NULL;
  int64_t start = now_ms();
  CHECK_FAILS(redisclient_connection_receive(connection, 150, &reply, &error), REDISCLIENT_ETIMEOUT, "");
  took(start, 150, "receive");
  start = now_ms();
  CHECK_INT(redisclient_connection_readable(connection, 150), 0);
  took(start, 150, "readable");
  redisclient_connection_free(connection);
}

static void opens(const char *url) {
  for (int i = 0; i < scaled(20); i++) {
    redisclient *client = open_client(url);
    EXPECT(client, REDISCLIENT_REPLY_STATUS, "PONG", "PING");
    redisclient_free(client);
  }
}

/* Nobody answers. */
static void connects(const char *url) {
  redisclient *client = open_with(url, "lazy=yes&timeout_ms=200");
  int64_t start = now_ms();
  CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ETIMEOUT, "while connecting");
  took(start, 200, url);
  redisclient_free(client);
}

/* No pause between attempts is cut short into more of them. */
static void attempts(const char *url) {
  redisclient *client = open_with(url, "lazy=yes&retry.count=5&retry.base_ms=5&retry.cap_ms=5");
  redisclient_error *error = NULL;
  CHECK_INT(redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECONNECT);
  CHECK_INT(redisclient_error_attempts(error), 6);
  redisclient_error_free(error);
  redisclient_free(client);
}

static void *hold(void *client) {
  DO(client, "BLPOP", "held", "0");
  return NULL;
}

/* After a while; signals cut each pause short. */
static void *let_go(void *watcher) {
  for (int64_t start = now_ms(); now_ms() - start < 200;) pause_ms(10);
  DO(watcher, "RPUSH", "held", "x");
  return NULL;
}

static void pool_wait(const char *url) {
  redisclient *client = open_with(url, "pool.max=1"), *watcher = open_client(url);
  pthread_t holder, other;
  redisclient_call call = REDISCLIENT_CALL_INIT;
  REQUIRE(pthread_create(&holder, NULL, hold, client) == 0);
  WAIT_UNTIL(info(watcher, "clients", "blocked_clients") == 1);
  call.deadline_ms = 100;
  int64_t start = now_ms();
  redisclient_status status = redisclient_command_call(client, &call, REDISCLIENT_ARGS("PING"), NULL, NULL);
  CHECK(status == REDISCLIENT_ETIMEOUT || status == REDISCLIENT_EPOOL);
  took(start, 100, "pool");
  REQUIRE(pthread_create(&other, NULL, let_go, watcher) == 0);
  EXPECT(client, REDISCLIENT_REPLY_STATUS, "PONG", "PING"); /* served when it is given back */
  pthread_join(other, NULL);
  pthread_join(holder, NULL);
  redisclient_free(watcher);
  redisclient_free(client);
}

static void *all(void *data) {
  char **argv = data;
  static const char *const names[] = {"tcp", "url", "tls"};
  mask(SIG_UNBLOCK);
  for (int i = 0; i < 3; i++) {
    if (under("valgrind") && i == 1) continue; /* as TCP */
    const char *url = argument(argv, names[i]);
    redisclient *client = open_client(url);
    commands(client);
    pipeline(client);
    blocking(client);
    by_hand(url);
    opens(url);
    redisclient_free(client);
  }
  opens(argument(argv, "by_name"));
  connects(argument(argv, "hole"));
  connects(argument(argv, "unix_hole"));
  attempts(argument(argv, "nobody"));
  pool_wait(argument(argv, "tcp"));
  return NULL;
}

/* In a thread of its own: were the first thread open to signals, it would get them all. Threads of the
 * resolver are as open as their makers. */
int main(int argc, char **argv) {
  (void)argc;
  struct sigaction action = {.sa_handler = count_signal};
  pthread_t thread;
  REQUIRE(sigaction(SIGALRM, &action, NULL) == 0);
  mask(SIG_BLOCK);
  storm(true);
  REQUIRE(pthread_create(&thread, NULL, all, argv) == 0);
  pthread_join(thread, NULL);
  storm(false);
  CHECK(atomic_load(&signals) > 100);
  return check_result();
}
