/* The end of a client and of a queue, with work in flight: what is outstanding ends once, by ECLOSED or
 * by its data function, and nothing of ours touches what was freed. */
#include "queued.h"
#include <pthread.h>

enum { JOBS = 200 };

static const char *url, *control;
static redisclient *client;
static redisclient_queue *queue;

struct job {
  int runs, destroys;
  redisclient_status failed;
};
static struct job jobs[JOBS];

static void run(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  struct job *job = data;
  CHECK(!reply != !error);
  CHECK_INT(job->destroys, 0);
  job->runs++;
  job->failed = redisclient_error_code(error);
}

static void destroy(void *data) {
  ((struct job *)data)->destroys++;
}

static void begin(void) {
  memset(jobs, 0, sizeof jobs);
  client = open_with(url, "timeout_ms=300000");
  queue = open_queue(client);
  CHECK_INT(submit_ticket(queue, NULL, 1), REDISCLIENT_OK);
  EXPECT_TICKETS(queue, 1, 1);
}

static void submit_jobs(int first, int end) {
  for (int i = first; i < end; i++)
    CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), run, &jobs[i], destroy), REDISCLIENT_OK);
}

/* Nothing is taken any more. */
static void refuses(void) {
  struct job late = {0};
  CHECK_INT(submit_ticket(queue, NULL, 1), REDISCLIENT_ECLOSED);
  CHECK_INT(redisclient_submit_packed(queue, NULL, 1, 1, "PING", (size_t[]){4}), REDISCLIENT_ECLOSED);
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), run, &late, destroy), REDISCLIENT_ECLOSED);
  CHECK(late.runs == 0 && late.destroys == 0);
}

static void end_client(int way) {
  if (way == 0) redisclient_close(client);
  else redisclient_free(client);
}

/* Each outstanding tag ends once, by next or by drain; then comes CLOSED. */
static void tags(int way, bool by_next) {
  int seen[JOBS] = {0};
  begin();
  tell_server(control, "pause");
  for (uint64_t tag = 0; tag < JOBS; tag++) CHECK_INT(submit_ticket(queue, NULL, tag), REDISCLIENT_OK);
  int64_t start = now_ms();
  end_client(way);
  for (int i = 0; i < JOBS; i++) {
    redisclient_event *event = by_next ? redisclient_queue_next(queue, PATIENCE_MS) : NULL;
    redisclient_completion one = {JOBS, NULL, NULL};
    if (!by_next) one = TAKE(queue);
    else CHECK_INT(redisclient_event_kind(event), REDISCLIENT_EVENT_REPLY);
    uint64_t tag = by_next ? redisclient_event_tag(event) : one.tag;
    CHECK_INT(redisclient_error_code(by_next ? redisclient_event_error(event) : one.error), REDISCLIENT_ECLOSED);
    if (CHECK(tag < JOBS)) CHECK_INT(seen[tag]++, 0);
    redisclient_event_free(event);
    release(&one);
  }
  CHECK(now_ms() - start < PATIENCE_MS);
  EXPECT_CLOSED(queue);
  refuses();
  tell_server(control, "resume");
  redisclient_queue_free(queue);
  if (way == 0) redisclient_free(client);
}

static void callbacks(int way) {
  begin();
  tell_server(control, "pause");
  submit_jobs(0, JOBS);
  end_client(way);
  int ran = 0;
  for (int64_t start = now_ms(); ran < JOBS && now_ms() - start < PATIENCE_MS;) {
    int count = redisclient_queue_dispatch(queue, 1000);
    if (!CHECK(count >= 0)) break;
    ran += count;
  }
  for (int i = 0; i < JOBS; i++) CHECK(jobs[i].runs == 1 && jobs[i].destroys == 1 && jobs[i].failed == REDISCLIENT_ECLOSED);
  EXPECT_CLOSED(queue);
  refuses();
  tell_server(control, "resume");
  redisclient_queue_free(queue);
  if (way == 0) redisclient_free(client);
}

/* What was answered before the end is not lost by it, and stands before CLOSED. */
static void answered_before(void) {
  begin();
  for (uint64_t tag = 2; tag <= 50; tag++) CHECK_INT(submit_ticket(queue, NULL, tag), REDISCLIENT_OK);
  SUBMIT(queue, 51, "SET", "answered", "all");
  redisclient_reply *there = NULL;
  for (int64_t start = now_ms(); !there && now_ms() - start < PATIENCE_MS;) {
    there = RUN(client, "GET", "answered");
    if (redisclient_reply_kind(there) == REDISCLIENT_REPLY_STRING) break;
    redisclient_reply_free(there);
    there = NULL;
  }
  CHECK_REPLY(there, REDISCLIENT_REPLY_STRING, "all");
  redisclient_reply_free(there);
  for (int i = 0; i < 3; i++) redisclient_close(client);
  int seen[52] = {0};
  uint64_t last = 1;
  for (int i = 2; i <= 51; i++) {
    redisclient_completion one = TAKE(queue);
    if (CHECK(one.tag >= 2 && one.tag <= 51)) CHECK_INT(seen[one.tag]++, 0);
    if (one.error) {
      CHECK_INT(redisclient_error_code(one.error), REDISCLIENT_ECLOSED);
    } else {
      CHECK(one.tag > last); /* those answered come in their order */
      last = one.tag;
      if (one.tag < 51) CHECK(is_ticket(&one));
    }
    release(&one);
  }
  EXPECT_CLOSED(queue);
  redisclient_queue_free(queue);
  redisclient_free(client);
}

/* The queue goes first: no callback runs any more, every data function has run when free returns. */
static void queue_first(bool answered) {
  begin();
  redisclient_queue *other = open_queue(client);
  if (!answered) tell_server(control, "pause");
  submit_jobs(0, JOBS);
  for (uint64_t tag = 0; tag < 20; tag++) CHECK_INT(submit_ticket(queue, NULL, tag), REDISCLIENT_OK);
  for (uint64_t tag = 0; tag < 20; tag++) CHECK_INT(submit_ticket(other, NULL, tag), REDISCLIENT_OK);
  if (answered) EXPECT_TICKETS(other, 0, 19);
  redisclient_queue_free(queue);
  for (int i = 0; i < JOBS; i++) CHECK(jobs[i].runs == 0 && jobs[i].destroys == 1);
  if (!answered) {
    tell_server(control, "resume");
    EXPECT_TICKETS(other, 0, 19); /* the late replies of the one that is gone are nobody's */
  }
  CHECK_INT(submit_ticket(other, NULL, 20), REDISCLIENT_OK);
  EXPECT_TICKETS(other, 20, 20);
  EXPECT(client, REDISCLIENT_REPLY_STRING, "goes on", "ECHO", "goes on");
  for (int i = 0; i < JOBS; i++) CHECK(jobs[i].runs == 0 && jobs[i].destroys == 1);
  redisclient_queue_free(other);
  redisclient_free(client);
}

static int freed_inside;

static void free_queue(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  CHECK(reply && !error);
  redisclient_queue_free(queue);
  for (int i = 0; i < JOBS; i++) CHECK_INT(jobs[i].destroys, i != 10);
  CHECK_INT(((struct job *)data)->destroys, 0); /* this job's runs when it returns */
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STATUS, "PONG"); /* what was lent is still there */
  ((struct job *)data)->runs++;
  freed_inside++;
}

/* Out of a callback of its own, with others before and behind it, answered or not. */
static void freed_by_its_callback(void) {
  struct job never = {0};
  begin();
  freed_inside = 0;
  submit_jobs(0, 10);
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), free_queue, &jobs[10], destroy), REDISCLIENT_OK);
  submit_jobs(11, JOBS);
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("BLPOP", "nobody pushes", "0"), run, &never, NULL), REDISCLIENT_OK);
  for (int64_t start = now_ms(); !freed_inside && now_ms() - start < PATIENCE_MS;) CHECK(redisclient_queue_dispatch(queue, 1000) >= 0);
  CHECK_INT(freed_inside, 1);
  for (int i = 0; i < JOBS; i++) {
    CHECK_INT(jobs[i].destroys, 1);
    CHECK_INT(jobs[i].runs, i <= 10);
  }
  CHECK_INT(never.runs, 0);
  EXPECT(client, REDISCLIENT_REPLY_STRING, "goes on", "ECHO", "goes on");
  redisclient_free(client);
}

/* A consumer that waits for ever is woken by the end. */
static void *consume(void *result) {
  redisclient_event *event = redisclient_queue_next(queue, -1);
  *(int *)result = redisclient_event_kind(event);
  redisclient_event_free(event);
  return NULL;
}

static void wakes_a_consumer(void) {
  pthread_t consumer;
  int kind = 0;
  begin();
  REQUIRE(pthread_create(&consumer, NULL, consume, &kind) == 0);
  pause_ms(20);
  redisclient_close(client);
  pthread_join(consumer, NULL);
  CHECK_INT(kind, REDISCLIENT_EVENT_CLOSED);
  redisclient_queue_free(queue);
  redisclient_free(client);
}

/* Free waits for nobody: not for a pop that never ends, not for a server that says nothing. */
static void at_once(void) {
  begin();
  SUBMIT(queue, 2, "BLPOP", "nobody pushes", "0");
  SUBMIT(queue, 3, "BLPOP", "nobody pushes", "0");
  tell_server(control, "pause");
  submit_jobs(0, JOBS);
  int64_t start = now_ms();
  redisclient_queue_free(queue);
  redisclient_free(client);
  CHECK(now_ms() - start < 10000);
  for (int i = 0; i < JOBS; i++) CHECK(jobs[i].runs == 0 && jobs[i].destroys == 1);
  tell_server(control, "resume");
}

int main(int argc, char **argv) {
  (void)argc;
  url = argument(argv, "url");
  control = argument(argv, "control");
  for (int way = 0; way < 2; way++) {
    tags(way, false);
    tags(way, true);
    callbacks(way);
  }
  answered_before();
  queue_first(false);
  queue_first(true);
  freed_by_its_callback();
  wakes_a_consumer();
  at_once();
  return check_result();
}
