/* A server that is killed, or kills connections, while a queue has work in flight: reads are sent again
 * and succeed, a write that may have run ends UNKNOWN and is not run twice, nothing gets lost. */
#include "queued.h"
#include <pthread.h>

static const char *url, *control;
static atomic_bool stop;

struct tally {
  int64_t succeeded, unknown, unsent, others;
};

/* An INCR's completion; `highest` is what the counter had before for those of one connection. */
static void count(struct tally *tally, redisclient_completion *one) {
  if (one->reply) {
    CHECK_INT(redisclient_reply_kind(one->reply), REDISCLIENT_REPLY_INTEGER);
    tally->succeeded++;
  } else if (redisclient_error_outcome(one->error) == REDISCLIENT_OUTCOME_UNKNOWN) tally->unknown++;
  else if (redisclient_error_outcome(one->error) == REDISCLIENT_OUTCOME_NOT_SENT) tally->unsent++;
  else tally->others++;
}

/* The counter has what was answered, and of what is unknown at most each once. */
static void audit(redisclient *client, const struct tally *tally) {
  redisclient_reply *reply = RUN(client, "GET", "counter");
  int64_t value = strtoll(redisclient_reply_text(reply, NULL), NULL, 10);
  redisclient_reply_free(reply);
  bool good = CHECK(tally->succeeded <= value) & CHECK(value <= tally->succeeded + tally->unknown) & CHECK_INT(tally->others, 0);
  if (!good || at_length())
    fprintf(stderr, "    counter %" PRId64 ", succeeded %" PRId64 ", unknown %" PRId64 ", not sent %" PRId64 "\n", value,
            tally->succeeded, tally->unknown, tally->unsent);
}

/* The server ends with everything in flight, and comes back with what it had. */
static void killed(void) {
  struct tally tally = {0, 0, 0, 0};
  redisclient *client = open_with(url, "timeout_ms=300000&retry.count=-1");
  redisclient_queue *queue = open_queue(client);
  DO(client, "SET", "word", "kept");
  DO(client, "SET", "counter", "0");
  for (int round = 0; round < (at_length() ? 10 : 2) || (!tally.unknown && round < 20); round++) {
    enum { READS = 200, WRITES = 100 };
    bool seen[READS + WRITES] = {false};
    SUBMIT(queue, 0, "PING");
    EXPECT_TAG(queue, 0, REDISCLIENT_REPLY_STATUS, "PONG");
    tell_server(control, "pause");
    for (uint64_t tag = 0; tag < READS + WRITES; tag++) {
      if (tag % 3 == 2) SUBMIT(queue, tag, "INCR", "counter");
      else SUBMIT(queue, tag, "GET", "word");
    }
    tell_server(control, "kill");
    tell_server(control, "restart");
    for (int i = 0; i < READS + WRITES; i++) {
      redisclient_completion one = TAKE(queue);
      if (CHECK(one.tag < READS + WRITES)) CHECK(!seen[one.tag]);
      seen[one.tag % (READS + WRITES)] = true;
      if (one.tag % 3 == 2) count(&tally, &one);
      else CHECK_REPLY(one.reply, REDISCLIENT_REPLY_STRING, "kept");
      release(&one);
    }
    NOTHING(queue);
    audit(client, &tally);
  }
  CHECK(tally.unknown > 0);
  redisclient_queue_free(queue);
  redisclient_free(client);
}

static atomic_llong progress;

/* Takes every connection away but its own, again and again, whenever something was done meanwhile. */
static void *kill_connections(void *nothing) {
  redisclient *watcher = open_client(url);
  for (long long seen = -1; !atomic_load(&stop); pause_ms(5)) {
    if (atomic_load(&progress) == seen) continue;
    seen = atomic_load(&progress);
    DO(watcher, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  }
  redisclient_free(watcher);
  return nothing;
}

static void disturbed(void) {
  struct tally tally = {0, 0, 0, 0};
  pthread_t killer;
  uint64_t wanted = (uint64_t)(under("plain") ? 30000 : under("valgrind") ? 600 : 3000), submitted = 0, done = 0, window = 200;
  redisclient *client = open_with(url, "timeout_ms=300000&retry.count=-1&retry.cap_ms=10");
  redisclient_queue *queue = open_queue(client);
  DO(client, "SET", "word", "kept");
  DO(client, "SET", "counter", "0");
  atomic_store(&stop, false);
  REQUIRE(pthread_create(&killer, NULL, kill_connections, NULL) == 0);
  for (int64_t start = now_ms(); done < wanted || (!tally.unknown && now_ms() - start < PATIENCE_MS);) {
    for (; submitted < done + window; submitted++) {
      if (submitted % 3 == 2) SUBMIT(queue, submitted, "INCR", "counter");
      else if (submitted % 3 == 1) CHECK_INT(submit_ticket(queue, NULL, submitted), REDISCLIENT_OK);
      else SUBMIT(queue, submitted, "GET", "word");
    }
    redisclient_completion one = TAKE(queue);
    if (one.tag % 3 == 2) count(&tally, &one);
    else if (one.tag % 3 == 1) CHECK(is_ticket(&one));
    else CHECK_REPLY(one.reply, REDISCLIENT_REPLY_STRING, "kept");
    release(&one);
    atomic_store(&progress, (long long)++done);
  }
  atomic_store(&stop, true);
  pthread_join(killer, NULL);
  for (; done < submitted; done++) {
    redisclient_completion one = TAKE(queue);
    if (one.tag % 3 == 2) count(&tally, &one);
    else CHECK(one.reply);
    release(&one);
  }
  NOTHING(queue);
  CHECK(tally.succeeded > 0 && tally.unknown > 0);
  audit(client, &tally);
  redisclient_queue_free(queue);
  redisclient_free(client);
}

/* Marked as one that may run twice, a write is sent again too. */
static void idempotent(void) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient *client = open_with(url, "timeout_ms=300000&retry.count=-1");
  redisclient_queue *queue = open_queue(client);
  call.flags = REDISCLIENT_CALL_IDEMPOTENT;
  SUBMIT(queue, 0, "PING");
  EXPECT_TAG(queue, 0, REDISCLIENT_REPLY_STATUS, "PONG");
  tell_server(control, "pause");
  for (uint64_t tag = 1; tag <= 50; tag++) SUBMIT_CALL(queue, &call, tag, "SET", "marked", "once or twice");
  tell_server(control, "kill");
  tell_server(control, "restart");
  for (int i = 0; i < 50; i++) {
    redisclient_completion one = TAKE(queue);
    CHECK_REPLY(one.reply, REDISCLIENT_REPLY_STATUS, "OK");
    release(&one);
  }
  redisclient_queue_free(queue);
  redisclient_free(client);
}

/* Nobody there: each ends by itself, known not to have been sent, and the queue serves again later. */
static void nobody_there(void) {
  redisclient *client = open_with(url, "timeout_ms=300000&retry.count=1&retry.base_ms=1");
  redisclient_queue *queue = open_queue(client);
  CHECK_INT(submit_ticket(queue, NULL, 1), REDISCLIENT_OK);
  EXPECT_TICKETS(queue, 1, 1);
  tell_server(control, "kill");
  SUBMIT(queue, 0, "GET", "word"); /* sees the end of the connection */
  redisclient_completion one = TAKE(queue);
  release(&one);
  for (uint64_t tag = 2; tag <= 20; tag++) SUBMIT(queue, tag, "INCR", "never");
  for (uint64_t tag = 2; tag <= 20; tag++) {
    one = TAKE(queue);
    CHECK_INT(redisclient_error_code(one.error), REDISCLIENT_ECONNECT);
    CHECK_INT(redisclient_error_outcome(one.error), REDISCLIENT_OUTCOME_NOT_SENT);
    release(&one);
  }
  tell_server(control, "restart");
  CHECK_INT(submit_ticket(queue, NULL, 21), REDISCLIENT_OK);
  EXPECT_TICKETS(queue, 21, 21);
  redisclient_queue_free(queue);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  control = argument(argv, "control");
  for (const char *const *name = (const char *const[]){"tcp", "tls", NULL}; *name; name++) {
    url = argument(argv, *name);
    killed();
    disturbed();
    idempotent();
    nobody_there();
  }
  return check_result();
}
