/* mode=shared: many threads on one client over few connections. Each reply is the caller's own, whatever
 * the others do: errors, pipelines, large values, commands that block. */
#include "shared.h"

enum { THREADS = 32 };

static redisclient *client, *watcher;
static const char *url;
static bool secure;

static int rounds(void) {
  int count = at_length() ? 20000 : under("plain") ? 600 : under("valgrind") ? 10 : 100;
  return secure ? (count + 3) / 4 : count;
}

/* Keys of its own, a counter of its own, an error of its own. */
static void *ticketed(void *data) {
  struct caller *self = data;
  char key[64], value[64], counter[64];
  snprintf(counter, sizeof counter, "counter %d", self->number);
  for (int i = 1; i <= rounds(); i++) {
    snprintf(key, sizeof key, "key %d of %d", i % 50, self->number);
    snprintf(value, sizeof value, "value %d of %d", i, self->number);
    EXPECT(client, REDISCLIENT_REPLY_STATUS, "OK", "SET", key, value);
    EXPECT(client, REDISCLIENT_REPLY_STRING, value, "GET", key);
    redisclient_reply *reply = RUN(client, "INCR", counter);
    CHECK_INTEGER(reply, i);
    redisclient_reply_free(reply);
    if (i % 16 == 0) CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("INCR", key), NULL, &error), REDISCLIENT_ESERVER, "integer");
    self->done++;
  }
  return NULL;
}

static int64_t received(void) {
  return info(watcher, "stats", "total_connections_received");
}

static void few_connections(int links, const char *more) {
  char query[128];
  snprintf(query, sizeof query, "mode=shared&shared.links=%d&timeout_ms=300000%s", links, more);
  int64_t before = received(), open_before = info(watcher, "clients", "connected_clients");
  DO(watcher, "FLUSHALL");
  client = open_with(url, query);
  begin_callers(THREADS, ticketed);
  CHECK(info(watcher, "clients", "connected_clients") - open_before <= links);
  join_callers(THREADS);
  for (int i = 0; i < THREADS; i++) CHECK_INT(callers[i].done, rounds());
  CHECK(received() - before <= links);
  CHECK(received() - before >= 1);
  redisclient_free(client);
  WAIT_UNTIL(info(watcher, "clients", "connected_clients") == open_before);
}

/* The pops wait on connections of their own; the link goes on, and is the same afterwards. */
static void *pop(void *data) {
  struct caller *self = data;
  char list[32], value[32];
  snprintf(list, sizeof list, "list %d", self->number);
  snprintf(value, sizeof value, "pushed to %d", self->number);
  redisclient_reply *reply = RUN(client, "BLPOP", list, "0");
  CHECK_REPLY(redisclient_reply_at(reply, 1), REDISCLIENT_REPLY_STRING, value);
  redisclient_reply_free(reply);
  self->done = 1;
  return NULL;
}

static void blocking(void) {
  enum { POPS = 8 };
  client = open_with(url, "mode=shared&timeout_ms=300000");
  int64_t id = link_of(client);
  begin_callers(POPS, pop);
  WAIT_UNTIL(info(watcher, "clients", "blocked_clients") == POPS);
  for (int i = 0; i < 100; i++) own_echo(client, 99, i);
  CHECK_INT(link_of(client), id);
  for (int i = 0; i < POPS; i++) {
    char list[32], value[32];
    snprintf(list, sizeof list, "list %d", i);
    snprintf(value, sizeof value, "pushed to %d", i);
    DO(client, "LPUSH", list, value);
  }
  join_callers(POPS);
  CHECK_INT(link_of(client), id);
  redisclient_free(client);
}

enum { MEBIBYTE = 1 << 20 };

/* Large values of its own both ways, beside small ones of others. */
static void *large(void *data) {
  struct caller *self = data;
  if (self->number % 2) {
    for (int i = 0; i < rounds(); i++) own_echo(client, self->number, i);
    return NULL;
  }
  char *value = malloc(MEBIBYTE), key[32];
  snprintf(key, sizeof key, "large %d", self->number);
  for (int i = 0; i < (under("plain") ? 10 : 2); i++) {
    memset(value, 'A' + (self->number + i) % 26, MEBIBYTE);
    CHECK_OK(redisclient_command(client, 3, (const char *[]){"SET", key, value}, (size_t[]){3, strlen(key), MEBIBYTE}, NULL, &error));
    redisclient_reply *reply = RUN(client, "GET", key);
    check_reply(reply, REDISCLIENT_REPLY_STRING, value, MEBIBYTE, __FILE__, __LINE__);
    redisclient_reply_free(reply);
  }
  free(value);
  return NULL;
}

/* Pipelines, plain and atomic, keep together what is theirs. */
static void *pipelines(void *data) {
  struct caller *self = data;
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  for (int i = 0; i < (rounds() + 9) / 10; i++) {
    char marks[10][64];
    redisclient_reply *reply = NULL;
    for (int at = 0; at < 10; at++) {
      snprintf(marks[at], sizeof marks[at], "thread %d, run %d, at %d", self->number, i, at);
      redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("ECHO", marks[at]));
    }
    redisclient_pipeline_atomic(pipeline, (self->number + i) % 2);
    CHECK_OK(redisclient_pipeline_run(pipeline, &reply, &error));
    CHECK_INT(redisclient_reply_count(reply), 10);
    for (size_t at = 0; at < 10; at++) CHECK_REPLY(redisclient_reply_at(reply, at), REDISCLIENT_REPLY_STRING, marks[at]);
    redisclient_reply_free(reply);
  }
  redisclient_pipeline_free(pipeline);
  return NULL;
}

static void *mixed(void *data) {
  struct caller *self = data;
  return self->number % 4 == 0 ? pipelines(data) : self->number % 4 == 1 ? ticketed(data) : large(data);
}

/* What would change the link for everybody is refused, also while others use it. */
static void *forbidden(void *data) {
  struct caller *self = data;
  for (int i = 0; i < rounds(); i++) {
    if (self->number == 0) CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("SELECT", "1"), NULL, &error), REDISCLIENT_ESTATE, "");
    else if (self->number == 1) CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("multi"), NULL, &error), REDISCLIENT_ESTATE, "");
    else own_echo(client, self->number, i);
  }
  return NULL;
}

static void together(int count, void *(*call)(void *), const char *query) {
  client = open_with(url, query);
  DO(watcher, "FLUSHALL");
  with_callers(count, call);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  watcher = open_client(argument(argv, "url"));
  for (const char *const *name = (const char *const[]){"url", "tcp", "tls", NULL}; *name; name++) {
    url = argument(argv, *name);
    secure = strcmp(*name, "tls") == 0;
    few_connections(1, "");
    few_connections(3, "");
    if (secure || under("plain")) few_connections(2, "&protocol=2");
    blocking();
    together(8, large, "mode=shared&timeout_ms=300000");
    together(8, pipelines, "mode=shared&timeout_ms=300000");
    together(16, mixed, "mode=shared&shared.links=2&timeout_ms=300000");
    together(6, forbidden, "mode=shared&timeout_ms=300000");
  }
  redisclient_free(watcher);
  return check_result();
}
