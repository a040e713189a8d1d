/* Options of an open client: what can be changed, what follows for callers that wait and for
 * connections there are, and how a wrong change is refused. */
#include "check.h"
#include <pthread.h>

static void set(redisclient *client, const char *name, const char *value) {
  CHECK_OK(redisclient_set(client, name, value, &error));
}

static redisclient_stats stats_of(redisclient *client) {
  redisclient_stats stats = REDISCLIENT_STATS_INIT;
  CHECK_OK(redisclient_stats_get(client, &stats, &error));
  return stats;
}

static void refused(redisclient *client, const char *name, const char *value, const char *part) {
  CHECK_FAILS(redisclient_set(client, name, value, &error), REDISCLIENT_EOPTION, part);
}

static void names(redisclient *client) {
  static const char *const live[][2] = {
      {"pool.max", "50"},         {"pool.min", "1"},         {"pool.wait_ms", "1000"},  {"pool.wait_ms", "-1"},
      {"pool.order", "fifo"},     {"pool.order", "lifo"},    {"pool.max_idle_ms", "60000"}, {"pool.max_age_ms", "60000"},
      {"pool.check_after_ms", "0"}, {"retry.count", "-1"},   {"retry.count", "3"},      {"retry.unsafe", "no"},
      {"retry.backoff", "none"},  {"retry.base_ms", "1"},    {"retry.cap_ms", "2"},     {"timeout_ms", "4000"},
      {"connect_timeout_ms", "3000"}, {"health_check_ms", "60000"},
  };
  for (size_t i = 0; i < sizeof live / sizeof *live; i++) set(client, live[i][0], live[i][1]);
  static const char *const fixed[] = {"db", "username", "password", "protocol", "lazy", "client_name", "limits.depth", "tls.verify", "cache"};
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) refused(client, fixed[i], "1", "is fixed when the client is opened");
  refused(client, "pool.max", "0", "it takes a number from 1");
  refused(client, "pool.max", "", "an empty value");
  refused(client, "pool.order", "random", "lifo or fifo");
  refused(client, "timeout_ms", "5s", "milliseconds");
  refused(client, "pool.size", "1", "unknown");
  refused(client, "pool.min", "51", "pool.max is 50");
  refused(client, "", "1", "empty");
  CHECK_INT(stats_of(client).pool_max, 50);
  EXPECT(client, REDISCLIENT_REPLY_STATUS, "PONG", "PING");
}

static void refused_at_open(const char *url) {
  char whole[512];
  redisclient *client = NULL;
  snprintf(whole, sizeof whole, "%s?pool.max=2&pool.min=3", url);
  CHECK_FAILS(redisclient_open(whole, NULL, &client, &error), REDISCLIENT_EOPTION, "pool.min is 3 and pool.max is 2");
  CHECK(!client);
}

enum { CALLERS = 8 };

static void *pop(void *client) {
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_command(client, REDISCLIENT_ARGS("BLPOP", "gate", "0"), &reply, &error));
  redisclient_reply_free(reply);
  return NULL;
}

/* The most goes up under callers who wait, and down under connections that are out. */
static void size(redisclient *watcher, const char *url) {
  redisclient *client = open_with(url, "pool.max=1");
  pthread_t callers[CALLERS];
  for (int i = 0; i < CALLERS; i++) REQUIRE(pthread_create(&callers[i], NULL, pop, client) == 0);
  WAIT_UNTIL(stats_of(client).waiters == CALLERS - 1);
  set(client, "pool.max", "4");
  WAIT_UNTIL(info(watcher, "clients", "blocked_clients") == 4);
  CHECK_INT(stats_of(client).waiters, CALLERS - 4);
  set(client, "pool.max", "100");
  WAIT_UNTIL(info(watcher, "clients", "blocked_clients") == CALLERS);
  CHECK_INT(stats_of(client).waiters, 0);
  set(client, "pool.max", "2");
  CHECK_INT(stats_of(client).in_use, CALLERS);
  for (int i = 0; i < CALLERS; i++) DO(watcher, "RPUSH", "gate", "open");
  for (int i = 0; i < CALLERS; i++) pthread_join(callers[i], NULL);
  redisclient_stats stats = stats_of(client);
  CHECK_INT(stats.idle, 2);
  CHECK_INT(stats.closed_trimmed, CALLERS - 2);
  WAIT_UNTIL(info(watcher, "clients", "connected_clients") == 3);
  set(client, "pool.max", "1");
  CHECK_INT(stats_of(client).idle, 1);
  WAIT_UNTIL(info(watcher, "clients", "connected_clients") == 2);
  redisclient_free(client);
}

static atomic_bool over;

static void *turn(void *client) {
  static const char *const sizes[] = {"1", "3", "2", "6"};
  for (size_t i = 0; !atomic_load(&over); i++) {
    set(client, "pool.max", sizes[i % 4]);
    set(client, "retry.count", sizes[i % 4]);
  }
  return NULL;
}

static void *call(void *client) {
  char mark[32];
  for (int i = 0; i < scaled(200); i++) {
    snprintf(mark, sizeof mark, "%d", i);
    EXPECT(client, REDISCLIENT_REPLY_STRING, mark, "ECHO", mark);
  }
  return NULL;
}

/* Callers go on, each with its own replies, while options change. */
static void under_load(const char *url) {
  redisclient *client = open_client(url);
  pthread_t turning, callers[CALLERS];
  REQUIRE(pthread_create(&turning, NULL, turn, client) == 0);
  for (int i = 0; i < CALLERS; i++) REQUIRE(pthread_create(&callers[i], NULL, call, client) == 0);
  for (int i = 0; i < CALLERS; i++) pthread_join(callers[i], NULL);
  atomic_store(&over, true);
  pthread_join(turning, NULL);
  redisclient_stats stats = stats_of(client);
  CHECK_INT(stats.failures, 0);
  CHECK_INT(stats.connections_opened - stats.connections_closed, stats.idle);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *url = argument(argv, "url");
  redisclient *changed = open_client(url), *watcher = open_client(url);
  names(changed);
  redisclient_free(changed);
  refused_at_open(url);
  size(watcher, url);
  under_load(url);
  redisclient_close(watcher);
  CHECK_FAILS(redisclient_set(watcher, "pool.max", "1", &error), REDISCLIENT_ECLOSED, "");
  redisclient_free(watcher);
  return check_result();
}
