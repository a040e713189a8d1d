/* What a server says, as codes: each line of the table is sent by a real server on demand. */
#include "check.h"

static const struct {
  const char *line;
  redisclient_status code;
  const char *server_code;
} LINES[] = {
    {"ERR something", REDISCLIENT_ESERVER, "ERR"},
    {"WRONGTYPE Operation against", REDISCLIENT_ESERVER, "WRONGTYPE"},
    {"BUSYGROUP exists", REDISCLIENT_ESERVER, "BUSYGROUP"},
    {"NOGROUP no such", REDISCLIENT_ESERVER, "NOGROUP"},
    {"MISCONF cannot save", REDISCLIENT_ESERVER, "MISCONF"},
    {"BUSY script running", REDISCLIENT_ESERVER, "BUSY"},
    {"NOREPLICAS Not enough", REDISCLIENT_ESERVER, "NOREPLICAS"},
    {"UNKILLABLE script", REDISCLIENT_ESERVER, "UNKILLABLE"},
    {"SOMENEWCODE of the future", REDISCLIENT_ESERVER, "SOMENEWCODE"},
    {"WRONGPASS invalid username-password pair", REDISCLIENT_EAUTH, "WRONGPASS"},
    {"NOAUTH Authentication required.", REDISCLIENT_EAUTH, "NOAUTH"},
    {"ERR invalid password", REDISCLIENT_EAUTH, "ERR"},
    {"ERR Client sent AUTH, but no password is set", REDISCLIENT_EAUTH, "ERR"},
    {"NOPERM this user has no permissions", REDISCLIENT_ENOPERM, "NOPERM"},
    {"NOSCRIPT No matching script", REDISCLIENT_ENOSCRIPT, "NOSCRIPT"},
    {"READONLY You can't write", REDISCLIENT_EREADONLY, "READONLY"},
    {"LOADING Redis is loading", REDISCLIENT_ELOADING, "LOADING"},
    {"EXECABORT Transaction discarded", REDISCLIENT_EEXECABORT, "EXECABORT"},
    {"OOM command not allowed", REDISCLIENT_ESERVERMEMORY, "OOM"},
    {"ERR max number of clients reached", REDISCLIENT_EMAXCLIENTS, "ERR"},
    {"CROSSSLOT Keys in request", REDISCLIENT_ECROSSSLOT, "CROSSSLOT"},
    {"CLUSTERDOWN Hash slot not served", REDISCLIENT_ECLUSTERDOWN, "CLUSTERDOWN"},
};

static void line(redisclient *client, size_t at) {
  redisclient_error *error = NULL;
  redisclient_reply *reply = NULL;
  redisclient_status status = redisclient_command(client, REDISCLIENT_ARGS("DEBUG", "ERROR", LINES[at].line), &reply, &error);
  bool good = CHECK_INT(status, LINES[at].code);
  CHECK(!reply);
  CHECK_TEXT(redisclient_error_server_code(error), LINES[at].server_code);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_REFUSED);
  const char *rest = strchr(LINES[at].line, ' ') + 1;
  good &= CHECK_CONTAINS(redisclient_error_message(error), rest);
  if (!good) fprintf(stderr, "    for \"%s\": %s\n", LINES[at].line, redisclient_error_message(error));
  redisclient_error_free(error);
}

/* As items of a pipeline the lines stay as they are. */
static void as_items(redisclient *client) {
  size_t count = sizeof LINES / sizeof *LINES;
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_reply *reply = NULL;
  for (size_t i = 0; i < count; i++) redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("DEBUG", "ERROR", LINES[i].line));
  CHECK_OK(redisclient_pipeline_run(pipeline, &reply, &error));
  CHECK_INT(redisclient_reply_count(reply), count);
  for (size_t i = 0; i < redisclient_reply_count(reply); i++) {
    const redisclient_reply *item = redisclient_reply_at(reply, i);
    CHECK_REPLY(item, REDISCLIENT_REPLY_ERROR, LINES[i].line);
    CHECK(!(item->flags & REDISCLIENT_REPLY_IS_LOCAL));
  }
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
}

/* Refused and retryable: tried again as often as asked, and counted. */
static void attempts(const char *url) {
  redisclient *client = open_with(url, "retry.count=2&retry.backoff=none");
  redisclient_error *error = NULL;
  CHECK_INT(redisclient_command(client, REDISCLIENT_ARGS("DEBUG", "ERROR", "LOADING fake"), NULL, &error), REDISCLIENT_ELOADING);
  CHECK_INT(redisclient_error_attempts(error), 3);
  CHECK_INT(redisclient_error_retryable(error), 1);
  redisclient_error_free(error);
  redisclient_free(client);
}

static void real_ones(redisclient *client, const char *url) {
  CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("EVALSHA", "ffffffffffffffffffffffffffffffffffffffff", "0"), NULL, &error),
              REDISCLIENT_ENOSCRIPT, "NOSCRIPT");
  DO(client, "ACL", "SETUSER", "reader", "on", ">canary-word", "~*", "+get", "+hello", "+ping");
  char query[256];
  snprintf(query, sizeof query, "username=reader&password=canary-word");
  redisclient *reader = open_with(url, query); /* a user who may do next to nothing can connect */
  redisclient_error *error = NULL;
  CHECK_INT(redisclient_command(reader, REDISCLIENT_ARGS("SET", "k", "v"), NULL, &error), REDISCLIENT_ENOPERM);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_REFUSED);
  CHECK(!strstr(redisclient_error_message(error), "canary-word"));
  redisclient_error_free(error);
  CHECK_OK(redisclient_command(reader, REDISCLIENT_ARGS("GET", "k"), NULL, &error));
  redisclient_free(reader);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *url = argument(argv, "url");
  redisclient *client = open_with(url, "retry.count=0");
  for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) line(client, i);
  as_items(client);
  attempts(url);
  real_ones(client, url);
  redisclient_free(client);
  return check_result();
}
