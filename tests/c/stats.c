/* Statistics: as a struct of whatever size and as JSON, after every kind of ending, and after close.
 * fork.c has what a child counts. */
#include "check.h"

static redisclient_stats stats_of(redisclient *client) {
  redisclient_stats stats = REDISCLIENT_STATS_INIT;
  CHECK_OK(redisclient_stats_get(client, &stats, &error));
  CHECK_INT(stats.size, sizeof stats);
  return stats;
}

static void fails(redisclient *client, redisclient_status code, int64_t deadline_ms, size_t argc, const char *const *argv, const size_t *lengths) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.deadline_ms = deadline_ms;
  CHECK_FAILS(redisclient_command_call(client, &call, argc, argv, lengths, NULL, &error), code, "");
}

static void counts(const char *url) {
  redisclient *client = open_with(url, "pool.min=2&pool.max=5");
  redisclient_stats stats = stats_of(client);
  CHECK_INT(stats.connections_opened, 2);
  CHECK_INT(stats.idle, 2);
  CHECK_INT(stats.pool_max, 5);
  CHECK_INT(stats.pool_min, 2);
  CHECK_INT(stats.checkouts, 2);
  CHECK_INT(stats.calls, 0);
  for (int i = 0; i < 10; i++) DO(client, "PING");
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  for (int i = 0; i < 7; i++) redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("PING"));
  CHECK_OK(redisclient_pipeline_run(pipeline, NULL, &error));
  redisclient_pipeline_free(pipeline);
  fails(client, REDISCLIENT_ESERVER, 0, REDISCLIENT_ARGS("NOSUCHCOMMAND"));
  fails(client, REDISCLIENT_ETIMEOUT, 20, REDISCLIENT_ARGS("BLPOP", "nothing", "0"));
  stats = stats_of(client);
  CHECK_INT(stats.calls, 13);
  CHECK_INT(stats.commands, 19);
  CHECK_INT(stats.checkouts, 15);
  CHECK_INT(stats.failures, 2);
  CHECK_INT(stats.timeouts, 1);
  CHECK_INT(stats.errors_capacity, 1);
  CHECK_INT(stats.errors_server, 1);
  CHECK_INT(stats.retries, 0);
  CHECK_INT(stats.closed_broken, 1);
  CHECK_INT(stats.connections_closed, 1);
  CHECK_INT(stats.idle, 1);
  CHECK_INT(stats.in_use, 0);
  CHECK_INT(stats.waiters, 0);
  redisclient_close(client);
  stats = stats_of(client);
  CHECK_INT(stats.closed_client, 1);
  CHECK_INT(stats.connections_closed, 2);
  CHECK_INT(stats.idle, 0);
  fails(client, REDISCLIENT_ECLOSED, 0, REDISCLIENT_ARGS("PING"));
  CHECK_INT(stats_of(client).errors_caller, 1);
  redisclient_free(client);
}

static void connects_in_vain(const char *url) {
  redisclient *client = open_with(url, "lazy=yes&retry.count=2&retry.backoff=none");
  fails(client, REDISCLIENT_ECONNECT, 0, REDISCLIENT_ARGS("PING"));
  redisclient_stats stats = stats_of(client);
  CHECK_INT(stats.connect_failures, 3);
  CHECK_INT(stats.retries, 2);
  CHECK_INT(stats.errors_connection, 1);
  CHECK_INT(stats.connections_opened, 0);
  CHECK_INT(stats.in_use, 0);
  redisclient_free(client);
}

/* A program built with an older or a newer header than the library. */
static void sizes(redisclient *client) {
  struct {
    redisclient_stats known;
    uint64_t later[4];
  } wide;
  memset(&wide, 0xAA, sizeof wide);
  wide.known.size = offsetof(redisclient_stats, connections_closed);
  CHECK_OK(redisclient_stats_get(client, &wide.known, &error));
  CHECK_INT(wide.known.connections_opened, 1);
  CHECK_INT(wide.known.size, offsetof(redisclient_stats, connections_closed));
  CHECK(wide.known.connections_closed == 0xAAAAAAAAAAAAAAAA);
  wide.known.size = sizeof wide.known.size;
  CHECK_OK(redisclient_stats_get(client, &wide.known, &error));
  CHECK(wide.known.connections_closed == 0xAAAAAAAAAAAAAAAA);
  wide.known.size = sizeof wide - sizeof(uint64_t);
  CHECK_OK(redisclient_stats_get(client, &wide.known, &error));
  CHECK_INT(wide.known.size, sizeof wide - sizeof(uint64_t));
  CHECK(wide.later[0] == 0 && wide.later[2] == 0 && wide.later[3] == 0xAAAAAAAAAAAAAAAA);
  static const size_t bad[] = {0, 1, sizeof(size_t) - 1, 4097, SIZE_MAX};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    redisclient_stats stats = REDISCLIENT_STATS_INIT;
    stats.size = bad[i];
    CHECK_FAILS(redisclient_stats_get(client, &stats, &error), REDISCLIENT_EINVAL, "size");
    CHECK(stats.size == bad[i] && stats.connections_opened == 0);
  }
}

static void json(redisclient *client, const char *url) {
  char text[4096], part[160], small[10];
  size_t length = redisclient_stats_json(client, NULL, 0);
  CHECK(length > 500 && length < sizeof text);
  CHECK_INT(redisclient_stats_json(client, text, sizeof text), length);
  CHECK_INT(strlen(text), length);
  CHECK(text[0] == '{' && text[length - 1] == '}');
  snprintf(part, sizeof part, "{\"version\":\"%s\",\"node\":\"%s\",", redisclient_version(), strstr(url, "//") + 2);
  CHECK_CONTAINS(text, part);
  CHECK_CONTAINS(text, ",\"connections_opened\":1,");
  CHECK_CONTAINS(text, ",\"pool_max\":100,");
  CHECK_CONTAINS(text, ",\"circuit_refused\":0}");
  memset(small, 'x', sizeof small);
  CHECK_INT(redisclient_stats_json(client, small, 9), length);
  CHECK(memcmp(small, "{\"versio\0x", 10) == 0);
  CHECK_INT(redisclient_stats_json(client, small, 1), length);
  CHECK(small[0] == '\0');
  memset(small, 'x', sizeof small);
  CHECK_INT(redisclient_stats_json(client, small, 0), length);
  CHECK(small[0] == 'x');
}

int main(int argc, char **argv) {
  (void)argc;
  const char *url = argument(argv, "tcp");
  counts(url);
  counts(argument(argv, "url"));
  connects_in_vain(argument(argv, "nobody"));
  redisclient *client = open_client(url);
  sizes(client);
  json(client, url);
  redisclient_free(client);
  return check_result();
}
