/* Pipelines, plain and atomic, on a real server. What happens when they are cut is in partial.c. */
#include "check.h"

static redisclient *client;

static redisclient_reply *ran(redisclient_pipeline *pipeline) {
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_pipeline_run(pipeline, &reply, &error));
  REQUIRE(reply);
  CHECK(reply->flags & REDISCLIENT_REPLY_IS_ROOT);
  return reply;
}

static void wrongtype(const redisclient_reply *item) {
  CHECK_INT(redisclient_reply_kind(item), REDISCLIENT_REPLY_ERROR);
  CHECK_CONTAINS(redisclient_reply_text(item, NULL), "WRONGTYPE");
  CHECK(!(item->flags & REDISCLIENT_REPLY_IS_LOCAL));
}

/* Order, errors as items, binary and packed arguments; the same for both kinds. */
static void items(int atomic) {
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  const char *const binary[] = {"SET", "k\0ey", "a\0b"};
  redisclient_pipeline_atomic(pipeline, atomic);
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("SET", "text", "v"));
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("LPUSH", "text", "v"));
  redisclient_pipeline_add(pipeline, 3, binary, (const size_t[]){3, 4, 3});
  redisclient_pipeline_add_packed(pipeline, 2, "GETk\0ey", (const size_t[]){3, 4});
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("GET", "absent"));
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("CONFIG", "GET", "maxclients"));
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("ECHO", "last"));
  redisclient_reply *reply = ran(pipeline);
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_ARRAY);
  CHECK_INT(redisclient_reply_count(reply), 7);
  CHECK_REPLY(redisclient_reply_at(reply, 0), REDISCLIENT_REPLY_STATUS, "OK");
  wrongtype(redisclient_reply_at(reply, 1));
  check_reply(redisclient_reply_at(reply, 3), REDISCLIENT_REPLY_STRING, "a\0b", 3, __FILE__, __LINE__);
  CHECK_INT(redisclient_reply_kind(redisclient_reply_at(reply, 4)), REDISCLIENT_REPLY_NIL);
  CHECK_INT(redisclient_reply_count(redisclient_reply_at(reply, 5)), 2);
  CHECK_REPLY(redisclient_reply_at(reply, 6), REDISCLIENT_REPLY_STRING, "last");
  for (size_t i = 0; i < 7; i++) CHECK(redisclient_reply_at(reply, i) == &reply->value.items[i]);
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
}

/* An empty one answers an empty array and sends nothing; so does one that has just run. */
static void empty(int atomic) {
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_pipeline_atomic(pipeline, atomic);
  int64_t before = info(client, "stats", "total_commands_processed");
  for (int i = 0; i < 2; i++) {
    redisclient_reply *reply = ran(pipeline);
    CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_ARRAY);
    CHECK_INT(redisclient_reply_count(reply), 0);
    redisclient_reply_free(reply);
  }
  CHECK_INT(info(client, "stats", "total_commands_processed") - before, 1);
  DO(client, "SET", "again", "0");
  for (int i = 1; i < 4; i++) {
    redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("INCR", "again"));
    redisclient_reply *reply = ran(pipeline);
    CHECK_INT(redisclient_reply_count(reply), 1);
    CHECK_INTEGER(redisclient_reply_at(reply, 0), i);
    redisclient_reply_free(reply);
  }
  redisclient_pipeline_free(pipeline);
}

/* A mistake is told by run, which sends nothing; after it the pipeline is empty and good again. */
static void mistakes(int atomic) {
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_reply *reply = NULL;
  redisclient_pipeline_atomic(pipeline, atomic);
  DO(client, "SET", "kept", "0");
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("INCR", "kept"));
  redisclient_pipeline_add(pipeline, 0, NULL, NULL);
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("INCR", "kept"));
  redisclient_error *error = NULL;
  redisclient_status status = redisclient_pipeline_run(pipeline, &reply, &error);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
  check_fails(status, error, REDISCLIENT_EINVAL, "", __FILE__, __LINE__, "run with a mistake");
  CHECK(!reply);
  EXPECT(client, REDISCLIENT_REPLY_STRING, "0", "GET", "kept");
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("INCR", "kept"));
  reply = ran(pipeline);
  CHECK_INT(redisclient_reply_count(reply), 1);
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
}

/* Refused while queueing: the transaction fails as a whole and says why. */
static void exec_abort(void) {
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  DO(client, "SET", "aborted", "0");
  redisclient_pipeline_atomic(pipeline, 1);
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("INCR", "aborted"));
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("GET"));
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("NOSUCHCOMMAND"));
  redisclient_status status = redisclient_pipeline_run(pipeline, &reply, &error);
  CHECK_CONTAINS(redisclient_error_message(error), "wrong number of arguments for 'get' command");
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_REFUSED);
  CHECK_TEXT(redisclient_error_server_code(error), "EXECABORT");
  check_fails(status, error, REDISCLIENT_EEXECABORT, "EXECABORT", __FILE__, __LINE__, "run of an aborted transaction");
  CHECK(!reply);
  EXPECT(client, REDISCLIENT_REPLY_STRING, "0", "GET", "aborted");
  redisclient_pipeline_free(pipeline);
}

/* Atomic or not can be said at any time before run, and stays. */
static void atomic_is_one_unit(void) {
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("PING"));
  redisclient_pipeline_atomic(pipeline, 1);
  redisclient_reply *reply = RUN(client, "CONFIG", "RESETSTAT");
  redisclient_reply_free(reply);
  redisclient_reply_free(reply = ran(pipeline));
  CHECK_INT(info(client, "stats", "total_commands_processed"), 4); /* RESETSTAT itself, MULTI, PING, EXEC */
  redisclient_pipeline_free(pipeline);
}

static void many(void) {
  int count = scaled(10000);
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  for (int i = 0; i < count; i++) {
    char text[32];
    snprintf(text, sizeof text, "number %d", i);
    redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("ECHO", text));
  }
  redisclient_reply *reply = ran(pipeline);
  CHECK_INT(redisclient_reply_count(reply), count);
  for (int i = 0; i < count; i++) {
    char text[32];
    snprintf(text, sizeof text, "number %d", i);
    CHECK_REPLY(redisclient_reply_at(reply, (size_t)i), REDISCLIENT_REPLY_STRING, text);
  }
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
}

/* Far more both ways than any buffer holds: who only writes while the server waits for a reader
 * would wait for ever. */
static void both_ways(void) {
  size_t size = 256 << 10;
  int count = under("valgrind") ? 40 : 200;
  char *value = malloc(size);
  memset(value, 'x', size);
  const char *const argv[] = {"ECHO", value};
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  for (int i = 0; i < count; i++) redisclient_pipeline_add(pipeline, 2, argv, (const size_t[]){4, size - (size_t)i});
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.deadline_ms = 60000;
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_pipeline_run_call(pipeline, &call, &reply, &error));
  CHECK_INT(redisclient_reply_count(reply), count);
  for (int i = 0; i < count; i++) {
    size_t length;
    const char *text = redisclient_reply_text(redisclient_reply_at(reply, (size_t)i), &length);
    CHECK(length == size - (size_t)i && memcmp(text, value, length) == 0);
  }
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
  free(value);
}

/* Pipelines borrow from the pool: none opens a connection of its own. */
static void steady(void) {
  int64_t before = info(client, "stats", "total_connections_received");
  for (int i = 0; i < 50; i++) {
    redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
    redisclient_pipeline_atomic(pipeline, i % 2);
    redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("PING"));
    redisclient_reply_free(ran(pipeline));
    redisclient_pipeline_free(pipeline);
  }
  CHECK_INT(info(client, "stats", "total_connections_received"), before);
}

static void calls(void) {
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_cancel *cancel = redisclient_cancel_new();
  redisclient_reply *reply = NULL;
  redisclient_cancel_fire(cancel);
  call.cancel = cancel;
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("PING"));
  CHECK_FAILS(redisclient_pipeline_run_call(pipeline, &call, &reply, &error), REDISCLIENT_ECANCELLED, "");
  call.cancel = NULL, call.deadline_ms = -2;
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("PING"));
  CHECK_FAILS(redisclient_pipeline_run_call(pipeline, &call, &reply, &error), REDISCLIENT_EINVAL, "deadline");
  call.deadline_ms = 0, call.size = 0;
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("PING"));
  CHECK_FAILS(redisclient_pipeline_run_call(pipeline, &call, &reply, &error), REDISCLIENT_EINVAL, "size");
  CHECK(!reply);
  CHECK_OK(redisclient_pipeline_run(pipeline, &reply, &error));
  CHECK_INT(redisclient_reply_count(reply), 0); /* each run emptied it */
  redisclient_reply_free(reply);
  redisclient_cancel_free(cancel);
  redisclient_pipeline_free(pipeline);
}

/* Made before, used after the client's end. */
static void outlives(const char *url) {
  redisclient *other = open_client(url);
  redisclient_pipeline *pipeline = redisclient_pipeline_new(other), *unused = redisclient_pipeline_new(other);
  redisclient_pipeline_add(unused, REDISCLIENT_ARGS("PING"));
  redisclient_free(other);
  redisclient_reply *reply = NULL;
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("PING"));
  CHECK_FAILS(redisclient_pipeline_run(pipeline, &reply, &error), REDISCLIENT_ECLOSED, "");
  CHECK(!reply);
  redisclient_pipeline_free(pipeline);
  redisclient_pipeline_free(unused);
}

int main(int argc, char **argv) {
  (void)argc;
  client = open_client(argument(argv, "url"));
  for (int atomic = 0; atomic < 2; atomic++) {
    items(atomic);
    empty(atomic);
    mistakes(atomic);
  }
  exec_abort();
  atomic_is_one_unit();
  many();
  both_ways();
  steady();
  calls();
  outlives(argument(argv, "url"));
  redisclient_free(client);
  return check_result();
}
