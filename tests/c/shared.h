/* What the programs about shared links have in common: threads that all call on one client. */
#ifndef SHARED_H
#define SHARED_H

#include "check.h"
#include <pthread.h>

enum { MOST_THREADS = 128 };

struct caller {
  pthread_t thread;
  int number;
  _Atomic int64_t done;
};

static struct caller callers[MOST_THREADS];

static inline void begin_some(int first, int end, void *(*call)(void *)) {
  for (int i = first; i < end; i++) {
    callers[i].number = i;
    callers[i].done = 0;
    REQUIRE(pthread_create(&callers[i].thread, NULL, call, &callers[i]) == 0);
  }
}

static inline void begin_callers(int count, void *(*call)(void *)) {
  begin_some(0, count, call);
}

static inline void join_callers(int count) {
  for (int i = 0; i < count; i++) pthread_join(callers[i].thread, NULL);
}

static inline void with_callers(int count, void *(*call)(void *)) {
  begin_callers(count, call);
  join_callers(count);
}

/* The number of the connection that a call goes over. */
static inline int64_t link_of(redisclient *client) {
  redisclient_reply *reply = RUN(client, "CLIENT", "ID");
  int64_t id = redisclient_reply_integer(reply);
  redisclient_reply_free(reply);
  return id;
}

/* A call that is this thread's alone: its reply shows whose it is. */
static inline void own_echo(redisclient *client, int thread, int64_t nth) {
  char mark[64];
  snprintf(mark, sizeof mark, "thread %d, call %" PRId64, thread, nth);
  EXPECT(client, REDISCLIENT_REPLY_STRING, mark, "ECHO", mark);
}

/* Tells the one who runs the server to pause, resume, kill or restart it. */
static inline void tell_server(const char *control, const char *what) {
  redisclient *other = open_with(control, "timeout_ms=300000&retry.count=0");
  EXPECT(other, REDISCLIENT_REPLY_STRING, what, "ECHO", what);
  redisclient_free(other);
}
#endif
