/* What a call says beside its command: the size rule, flags, deadlines and cancelling. */
#include "check.h"
#include <pthread.h>

static redisclient *client;

static redisclient_status ping(const redisclient_call *call, redisclient_error **error) {
  return redisclient_command_call(client, call, REDISCLIENT_ARGS("PING"), NULL, error);
}

static void sizes(void) {
  struct { redisclient_call call; char tail[64]; } larger;
  memset(&larger, 0, sizeof larger);
  larger.call.size = sizeof larger;
  CHECK_OK(ping(&larger.call, &error));
  larger.tail[63] = 1;
  CHECK_FAILS(ping(&larger.call, &error), REDISCLIENT_EINVAL, "");
  larger.tail[63] = 0, larger.tail[0] = 1;
  CHECK_FAILS(ping(&larger.call, &error), REDISCLIENT_EINVAL, "");
  larger.call.size = sizeof(redisclient_call); /* what stands behind is not looked at */
  CHECK_OK(ping(&larger.call, &error));
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.size = 0;
  CHECK_FAILS(ping(&call, &error), REDISCLIENT_EINVAL, "");
}

/* Fields beyond the size are default, whatever stands there. */
static void smaller_sizes(void) {
  redisclient_call call = {0, -2, (const char *)"nonsense", NULL, 0xffffffff, 0xffffffff};
  call.size = sizeof call.size;
  CHECK_OK(ping(&call, &error));
  call.size = offsetof(redisclient_call, route);
  CHECK_FAILS(ping(&call, &error), REDISCLIENT_EINVAL, "deadline");
  call.deadline_ms = 60000;
  CHECK_OK(ping(&call, &error));
  call.size = offsetof(redisclient_call, flags);
  CHECK_FAILS(ping(&call, &error), REDISCLIENT_EINVAL, "route");
  call.route = NULL;
  CHECK_OK(ping(&call, &error));
  call.cancel = (redisclient_cancel *)~(uintptr_t)0; /* half of it would be another pointer */
  for (call.size = offsetof(redisclient_call, cancel) + 1; call.size < offsetof(redisclient_call, flags); call.size++)
    CHECK_FAILS(ping(&call, &error), REDISCLIENT_EINVAL, "cuts a field");
}

static void flags(void) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.flags = REDISCLIENT_CALL_IDEMPOTENT;
  CHECK_OK(ping(&call, &error));
  for (int bit = 1; bit < 32; bit++) {
    call.flags = (uint32_t)1 << bit;
    CHECK_FAILS(ping(&call, &error), REDISCLIENT_EINVAL, "flag");
  }
  call.flags = 0;
  call.reserved = 1;
  CHECK_FAILS(ping(&call, &error), REDISCLIENT_EINVAL, "reserved");
}

static void times(void) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  const int64_t good[] = {0, -1, 60000, INT32_MAX, INT64_MAX, INT64_MAX - 1, INT64_MAX / 1000000}, bad[] = {-2, INT32_MIN, INT64_MIN};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    call.deadline_ms = good[i];
    CHECK_OK(ping(&call, &error));
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    call.deadline_ms = bad[i];
    CHECK_FAILS(ping(&call, &error), REDISCLIENT_EINVAL, "deadline");
  }
}

static redisclient_status pop(redisclient *from, const char *key, redisclient_call *call, redisclient_reply **reply, redisclient_error **error) {
  return redisclient_command_call(from, call, REDISCLIENT_ARGS("BLPOP", key, "0"), reply, error);
}

/* A blocked pop that ran out of time is over for the server too: it eats no later element. */
static void deadline_ends_a_pop(void) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_error *error = NULL;
  redisclient_reply *reply = NULL;
  call.deadline_ms = 150;
  int64_t start = now_ms();
  redisclient_status status = pop(client, "late", &call, &reply, &error);
  int64_t took = now_ms() - start;
  CHECK(took >= 140 && took < 20000);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_UNKNOWN);
  CHECK(!reply);
  check_fails(status, error, REDISCLIENT_ETIMEOUT, "BLPOP", __FILE__, __LINE__, "BLPOP past its deadline");
  EXPECT(client, REDISCLIENT_REPLY_STRING, "mine", "ECHO", "mine");
  WAIT_UNTIL(info(client, "clients", "blocked_clients") == 0);
  DO(client, "RPUSH", "late", "element");
  EXPECT(client, REDISCLIENT_REPLY_STRING, "element", "LPOP", "late");
}

/* A pop's own block time counts beside the client's timeout. */
static void a_pop_has_its_own_time(const char *url) {
  redisclient *client = open_with(url, "timeout_ms=3000");
  int64_t start = now_ms();
  redisclient_reply *reply = RUN(client, "BLPOP", "never", "3.5");
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_NIL);
  CHECK(now_ms() - start >= 3490);
  redisclient_reply_free(reply);
  redisclient_free(client);
}

/* Last of all: the server is busy for long after it. */
static void other_commands_have_the_timeout(const char *url) {
  redisclient *hasty = open_with(url, "lazy=yes&timeout_ms=200");
  redisclient_error *error = NULL;
  WAIT_UNTIL(redisclient_command(hasty, REDISCLIENT_ARGS("PING"), NULL, NULL) == REDISCLIENT_OK);
  CHECK_INT(redisclient_command(hasty, REDISCLIENT_ARGS("DEBUG", "SLEEP", "5"), NULL, &error), REDISCLIENT_ETIMEOUT);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_UNKNOWN);
  redisclient_error_free(error);
  redisclient_free(hasty);
}

struct popper {
  pthread_t thread;
  redisclient_cancel *cancel;
  const char *key;
  redisclient_status status;
  int outcome;
  int64_t ended;
};

static void *pop_until_cancelled(void *data) {
  struct popper *self = data;
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_error *error = NULL;
  redisclient_reply *reply = NULL;
  call.cancel = self->cancel;
  self->status = pop(client, self->key, &call, &reply, &error);
  self->ended = now_ms();
  self->outcome = redisclient_error_outcome(error);
  redisclient_reply_free(reply);
  redisclient_error_free(error);
  return NULL;
}

/* One cancel ends many calls at once; a call beside them goes on. */
static void cancel_during(void) {
  redisclient_cancel *cancel = redisclient_cancel_new(), *other = redisclient_cancel_new();
  struct popper poppers[5];
  for (int i = 0; i < 5; i++) {
    poppers[i] = (struct popper){.cancel = i < 4 ? cancel : other, .key = i < 4 ? "cancelled" : "spared"};
    REQUIRE(pthread_create(&poppers[i].thread, NULL, pop_until_cancelled, &poppers[i]) == 0);
  }
  WAIT_UNTIL(info(client, "clients", "blocked_clients") == 5);
  int64_t fired = now_ms();
  redisclient_cancel_fire(cancel);
  for (int i = 0; i < 4; i++) {
    pthread_join(poppers[i].thread, NULL);
    CHECK_INT(poppers[i].status, REDISCLIENT_ECANCELLED);
    CHECK_INT(poppers[i].outcome, REDISCLIENT_OUTCOME_UNKNOWN);
    CHECK(poppers[i].ended - fired < 15000);
  }
  DO(client, "RPUSH", "spared", "x");
  pthread_join(poppers[4].thread, NULL);
  CHECK_INT(poppers[4].status, REDISCLIENT_OK);
  WAIT_UNTIL(info(client, "clients", "blocked_clients") == 0);
  EXPECT(client, REDISCLIENT_REPLY_STRING, "mine", "ECHO", "mine");
  redisclient_cancel_free(cancel);
  redisclient_cancel_free(other);
}

/* Fired before: sticky, nothing is sent. */
static void cancel_before(void) {
  redisclient_cancel *cancel = redisclient_cancel_new();
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.cancel = cancel;
  CHECK_OK(ping(&call, &error));
  redisclient_cancel_fire(cancel);
  redisclient_cancel_fire(cancel);
  DO(client, "SET", "cancelled-count", "0");
  for (int i = 0; i < 3; i++) {
    redisclient_error *error = NULL;
    redisclient_status status = redisclient_command_call(client, &call, REDISCLIENT_ARGS("INCR", "cancelled-count"), NULL, &error);
    CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
    check_fails(status, error, REDISCLIENT_ECANCELLED, "", __FILE__, __LINE__, "INCR after fire");
  }
  redisclient_cancel_free(cancel);
  EXPECT(client, REDISCLIENT_REPLY_STRING, "0", "GET", "cancelled-count");
}

int main(int argc, char **argv) {
  (void)argc;
  client = open_client(argument(argv, "url"));
  sizes();
  smaller_sizes();
  flags();
  times();
  cancel_before();
  deadline_ends_a_pop();
  a_pop_has_its_own_time(argument(argv, "tcp"));
  cancel_during();
  redisclient_free(client);
  other_commands_have_the_timeout(argument(argv, "tcp"));
  return check_result();
}
