/* A peer that resets the connection at any moment, with the default disposition of SIGPIPE: each way of
 * writing answers an error, and closing TLS writes its goodbye to nobody. */
#include "check.h"
#include <signal.h>

static char large[1 << 20];
static const char *const set[] = {"SET", "k", large};
static const size_t lengths[] = {3, 1, sizeof large};

#define UNCHECKED "retry.count=0&pool.check_after_ms=60000"

static void fails(redisclient_status status) {
  if (status != REDISCLIENT_ETLS) CHECK_INT(status, REDISCLIENT_EDISCONNECTED);
}

/* The server resets right after its last word of the greeting, sometimes sooner than that is read. */
static redisclient *met(const char *url, const char *query) {
  char whole[1024];
  redisclient *client = NULL;
  snprintf(whole, sizeof whole, "%s%c%s", url, strchr(url, '?') ? '&' : '?', query);
  for (int tries = 0; !client && tries < 100; tries++) redisclient_open(whole, NULL, &client, NULL);
  REQUIRE(client);
  pause_ms(10);
  return client;
}

static redisclient_connection *met_by_hand(const char *url) {
  redisclient_connection *connection = NULL;
  for (int tries = 0; !connection && tries < 100; tries++) redisclient_connection_open(url, NULL, &connection, NULL);
  REQUIRE(connection);
  pause_ms(10);
  return connection;
}

static void one_command(const char *url) {
  redisclient *client = met(url, UNCHECKED);
  fails(redisclient_command(client, REDISCLIENT_ARGS("SET", "k", "v"), NULL, NULL));
  redisclient_free(client);
}

static void large_command(const char *url) {
  redisclient *client = met(url, UNCHECKED);
  fails(redisclient_command(client, 3, set, lengths, NULL, NULL));
  redisclient_free(client);
}

static void pipeline(const char *url, int atomic) {
  redisclient *client = met(url, UNCHECKED);
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_reply *reply = NULL;
  redisclient_pipeline_atomic(pipeline, atomic);
  for (int i = 0; i < 4; i++) redisclient_pipeline_add(pipeline, 3, set, lengths);
  fails(redisclient_pipeline_run(pipeline, &reply, NULL));
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
  redisclient_free(client);
}

static void by_hand(const char *url) {
  redisclient_connection *connection = met_by_hand(url);
  redisclient_status status = REDISCLIENT_OK;
  for (int i = 0; i < 20 && status == REDISCLIENT_OK; i++) {
    redisclient_connection_send(connection, 3, set, lengths, NULL);
    status = redisclient_connection_flush(connection, 20000, NULL);
  }
  fails(status);
  for (int i = 0; i < 3; i++) redisclient_connection_flush(connection, 1000, NULL);
  redisclient_connection_free(connection);
}

/* Never used after the reset: only the close is left to write. */
static void unused(const char *url) {
  redisclient_free(met(url, UNCHECKED));
  redisclient_connection_free(met_by_hand(url));
  redisclient *client = met(url, UNCHECKED);
  redisclient_close(client);
  redisclient_close(client);
  redisclient_free(client);
}

/* The checkout finds it dead and writes a goodbye. */
static void looked_at(const char *url) {
  redisclient *client = met(url, "retry.count=0&pool.check_after_ms=0");
  for (int i = 0; i < 3; i++) redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, NULL);
  redisclient_free(client);
}

/* Reset before or in the middle of the greeting. */
static void greeting(const char *url) {
  redisclient *client = open_with(url, "lazy=yes&retry.count=3&retry.backoff=none");
  for (int i = 0; i < 5; i++) {
    redisclient_error *error = NULL;
    redisclient_status status = redisclient_command(client, REDISCLIENT_ARGS("SET", "k", "v"), NULL, &error);
    if (status != REDISCLIENT_ECONNECT) fails(status); /* reset before the system had told of the connection */
    CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
    redisclient_error_free(error);
  }
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  static const char *const resets[] = {"resets", "resets_unix", "resets_tls"}, *const refuses[] = {"hangs_up", "hangs_up_unix", "hangs_up_tls"};
  signal(SIGPIPE, SIG_DFL);
  memset(large, 'x', sizeof large);
  for (int i = 0; i < 3; i++) {
    if (under("valgrind") && i == 1) continue; /* as TCP */
    const char *url = argument(argv, resets[i]);
    one_command(url);
    large_command(url);
    pipeline(url, 0);
    pipeline(url, 1);
    by_hand(url);
    unused(url);
    looked_at(url);
    greeting(argument(argv, refuses[i]));
  }
  struct sigaction action;
  sigaction(SIGPIPE, NULL, &action);
  CHECK(action.sa_handler == SIG_DFL);
  return check_result();
}
