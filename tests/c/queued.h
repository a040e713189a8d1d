/* What the programs about completions share: submitting under a tag, taking what has come, and
 * checking that it is the reply to that tag. Values are tickets: what a key holds names the key. */
#ifndef QUEUED_H
#define QUEUED_H

#include "check.h"

enum { PATIENCE_MS = 60000 };

static inline redisclient_queue *open_queue(redisclient *client) {
  redisclient_queue *queue = redisclient_queue_new(client);
  REQUIRE(queue);
  return queue;
}

#define SUBMIT(queue, tag, ...) \
  CHECK_INT(redisclient_submit_tagged((queue), NULL, (tag), REDISCLIENT_ARGS(__VA_ARGS__)), REDISCLIENT_OK)
#define SUBMIT_CALL(queue, call, tag, ...) \
  CHECK_INT(redisclient_submit_tagged((queue), (call), (tag), REDISCLIENT_ARGS(__VA_ARGS__)), REDISCLIENT_OK)

static inline void release(redisclient_completion *one) {
  redisclient_reply_free(one->reply);
  redisclient_error_free(one->error);
  *one = (redisclient_completion){0, NULL, NULL};
}

/* The next completion, or the end of the program. */
static inline redisclient_completion take_at(int line, redisclient_queue *queue) {
  redisclient_completion one = {0, NULL, NULL};
  int count = redisclient_queue_drain(queue, &one, 1, PATIENCE_MS);
  if (count != 1) {
    fprintf(stderr, "line %d: drain answered %d\n", line, count);
    exit(1);
  }
  check_report(!one.reply != !one.error, __FILE__, line, "a reply or an error, never both");
  return one;
}
#define TAKE(queue) take_at(__LINE__, (queue))

static inline void expect_tag_at(int line, redisclient_queue *queue, uint64_t tag, int kind, const char *text) {
  redisclient_completion one = take_at(line, queue);
  bool good = check_int((int64_t)one.tag, (int64_t)tag, __FILE__, line, "tag");
  good &= check_reply(one.reply, kind, text, strlen(text), __FILE__, line);
  if (!good && one.error) fprintf(stderr, "    error: %s\n", redisclient_error_message(one.error));
  release(&one);
}
/* The next completion is that of `tag`, answered by `text`. */
#define EXPECT_TAG(queue, tag, kind, text) expect_tag_at(__LINE__, (queue), (tag), (kind), (text))

static inline void expect_failure_at(int line, redisclient_queue *queue, uint64_t tag, redisclient_status code) {
  redisclient_completion one = take_at(line, queue);
  check_int((int64_t)one.tag, (int64_t)tag, __FILE__, line, "tag");
  if (!check_int(redisclient_error_code(one.error), code, __FILE__, line, "code"))
    fprintf(stderr, "    error: %s\n", redisclient_error_message(one.error));
  release(&one);
}
/* The next completion is that of `tag`, which failed with `code`. */
#define EXPECT_FAILURE(queue, tag, code) expect_failure_at(__LINE__, (queue), (tag), (code))

static inline void ticket(uint64_t tag, char text[32]) {
  snprintf(text, 32, "ticket %" PRIu64, tag);
}

/* ECHO of a ticket under its number. */
static inline redisclient_status submit_ticket(redisclient_queue *queue, const redisclient_call *call, uint64_t tag) {
  char text[32];
  ticket(tag, text);
  return redisclient_submit_tagged(queue, call, tag, REDISCLIENT_ARGS("ECHO", text));
}

/* Whether a completion is the reply to its ticket. */
static inline bool is_ticket(const redisclient_completion *one) {
  char text[32];
  ticket(one->tag, text);
  return !one->error && redisclient_reply_kind(one->reply) == REDISCLIENT_REPLY_STRING &&
         strcmp(redisclient_reply_text(one->reply, NULL), text) == 0;
}

/* Takes the replies to the tickets from `first` to `last`, in their order. */
static inline void expect_tickets_at(int line, redisclient_queue *queue, uint64_t first, uint64_t last) {
  redisclient_completion some[64];
  while (first <= last) {
    uint64_t left = last - first + 1;
    int count = redisclient_queue_drain(queue, some, left < 64 ? (size_t)left : 64, PATIENCE_MS);
    if (count <= 0) {
      fprintf(stderr, "line %d: drain answered %d before ticket %" PRIu64 "\n", line, count, first);
      exit(1);
    }
    for (int i = 0; i < count; i++, first++) {
      bool good = check_report(some[i].tag == first && is_ticket(&some[i]), __FILE__, line, "each ticket in its turn");
      if (!good) fprintf(stderr, "    ticket %" PRIu64 ": tag %" PRIu64 ", \"%s\", %s\n", first, some[i].tag,
                         redisclient_reply_text(some[i].reply, NULL), redisclient_error_message(some[i].error));
      release(&some[i]);
    }
  }
}
#define EXPECT_TICKETS(queue, first, last) expect_tickets_at(__LINE__, (queue), (first), (last))

/* Nothing waits. */
static inline void nothing_at(int line, redisclient_queue *queue) {
  redisclient_completion one = {0, NULL, NULL};
  check_int(redisclient_queue_drain(queue, &one, 1, 0), 0, __FILE__, line, "drain of an empty queue");
  redisclient_event *event = redisclient_queue_next(queue, 0);
  check_report(!event, __FILE__, line, "next of an empty queue");
  redisclient_event_free(event);
  check_int(redisclient_queue_dispatch(queue, 0), 0, __FILE__, line, "dispatch of an empty queue");
}
#define NOTHING(queue) nothing_at(__LINE__, (queue))

/* The next event is CLOSED, and nothing comes after it, whatever the timeout. */
static inline void closed_at(int line, redisclient_queue *queue) {
  redisclient_event *event = redisclient_queue_next(queue, PATIENCE_MS);
  check_int(redisclient_event_kind(event), REDISCLIENT_EVENT_CLOSED, __FILE__, line, "kind of the last event");
  redisclient_event_free(event);
  int64_t start = now_ms();
  for (int i = 0; i < 3; i++) {
    event = redisclient_queue_next(queue, i == 0 ? -1 : PATIENCE_MS);
    check_report(!event, __FILE__, line, "nothing after CLOSED");
    redisclient_event_free(event);
  }
  redisclient_completion one = {0, NULL, NULL};
  check_int(redisclient_queue_drain(queue, &one, 1, -1), -REDISCLIENT_ECLOSED, __FILE__, line, "drain after CLOSED");
  check_int(redisclient_queue_dispatch(queue, -1), -REDISCLIENT_ECLOSED, __FILE__, line, "dispatch after CLOSED");
  check_report(now_ms() - start < PATIENCE_MS / 2, __FILE__, line, "at once after CLOSED");
}
#define EXPECT_CLOSED(queue) closed_at(__LINE__, (queue))

/* Callbacks that are never to run, and how often they did. */
static int ran_in_vain;

static inline void run_never(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  (void)data, (void)reply, (void)error;
  ran_in_vain++;
}

static inline void destroy_never(void *data) {
  (void)data;
  ran_in_vain++;
}

/* Tells the one who runs the server to pause, resume, kill or restart it. */
static inline void tell_server(const char *control, const char *what) {
  redisclient *other = open_with(control, "timeout_ms=300000&retry.count=0");
  EXPECT(other, REDISCLIENT_REPLY_STRING, what, "ECHO", what);
  redisclient_free(other);
}

/* How many threads this process has. */
static inline int64_t threads(void) {
  char line[256];
  int64_t count = -1;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (strncmp(line, "Threads:", 8) == 0) count = strtoll(line + 8, NULL, 10);
  if (status) fclose(status);
  return count;
}
#endif
