/* A queue never blocks: at limits.in_flight and limits.in_flight_bytes submit says EFULL and takes
 * nothing, and there is room again when replies have come. A million may be outstanding. */
#include "queued.h"
#include <malloc.h>

static const char *url, *control;
static int runs, destroys;

static void run(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  (void)data;
  CHECK(reply && !error);
  runs++;
}

static void destroy(void *data) {
  (void)data;
  destroys++;
}

/* What EFULL refused is not run, not destroyed, not kept. */
static void refused(redisclient_queue *queue) {
  int before = destroys;
  CHECK_INT(redisclient_submit_tagged(queue, NULL, 99, REDISCLIENT_ARGS("INCR", "never")), REDISCLIENT_EFULL);
  CHECK_INT(redisclient_submit_packed(queue, NULL, 99, 2, "INCRnever", (size_t[]){4, 5}), REDISCLIENT_EFULL);
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("INCR", "never"), run, NULL, destroy), REDISCLIENT_EFULL);
  CHECK_INT(destroys, before);
}

/* Also where the completions belong to more than one queue: the limit is the client's. */
static void by_count(void) {
  redisclient *client = open_with(url, "limits.in_flight=100&timeout_ms=300000");
  redisclient_queue *queue = open_queue(client), *other = open_queue(client);
  SUBMIT(queue, 0, "ECHO", "ticket 0"); /* the worker has its connection before the server stops */
  EXPECT_TICKETS(queue, 0, 0);
  tell_server(control, "pause");
  for (uint64_t tag = 1; tag <= 60; tag++) CHECK_INT(submit_ticket(queue, NULL, tag), REDISCLIENT_OK);
  for (uint64_t tag = 1; tag <= 40; tag++) CHECK_INT(submit_ticket(other, NULL, tag), REDISCLIENT_OK);
  int64_t start = now_ms();
  for (int i = 0; i < 50; i++) refused(i % 2 ? other : queue);
  CHECK(now_ms() - start < PATIENCE_MS);
  tell_server(control, "resume");
  EXPECT_TICKETS(queue, 1, 60);
  EXPECT_TICKETS(other, 1, 40);
  for (int round = 0; round < 5; round++) {
    runs = destroys = 0;
    for (int i = 0; i < 100; i++) CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), run, NULL, destroy), REDISCLIENT_OK);
    for (int64_t start_ = now_ms(); runs < 100 && now_ms() - start_ < PATIENCE_MS;) redisclient_queue_dispatch(queue, 1000);
    CHECK(runs == 100 && destroys == 100);
  }
  EXPECT(client, REDISCLIENT_REPLY_NIL, "", "GET", "never");
  redisclient_queue_free(queue);
  redisclient_queue_free(other);
  redisclient_free(client);
}

enum { MEBIBYTE = 1 << 20 };
static char large[MEBIBYTE];

static redisclient_status submit_large(redisclient_queue *queue, uint64_t tag) {
  return redisclient_submit_tagged(queue, NULL, tag, 3, (const char *[]){"SET", "large", large}, (size_t[]){3, 5, sizeof large});
}

static void by_bytes(void) {
  redisclient *client = open_with(url, "limits.in_flight_bytes=8388608&timeout_ms=300000");
  redisclient_queue *queue = open_queue(client);
  SUBMIT(queue, 0, "ECHO", "ticket 0");
  EXPECT_TICKETS(queue, 0, 0);
  for (int round = 0; round < 3; round++) {
    tell_server(control, "pause");
    uint64_t taken = 0;
    while (taken <= 9 && submit_large(queue, taken) == REDISCLIENT_OK) taken++;
    CHECK(taken >= 7 && taken <= 8); /* whether the protocol's own bytes count is not said */
    CHECK_INT(submit_large(queue, 99), REDISCLIENT_EFULL);
    tell_server(control, "resume");
    for (uint64_t tag = 0; tag < taken; tag++) EXPECT_TAG(queue, tag, REDISCLIENT_REPLY_STATUS, "OK");
  }
  redisclient_queue_free(queue);
  redisclient_free(client);
}

/* The worker may still be letting go of the last; and what it has let go of, the allocator may keep
 * until it is asked. */
static void gave_back(size_t before) {
  size_t after = 0;
  WAIT_UNTIL((malloc_trim(0), after = resident(), after <= before + before / 10 + (4 << 20)));
  if (after > before) fprintf(stderr, "    %zu KiB before, %zu KiB after\n", before >> 10, after >> 10);
}

/* Each of so many tags gets its own reply, in order, and the memory for so many is given back. */
static void a_million(void) {
  uint64_t count = under("plain") ? 1000000 : under("valgrind") ? 20000 : 200000;
  redisclient *client = open_with(url, "limits.in_flight=1000000&limits.in_flight_bytes=1000000000&timeout_ms=300000");
  redisclient_queue *queue = open_queue(client);
  CHECK_INT(submit_ticket(queue, NULL, 0), REDISCLIENT_OK);
  EXPECT_TICKETS(queue, 0, 0);
  size_t before = resident();
  tell_server(control, "pause");
  for (uint64_t tag = 1; tag <= count; tag++)
    if (!CHECK_INT(submit_ticket(queue, NULL, tag), REDISCLIENT_OK)) break;
  if (count == 1000000) CHECK_INT(submit_ticket(queue, NULL, 0), REDISCLIENT_EFULL);
  tell_server(control, "resume");
  EXPECT_TICKETS(queue, 1, count);
  NOTHING(queue);
  if (under("plain")) gave_back(before);
  redisclient_queue_free(queue);
  redisclient_free(client);
}

/* Without a limit of one's own, 65,536. */
static void by_default(void) {
  redisclient *client = open_with(url, "timeout_ms=300000");
  redisclient_queue *queue = open_queue(client);
  CHECK_INT(submit_ticket(queue, NULL, 0), REDISCLIENT_OK);
  EXPECT_TICKETS(queue, 0, 0);
  tell_server(control, "pause");
  uint64_t taken = 0;
  while (taken < 70000 && submit_ticket(queue, NULL, taken + 1) == REDISCLIENT_OK) taken++;
  CHECK_INT(taken, 65536);
  CHECK_INT(submit_ticket(queue, NULL, 0), REDISCLIENT_EFULL);
  tell_server(control, "resume");
  EXPECT_TICKETS(queue, 1, taken);
  redisclient_queue_free(queue);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  url = argument(argv, "url");
  control = argument(argv, "control");
  by_count();
  by_bytes();
  if (!under("valgrind")) by_default(); /* 65,536 of anything take long there */
  a_million();
  return check_result();
}
