/* What a callback may do: submit, run a command, end the client; and what it may not: dispatch again. */
#include "queued.h"

static const char *url;
static redisclient *client;
static redisclient_queue *queue;
static int runs, destroys;

static void destroyed(void *data) {
  (void)data;
  destroys++;
}

/* As long as one comes after the other. */
static void dispatch_until(int wanted) {
  for (int before = -1; runs < wanted && runs > before;) {
    before = runs;
    if (!CHECK(redisclient_queue_dispatch(queue, PATIENCE_MS) >= 0)) break;
  }
  CHECK_INT(runs, wanted);
}

/* One job begets the next, without end of the stack. */
static void submit_next(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  int *left = data;
  CHECK(reply && !error);
  runs++;
  if (--*left > 0) CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), submit_next, left, destroyed), REDISCLIENT_OK);
}

static void submits(void) {
  int chain = scaled(2000), left = chain;
  runs = destroys = 0;
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), submit_next, &left, destroyed), REDISCLIENT_OK);
  dispatch_until(chain);
  CHECK_INT(destroys, chain);
}

static void run_command(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  (void)data;
  char text[32];
  CHECK(reply && !error);
  ticket((uint64_t)runs++, text);
  EXPECT(client, REDISCLIENT_REPLY_STRING, text, "ECHO", text);
}

static void commands(void) {
  runs = destroys = 0;
  for (int i = 0; i < 50; i++) CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), run_command, NULL, destroyed), REDISCLIENT_OK);
  dispatch_until(50);
  CHECK_INT(destroys, 50);
}

static void dispatch_again(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  CHECK(reply && !error);
  runs++;
  for (int timeout = -1; timeout <= 1; timeout++) CHECK_INT(redisclient_queue_dispatch(queue, timeout), -REDISCLIENT_EREENTRANT);
  CHECK_INT(redisclient_queue_dispatch(data, 0), 0); /* another queue is another matter */
}

static void not_twice(void) {
  redisclient_queue *other = open_queue(client);
  runs = destroys = 0;
  for (int i = 0; i < 3; i++) CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), dispatch_again, other, destroyed), REDISCLIENT_OK);
  dispatch_until(3);
  CHECK_INT(destroys, 3);
  redisclient_queue_free(other);
}

/* A data function may submit too. */
static void submit_once_more(void *data) {
  destroys++;
  CHECK_INT(submit_ticket(queue, NULL, *(uint64_t *)data), REDISCLIENT_OK);
}

static void just_run(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  (void)data;
  CHECK(!reply != !error);
  runs++;
}

static void destroy_submits(void) {
  uint64_t tag = 77;
  runs = destroys = 0;
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), just_run, &tag, submit_once_more), REDISCLIENT_OK);
  dispatch_until(1);
  CHECK_INT(destroys, 1);
  EXPECT_TICKETS(queue, 77, 77);
}

/* Without data, without a data function, and with a submit refused in between. */
static void little(void) {
  runs = destroys = 0;
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), just_run, NULL, NULL), REDISCLIENT_OK);
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("MULTI"), just_run, NULL, destroyed), REDISCLIENT_ESTATE);
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), just_run, NULL, destroyed), REDISCLIENT_OK);
  dispatch_until(2);
  CHECK_INT(destroys, 1);
}

static bool by_free;

static void end_client(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  (void)data, (void)reply, (void)error;
  runs++;
  if (by_free) redisclient_free(client);
  else redisclient_close(client);
  CHECK_INT(submit_ticket(queue, NULL, 1), REDISCLIENT_ECLOSED);
}

static void ends_the_client(bool freed) {
  redisclient_queue *first = queue;
  redisclient *outer = client;
  by_free = freed;
  client = open_client(url);
  queue = open_queue(client);
  runs = destroys = 0;
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("BLPOP", "nobody pushes", "0"), just_run, NULL, destroyed), REDISCLIENT_OK);
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), end_client, NULL, destroyed), REDISCLIENT_OK);
  dispatch_until(2);
  CHECK_INT(destroys, 2);
  EXPECT_CLOSED(queue);
  redisclient_queue_free(queue);
  if (!freed) redisclient_free(client);
  queue = first;
  client = outer;
}

int main(int argc, char **argv) {
  (void)argc;
  url = argument(argv, "url");
  client = open_client(url);
  queue = open_queue(client);
  submits();
  commands();
  not_twice();
  destroy_submits();
  little();
  ends_the_client(false);
  ends_the_client(true);
  NOTHING(queue);
  redisclient_queue_free(queue);
  redisclient_free(client);
  return check_result();
}
