/* Children of the programs about fork, and what they ask of the one client that was made before. */
#ifndef FORKED_H
#define FORKED_H

#include "check.h"
#include <sys/wait.h>
#include <unistd.h>

#ifndef CHILD_SECONDS
#define CHILD_SECONDS 300
#endif

static redisclient *client;

/* fork; a child counts its own failed checks, and one that hangs fails. */
static inline pid_t start(void) {
  fflush(NULL);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    atomic_store(&check_failures, 0);
    alarm(CHILD_SECONDS);
  }
  return child;
}

static inline void end_child(void) {
  _exit(check_result());
}

static inline void joined(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0)) fprintf(stderr, "    child ended with status %#x\n", (unsigned)status);
}

/* The number of the connection that answers. */
static inline int64_t id(void) {
  redisclient_reply *reply = RUN(client, "CLIENT", "ID");
  int64_t number = redisclient_reply_integer(reply);
  redisclient_reply_free(reply);
  return number;
}

/* Each reply is the one to its command. */
static inline void own_replies(const char *who, int number, int count) {
  for (int i = 0; i < count; i++) {
    char mark[64];
    snprintf(mark, sizeof mark, "%s %d, command %d", who, number, i);
    EXPECT(client, REDISCLIENT_REPLY_STRING, mark, "ECHO", mark);
  }
}

#endif
