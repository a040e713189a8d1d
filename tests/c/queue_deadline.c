/* Deadlines and cancels of single submits: each ends its own completion in time, the connection lives
 * on, and the late reply is given to nobody. */
#include "queued.h"

static const char *url, *control;
static redisclient *client;
static redisclient_queue *queue;

static void begin(const char *query) {
  client = open_with(url, query);
  queue = open_queue(client);
}

static void end(void) {
  NOTHING(queue);
  redisclient_queue_free(queue);
  redisclient_free(client);
}

static redisclient_call within(int64_t deadline_ms) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.deadline_ms = deadline_ms;
  return call;
}

/* The number of the connection that serves the queue, however long it takes to make it. */
static int64_t connection_id(void) {
  redisclient_call patient = within(PATIENCE_MS);
  SUBMIT_CALL(queue, &patient, 0, "CLIENT", "ID");
  redisclient_completion one = TAKE(queue);
  int64_t id = redisclient_reply_integer(one.reply);
  CHECK(id > 0);
  release(&one);
  return id;
}

/* Every third has a short deadline; the others wait until the server goes on. Of those in haste, the
 * ones that are said not to have been sent never run, on however busy a machine. */
static void stopped_server(void) {
  begin("timeout_ms=300000&retry.count=0");
  int64_t id = connection_id(), unknown = 0;
  DO(client, "DEL", "hasty");
  redisclient_call soon = within(150);
  for (int round = 0; round < 3; round++) {
    tell_server(control, "pause");
    int64_t start = now_ms();
    for (uint64_t tag = 1; tag <= 300; tag++) {
      if (tag % 3 == 0) SUBMIT_CALL(queue, &soon, tag, "INCR", "hasty");
      else CHECK_INT(submit_ticket(queue, NULL, tag), REDISCLIENT_OK);
    }
    for (int i = 0; i < 100; i++) {
      redisclient_completion one = TAKE(queue);
      CHECK(one.tag % 3 == 0);
      CHECK_INT(redisclient_error_code(one.error), REDISCLIENT_ETIMEOUT);
      int outcome = redisclient_error_outcome(one.error);
      CHECK(outcome == REDISCLIENT_OUTCOME_UNKNOWN || outcome == REDISCLIENT_OUTCOME_NOT_SENT);
      unknown += outcome == REDISCLIENT_OUTCOME_UNKNOWN;
      release(&one);
    }
    int64_t took = now_ms() - start;
    if (!CHECK(took >= 140 && took < 15000)) fprintf(stderr, "    took %" PRId64 " ms\n", took);
    NOTHING(queue);
    tell_server(control, "resume");
    for (uint64_t tag = 1; tag <= 300; tag++)
      if (tag % 3) EXPECT_TICKETS(queue, tag, tag);
    CHECK_INT(connection_id(), id);
  }
  redisclient_reply *reply = RUN(client, "INCRBY", "hasty", "0");
  CHECK(redisclient_reply_integer(reply) <= unknown);
  redisclient_reply_free(reply);
  end();
}

/* The client's own limit is that of a submit without one; -1 is none, whatever the client's. */
static void of_the_client(void) {
  begin("timeout_ms=200&retry.count=0");
  connection_id();
  tell_server(control, "pause");
  CHECK_INT(submit_ticket(queue, NULL, 1), REDISCLIENT_OK);
  EXPECT_FAILURE(queue, 1, REDISCLIENT_ETIMEOUT);
  tell_server(control, "resume");
  end();
  begin("timeout_ms=200&retry.count=0");
  int64_t id = connection_id();
  redisclient_call ever = within(-1);
  tell_server(control, "pause");
  CHECK_INT(submit_ticket(queue, &ever, 2), REDISCLIENT_OK);
  CHECK(!redisclient_queue_next(queue, 500));
  tell_server(control, "resume");
  EXPECT_TICKETS(queue, 2, 2);
  CHECK_INT(connection_id(), id);
  end();
}

/* A deadline that is over or far away, and what is none. */
static void odd_deadlines(void) {
  begin("timeout_ms=300000");
  redisclient_call wrong = within(-2), far = within(INT64_MAX), one = within(1);
  CHECK_INT(submit_ticket(queue, &wrong, 1), REDISCLIENT_EINVAL);
  CHECK_INT(submit_ticket(queue, &far, 2), REDISCLIENT_OK);
  EXPECT_TICKETS(queue, 2, 2);
  for (uint64_t tag = 1; tag <= 200; tag++) CHECK_INT(submit_ticket(queue, &one, tag), REDISCLIENT_OK);
  for (int i = 0; i < 200; i++) { /* whichever way the race goes */
    redisclient_completion got = TAKE(queue);
    CHECK(is_ticket(&got) || redisclient_error_code(got.error) == REDISCLIENT_ETIMEOUT);
    release(&got);
  }
  CHECK_INT(submit_ticket(queue, NULL, 3), REDISCLIENT_OK);
  EXPECT_TICKETS(queue, 3, 3);
  end();
}

static void blocking_command(void) {
  begin("timeout_ms=300000");
  redisclient_call soon = within(150);
  SUBMIT_CALL(queue, &soon, 1, "BLPOP", "nobody pushes", "0");
  EXPECT_FAILURE(queue, 1, REDISCLIENT_ETIMEOUT);
  SUBMIT(queue, 2, "ECHO", "ticket 2");
  EXPECT_TICKETS(queue, 2, 2);
  end();
}

/* Submits under a cancel that has fired: taken and ended at once, or not taken. */
static void cancelled_before(void) {
  begin("timeout_ms=300000");
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.cancel = redisclient_cancel_new();
  redisclient_cancel_fire(call.cancel);
  for (uint64_t tag = 1; tag <= 500; tag++) {
    redisclient_status status = redisclient_submit_tagged(queue, &call, tag, REDISCLIENT_ARGS("INCR", "cancelled"));
    if (status == REDISCLIENT_OK) EXPECT_FAILURE(queue, tag, REDISCLIENT_ECANCELLED);
    else CHECK_INT(status, REDISCLIENT_ECANCELLED);
  }
  redisclient_cancel_free(call.cancel);
  EXPECT(client, REDISCLIENT_REPLY_NIL, "", "GET", "cancelled");
  end();
}

/* One cancel of many submits, freed while it may still be needed; others are not touched. */
static void cancelled_under_way(void) {
  begin("timeout_ms=300000");
  int64_t id = connection_id();
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.cancel = redisclient_cancel_new();
  tell_server(control, "pause");
  for (uint64_t tag = 1; tag <= 100; tag++) CHECK_INT(submit_ticket(queue, tag % 2 ? &call : NULL, tag), REDISCLIENT_OK);
  redisclient_cancel_fire(call.cancel);
  redisclient_cancel_free(call.cancel);
  for (int i = 0; i < 50; i++) {
    redisclient_completion one = TAKE(queue);
    CHECK(one.tag % 2 == 1);
    CHECK_INT(redisclient_error_code(one.error), REDISCLIENT_ECANCELLED);
    release(&one);
  }
  tell_server(control, "resume");
  for (uint64_t tag = 2; tag <= 100; tag += 2) EXPECT_TICKETS(queue, tag, tag);
  CHECK_INT(connection_id(), id);
  end();
}

/* Fired too late, or never: the reply stays. */
static void cancelled_after(void) {
  begin("timeout_ms=300000");
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.cancel = redisclient_cancel_new();
  CHECK_INT(submit_ticket(queue, &call, 1), REDISCLIENT_OK);
  redisclient_event *event = redisclient_queue_next(queue, PATIENCE_MS);
  redisclient_cancel_fire(call.cancel);
  CHECK_REPLY(redisclient_event_reply(event), REDISCLIENT_REPLY_STRING, "ticket 1");
  redisclient_event_free(event);
  redisclient_cancel_free(call.cancel);
  call.cancel = redisclient_cancel_new();
  CHECK_INT(submit_ticket(queue, &call, 2), REDISCLIENT_OK);
  redisclient_cancel_free(call.cancel);
  EXPECT_TICKETS(queue, 2, 2);
  end();
}

/* A blocking pop is let go of by its cancel, and what is pushed then is not lost in it. */
static void cancelled_pop(void) {
  begin("timeout_ms=300000");
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.cancel = redisclient_cancel_new();
  DO(client, "DEL", "cancelled pop");
  SUBMIT_CALL(queue, &call, 1, "BLPOP", "cancelled pop", "0");
  WAIT_UNTIL(info(client, "clients", "blocked_clients") == 1);
  redisclient_cancel_fire(call.cancel);
  EXPECT_FAILURE(queue, 1, REDISCLIENT_ECANCELLED);
  WAIT_UNTIL(info(client, "clients", "blocked_clients") == 0);
  SUBMIT(queue, 2, "RPUSH", "cancelled pop", "kept");
  SUBMIT(queue, 3, "LRANGE", "cancelled pop", "0", "-1");
  for (uint64_t tag = 2; tag <= 3; tag++) {
    redisclient_completion one = TAKE(queue);
    CHECK_INT(one.tag, tag);
    if (tag == 2) CHECK_INTEGER(one.reply, 1);
    else CHECK_REPLY(redisclient_reply_at(one.reply, 0), REDISCLIENT_REPLY_STRING, "kept");
    release(&one);
  }
  redisclient_cancel_free(call.cancel);
  end();
}

int main(int argc, char **argv) {
  (void)argc;
  control = argument(argv, "control");
  for (const char *const *name = (const char *const[]){"url", "tls", NULL}; *name; name++) {
    url = argument(argv, *name);
    stopped_server();
    of_the_client();
    odd_deadlines();
    blocking_command();
    cancelled_before();
    cancelled_under_way();
    cancelled_after();
    cancelled_pop();
  }
  return check_result();
}
