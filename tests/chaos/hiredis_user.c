/* hiredis as programs use it: a connection for each thread, made anew after an error, and what
 * failed sent again, three times at most. hiredis does not say what became of a command. */

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "hiredis.h"

struct user {
  char *host; /* or the path of a Unix socket, with port 0 */
  int port;
  redisContext *context;
};

struct user *user_new(const char *host, int port) {
  struct user *user = calloc(1, sizeof *user);
  user->host = strdup(host);
  user->port = port;
  return user;
}

static void hang_up(struct user *user) {
  redisFree(user->context);
  user->context = NULL;
}

void user_free(struct user *user) {
  hang_up(user);
  free(user->host);
  free(user);
}

static int connected(struct user *user, struct timeval timeout) {
  if (user->context == NULL) {
    user->context = user->port != 0 ? redisConnectWithTimeout(user->host, user->port, timeout)
                                    : redisConnectUnixWithTimeout(user->host, timeout);
  }
  return user->context != NULL && user->context->err == 0 &&
         redisSetTimeout(user->context, timeout) == REDIS_OK;
}

/* Arguments stand one after the other, argc[i] of them belong to command i. */
static int attempt(struct user *user, size_t count, const int *argc, const char **argv,
                   const size_t *lengths, void **replies) {
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    if (redisAppendCommandArgv(user->context, argc[i], argv + at, lengths + at) != REDIS_OK)
      return 0;
    at += (size_t)argc[i];
  }
  for (size_t i = 0; i < count; i++) {
    if (redisGetReply(user->context, &replies[i]) != REDIS_OK) {
      while (i > 0)
        freeReplyObject(replies[--i]);
      return 0;
    }
  }
  return 1;
}

/* Whether all commands were answered; the replies are then the caller's. */
int user_call(struct user *user, int timeout_ms, size_t count, const int *argc, const char **argv,
              const size_t *lengths, void **replies) {
  struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
  for (int tries = 0; tries < 3; tries++) {
    if (connected(user, timeout) && attempt(user, count, argc, argv, lengths, replies))
      return 1;
    hang_up(user);
  }
  return 0;
}

int reply_type(const redisReply *reply) { return reply->type; }
long long reply_integer(const redisReply *reply) { return reply->integer; }
const char *reply_text(const redisReply *reply, size_t *length) {
  *length = reply->len;
  return reply->str;
}
size_t reply_count(const redisReply *reply) { return reply->elements; }
const redisReply *reply_at(const redisReply *reply, size_t index) { return reply->element[index]; }
void reply_free(redisReply *reply) { freeReplyObject(reply); }
