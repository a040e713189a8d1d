/* NULL and nonsense through every door of the queue: EINVAL, minus it, -1 or NULL, and nothing taken. */
#include "queued.h"
#include <errno.h>

static redisclient *client;
static redisclient_queue *queue;

static void no_queue(void) {
  redisclient_completion one = {7, NULL, NULL};
  CHECK(!redisclient_queue_new(NULL));
  CHECK_INT(redisclient_queue_fd(NULL), -1);
  CHECK_INT(redisclient_queue_dispatch(NULL, 0), -REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_queue_dispatch(NULL, -1), -REDISCLIENT_EINVAL);
  CHECK(!redisclient_queue_next(NULL, -1));
  CHECK_INT(redisclient_queue_drain(NULL, &one, 1, -1), -REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_queue_listen(NULL, 0), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_submit(NULL, NULL, REDISCLIENT_ARGS("PING"), run_never, NULL, destroy_never), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_submit_tagged(NULL, NULL, 1, REDISCLIENT_ARGS("PING")), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_submit_packed(NULL, NULL, 1, 1, "PING", (size_t[]){4}), REDISCLIENT_EINVAL);
  errno = 4711;
  redisclient_queue_free(NULL);
  redisclient_event_free(NULL);
  CHECK_INT(errno, 4711);
  CHECK(one.tag == 7 && !one.reply && !one.error);
}

static void no_event(void) {
  size_t length = 7;
  CHECK_INT(redisclient_event_kind(NULL), -1);
  CHECK_INT(redisclient_event_tag(NULL), 0);
  CHECK(!redisclient_event_reply(NULL));
  CHECK(!redisclient_event_error(NULL));
  CHECK_TEXT(redisclient_event_channel(NULL, &length), "");
  CHECK_INT(length, 0);
  length = 7;
  CHECK_TEXT(redisclient_event_pattern(NULL, &length), "");
  CHECK_INT(length, 0);
  length = 7;
  CHECK_TEXT(redisclient_event_payload(NULL, &length), "");
  CHECK_INT(length, 0);
  CHECK_TEXT(redisclient_event_payload(NULL, NULL), "");
}

/* The same wrong arguments by both forms that take an array. */
static void wrong_array(const redisclient_call *call, size_t argc, const char *const *argv, const size_t *lengths) {
  CHECK_INT(redisclient_submit(queue, call, argc, argv, lengths, run_never, NULL, destroy_never), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_submit_tagged(queue, call, 1, argc, argv, lengths), REDISCLIENT_EINVAL);
}

static void wrong_arguments(void) {
  const char *const ping[] = {"PING"}, *const hole[] = {"ECHO", NULL};
  wrong_array(NULL, 0, ping, NULL);
  wrong_array(NULL, 0, NULL, NULL);
  wrong_array(NULL, 1, NULL, NULL);
  wrong_array(NULL, 2, hole, NULL);
  wrong_array(NULL, 2, hole, (size_t[]){4, 1});
  wrong_array(NULL, 1, ping, (size_t[]){SIZE_MAX});
  wrong_array(NULL, 2, (const char *const[]){"ECHO", "x"}, (size_t[]){PTRDIFF_MAX, 1});
  CHECK_INT(redisclient_submit(queue, NULL, 1, ping, NULL, NULL, NULL, destroy_never), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_submit_packed(queue, NULL, 1, 0, "", NULL), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_submit_packed(queue, NULL, 1, 1, "PING", NULL), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_submit_packed(queue, NULL, 1, 1, NULL, (size_t[]){4}), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_submit_packed(queue, NULL, 1, 1, "PING", (size_t[]){SIZE_MAX}), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_submit_packed(queue, NULL, 1, 2, "PING", (size_t[]){PTRDIFF_MAX, 1}), REDISCLIENT_EINVAL);
}

static void wrong_calls(void) {
  const char *const ping[] = {"PING"};
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.size = 0;
  wrong_array(&call, 1, ping, NULL);
  call = (redisclient_call)REDISCLIENT_CALL_INIT;
  call.deadline_ms = -2;
  wrong_array(&call, 1, ping, NULL);
  call = (redisclient_call)REDISCLIENT_CALL_INIT;
  call.flags = 1u << 30;
  wrong_array(&call, 1, ping, NULL);
  call = (redisclient_call)REDISCLIENT_CALL_INIT;
  call.route = "no such route";
  wrong_array(&call, 1, ping, NULL);
  struct { redisclient_call known; uint64_t unknown; } longer = {REDISCLIENT_CALL_INIT, 0};
  longer.known.size = sizeof longer;
  CHECK_INT(redisclient_submit_tagged(queue, &longer.known, 1, 1, ping, NULL), REDISCLIENT_OK);
  EXPECT_TAG(queue, 1, REDISCLIENT_REPLY_STATUS, "PONG");
  longer.unknown = 1;
  wrong_array(&longer.known, 1, ping, NULL);
  longer.known.size = 2 * sizeof(size_t); /* up to the deadline */
  CHECK_INT(redisclient_submit_tagged(queue, &longer.known, 1, 1, ping, NULL), REDISCLIENT_OK);
  EXPECT_TAG(queue, 1, REDISCLIENT_REPLY_STATUS, "PONG");
}

static void wrong_waits(void) {
  redisclient_completion one = {7, NULL, NULL};
  CHECK_INT(redisclient_queue_dispatch(queue, -2), -REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_queue_drain(queue, &one, 1, -2), -REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_queue_drain(queue, NULL, 1, 0), -REDISCLIENT_EINVAL);
  CHECK(!redisclient_queue_next(queue, -2));
  CHECK(one.tag == 7 && !one.reply && !one.error);
}

int main(int argc, char **argv) {
  (void)argc;
  client = open_client(argument(argv, "url"));
  queue = open_queue(client);
  no_queue();
  no_event();
  wrong_arguments();
  wrong_calls();
  wrong_waits();
  SUBMIT(queue, 1, "ECHO", "ticket 1");
  EXPECT_TICKETS(queue, 1, 1); /* none of all this has got between */
  NOTHING(queue);
  redisclient_queue_free(queue);
  redisclient_free(client);
  CHECK_INT(ran_in_vain, 0);
  return check_result();
}
