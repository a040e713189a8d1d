/* Commands against a real server: each type of reply end to end, any bytes as argument, the packed
 * form, replies that nobody wants. */
#include "check.h"

/* Redis older than 6 would not speak RESP3; here both versions are asked for by name. */
static redisclient *resp2, *client;

static void version(void) {
  unsigned major, minor, patch;
  REQUIRE(sscanf(redisclient_version(), "%u.%u.%u", &major, &minor, &patch) == 3);
  CHECK_INT(redisclient_version_number(), major << 16 | minor << 8 | patch);
}

static void plain_types(redisclient *any) {
  redisclient_reply *reply;
  EXPECT(any, REDISCLIENT_REPLY_STATUS, "OK", "SET", "text", "value");
  EXPECT(any, REDISCLIENT_REPLY_STRING, "value", "GET", "text");
  CHECK_INTEGER(reply = RUN(any, "STRLEN", "text"), 5);
  redisclient_reply_free(reply);
  CHECK_INT(redisclient_reply_kind(reply = RUN(any, "GET", "absent")), REDISCLIENT_REPLY_NIL);
  redisclient_reply_free(reply);
  DO(any, "DEL", "list");
  CHECK_INTEGER(reply = RUN(any, "RPUSH", "list", "a", "b", ""), 3);
  redisclient_reply_free(reply);
  reply = RUN(any, "LRANGE", "list", "0", "-1");
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_ARRAY);
  CHECK_INT(redisclient_reply_count(reply), 3);
  CHECK_REPLY(redisclient_reply_at(reply, 1), REDISCLIENT_REPLY_STRING, "b");
  CHECK_REPLY(redisclient_reply_at(reply, 2), REDISCLIENT_REPLY_STRING, "");
  redisclient_reply_free(reply);
  EXPECT(any, REDISCLIENT_REPLY_STRING, "lower case", "echo", "lower case");
}

static int kind_of(redisclient *any, size_t argc, const char *const *argv, const size_t *lengths) {
  redisclient_reply *reply = run_at(__LINE__, any, argc, argv, lengths);
  int kind = redisclient_reply_kind(reply);
  redisclient_reply_free(reply);
  return kind;
}

static void types_by_protocol(void) {
  DO(client, "HSET", "hash", "f", "v");
  DO(client, "SADD", "set", "m");
  DO(client, "ZADD", "sorted", "2.5", "m");
  CHECK_INT(kind_of(client, REDISCLIENT_ARGS("HGETALL", "hash")), REDISCLIENT_REPLY_MAP);
  CHECK_INT(kind_of(resp2, REDISCLIENT_ARGS("HGETALL", "hash")), REDISCLIENT_REPLY_ARRAY);
  CHECK_INT(kind_of(client, REDISCLIENT_ARGS("SMEMBERS", "set")), REDISCLIENT_REPLY_SET);
  CHECK_INT(kind_of(resp2, REDISCLIENT_ARGS("SMEMBERS", "set")), REDISCLIENT_REPLY_ARRAY);
  EXPECT(resp2, REDISCLIENT_REPLY_STRING, "2.5", "ZSCORE", "sorted", "m");
  redisclient_reply *reply = RUN(client, "ZSCORE", "sorted", "m");
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_DOUBLE);
  CHECK(redisclient_reply_number(reply) == 2.5);
  redisclient_reply_free(reply);
}

/* The server sends what is asked for by name. */
static void every_type(void) {
  static const struct { const char *name; int kind; } types[] = {
      {"string", REDISCLIENT_REPLY_STRING},   {"integer", REDISCLIENT_REPLY_INTEGER}, {"double", REDISCLIENT_REPLY_DOUBLE},
      {"null", REDISCLIENT_REPLY_NIL},        {"array", REDISCLIENT_REPLY_ARRAY},     {"set", REDISCLIENT_REPLY_SET},
      {"map", REDISCLIENT_REPLY_MAP},         {"bignum", REDISCLIENT_REPLY_BIG_NUMBER}, {"verbatim", REDISCLIENT_REPLY_VERBATIM},
      {"true", REDISCLIENT_REPLY_BOOLEAN},    {"false", REDISCLIENT_REPLY_BOOLEAN}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (!CHECK_INT(kind_of(client, REDISCLIENT_ARGS("DEBUG", "PROTOCOL", types[i].name)), types[i].kind))
      fprintf(stderr, "    DEBUG PROTOCOL %s\n", types[i].name);
  redisclient_reply *reply = RUN(client, "DEBUG", "PROTOCOL", "attrib");
  const redisclient_reply *attributes = redisclient_reply_attributes(reply, reply);
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_STRING);
  CHECK_INT(redisclient_reply_kind(attributes), REDISCLIENT_REPLY_MAP);
  redisclient_reply_free(reply);
  /* The push goes before the reply and is not taken for it. */
  CHECK_INT(kind_of(client, REDISCLIENT_ARGS("DEBUG", "PROTOCOL", "push")), REDISCLIENT_REPLY_STRING);
  EXPECT(client, REDISCLIENT_REPLY_STRING, "mine", "ECHO", "mine");
}

static void echoed(const char *bytes, size_t size) {
  const char *const argv[] = {"ECHO", bytes};
  const size_t lengths[] = {4, size};
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_command(client, 2, argv, lengths, &reply, &error));
  size_t length = 0;
  const char *text = redisclient_reply_text(reply, &length);
  CHECK(length == size && (!size || memcmp(text, bytes, size) == 0) && text[length] == 0);
  redisclient_reply_free(reply);
}

static void any_bytes(void) {
  size_t big = under("plain") ? 64 << 20 : 4 << 20;
  char *bytes = malloc(big);
  for (size_t i = 0; i < big; i++) bytes[i] = (char)(i ^ i >> 8);
  const size_t sizes[] = {0, 1, 2, 255, 256, 16383, 16384, 16385, 65536, 1 << 20, (1 << 20) + 1, big};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) echoed(bytes, sizes[i]);
  echoed(NULL, 0);
  echoed("\r\n$5\r\n", 6);
  free(bytes);
}

static void packed(void) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_command_packed(client, NULL, 3, "SETpackeda\0b", (const size_t[]){3, 6, 3}, &reply, &error));
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STATUS, "OK");
  redisclient_reply_free(reply);
  CHECK_OK(redisclient_command_packed(client, &call, 2, "GETpacked", (const size_t[]){3, 6}, &reply, &error));
  check_reply(reply, REDISCLIENT_REPLY_STRING, "a\0b", 3, __FILE__, __LINE__);
  redisclient_reply_free(reply);
  CHECK_OK(redisclient_command_packed(client, &call, 2, "ECHO", (const size_t[]){4, 0}, &reply, &error));
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STRING, "");
  redisclient_reply_free(reply);
}

static void not_wanted(void) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  DO(client, "SET", "count", "0");
  CHECK_OK(redisclient_command(client, REDISCLIENT_ARGS("INCR", "count"), NULL, &error));
  CHECK_INT(redisclient_command(client, REDISCLIENT_ARGS("INCR", "count"), NULL, NULL), REDISCLIENT_OK);
  CHECK_OK(redisclient_command_call(client, &call, REDISCLIENT_ARGS("INCR", "count"), NULL, &error));
  CHECK_OK(redisclient_command_call(client, NULL, REDISCLIENT_ARGS("INCR", "count"), NULL, &error));
  CHECK_OK(redisclient_command_packed(client, NULL, 2, "INCRcount", (const size_t[]){4, 5}, NULL, &error));
  EXPECT(client, REDISCLIENT_REPLY_STRING, "5", "GET", "count");
}

/* A failed command writes its error and nothing else. */
static void server_error(void) {
  redisclient_reply *reply = (redisclient_reply *)(uintptr_t)0x10, *untouched = reply;
  redisclient_error *error = NULL;
  CHECK_INT(redisclient_command(client, REDISCLIENT_ARGS("LPUSH", "text", "x"), &reply, &error), REDISCLIENT_ESERVER);
  CHECK(reply == untouched);
  CHECK_TEXT(redisclient_error_server_code(error), "WRONGTYPE");
  CHECK_CONTAINS(redisclient_error_message(error), "wrong kind of value");
  CHECK_CONTAINS(redisclient_error_message(error), "LPUSH");
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_REFUSED);
  CHECK_INT(redisclient_error_retryable(error), 0);
  CHECK_INT(redisclient_error_attempts(error), 1);
  CHECK_INT(redisclient_error_os_error(error), 0);
  CHECK(*redisclient_error_node(error));
  redisclient_error_free(error);
  CHECK_INT(redisclient_command(client, REDISCLIENT_ARGS("LPUSH", "text", "x"), NULL, NULL), REDISCLIENT_ESERVER);
  error = (redisclient_error *)(uintptr_t)0x10; /* written only on failure */
  CHECK_INT(redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_OK);
  CHECK(error == (redisclient_error *)(uintptr_t)0x10);
}

/* Replies belong to nobody but their holder. */
static void outlives(const char *url) {
  redisclient *other = open_client(url);
  redisclient_reply *reply = RUN(other, "ECHO", "still here");
  redisclient_error *error = NULL;
  CHECK_INT(redisclient_command(other, REDISCLIENT_ARGS("NOSUCHCOMMAND"), NULL, &error), REDISCLIENT_ESERVER);
  redisclient_free(other);
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STRING, "still here");
  CHECK_CONTAINS(redisclient_error_message(error), "NOSUCHCOMMAND");
  redisclient_reply_free(reply);
  redisclient_error_free(error);
}

int main(int argc, char **argv) {
  (void)argc;
  version();
  client = open_client(argument(argv, "url"));
  resp2 = open_with(argument(argv, "tcp"), "protocol=2");
  plain_types(client);
  plain_types(resp2);
  types_by_protocol();
  every_type();
  any_bytes();
  packed();
  not_wanted();
  server_error();
  outlives(argument(argv, "tcp"));
  redisclient_free(resp2);
  redisclient_free(client);
  return check_result();
}
