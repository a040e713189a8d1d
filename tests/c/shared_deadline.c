/* Shared links and calls that end before their reply comes: by deadline, cancel, close or a full line.
 * One caller's end hurts no other, the link stays, and a late reply is given to nobody. */
#include "shared.h"

static const char *url, *control;
static redisclient *client;
static redisclient_cancel *cancel;
static atomic_int ended;

/* Odd callers have a short deadline, even ones wait as long as it takes. */
static void *some_in_haste(void *data) {
  struct caller *self = data;
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_reply *reply = NULL;
  char mark[64];
  snprintf(mark, sizeof mark, "caller %d", self->number);
  call.deadline_ms = self->number % 2 ? 150 : 120000;
  int64_t start = now_ms();
  if (self->number % 2) {
    redisclient_error *error = NULL;
    redisclient_status status = redisclient_command_call(client, &call, REDISCLIENT_ARGS("ECHO", mark), &reply, &error);
    int outcome = redisclient_error_outcome(error);
    CHECK(outcome == REDISCLIENT_OUTCOME_UNKNOWN || outcome == REDISCLIENT_OUTCOME_NOT_SENT);
    check_fails(status, error, REDISCLIENT_ETIMEOUT, "", __FILE__, __LINE__, "ECHO in haste");
    CHECK(!reply);
    int64_t took = now_ms() - start;
    CHECK(took >= 140 && took < 15000);
    atomic_fetch_add(&ended, 1);
  } else {
    CHECK_OK(redisclient_command_call(client, &call, REDISCLIENT_ARGS("ECHO", mark), &reply, &error));
    CHECK_REPLY(reply, REDISCLIENT_REPLY_STRING, mark);
  }
  redisclient_reply_free(reply);
  return NULL;
}

static void deadlines(void) {
  client = open_with(url, "mode=shared&timeout_ms=300000&retry.count=0");
  int64_t id = link_of(client);
  for (int round = 0; round < 3; round++) {
    atomic_store(&ended, 0);
    tell_server(control, "pause");
    begin_callers(32, some_in_haste);
    WAIT_UNTIL(atomic_load(&ended) == 16);
    tell_server(control, "resume");
    join_callers(32);
    for (int i = 0; i < 50; i++) own_echo(client, round, i);
    CHECK_INT(link_of(client), id);
  }
  redisclient_free(client);
}

/* Fired before, it ends the call at once, and nothing is sent. */
static void cancelled_before(void) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  client = open_with(url, "mode=shared&timeout_ms=300000&retry.count=0");
  call.cancel = redisclient_cancel_new();
  redisclient_cancel_fire(call.cancel);
  for (int stopped = 0; stopped < 2; stopped++) {
    if (stopped) tell_server(control, "pause");
    int64_t start = now_ms();
    for (int i = 0; i < (stopped ? 5 : 200); i++) {
      redisclient_error *error = NULL;
      redisclient_status status = redisclient_command_call(client, &call, REDISCLIENT_ARGS("INCR", "cancelled"), NULL, &error);
      CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
      check_fails(status, error, REDISCLIENT_ECANCELLED, "", __FILE__, __LINE__, "INCR");
    }
    CHECK(now_ms() - start < 10000);
    if (stopped) tell_server(control, "resume");
  }
  redisclient_cancel_free(call.cancel);
  EXPECT(client, REDISCLIENT_REPLY_NIL, "", "GET", "cancelled");
  redisclient_free(client);
}

static void *wait_for_cancel(void *data) {
  struct caller *self = data;
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_reply *reply = NULL;
  char mark[64];
  snprintf(mark, sizeof mark, "caller %d", self->number);
  if (self->number % 2) call.cancel = cancel;
  if (self->number % 2) CHECK_FAILS(redisclient_command_call(client, &call, REDISCLIENT_ARGS("ECHO", mark), &reply, &error), REDISCLIENT_ECANCELLED, "");
  else CHECK_OK(redisclient_command_call(client, &call, REDISCLIENT_ARGS("ECHO", mark), &reply, &error));
  if (self->number % 2) CHECK(!reply);
  else CHECK_REPLY(reply, REDISCLIENT_REPLY_STRING, mark);
  atomic_fetch_add(&ended, self->number % 2);
  redisclient_reply_free(reply);
  return NULL;
}

static void cancels(void) {
  client = open_with(url, "mode=shared&timeout_ms=300000&retry.count=0");
  int64_t id = link_of(client);
  for (int round = 0; round < 5; round++) {
    cancel = redisclient_cancel_new();
    atomic_store(&ended, 0);
    tell_server(control, "pause");
    begin_callers(16, wait_for_cancel);
    pause_ms(round * 20); /* some may not be under way yet: fired before is fine too */
    int64_t start = now_ms();
    redisclient_cancel_fire(cancel);
    WAIT_UNTIL(atomic_load(&ended) == 8);
    CHECK(now_ms() - start < 10000);
    tell_server(control, "resume");
    join_callers(16);
    redisclient_cancel_free(cancel);
    for (int i = 0; i < 50; i++) own_echo(client, round, i);
    CHECK_INT(link_of(client), id);
  }
  redisclient_free(client);
}

enum { POPS = 8, WAITERS = 32 };

static void *wait_for_close(void *data) {
  struct caller *self = data;
  const char *const pop[] = {"BLPOP", "nobody pushes", "0"}, *const echo[] = {"ECHO", "x"};
  bool pops = self->number < POPS;
  CHECK_FAILS(redisclient_command(client, pops ? 3 : 2, pops ? pop : echo, NULL, NULL, &error), REDISCLIENT_ECLOSED, "");
  return NULL;
}

/* Those on the link, and those who block on connections of their own. */
static void close_ends_all(void) {
  redisclient *watcher = open_client(url);
  int64_t before = info(watcher, "clients", "connected_clients");
  client = open_with(url, "mode=shared&timeout_ms=300000");
  begin_some(0, POPS, wait_for_close);
  WAIT_UNTIL(info(watcher, "clients", "blocked_clients") == POPS);
  tell_server(control, "pause");
  begin_some(POPS, WAITERS, wait_for_close);
  pause_ms(50); /* one that begins later is told the same */
  int64_t start = now_ms();
  redisclient_close(client);
  join_callers(WAITERS);
  CHECK(now_ms() - start < 10000);
  CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECLOSED, "");
  tell_server(control, "resume");
  redisclient_free(client);
  WAIT_UNTIL(info(watcher, "clients", "connected_clients") == before);
  redisclient_free(watcher);
}

static atomic_int refused, served;

static void *crowd(void *data) {
  struct caller *self = data;
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  char mark[64];
  snprintf(mark, sizeof mark, "one of many: %d", self->number);
  redisclient_status status = redisclient_command(client, REDISCLIENT_ARGS("ECHO", mark), &reply, &error);
  if (status == REDISCLIENT_OK) {
    CHECK_REPLY(reply, REDISCLIENT_REPLY_STRING, mark);
    atomic_fetch_add(&served, 1);
  } else {
    CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
    check_fails(status, error, REDISCLIENT_EFULL, "", __FILE__, __LINE__, "ECHO in a crowd");
    atomic_fetch_add(&refused, 1);
  }
  redisclient_reply_free(reply);
  return NULL;
}

/* So many calls may be under way; the others are told so at once, and served when there is room. */
static void full(void) {
  enum { ROOM = 10, CROWD = 32 };
  client = open_with(url, "mode=shared&timeout_ms=300000&limits.in_flight=10");
  own_echo(client, 0, 0);
  atomic_store(&refused, 0);
  atomic_store(&served, 0);
  tell_server(control, "pause");
  begin_callers(CROWD, crowd);
  WAIT_UNTIL(atomic_load(&refused) == CROWD - ROOM);
  CHECK_INT(atomic_load(&served), 0);
  tell_server(control, "resume");
  join_callers(CROWD);
  CHECK_INT(atomic_load(&served), ROOM);
  for (int i = 0; i < 50; i++) own_echo(client, 0, i);
  redisclient_free(client);
}

/* A server that never says anything again costs the link: some time later another one serves. */
static void long_silence(const char *silent) {
  client = open_with(silent, "mode=shared&timeout_ms=1000");
  bool served = false;
  for (int64_t start = now_ms(); !served && now_ms() - start < 60000;) {
    redisclient_error *error = NULL;
    redisclient_status status = redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error);
    CHECK(status == REDISCLIENT_OK || status == REDISCLIENT_ETIMEOUT || status == REDISCLIENT_EDISCONNECTED);
    served = status == REDISCLIENT_OK;
    redisclient_error_free(error);
  }
  CHECK(served);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  control = argument(argv, "control");
  for (const char *const *name = (const char *const[]){"url", "tls", NULL}; *name; name++) {
    url = argument(argv, *name);
    deadlines();
    cancelled_before();
    cancels();
    close_ends_all();
    full();
  }
  long_silence(argument(argv, "silent"));
  return check_result();
}
