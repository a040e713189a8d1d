/* Shared links that break under many callers: each is told what became of its command, nothing runs
 * twice, nonsense ends all that wait on that link, and the next call has a new one. */
#include "shared.h"

enum { THREADS = 16 };

static const char *url, *control;
static redisclient *client;
static atomic_bool stop;
static atomic_llong succeeded, unknown, unsent, others;

static void count(redisclient_status status, const redisclient_error *error) {
  int outcome = redisclient_error_outcome(error);
  if (status == REDISCLIENT_OK) atomic_fetch_add(&succeeded, 1);
  else if (outcome == REDISCLIENT_OUTCOME_UNKNOWN) atomic_fetch_add(&unknown, 1);
  else if (outcome == REDISCLIENT_OUTCOME_NOT_SENT) atomic_fetch_add(&unsent, 1);
  else atomic_fetch_add(&others, 1);
}

/* Counts up, and between reads what always succeeds. */
static void *count_up(void *data) {
  struct caller *self = data;
  while (!atomic_load(&stop)) {
    redisclient_error *error = NULL;
    redisclient_status status = redisclient_command(client, REDISCLIENT_ARGS("INCR", "counter"), NULL, &error);
    count(status, error);
    redisclient_error_free(error);
    own_echo(client, self->number, self->done++);
  }
  return NULL;
}

static void audit(redisclient *watcher) {
  redisclient_reply *reply = RUN(watcher, "GET", "counter");
  int64_t value = strtoll(redisclient_reply_text(reply, NULL), NULL, 10), least = atomic_load(&succeeded);
  redisclient_reply_free(reply);
  bool good = CHECK(least <= value) & CHECK(value <= least + atomic_load(&unknown)) & CHECK_INT(atomic_load(&others), 0);
  if (!good || at_length())
    fprintf(stderr, "    counter %" PRId64 ", succeeded %" PRId64 ", unknown %lld, not sent %lld\n", value, least,
            atomic_load(&unknown), atomic_load(&unsent));
}

static int64_t progress(void) {
  return atomic_load(&succeeded);
}

static void begin(const char *query) {
  redisclient *watcher = open_client(url);
  DO(watcher, "SET", "counter", "0");
  redisclient_free(watcher);
  client = open_with(url, query);
  atomic_store(&stop, false);
  atomic_store(&succeeded, 0);
  atomic_store(&unknown, 0);
  atomic_store(&unsent, 0);
  begin_callers(THREADS, count_up);
}

static void end(void) {
  atomic_store(&stop, true);
  join_callers(THREADS);
  redisclient *watcher = open_client(url);
  audit(watcher);
  redisclient_free(watcher);
  redisclient_free(client);
}

static void killed(void) {
  begin("mode=shared&shared.links=2&timeout_ms=300000&retry.count=-1");
  for (int round = 0; round < 2 || (!atomic_load(&unknown) && round < 20); round++) {
    int64_t before = progress();
    WAIT_UNTIL(progress() > before + 50);
    tell_server(control, "kill");
    tell_server(control, "restart");
  }
  int64_t before = progress();
  WAIT_UNTIL(progress() > before + 50);
  CHECK(atomic_load(&unknown) > 0);
  end();
}

static void disturbed(void) {
  redisclient *watcher = open_client(url);
  begin("mode=shared&shared.links=2&timeout_ms=300000&retry.count=-1&retry.cap_ms=10");
  for (int round = 0; round < scaled(200); round++) {
    int64_t before = progress();
    WAIT_UNTIL(progress() > before);
    DO(watcher, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  }
  int64_t before = progress();
  WAIT_UNTIL(progress() > before + 50);
  end();
  redisclient_free(watcher);
}

static atomic_int ended;

static void *set_into_nonsense(void *data) {
  struct caller *self = data;
  char key[32];
  redisclient_error *error = NULL;
  snprintf(key, sizeof key, "key %d", self->number);
  redisclient_status status = redisclient_command(client, REDISCLIENT_ARGS("SET", key, "x"), NULL, &error);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_UNKNOWN);
  check_fails(status, error, REDISCLIENT_EPROTOCOL, "", __FILE__, __LINE__, "SET");
  atomic_fetch_add(&ended, 1);
  return NULL;
}

/* The first connection answers eight commands with what is no protocol. */
static void nonsense(const char *garbage) {
  client = open_with(garbage, "mode=shared&timeout_ms=300000&retry.count=0");
  with_callers(8, set_into_nonsense);
  CHECK_INT(atomic_load(&ended), 8);
  for (int i = 0; i < 20; i++) own_echo(client, 0, i);
  redisclient_free(client);
}

/* A reply too many is nobody's: the link that brought it is not used again. */
static void one_too_many(const char *talkative) {
  client = open_with(talkative, "mode=shared&timeout_ms=300000");
  for (int i = 0; i < 20; i++) own_echo(client, 0, i);
  redisclient_free(client);
}

/* Replies in crumbs, over plain links and TLS. */
static void *echoes(void *data) {
  struct caller *self = data;
  for (int i = 0; i < scaled(100); i++) own_echo(client, self->number, i);
  return NULL;
}

static void crumbs(const char *slowly) {
  client = open_with(slowly, "mode=shared&timeout_ms=300000");
  with_callers(8, echoes);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  control = argument(argv, "control");
  for (const char *const *name = (const char *const[]){"tcp", "tls", NULL}; *name; name++) {
    url = argument(argv, *name);
    killed();
    disturbed();
  }
  nonsense(argument(argv, "garbage"));
  one_too_many(argument(argv, "talkative"));
  crumbs(argument(argv, "slowly"));
  return check_result();
}
