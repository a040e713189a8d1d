/* Commands that would change a shared connection's state: refused in any spelling of case through
 * every door, nothing sent, and whoever comes next gets a reply of its own. */
#include "check.h"

#define WORDS(...) {sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), {__VA_ARGS__}}
static const struct { size_t argc; const char *argv[4]; } REFUSED[] = {
    WORDS("sElEcT", "1"), WORDS("MULTI"), WORDS("exec"), WORDS("Discard"), WORDS("wAtCh", "k"), WORDS("UnWatch"),
    WORDS("SUBscribe", "c"), WORDS("pSubscribe", "c*"), WORDS("ssubscribe", "c"), WORDS("UNSUBSCRIBE"), WORDS("PunsubScribe"), WORDS("sUnsubscribe"),
    WORDS("monitor"), WORDS("Sync"), WORDS("PSYNC", "?", "-1"),
    WORDS("CLIENT", "REPLY", "OFF"), WORDS("client", "reply", "skip"), WORDS("ClIeNt", "rEpLy", "On"),
    WORDS("Client", "Tracking", "on"), WORDS("CLIENT", "caching", "yes"), WORDS("client", "NO-TOUCH", "on"), WORDS("client", "no-Touch", "on"),
    WORDS("Script", "Debug", "sync"), WORDS("RESET"), WORDS("rEset"), WORDS("QuiT"),
    WORDS("hello"), WORDS("HELLO", "3"), WORDS("Hello", "2", "SETNAME", "x"), WORDS("auth", "secret"), WORDS("AUTH", "user", "secret"),
    WORDS("Asking"), WORDS("READonly"), WORDS("readWRITE"),
};
enum { COUNT = sizeof REFUSED / sizeof *REFUSED };

static redisclient *client;
static int64_t pings;

/* Also the sign that the reply that follows is the caller's own. */
static void ping(void) {
  char mark[32];
  snprintf(mark, sizeof mark, "mark %" PRId64, ++pings);
  EXPECT(client, REDISCLIENT_REPLY_STRING, mark, "ECHO", mark);
}

static void refused(redisclient_status status, redisclient_error *error, const char *name, int line) {
  bool good = check_int(status, REDISCLIENT_ESTATE, __FILE__, line, name);
  good &= check_int(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT, __FILE__, line, "outcome");
  const char *text = redisclient_error_message(error);
  bool names_a_way = strstr(text, "session") || strstr(text, "pipeline") || strstr(text, "pubsub") || strstr(text, "connection") || strstr(text, "option");
  good &= check_report(names_a_way, __FILE__, line, "the text names what to use");
  good &= check_report(!strstr(text, "secret"), __FILE__, line, "the text keeps the password");
  if (!good) fprintf(stderr, "    %s: %s\n", name, text);
  redisclient_error_free(error);
}

static void by_command(size_t at) {
  redisclient_error *error = NULL;
  redisclient_reply *reply = NULL;
  redisclient_status status = redisclient_command(client, REFUSED[at].argc, REFUSED[at].argv, NULL, &reply, &error);
  refused(status, error, REFUSED[at].argv[0], __LINE__);
  CHECK(!reply);
  ping();
  redisclient_call call = REDISCLIENT_CALL_INIT;
  error = NULL;
  status = redisclient_command_call(client, &call, REFUSED[at].argc, REFUSED[at].argv, NULL, &reply, &error);
  refused(status, error, REFUSED[at].argv[0], __LINE__);
  ping();
}

static size_t pack(size_t at, char *bytes, size_t *lengths) {
  size_t length = 0;
  for (size_t i = 0; i < REFUSED[at].argc; i++) {
    lengths[i] = strlen(REFUSED[at].argv[i]);
    memcpy(bytes + length, REFUSED[at].argv[i], lengths[i]);
    length += lengths[i];
  }
  return length;
}

static void packed(size_t at) {
  char bytes[64];
  size_t lengths[4];
  redisclient_error *error = NULL;
  redisclient_reply *reply = NULL;
  pack(at, bytes, lengths);
  redisclient_status status = redisclient_command_packed(client, NULL, REFUSED[at].argc, bytes, lengths, &reply, &error);
  refused(status, error, REFUSED[at].argv[0], __LINE__);
  ping();
}

/* Behind and before good commands, which are not sent either. */
static void by_pipeline(size_t at, int atomic, bool as_packed) {
  char bytes[64];
  size_t lengths[4];
  redisclient_error *error = NULL;
  redisclient_reply *reply = NULL;
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_pipeline_atomic(pipeline, atomic);
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("INCR", "never"));
  pack(at, bytes, lengths);
  if (as_packed) redisclient_pipeline_add_packed(pipeline, REFUSED[at].argc, bytes, lengths);
  else redisclient_pipeline_add(pipeline, REFUSED[at].argc, REFUSED[at].argv, NULL);
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("INCR", "never"));
  redisclient_status status = redisclient_pipeline_run(pipeline, &reply, &error);
  refused(status, error, REFUSED[at].argv[0], __LINE__);
  CHECK(!reply);
  redisclient_pipeline_free(pipeline);
  ping();
}

/* Neighbours that begin alike but change nothing are let through. */
static void allowed(void) {
  DO(client, "CLIENT", "ID");
  DO(client, "client", "getname");
  DO(client, "Script", "Exists", "x");
  DO(client, "CLIENT", "TRACKINGINFO");
  DO(client, "SET", "SELECT", "MULTI");
  DO(client, "PUBSUB", "CHANNELS");
  DO(client, "PUBLISH", "c", "m");
}

int main(int argc, char **argv) {
  (void)argc;
  client = open_client(argument(argv, "url"));
  int64_t before = info(client, "stats", "total_commands_processed"), refused_before = info(client, "stats", "total_error_replies");
  int64_t connections = info(client, "stats", "total_connections_received");
  for (size_t at = 0; at < COUNT; at++) {
    by_command(at);
    packed(at);
    for (int atomic = 0; atomic < 2; atomic++) {
      by_pipeline(at, atomic, false);
      by_pipeline(at, atomic, true);
    }
  }
  /* Beside the echoes only the three INFO since the first look. */
  CHECK_INT(info(client, "stats", "total_commands_processed") - before, pings + 3);
  CHECK_INT(info(client, "stats", "total_error_replies"), refused_before);
  CHECK_INT(info(client, "stats", "total_connections_received"), connections);
  redisclient_reply *never = RUN(client, "EXISTS", "never");
  CHECK_INTEGER(never, 0);
  redisclient_reply_free(never);
  allowed();
  ping();
  redisclient_free(client);
  return check_result();
}
