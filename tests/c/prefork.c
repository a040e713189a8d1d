/* Prefork servers: children, themselves with threads, on a handle that was made before, over TCP, Unix
 * and TLS, while the parent is busy. The parent's own connections go on as if nothing had happened. */
#define CHILD_SECONDS (at_length() ? 600 : 300)
#include "forked.h"
#include <pthread.h>

enum { CHILDREN = 8, CHILD_THREADS = 2, PARENT_THREADS = 2 };

static atomic_bool stop;

static void own_reply(int who, int nth) {
  char mark[64];
  snprintf(mark, sizeof mark, "process %d, %d, command %d", (int)getpid(), who, nth);
  EXPECT(client, REDISCLIENT_REPLY_STRING, mark, "ECHO", mark);
}

static int commands_each(void) {
  return at_length() ? 10000 : scaled(1000);
}

static void *work(void *number) {
  for (int i = 0; i < commands_each() / CHILD_THREADS; i++) own_reply((int)(intptr_t)number, i);
  return NULL;
}

static void *keep_busy(void *number) {
  for (int i = 0; !atomic_load(&stop); i++) own_reply((int)(intptr_t)number, i);
  return NULL;
}

/* Opens and frees clients of its own. */
static void *keep_connecting(void *url) {
  while (!atomic_load(&stop)) {
    redisclient *own = open_client(url);
    EXPECT(own, REDISCLIENT_REPLY_STATUS, "PONG", "PING");
    redisclient_free(own);
  }
  return NULL;
}

static void child(int number) {
  pthread_t threads[CHILD_THREADS];
  for (intptr_t i = 0; i < CHILD_THREADS; i++) REQUIRE(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
  for (int i = 0; i < CHILD_THREADS; i++) pthread_join(threads[i], NULL);
  if (number % 2) redisclient_free(client);
  end_child();
}

/* Forked while nothing else runs, as prefork servers do; then all work at once. */
static void prefork(const char *url) {
  pthread_t busy[PARENT_THREADS];
  pid_t children[CHILDREN];
  client = open_with(url, "pool.max=8");
  int64_t before = id();
  for (int i = 0; i < CHILDREN; i++)
    if ((children[i] = start()) == 0) child(i);
  atomic_store(&stop, false);
  for (intptr_t i = 0; i < PARENT_THREADS; i++) REQUIRE(pthread_create(&busy[i], NULL, keep_busy, (void *)i) == 0);
  for (int i = 0; i < CHILDREN; i++) joined(children[i]);
  atomic_store(&stop, true);
  for (int i = 0; i < PARENT_THREADS; i++) pthread_join(busy[i], NULL);
  char number[32];
  snprintf(number, sizeof number, "%" PRId64, before);
  redisclient_reply *reply = RUN(client, "CLIENT", "LIST", "ID", number);
  CHECK_CONTAINS(redisclient_reply_text(reply, NULL), number); /* the connection from before */
  redisclient_reply_free(reply);
  redisclient_free(client);
}

/* How many connections the client has made. */
static int64_t opened(void) {
  redisclient_stats stats = REDISCLIENT_STATS_INIT;
  CHECK_OK(redisclient_stats_get(client, &stats, &error));
  return (int64_t)stats.connections_opened;
}

/* Forked while other threads are anywhere inside: whatever locks they hold. Over TLS no thread
 * connects meanwhile: OpenSSL's own locks are not made for that. */
static void from_a_busy_process(const char *url, int forks) {
  bool connecting = strncmp(url, "rediss", 6) != 0;
  pthread_t busy[PARENT_THREADS + 1];
  client = open_with(url, "pool.max=3");
  atomic_store(&stop, false);
  for (intptr_t i = 0; i < PARENT_THREADS; i++) REQUIRE(pthread_create(&busy[i], NULL, keep_busy, (void *)i) == 0);
  if (connecting) REQUIRE(pthread_create(&busy[PARENT_THREADS], NULL, keep_connecting, (void *)(uintptr_t)url) == 0);
  else WAIT_UNTIL(opened() >= PARENT_THREADS);
  for (int round = 0; round < forks; round++) {
    pid_t pid = start();
    if (pid == 0) {
      for (int i = 0; i < 2; i++) own_reply(0, i);
      end_child();
    }
    joined(pid);
  }
  atomic_store(&stop, true);
  for (int i = 0; i < PARENT_THREADS + connecting; i++) pthread_join(busy[i], NULL);
  redisclient_free(client);
}

/* How many sockets the server has accepted: the parent must not have needed new ones. */
static int64_t accepted(redisclient *watcher) {
  return info(watcher, "stats", "total_connections_received");
}

/* A child that uses nothing and ends, by exit handlers and all, or frees the handle: nothing of the
 * parent's session is written, read or ended. */
static void idle_children(redisclient *watcher, const char *url) {
  client = open_client(url);
  int64_t before = id(), sockets = accepted(watcher);
  for (int i = 0; i < 20; i++) {
    pid_t pid = start();
    if (pid == 0) {
      if (i % 2) redisclient_free(client);
      if (i % 3) redisclient_close(i % 2 ? NULL : client);
      fflush(NULL);
      if (i % 4 == 0 && under("plain")) exit(check_failures); /* tools see what is left on purpose */
      _exit(check_failures);
    }
    joined(pid);
    CHECK_INT(id(), before);
  }
  CHECK_INT(accepted(watcher), sockets);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *urls[] = {argument(argv, "tcp"), argument(argv, "url"), argument(argv, "tls")};
  redisclient *watcher = open_client(argument(argv, "url"));
  for (int i = 0; i < 3; i++) {
    if (under("valgrind") && i == 1) continue; /* as TCP */
    prefork(urls[i]);
    idle_children(watcher, urls[i]);
#ifndef __SANITIZE_ADDRESS__ /* whose allocator may be locked in a child: see fork.c */
    from_a_busy_process(urls[i], at_length() ? 1500 : scaled(100));
#else
    (void)from_a_busy_process;
#endif
  }
  redisclient_free(watcher);
  return check_result();
}
