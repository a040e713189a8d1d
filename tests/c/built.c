/* Commands built argument by argument: what is sent, what is kept of mistakes, whose memory it is. */
#include "check.h"
#include <float.h>
#include <math.h>
#include <pthread.h>

static redisclient *client;

static redisclient_arguments *built(const char *name) {
  redisclient_arguments *arguments = redisclient_arguments_new();
  REQUIRE(arguments);
  redisclient_arguments_add_text(arguments, name);
  return arguments;
}

static redisclient_reply *sent(const redisclient_arguments *arguments) {
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_command_built(client, NULL, arguments, &reply, &error));
  return reply;
}

static void fails(const redisclient_arguments *arguments, redisclient_status code, const char *part) {
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  redisclient_status status = redisclient_command_built(client, NULL, arguments, &reply, &error);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
  check_fails(status, error, code, part, __FILE__, __LINE__, "command_built");
  CHECK(!reply);
}

/* Every kind of argument reaches the server as it should look, and the list can be used again. */
static void kinds(void) {
  redisclient_arguments *arguments = built("RPUSH");
  redisclient_arguments_add_bytes(arguments, "k\0ey", 4);
  redisclient_arguments_add_text(arguments, "");
  redisclient_arguments_add_bytes(arguments, NULL, 0);
  redisclient_arguments_add_bytes(arguments, "a\0b\r\n", 5);
  redisclient_arguments_add_int64(arguments, INT64_MIN);
  redisclient_arguments_add_double(arguments, 0.1);
  CHECK_INT(redisclient_arguments_count(arguments), 7);
  for (int i = 1; i <= 3; i++) {
    redisclient_reply *reply = sent(arguments);
    CHECK_INTEGER(reply, 5 * i);
    redisclient_reply_free(reply);
  }
  redisclient_arguments_clear(arguments);
  CHECK_INT(redisclient_arguments_count(arguments), 0);
  redisclient_arguments_add_text(arguments, "LRANGE");
  redisclient_arguments_add_bytes(arguments, "k\0ey", 4);
  redisclient_arguments_add_int64(arguments, 0);
  redisclient_arguments_add_int64(arguments, 4);
  redisclient_reply *reply = sent(arguments);
  REQUIRE(redisclient_reply_count(reply) == 5);
  CHECK_REPLY(redisclient_reply_at(reply, 0), REDISCLIENT_REPLY_STRING, "");
  CHECK_REPLY(redisclient_reply_at(reply, 1), REDISCLIENT_REPLY_STRING, "");
  check_reply(redisclient_reply_at(reply, 2), REDISCLIENT_REPLY_STRING, "a\0b\r\n", 5, __FILE__, __LINE__);
  CHECK_REPLY(redisclient_reply_at(reply, 3), REDISCLIENT_REPLY_STRING, "-9223372036854775808");
  CHECK_REPLY(redisclient_reply_at(reply, 4), REDISCLIENT_REPLY_STRING, "0.1");
  redisclient_reply_free(reply);
  redisclient_arguments_free(arguments);
}

static void doubles(void) {
  const struct { double value; const char *text; } rows[] = {
      {1.0, "1.0"}, {-0.0, "-0.0"}, {0.1, "0.1"}, {123456789.0, "123456789.0"}, {1e15, "1000000000000000.0"}, {1e16, "1e+16"},
      {1e21, "1e+21"}, {1e-4, "0.0001"}, {1e-5, "1e-05"}, {1e-7, "1e-07"}, {DBL_MAX, "1.7976931348623157e+308"},
      {DBL_TRUE_MIN, "5e-324"}, {INFINITY, "inf"}, {-INFINITY, "-inf"}, {NAN, "nan"}};
  redisclient_arguments *arguments = redisclient_arguments_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    redisclient_arguments_clear(arguments);
    redisclient_arguments_add_text(arguments, "ECHO");
    redisclient_arguments_add_double(arguments, rows[i].value);
    redisclient_reply *reply = sent(arguments);
    CHECK_REPLY(reply, REDISCLIENT_REPLY_STRING, rows[i].text);
    redisclient_reply_free(reply);
  }
  redisclient_arguments_free(arguments);
}

/* The packed form serves every function that takes one. */
static void packed(void) {
  redisclient_arguments *arguments = redisclient_arguments_new();
  size_t argc = 77;
  const char *bytes = NULL;
  const size_t *lengths = NULL;
  CHECK_OK(redisclient_arguments_packed(arguments, &argc, &bytes, &lengths, &error));
  CHECK(argc == 0 && bytes && lengths);
  redisclient_arguments_add_text(arguments, "ECHO");
  redisclient_arguments_add_text(arguments, "");
  CHECK_OK(redisclient_arguments_packed(arguments, &argc, &bytes, &lengths, &error));
  REQUIRE(argc == 2 && lengths[0] == 4 && lengths[1] == 0 && memcmp(bytes, "ECHO", 4) == 0);
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_command_packed(client, NULL, argc, bytes, lengths, &reply, &error));
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STRING, "");
  redisclient_reply_free(reply);
  redisclient_arguments_free(arguments);
}

/* Many arguments, and large ones. */
static void large(void) {
  enum { COUNT = 10000, SIZE = 3 << 20 };
  redisclient_arguments *arguments = built("DEL");
  for (int64_t i = 0; i < COUNT; i++) redisclient_arguments_add_int64(arguments, i);
  CHECK_INT(redisclient_arguments_count(arguments), COUNT + 1);
  redisclient_reply *reply = sent(arguments);
  CHECK_INTEGER(reply, 0);
  redisclient_reply_free(reply);
  char *value = malloc(SIZE);
  REQUIRE(value);
  memset(value, 'x', SIZE);
  redisclient_arguments_clear(arguments);
  redisclient_arguments_add_text(arguments, "ECHO");
  redisclient_arguments_add_bytes(arguments, value, SIZE);
  reply = sent(arguments);
  check_reply(reply, REDISCLIENT_REPLY_STRING, value, SIZE, __FILE__, __LINE__);
  redisclient_reply_free(reply);
  free(value);
  redisclient_arguments_free(arguments);
}

/* The first mistake is kept until cleared, told by every user of the list, and nothing is sent. */
static void mistakes(void) {
  redisclient_arguments *arguments = redisclient_arguments_new();
  fails(arguments, REDISCLIENT_EINVAL, "no arguments");
  redisclient_arguments_add_text(arguments, "SET");
  redisclient_arguments_add_text(arguments, NULL);
  redisclient_arguments_add_bytes(arguments, NULL, 5);
  redisclient_arguments_add_text(arguments, "value");
  CHECK_INT(redisclient_arguments_count(arguments), 1);
  fails(arguments, REDISCLIENT_EINVAL, "argument 2 of the built command: text is NULL");
  fails(arguments, REDISCLIENT_EINVAL, "argument 2 of the built command: text is NULL");
  size_t argc = 77;
  const char *bytes = NULL;
  const size_t *lengths = NULL;
  CHECK_FAILS(redisclient_arguments_packed(arguments, &argc, &bytes, &lengths, &error), REDISCLIENT_EINVAL, "text is NULL");
  CHECK(argc == 77 && !bytes && !lengths);
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_reply *reply = NULL;
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("SET", "built:none", "1"));
  redisclient_pipeline_add_built(pipeline, arguments);
  CHECK_FAILS(redisclient_pipeline_run(pipeline, &reply, &error), REDISCLIENT_EINVAL, "command 2 of the pipeline: argument 2 of the built command: text is NULL");
  CHECK(!reply);
  redisclient_pipeline_free(pipeline);
  EXPECT(client, REDISCLIENT_REPLY_NIL, "", "GET", "built:none");

  redisclient_arguments_clear(arguments);
  redisclient_arguments_add_bytes(arguments, "x", SIZE_MAX);
  fails(arguments, REDISCLIENT_EINVAL, "PTRDIFF_MAX");
  redisclient_arguments_clear(arguments);
  redisclient_arguments_add_text(arguments, "");
  fails(arguments, REDISCLIENT_EINVAL, "name is empty");
  redisclient_arguments_clear(arguments);
  redisclient_arguments_add_text(arguments, "select");
  redisclient_arguments_add_int64(arguments, 3);
  fails(arguments, REDISCLIENT_ESTATE, "select");
  redisclient_arguments_free(arguments);
}

/* A pipeline copies: the list may change at once. A call of one's own works as everywhere. */
static void users(void) {
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_arguments *arguments = redisclient_arguments_new();
  for (int64_t i = 0; i < 3; i++) {
    redisclient_arguments_clear(arguments);
    redisclient_arguments_add_text(arguments, "ECHO");
    redisclient_arguments_add_int64(arguments, i);
    redisclient_pipeline_add_built(pipeline, arguments);
  }
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_pipeline_run(pipeline, &reply, &error));
  REQUIRE(redisclient_reply_count(reply) == 3);
  CHECK_REPLY(redisclient_reply_at(reply, 0), REDISCLIENT_REPLY_STRING, "0");
  CHECK_REPLY(redisclient_reply_at(reply, 2), REDISCLIENT_REPLY_STRING, "2");
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);

  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.deadline_ms = 30;
  redisclient_arguments_clear(arguments);
  redisclient_arguments_add_text(arguments, "BLPOP");
  redisclient_arguments_add_text(arguments, "built:empty");
  redisclient_arguments_add_double(arguments, 0);
  CHECK_FAILS(redisclient_command_built(client, &call, arguments, NULL, &error), REDISCLIENT_ETIMEOUT, "BLPOP");
  redisclient_arguments_free(arguments);
}

static void *blocked(void *data) {
  CHECK_FAILS(redisclient_command_built(client, NULL, data, NULL, &error), REDISCLIENT_ESERVER, "UNBLOCKED");
  return NULL;
}

static int64_t blocked_clients(void) {
  return info(client, "clients", "blocked_clients");
}

/* A second thread is told so, by the function itself or by the next that can. */
static void two_threads(void) {
  redisclient_arguments *arguments = built("BLPOP");
  redisclient_arguments_add_text(arguments, "built:empty");
  redisclient_arguments_add_int64(arguments, 0);
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, blocked, arguments) == 0);
  WAIT_UNTIL(blocked_clients() == 1);
  fails(arguments, REDISCLIENT_EBUSY, "another thread");
  CHECK_INT(redisclient_arguments_count(arguments), 0);
  redisclient_arguments_add_text(arguments, "too late");
  redisclient_reply *list = RUN(client, "CLIENT", "LIST");
  const char *line = strstr(redisclient_reply_text(list, NULL), "cmd=blpop");
  REQUIRE(line);
  while (line > redisclient_reply_text(list, NULL) && line[-1] != '\n') line--;
  char id[32];
  REQUIRE(sscanf(line, "id=%31[0-9]", id) == 1);
  redisclient_reply_free(list);
  DO(client, "CLIENT", "UNBLOCK", id, "ERROR");
  pthread_join(thread, NULL);
  CHECK_INT(redisclient_arguments_count(arguments), 3);
  fails(arguments, REDISCLIENT_EBUSY, "another thread");
  redisclient_arguments_clear(arguments);
  redisclient_arguments_add_text(arguments, "PING");
  redisclient_reply *reply = sent(arguments);
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STATUS, "PONG");
  redisclient_reply_free(reply);
  redisclient_arguments_free(arguments);
}

int main(int argc, char **argv) {
  (void)argc;
  client = open_client(argument(argv, "url"));
  kinds();
  doubles();
  packed();
  large();
  mistakes();
  users();
  two_threads();
  redisclient_free(client);
  return check_result();
}
