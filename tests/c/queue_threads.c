/* Many submitters and one consumer: every completion comes once and is its own, each submitter's in its
 * order; a second consumer is turned away, and never two callbacks run at once. */
#include "queued.h"
#include <pthread.h>

enum { SUBMITTERS = 8 };

static redisclient *client;
static redisclient_queue *queue;

/* Who and which: 16 bits and 48. */
static uint64_t tag_of(uint64_t who, uint64_t which) {
  return who << 48 | which;
}

static uint64_t each(void) {
  return (uint64_t)(at_length() ? 200000 : under("plain") ? 20000 : under("valgrind") ? 300 : 3000);
}

/* When the queue is full, it tries again. */
static void *submit_tickets(void *number) {
  uint64_t who = (uint64_t)(uintptr_t)number;
  for (uint64_t which = 0; which < each();) {
    redisclient_status status = submit_ticket(queue, NULL, tag_of(who, which));
    if (status == REDISCLIENT_OK) which++;
    else if (CHECK_INT(status, REDISCLIENT_EFULL)) pause_ms(1);
    else break;
  }
  return NULL;
}

static void one_consumer(int by_next) {
  pthread_t threads_[SUBMITTERS];
  uint64_t seen[SUBMITTERS] = {0}, total = 0;
  redisclient_completion some[100];
  for (uintptr_t i = 0; i < SUBMITTERS; i++) REQUIRE(pthread_create(&threads_[i], NULL, submit_tickets, (void *)i) == 0);
  while (total < SUBMITTERS * each()) {
    int count = by_next ? 1 : redisclient_queue_drain(queue, some, 100, PATIENCE_MS);
    if (by_next) some[0] = TAKE(queue);
    REQUIRE(count > 0);
    for (int i = 0; i < count; i++, total++) {
      uint64_t who = some[i].tag >> 48;
      if (CHECK(who < SUBMITTERS)) CHECK_INT(some[i].tag & 0xffffffffffff, seen[who]++);
      CHECK(is_ticket(&some[i]));
      release(&some[i]);
    }
  }
  for (int i = 0; i < SUBMITTERS; i++) pthread_join(threads_[i], NULL);
  NOTHING(queue);
}

struct job {
  int who, which;
};

static int last[SUBMITTERS], destroys;
static atomic_int inside;

static void run(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  struct job *job = data;
  CHECK(reply && !error);
  CHECK_INT(atomic_fetch_add(&inside, 1), 0);
  CHECK_INT(redisclient_reply_integer(reply), job->which);
  CHECK_INT(job->which, ++last[job->who]);
  atomic_fetch_sub(&inside, 1);
}

static void destroy(void *data) {
  free(data);
  destroys++;
}

/* RPUSH to a list of its own: the reply counts, so the server saw them in order too. */
static void *submit_jobs(void *number) {
  int who = (int)(intptr_t)number;
  char list[32];
  snprintf(list, sizeof list, "ordered %d", who);
  for (int which = 1; which <= (int)each() / 4;) {
    struct job *job = malloc(sizeof *job);
    *job = (struct job){who, which};
    redisclient_status status = redisclient_submit(queue, NULL, REDISCLIENT_ARGS("RPUSH", list, "x"), run, job, destroy);
    if (status == REDISCLIENT_OK) {
      which++;
      continue;
    }
    free(job); /* it was not taken */
    if (!CHECK_INT(status, REDISCLIENT_EFULL)) break;
    pause_ms(1);
  }
  return NULL;
}

static void callbacks(void) {
  pthread_t threads_[SUBMITTERS];
  int total = SUBMITTERS * ((int)each() / 4), ran = 0;
  for (intptr_t i = 0; i < SUBMITTERS; i++) REQUIRE(pthread_create(&threads_[i], NULL, submit_jobs, (void *)i) == 0);
  while (ran < total) {
    int count = redisclient_queue_dispatch(queue, PATIENCE_MS);
    REQUIRE(count > 0);
    ran += count;
  }
  for (int i = 0; i < SUBMITTERS; i++) pthread_join(threads_[i], NULL);
  CHECK_INT(ran, total);
  CHECK_INT(destroys, total);
}

/* One completion by one of the three ways: how many there were, or the failure. */
static int take_one(intptr_t way) {
  redisclient_completion one = {0, NULL, NULL};
  redisclient_event *event = NULL;
  int count;
  if (way == 0) count = redisclient_queue_drain(queue, &one, 1, -1);
  else if (way == 1) count = (event = redisclient_queue_next(queue, -1)) ? 1 : -REDISCLIENT_EBUSY;
  else count = redisclient_queue_dispatch(queue, -1);
  redisclient_event_free(event);
  release(&one);
  return count;
}

/* Waits inside until the work of the main thread is submitted. Where that one is looking whether this
 * one is inside, this one is turned away, and comes again. */
static void *hold(void *way) {
  int count;
  do count = take_one((intptr_t)way);
  while (count == -REDISCLIENT_EBUSY);
  CHECK_INT(count, 1);
  return NULL;
}

static void nothing(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  (void)data, (void)reply, (void)error;
}

/* While one thread waits inside, another is told so at once, whatever it would wait. */
static void second_consumer(intptr_t way) {
  pthread_t holder;
  redisclient_completion one = {7, NULL, NULL};
  REQUIRE(pthread_create(&holder, NULL, hold, (void *)way) == 0);
  WAIT_UNTIL(redisclient_queue_dispatch(queue, 0) == -REDISCLIENT_EBUSY);
  for (int timeout = -1; timeout <= 1; timeout++) {
    CHECK_INT(redisclient_queue_dispatch(queue, timeout), -REDISCLIENT_EBUSY);
    CHECK_INT(redisclient_queue_drain(queue, &one, 1, timeout), -REDISCLIENT_EBUSY);
    CHECK(!redisclient_queue_next(queue, timeout));
  }
  CHECK(one.tag == 7 && !one.reply && !one.error);
  if (way == 2) CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), nothing, NULL, NULL), REDISCLIENT_OK);
  else SUBMIT(queue, 1, "PING"); /* submitters are never busy */
  pthread_join(holder, NULL);
  NOTHING(queue);
}

/* Blocking calls and submits at once on one client. */
static void *blocking_calls(void *number) {
  for (uint64_t i = 0; i < each() / 10; i++) {
    char text[32];
    ticket(tag_of((uint64_t)(uintptr_t)number, i), text);
    EXPECT(client, REDISCLIENT_REPLY_STRING, text, "ECHO", text);
  }
  return NULL;
}

static void beside_blocking_calls(void) {
  pthread_t callers[4];
  for (uintptr_t i = 0; i < 4; i++) REQUIRE(pthread_create(&callers[i], NULL, blocking_calls, (void *)(i + 100)) == 0);
  one_consumer(0);
  for (int i = 0; i < 4; i++) pthread_join(callers[i], NULL);
}

int main(int argc, char **argv) {
  (void)argc;
  client = open_with(argument(argv, "url"), "timeout_ms=300000");
  queue = open_queue(client);
  one_consumer(0);
  one_consumer(1);
  callbacks();
  for (intptr_t way = 0; way < 3; way++) second_consumer(way);
  beside_blocking_calls();
  redisclient_queue_free(queue);
  redisclient_free(client);
  return check_result();
}
