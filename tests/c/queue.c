/* The completion queue: replies and errors under tags, one by one and in bulk, and to callbacks that
 * run only where and when they are dispatched; each data function runs once. */
#include "queued.h"
#include <pthread.h>

static redisclient *client;
static redisclient_queue *queue;

static void one_by_one(void) {
  for (uint64_t tag = 1; tag <= 100; tag++) CHECK_INT(submit_ticket(queue, NULL, tag << 40), REDISCLIENT_OK);
  for (uint64_t tag = 1; tag <= 100; tag++) {
    char text[32];
    size_t length = 7;
    ticket(tag << 40, text);
    redisclient_event *event = redisclient_queue_next(queue, PATIENCE_MS);
    REQUIRE(event);
    CHECK_INT(redisclient_event_kind(event), REDISCLIENT_EVENT_REPLY);
    CHECK_INT(redisclient_event_tag(event), tag << 40);
    CHECK(!redisclient_event_error(event));
    CHECK_REPLY(redisclient_event_reply(event), REDISCLIENT_REPLY_STRING, text);
    CHECK_TEXT(redisclient_event_channel(event, &length), "");
    CHECK_INT(length, 0);
    CHECK_TEXT(redisclient_event_pattern(event, NULL), "");
    CHECK_TEXT(redisclient_event_payload(event, NULL), "");
    redisclient_event_free(event);
  }
  NOTHING(queue);
}

/* The reply belongs to the event; kept, it outlives it. */
static void kept(void) {
  SUBMIT(queue, 0, "ECHO", "outlives its event");
  redisclient_event *event = redisclient_queue_next(queue, -1);
  REQUIRE(event);
  redisclient_reply *reply = redisclient_reply_keep(redisclient_event_reply(event));
  redisclient_event_free(event);
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STRING, "outlives its event");
  redisclient_reply_free(reply);
}

static void in_bulk(void) {
  for (uint64_t tag = 0; tag < 1000; tag++) CHECK_INT(submit_ticket(queue, NULL, tag), REDISCLIENT_OK);
  EXPECT_TICKETS(queue, 0, 999);
  NOTHING(queue);
  SUBMIT(queue, UINT64_MAX, "SET", "key", "value");
  EXPECT_TAG(queue, UINT64_MAX, REDISCLIENT_REPLY_STATUS, "OK");
  SUBMIT(queue, 1, "GET", "no such key");
  EXPECT_TAG(queue, 1, REDISCLIENT_REPLY_NIL, "");
}

/* What the server refuses comes as an error, as from redisclient_command. */
static void refusals(void) {
  DO(client, "SET", "text", "word");
  for (int by_next = 0; by_next < 2; by_next++) {
    SUBMIT(queue, 1, "INCR", "text");
    SUBMIT(queue, 2, "LPUSH", "text", "x");
    for (uint64_t tag = 1; tag <= 2; tag++) {
      redisclient_event *event = by_next ? redisclient_queue_next(queue, PATIENCE_MS) : NULL;
      redisclient_completion one = {0, NULL, NULL};
      if (!by_next) one = TAKE(queue);
      const redisclient_error *error = by_next ? redisclient_event_error(event) : one.error;
      CHECK(by_next ? !redisclient_event_reply(event) : !one.reply);
      CHECK_INT(by_next ? redisclient_event_tag(event) : one.tag, tag);
      CHECK_INT(redisclient_error_code(error), REDISCLIENT_ESERVER);
      CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_REFUSED);
      CHECK_TEXT(redisclient_error_server_code(error), tag == 1 ? "ERR" : "WRONGTYPE");
      redisclient_event_free(event);
      release(&one);
    }
  }
  EXPECT(client, REDISCLIENT_REPLY_STRING, "word", "GET", "text");
}

/* What is submitted may be overwritten at once. */
static void arguments_are_copied(void) {
  char echo[] = "ECHO", bytes[] = "ECHOa\0b";
  for (uint64_t tag = 1; tag <= 50; tag++) {
    char word[32];
    ticket(tag, word);
    const char *argv[] = {echo, word};
    size_t lengths[] = {4, strlen(word)};
    CHECK_INT(redisclient_submit_tagged(queue, NULL, tag, 2, argv, lengths), REDISCLIENT_OK);
    memset(word, '#', sizeof word);
    argv[0] = argv[1] = NULL;
    lengths[0] = lengths[1] = 0;
  }
  EXPECT_TICKETS(queue, 1, 50);
  CHECK_INT(redisclient_submit_packed(queue, NULL, 5, 2, bytes, (size_t[]){4, 3}), REDISCLIENT_OK);
  memset(bytes, '#', sizeof bytes);
  CHECK_INT(redisclient_submit_packed(queue, NULL, 6, 2, "ECHO", (size_t[]){4, 0}), REDISCLIENT_OK);
  CHECK_INT(redisclient_submit_tagged(queue, NULL, 7, 2, (const char *[]){"ECHO", NULL}, (size_t[]){4, 0}), REDISCLIENT_OK);
  redisclient_completion one = TAKE(queue);
  CHECK_INT(one.tag, 5);
  check_reply(one.reply, REDISCLIENT_REPLY_STRING, "a\0b", 3, __FILE__, __LINE__);
  release(&one);
  EXPECT_TAG(queue, 6, REDISCLIENT_REPLY_STRING, "");
  EXPECT_TAG(queue, 7, REDISCLIENT_REPLY_STRING, "");
}

struct job {
  uint64_t number;
  pthread_t ran_on, destroyed_on;
  int runs, destroys, order;
  redisclient_reply *kept;
  redisclient_status failed;
};

static pthread_t dispatcher;
static bool dispatching;
static int order;

static void run(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  struct job *job = data;
  CHECK(dispatching);
  CHECK(pthread_equal(pthread_self(), dispatcher));
  CHECK(!reply != !error);
  CHECK_INT(job->destroys, 0);
  job->runs++;
  job->order = order++;
  job->failed = redisclient_error_code(error);
  job->kept = redisclient_reply_keep(reply);
}

static void destroy(void *data) {
  struct job *job = data;
  CHECK(pthread_equal(pthread_self(), dispatcher));
  CHECK_INT(job->runs, 1);
  job->destroys++;
}

enum { JOBS = 500 };
static struct job jobs[JOBS];

static void *submit_jobs(void *nothing) {
  for (uint64_t i = 0; i < JOBS; i++) {
    char text[32];
    jobs[i] = (struct job){.number = i};
    ticket(i, text);
    const bool wrong = i % 50 == 49;
    CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS(wrong ? "INCR" : "ECHO", wrong ? "text" : text), run, &jobs[i], destroy), REDISCLIENT_OK);
  }
  return nothing;
}

/* Submitted by another thread, run by the one that dispatches, in order, and nowhere else. */
static void callbacks(void) {
  pthread_t submitter;
  dispatcher = pthread_self();
  order = 0;
  REQUIRE(pthread_create(&submitter, NULL, submit_jobs, NULL) == 0);
  pthread_join(submitter, NULL);
  DO(client, "PING");
  CHECK_INT(order, 0);
  int ran = 0;
  for (int64_t start = now_ms(); ran < JOBS && now_ms() - start < PATIENCE_MS;) {
    dispatching = true;
    int count = redisclient_queue_dispatch(queue, 1000);
    dispatching = false;
    CHECK(count >= 0);
    ran += count;
    CHECK_INT(order, ran);
  }
  CHECK_INT(ran, JOBS);
  for (int i = 0; i < JOBS; i++) {
    char text[32];
    ticket((uint64_t)i, text);
    CHECK_INT(jobs[i].runs, 1);
    CHECK_INT(jobs[i].destroys, 1);
    CHECK_INT(jobs[i].order, i);
    if (i % 50 == 49) CHECK_INT(jobs[i].failed, REDISCLIENT_ESERVER);
    else CHECK_REPLY(jobs[i].kept, REDISCLIENT_REPLY_STRING, text);
    redisclient_reply_free(jobs[i].kept);
  }
  NOTHING(queue);
}

static void count_up(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  CHECK(reply && !error);
  ++*(int *)data;
}

/* Tags and callbacks side by side: each door gives only its own. */
static void side_by_side(void) {
  int ran = 0, taken = 0;
  for (int i = 0; i < 100; i++) {
    CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), count_up, &ran, NULL), REDISCLIENT_OK);
    SUBMIT(queue, 9, "PING");
  }
  for (int64_t start = now_ms(); (ran < 100 || taken < 100) && now_ms() - start < PATIENCE_MS;) {
    redisclient_completion some[8];
    int before = ran, count = redisclient_queue_drain(queue, some, 8, 0);
    CHECK_INT(ran, before);
    for (int i = 0; i < count; i++, taken++) {
      CHECK_INT(some[i].tag, 9);
      release(&some[i]);
    }
    count = redisclient_queue_dispatch(queue, 0);
    CHECK_INT(ran - before, count);
    pause_ms(1);
  }
  CHECK(ran == 100 && taken == 100);
  NOTHING(queue);
}

/* An empty queue is waited for as long as asked, and no longer. */
static void waiting(void) {
  redisclient_completion one;
  for (int way = 0; way < 3; way++) {
    int64_t start = now_ms();
    if (way == 0) CHECK_INT(redisclient_queue_dispatch(queue, 50), 0);
    else if (way == 1) CHECK_INT(redisclient_queue_drain(queue, &one, 1, 50), 0);
    else CHECK(!redisclient_queue_next(queue, 50));
    int64_t took = now_ms() - start;
    CHECK(took >= 45 && took < PATIENCE_MS);
  }
}

static void two_queues(void) {
  redisclient_queue *other = open_queue(client);
  CHECK(redisclient_queue_fd(queue) != redisclient_queue_fd(other));
  for (uint64_t tag = 0; tag < 100; tag++) CHECK_INT(submit_ticket(tag % 2 ? other : queue, NULL, tag / 2 + tag % 2 * 1000), REDISCLIENT_OK);
  EXPECT_TICKETS(queue, 0, 49);
  EXPECT_TICKETS(other, 1000, 1049);
  NOTHING(queue);
  NOTHING(other);
  redisclient_queue_free(other);
}

static void listening(void) {
  CHECK_INT(redisclient_queue_listen(queue, 0), REDISCLIENT_OK);
  CHECK_INT(redisclient_queue_listen(queue, 1u << REDISCLIENT_EVENT_CLOSED), REDISCLIENT_OK);
  CHECK_INT(redisclient_queue_listen(queue, 1), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_queue_listen(queue, 1u << 31), REDISCLIENT_EINVAL);
}

/* Threads of ours come with the first submit and are gone when free returns; the system may need a
 * moment to forget one that was joined. */
static void no_thread_is_left(const char *url, int64_t before) {
  WAIT_UNTIL(threads() == before);
  redisclient *own = open_client(url);
  redisclient_queue *on_it = open_queue(own);
  CHECK_INT(threads(), before);
  SUBMIT(on_it, 1, "ECHO", "one");
  EXPECT_TAG(on_it, 1, REDISCLIENT_REPLY_STRING, "one");
  CHECK(threads() > before && threads() <= before + 4);
  redisclient_queue_free(on_it);
  redisclient_free(own);
  WAIT_UNTIL(threads() == before);
}

int main(int argc, char **argv) {
  (void)argc;
  int64_t before = threads();
  for (const char *const *name = (const char *const[]){"url", "tcp", NULL}; *name; name++) {
    client = open_client(argument(argv, *name));
    queue = open_queue(client);
    NOTHING(queue);
    one_by_one();
    kept();
    in_bulk();
    refusals();
    arguments_are_copied();
    callbacks();
    side_by_side();
    waiting();
    two_queues();
    listening();
    redisclient_queue_free(queue);
    redisclient_free(client);
  }
  no_thread_is_left(argument(argv, "url"), before);
  return check_result();
}
