/* NULL, and other wrong arguments, to every function: the documented answer, never a crash. */
#include "check.h"

static redisclient *client; /* one that works, where the NULL stands elsewhere */

static void getters(void) {
  size_t length = 77;
  CHECK_INT(redisclient_reply_kind(NULL), -1);
  CHECK_TEXT(redisclient_reply_text(NULL, &length), "");
  CHECK_INT(length, 0);
  CHECK_TEXT(redisclient_reply_text(NULL, NULL), "");
  CHECK_INT(redisclient_reply_integer(NULL), 0);
  CHECK(redisclient_reply_number(NULL) == 0);
  CHECK_INT(redisclient_reply_count(NULL), 0);
  CHECK(!redisclient_reply_at(NULL, 0));
  CHECK_TEXT(redisclient_reply_format(NULL), "");
  CHECK(!redisclient_reply_attributes(NULL, NULL));
  CHECK(!redisclient_reply_keep(NULL));
  CHECK_INT(redisclient_error_code(NULL), 0);
  CHECK_TEXT(redisclient_error_message(NULL), "");
  CHECK_TEXT(redisclient_error_server_code(NULL), "");
  CHECK_TEXT(redisclient_error_node(NULL), "");
  CHECK_INT(redisclient_error_outcome(NULL), 0);
  CHECK_INT(redisclient_error_retryable(NULL), 0);
  CHECK_INT(redisclient_error_attempts(NULL), 0);
  CHECK_INT(redisclient_error_os_error(NULL), 0);
  CHECK_INT(redisclient_arguments_count(NULL), 0);
  CHECK_INT(redisclient_connection_fd(NULL), -1);
  CHECK_INT(redisclient_connection_readable(NULL, 0), -1);
  CHECK(!redisclient_connection_hello(NULL));
}

static void ends(void) {
  redisclient_error_free(NULL);
  redisclient_options_free(NULL);
  redisclient_close(NULL);
  redisclient_free(NULL);
  redisclient_cancel_fire(NULL);
  redisclient_cancel_free(NULL);
  redisclient_reply_free(NULL);
  redisclient_replies_free(NULL, 0);
  redisclient_replies_free(NULL, 3);
  redisclient_reply *const none[2] = {NULL, NULL};
  redisclient_replies_free(none, 2);
  redisclient_arguments_free(NULL);
  redisclient_pipeline_free(NULL);
  redisclient_connection_shutdown(NULL);
  redisclient_connection_free(NULL);
  redisclient_reader_free(NULL);
}

static void options_and_open(const char *url) {
  redisclient_options *options = redisclient_options_new();
  redisclient *out = NULL;
  redisclient_connection *connection = NULL;
  CHECK_FAILS(redisclient_options_set(NULL, "db", "1", &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_options_set(options, NULL, "1", &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_options_set(options, "db", NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_INT(redisclient_options_set(options, "db", NULL, NULL), REDISCLIENT_EINVAL);
  CHECK_FAILS(redisclient_options_set_bytes(NULL, "db", "1", 1, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_options_set_bytes(options, NULL, "1", 1, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_options_set_bytes(options, "db", NULL, 1, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_options_set_bytes(options, "password", "x", SIZE_MAX, &error), REDISCLIENT_EINVAL, "");
  const redisclient_backoff_ops no_pause = {sizeof no_pause, NULL, NULL};
  CHECK_FAILS(redisclient_options_backoff(NULL, &no_pause, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_options_backoff(options, NULL, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_options_backoff(options, &no_pause, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_open(NULL, options, &out, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_open(url, options, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_INT(redisclient_open(NULL, NULL, NULL, NULL), REDISCLIENT_EINVAL);
  CHECK_FAILS(redisclient_connection_open(NULL, options, &connection, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_open(url, options, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK(!out && !connection);
  redisclient_options_free(options);
}

/* One wrong command through every function that takes one. */
static void wrong(size_t argc, const char *const *argv, const size_t *lengths) {
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  redisclient_status status = redisclient_command(client, argc, argv, lengths, &reply, &error);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
  check_fails(status, error, REDISCLIENT_EINVAL, "", __FILE__, __LINE__, "command");
  redisclient_call call = REDISCLIENT_CALL_INIT;
  CHECK_FAILS(redisclient_command_call(client, &call, argc, argv, lengths, &reply, &error), REDISCLIENT_EINVAL, "");
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("PING"));
  redisclient_pipeline_add(pipeline, argc, argv, lengths);
  CHECK_FAILS(redisclient_pipeline_run(pipeline, &reply, &error), REDISCLIENT_EINVAL, "");
  redisclient_pipeline_free(pipeline);
  CHECK(!reply);
}

static void wrong_packed(size_t argc, const char *bytes, const size_t *lengths) {
  redisclient_reply *reply = NULL;
  CHECK_FAILS(redisclient_command_packed(client, NULL, argc, bytes, lengths, &reply, &error), REDISCLIENT_EINVAL, "");
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_pipeline_add_packed(pipeline, argc, bytes, lengths);
  CHECK_FAILS(redisclient_pipeline_run(pipeline, &reply, &error), REDISCLIENT_EINVAL, "");
  redisclient_pipeline_free(pipeline);
  CHECK(!reply);
}

static void commands(void) {
  const char *const good[] = {"GET", "key"}, *const hole[] = {"GET", NULL}, *const headless[] = {NULL, "key"}, *const nameless[] = {"", "key"};
  const size_t three[] = {3, 3}, huge[] = {3, SIZE_MAX}, half[] = {3, (size_t)PTRDIFF_MAX + 1}, sum[] = {PTRDIFF_MAX, PTRDIFF_MAX}, no_name[] = {0, 3};
  wrong(0, good, NULL);
  wrong(0, NULL, NULL);
  wrong(2, NULL, NULL);
  wrong(2, hole, NULL);
  wrong(2, hole, three);
  wrong(2, headless, NULL);
  wrong(2, nameless, NULL);
  wrong(2, headless, no_name);
  wrong(2, good, huge);
  wrong(2, good, half);
  wrong_packed(0, "GETkey", three);
  wrong_packed(2, NULL, three);
  wrong_packed(2, "GETkey", NULL);
  wrong_packed(2, "GETkey", huge);
  wrong_packed(2, "GETkey", half);
  wrong_packed(2, "GETkey", sum);
  wrong_packed(2, "key", no_name);
  CHECK_FAILS(redisclient_command(NULL, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_command_call(NULL, NULL, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_command_packed(NULL, NULL, 1, "PING", (const size_t[]){4}, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_INT(redisclient_command(client, 0, NULL, NULL, NULL, NULL), REDISCLIENT_EINVAL);
  EXPECT(client, REDISCLIENT_REPLY_STATUS, "PONG", "PING");
}

static void arguments(void) {
  redisclient_arguments_add_text(NULL, "PING");
  redisclient_arguments_add_bytes(NULL, "PING", 4);
  redisclient_arguments_add_int64(NULL, 1);
  redisclient_arguments_add_double(NULL, 1);
  redisclient_arguments_clear(NULL);
  size_t argc = 77;
  const char *bytes = NULL;
  const size_t *lengths = NULL;
  redisclient_arguments *ping = redisclient_arguments_new();
  redisclient_arguments_add_text(ping, "PING");
  CHECK_FAILS(redisclient_arguments_packed(NULL, &argc, &bytes, &lengths, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_arguments_packed(ping, NULL, &bytes, &lengths, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_arguments_packed(ping, &argc, NULL, &lengths, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_arguments_packed(ping, &argc, &bytes, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK(argc == 77 && !bytes && !lengths);
  CHECK_FAILS(redisclient_command_built(NULL, NULL, ping, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_command_built(client, NULL, NULL, NULL, &error), REDISCLIENT_EINVAL, "");
  redisclient_pipeline_add_built(NULL, ping);
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_pipeline_add_built(pipeline, NULL);
  CHECK_FAILS(redisclient_pipeline_run(pipeline, NULL, &error), REDISCLIENT_EINVAL, "arguments is NULL");
  redisclient_pipeline_free(pipeline);
  redisclient_arguments_free(ping);
}

static void settings_and_stats(void) {
  redisclient_stats stats = REDISCLIENT_STATS_INIT;
  char text[8] = "same";
  CHECK_FAILS(redisclient_set(NULL, "pool.max", "1", &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_set(client, NULL, "1", &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_set(client, "pool.max", NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_INT(redisclient_set(client, NULL, NULL, NULL), REDISCLIENT_EINVAL);
  CHECK_FAILS(redisclient_stats_get(NULL, &stats, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_stats_get(client, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_INT(redisclient_stats_get(client, NULL, NULL), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_stats_json(NULL, text, sizeof text), 0);
  CHECK_TEXT(text, "same");
  CHECK_INT(redisclient_stats_json(NULL, NULL, 0), 0);
  CHECK(redisclient_stats_json(client, NULL, 100) > 0);
}

static void pipelines(void) {
  redisclient_reply *reply = NULL;
  CHECK(!redisclient_pipeline_new(NULL));
  redisclient_pipeline_add(NULL, REDISCLIENT_ARGS("PING"));
  redisclient_pipeline_add_packed(NULL, 1, "PING", (const size_t[]){4});
  redisclient_pipeline_atomic(NULL, 1);
  CHECK_FAILS(redisclient_pipeline_run(NULL, &reply, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_pipeline_run_call(NULL, NULL, &reply, &error), REDISCLIENT_EINVAL, "");
  CHECK(!reply);
}

static void connections(const char *url) {
  redisclient_connection *connection = NULL;
  redisclient_reply *reply = NULL;
  CHECK_FAILS(redisclient_connection_send(NULL, REDISCLIENT_ARGS("PING"), &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_send_raw(NULL, "PING\r\n", 6, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_flush(NULL, 0, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_receive(NULL, 0, &reply, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_adopt(-1, NULL, &connection, &error), REDISCLIENT_EINVAL, "-1");
  CHECK_FAILS(redisclient_connection_adopt(-1, NULL, NULL, &error), REDISCLIENT_EINVAL, "out");
  CHECK(!connection);
  connection = open_connection(url);
  CHECK_FAILS(redisclient_connection_send(connection, 0, NULL, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_send(connection, 1, NULL, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_send_raw(connection, NULL, 6, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_send_raw(connection, "PING\r\n", SIZE_MAX, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_flush(connection, -2, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_receive(connection, -2, &reply, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_receive(connection, 0, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_OK(redisclient_connection_send(connection, REDISCLIENT_ARGS("PING"), &error));
  CHECK_OK(redisclient_connection_flush(connection, 20000, &error));
  CHECK_OK(redisclient_connection_receive(connection, 20000, &reply, &error));
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STATUS, "PONG");
  redisclient_reply_free(reply);
  redisclient_connection_free(connection);
}

static void protocol(void) {
  redisclient_reply *reply = NULL;
  size_t used = 77, room = 77;
  CHECK_FAILS(redisclient_reply_parse(NULL, 5, &used, &reply, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_reply_parse(":1\r\n", 4, NULL, &reply, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_reply_parse(":1\r\n", 4, &used, NULL, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_reply_parse(":1\r\n", SIZE_MAX, &used, &reply, &error), REDISCLIENT_EINVAL, "");
  CHECK(used == 77 && !reply);
  redisclient_reader *reader = redisclient_reader_new(NULL);
  CHECK_INT(redisclient_reader_feed(NULL, "x", 1), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_reader_feed(reader, NULL, 1), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_reader_feed(reader, "x", SIZE_MAX), REDISCLIENT_EINVAL);
  CHECK(!redisclient_reader_space(NULL, 1, &room));
  CHECK(!redisclient_reader_space(reader, 1, NULL));
  CHECK_INT(redisclient_reader_commit(NULL, 0), REDISCLIENT_EINVAL);
  CHECK_FAILS(redisclient_reader_next(NULL, &reply, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_reader_next(reader, NULL, &error), REDISCLIENT_EINVAL, "");
  redisclient_reader_free(reader);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *url = argument(argv, "url");
  getters();
  ends();
  options_and_open(url);
  client = open_client(url);
  commands();
  arguments();
  settings_and_stats();
  pipelines();
  connections(url);
  protocol();
  redisclient_free(client);
  return check_result();
}
