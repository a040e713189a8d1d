/* What goes through a queue: large values both ways among small ones, over each kind of connection and
 * in both protocols, while signals interrupt every wait. */
#include "queued.h"
#include <signal.h>
#include <sys/time.h>

enum { MEBIBYTE = 1 << 20, LARGE = 8 };

static redisclient_queue *queue;
static char values[LARGE][MEBIBYTE];

static void large_values(void) {
  for (uint64_t i = 0; i < LARGE; i++) {
    char key[32];
    snprintf(key, sizeof key, "large %" PRIu64, i);
    memset(values[i], 'a' + (int)i, MEBIBYTE);
    CHECK_INT(redisclient_submit_tagged(queue, NULL, i, 3, (const char *[]){"SET", key, values[i]}, (size_t[]){3, strlen(key), MEBIBYTE}), REDISCLIENT_OK);
    memset(values[i], '#', MEBIBYTE); /* what was submitted is not read any more */
    SUBMIT(queue, 100 + i, "GET", key);
    CHECK_INT(submit_ticket(queue, NULL, 200 + i), REDISCLIENT_OK);
  }
  for (uint64_t i = 0; i < LARGE; i++) {
    memset(values[i], 'a' + (int)i, MEBIBYTE);
    EXPECT_TAG(queue, i, REDISCLIENT_REPLY_STATUS, "OK");
    redisclient_completion one = TAKE(queue);
    CHECK_INT(one.tag, 100 + i);
    check_reply(one.reply, REDISCLIENT_REPLY_STRING, values[i], MEBIBYTE, __FILE__, __LINE__);
    release(&one);
    EXPECT_TICKETS(queue, 200 + i, 200 + i);
  }
}

/* Nested and empty ones, and the longest line of them. */
static void shapes(void) {
  SUBMIT(queue, 1, "EVAL", "return {1, {}, {'a', {redis.error_reply('ERR inside')}}, false}", "0");
  SUBMIT(queue, 2, "EVAL", "local t = {} for i = 1, 5000 do t[i] = i end return t", "0");
  SUBMIT(queue, 3, "EVAL", "return redis.error_reply('ODD at the top')", "0");
  redisclient_completion one = TAKE(queue);
  const redisclient_reply *inner = redisclient_reply_at(one.reply, 2);
  CHECK_INT(redisclient_reply_count(one.reply), 4);
  CHECK_INTEGER(redisclient_reply_at(one.reply, 0), 1);
  CHECK_INT(redisclient_reply_count(redisclient_reply_at(one.reply, 1)), 0);
  CHECK_REPLY(redisclient_reply_at(inner, 0), REDISCLIENT_REPLY_STRING, "a");
  CHECK_REPLY(redisclient_reply_at(redisclient_reply_at(inner, 1), 0), REDISCLIENT_REPLY_ERROR, "ERR inside");
  release(&one);
  one = TAKE(queue);
  CHECK_INT(redisclient_reply_count(one.reply), 5000);
  CHECK_INTEGER(redisclient_reply_at(one.reply, 4999), 5000);
  release(&one);
  one = TAKE(queue);
  CHECK_TEXT(redisclient_error_server_code(one.error), "ODD");
  release(&one);
}

static void many(uint64_t count) {
  for (uint64_t tag = 1; tag <= count; tag++) CHECK_INT(submit_ticket(queue, NULL, tag), REDISCLIENT_OK);
  EXPECT_TICKETS(queue, 1, count);
}

static void interrupt(int signal) {
  (void)signal;
}

/* No wait ends early, and no completion gets lost, because of a signal. */
static void interrupted(void) {
  struct sigaction action = {.sa_handler = interrupt}, before;
  struct itimerval often = {.it_interval = {0, 2000}, .it_value = {0, 2000}}, never = {{0, 0}, {0, 0}};
  redisclient_completion one;
  sigaction(SIGALRM, &action, &before);
  setitimer(ITIMER_REAL, &often, NULL);
  int64_t start = now_ms();
  CHECK_INT(redisclient_queue_dispatch(queue, 60), 0);
  CHECK_INT(redisclient_queue_drain(queue, &one, 1, 60), 0);
  CHECK(!redisclient_queue_next(queue, 60));
  CHECK(now_ms() - start >= 165);
  many((uint64_t)scaled(2000));
  setitimer(ITIMER_REAL, &never, NULL);
  sigaction(SIGALRM, &before, NULL);
}

static void through(const char *url, const char *query) {
  redisclient *client = open_with(url, query);
  queue = open_queue(client);
  large_values();
  shapes();
  many((uint64_t)scaled(5000));
  if (!under("valgrind")) interrupted(); /* whose threads take turns far more slowly */
  NOTHING(queue);
  redisclient_queue_free(queue);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  for (const char *const *name = (const char *const[]){"url", "tcp", "tls", NULL}; *name; name++) {
    through(argument(argv, *name), "timeout_ms=300000");
    through(argument(argv, *name), "timeout_ms=300000&protocol=2");
    if (!under("valgrind")) through(argument(argv, *name), "timeout_ms=300000&mode=shared&shared.links=3");
  }
  return check_result();
}
