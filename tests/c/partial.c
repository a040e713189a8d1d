/* Pipelines that are cut: what was answered stays, each other item says whether it may have run.
 * The servers are scripted; servers.rs says what each of them does. */
#include "check.h"

static redisclient_pipeline *filled(redisclient *client, int atomic, int count) {
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_pipeline_atomic(pipeline, atomic);
  for (int i = 0; i < count; i++) redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("INCR", "count"));
  return pipeline;
}

static void local(const redisclient_reply *item, const char *word) {
  CHECK_INT(redisclient_reply_kind(item), REDISCLIENT_REPLY_ERROR);
  CHECK(item && item->flags & REDISCLIENT_REPLY_IS_LOCAL);
  const char *text = redisclient_reply_text(item, NULL);
  bool good = CHECK(strncmp(text, word, strlen(word)) == 0 && text[strlen(word)] == ' ');
  if (!good) fprintf(stderr, "    seen \"%s\", wanted \"%s ...\"\n", text, word);
}

/* Runs, checks the status, and answers the items. */
static redisclient_reply *cut(redisclient_pipeline *pipeline, const redisclient_call *call, redisclient_status wanted, size_t count) {
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  redisclient_status status = redisclient_pipeline_run_call(pipeline, call, &reply, &error);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_UNKNOWN);
  check_fails(status, error, wanted, "", __FILE__, __LINE__, "run of a pipeline that is cut");
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_ARRAY);
  CHECK_INT(redisclient_reply_count(reply), count);
  redisclient_pipeline_free(pipeline);
  return reply;
}

/* Two of five answered, then the end. */
static void plain(const char *url) {
  redisclient *client = open_client(url);
  redisclient_reply *reply = cut(filled(client, 0, 5), NULL, REDISCLIENT_EDISCONNECTED, 5);
  CHECK_INTEGER(redisclient_reply_at(reply, 0), 1);
  CHECK_REPLY(redisclient_reply_at(reply, 1), REDISCLIENT_REPLY_ERROR, "ERR scripted");
  CHECK(!(redisclient_reply_at(reply, 1)->flags & REDISCLIENT_REPLY_IS_LOCAL));
  for (size_t i = 2; i < 5; i++) local(redisclient_reply_at(reply, i), "UNKNOWN");
  redisclient_reply_free(reply);
  redisclient_free(client);
}

/* Cut after EXEC went out: what was queued may have run. */
static void atomic(const char *url) {
  redisclient *client = open_client(url);
  redisclient_reply *reply = cut(filled(client, 1, 3), NULL, REDISCLIENT_EDISCONNECTED, 3);
  for (size_t i = 0; i < 3; i++) local(redisclient_reply_at(reply, i), "UNKNOWN");
  redisclient_reply_free(reply);
  redisclient_free(client);
}

/* Answers one, then says nothing: the deadline ends it. */
static void silent(const char *url) {
  redisclient *client = open_client(url);
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.deadline_ms = 2000;
  int64_t start = now_ms();
  redisclient_reply *reply = cut(filled(client, 0, 3), &call, REDISCLIENT_ETIMEOUT, 3);
  CHECK(now_ms() - start >= 1990 && now_ms() - start < 20000);
  CHECK_INTEGER(redisclient_reply_at(reply, 0), 1);
  local(redisclient_reply_at(reply, 1), "UNKNOWN");
  local(redisclient_reply_at(reply, 2), "UNKNOWN");
  redisclient_reply_free(reply);
  redisclient_free(client);
}

/* Takes a part of something larger than any socket's buffer: the tail never left. */
static void never_left(const char *url) {
  enum { COUNT = 64, SIZE = 1 << 20 };
  redisclient *client = open_client(url);
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  char *value = malloc(SIZE);
  memset(value, 'x', SIZE);
  const char *const argv[] = {"SET", "k", value};
  for (int i = 0; i < COUNT; i++) redisclient_pipeline_add(pipeline, 3, argv, (const size_t[]){3, 1, SIZE});
  redisclient_reply *reply = cut(pipeline, NULL, REDISCLIENT_EDISCONNECTED, COUNT);
  size_t at = 0;
  for (; at < COUNT && strncmp(redisclient_reply_text(redisclient_reply_at(reply, at), NULL), "NOT_SENT", 8) != 0; at++)
    local(redisclient_reply_at(reply, at), "UNKNOWN");
  CHECK(at >= 1 && at < COUNT);
  for (; at < COUNT; at++) local(redisclient_reply_at(reply, at), "NOT_SENT");
  redisclient_reply_free(reply);
  redisclient_free(client);
  free(value);
}

/* All read-only: sent again as a whole, on the connection after the one that was cut. */
static void read_only(const char *url) {
  redisclient *client = open_client(url);
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_reply *reply = NULL;
  for (int i = 0; i < 3; i++) redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("GET", "k"));
  CHECK_OK(redisclient_pipeline_run(pipeline, &reply, &error));
  CHECK_INT(redisclient_reply_count(reply), 3);
  for (size_t i = 0; i < 3; i++) CHECK_INTEGER(redisclient_reply_at(reply, i), 7);
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
  redisclient_free(client);
}

/* Nothing could be sent: there are no items. */
static void nobody_there(const char *url) {
  redisclient *client = open_with(url, "lazy=yes&retry.count=1&retry.backoff=none");
  redisclient_pipeline *pipeline = filled(client, 0, 2);
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  CHECK_INT(redisclient_pipeline_run(pipeline, &reply, &error), REDISCLIENT_ECONNECT);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
  CHECK(!reply);
  redisclient_error_free(error);
  redisclient_pipeline_free(pipeline);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  plain(argument(argv, "two_of_five"));
  atomic(argument(argv, "queued_then_end"));
  silent(argument(argv, "one_then_silence"));
  never_left(argument(argv, "reads_little"));
  read_only(argument(argv, "first_cut"));
  nobody_there(argument(argv, "nobody"));
  return check_result();
}
