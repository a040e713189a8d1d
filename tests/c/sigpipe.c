/* A server that goes away while we write: an error, never a signal, with the default disposition. */
#include "check.h"
#include <signal.h>

enum { CONNECTIONS = 8 };

static char large[1 << 20];

static void run_large(redisclient *client) {
  const char *const argv[] = {"SET", "k", large};
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_reply *reply = NULL;
  for (int i = 0; i < 8; i++) redisclient_pipeline_add(pipeline, 3, argv, (const size_t[]){3, 1, sizeof large});
  CHECK(redisclient_pipeline_run(pipeline, &reply, NULL) != REDISCLIENT_OK);
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
}

/* Writes until the connection says that its peer is gone. */
static void write_by_hand(redisclient_connection *connection) {
  redisclient_status status = REDISCLIENT_OK;
  const char *const argv[] = {"SET", "k", large};
  for (int i = 0; i < 20 && status != REDISCLIENT_EDISCONNECTED; i++) {
    redisclient_connection_send(connection, 3, argv, (const size_t[]){3, 1, sizeof large}, NULL);
    status = redisclient_connection_flush(connection, 20000, NULL);
  }
  CHECK_INT(status, REDISCLIENT_EDISCONNECTED);
}

static void after_the_end(const char *url) {
  char query[] = "retry.count=1&retry.backoff=none&pool.check_after_ms=60000";
  redisclient *clients[CONNECTIONS], *last = open_with(url, query);
  redisclient_connection *by_hand[2] = {NULL, NULL};
  for (int i = 0; i < CONNECTIONS; i++) clients[i] = open_with(url, query);
  for (int i = 0; i < 2; i++) by_hand[i] = open_connection(url);
  redisclient_error *error = NULL;
  CHECK(redisclient_command(last, REDISCLIENT_ARGS("SHUTDOWN", "NOSAVE"), NULL, &error) != REDISCLIENT_OK);
  redisclient_error_free(error);
  for (int i = 0; i < 2; i++) write_by_hand(by_hand[i]);
  for (int i = 0; i < CONNECTIONS; i++) {
    error = NULL;
    if (i % 2) run_large(clients[i]);
    else CHECK(redisclient_command(clients[i], REDISCLIENT_ARGS("SET", "k", "v"), NULL, &error) != REDISCLIENT_OK);
    redisclient_error_free(error);
    CHECK_FAILS(redisclient_command(clients[i], REDISCLIENT_ARGS("SET", "k", "v"), NULL, &error), REDISCLIENT_ECONNECT, "");
    redisclient_free(clients[i]);
  }
  redisclient_connection_free(by_hand[0]);
  redisclient_connection_free(by_hand[1]);
  redisclient_free(last);
}

int main(int argc, char **argv) {
  (void)argc;
  signal(SIGPIPE, SIG_DFL);
  after_the_end(argument(argv, "doomed_tcp"));
  after_the_end(argument(argv, "doomed_unix"));
  after_the_end(argument(argv, "doomed_tls"));
  struct sigaction action;
  sigaction(SIGPIPE, NULL, &action);
  CHECK(action.sa_handler == SIG_DFL);
  return check_result();
}
