/* Cancel, close and free end a call at once, whatever it waits for, and its error says what that was.
 * Blocked calls and ended ones use no processor time. */
#include "check.h"
#include <pthread.h>

enum { CALLERS = 3 };
enum way { CANCEL, CLOSE, FREE, WAYS };

struct place {
  const char *name, *url, *query, *phase; /* part of the error's text */
  int outcome;
  bool large; /* more than any socket takes */
};

struct caller {
  pthread_t thread;
  redisclient *client;
  redisclient_cancel *cancel;
  const struct place *place;
  redisclient_status wanted;
  int64_t ended;
  bool there; /* it had got to where it was to be ended: the error names the phase */
};

static char large[32 << 20];

static void *call(void *data) {
  struct caller *self = data;
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_error *error = NULL;
  const char *const pop[] = {"BLPOP", "never", "0"}, *const set[] = {"SET", "key", large};
  call.deadline_ms = -1;
  call.cancel = self->cancel;
  redisclient_status status = redisclient_command_call(self->client, &call, 3, self->place->large ? set : pop,
                                                       self->place->large ? (const size_t[]){3, 3, sizeof large} : NULL, NULL, &error);
  self->ended = now_ms();
  int outcome = redisclient_error_outcome(error);
  CHECK(outcome == REDISCLIENT_OUTCOME_UNKNOWN || outcome == REDISCLIENT_OUTCOME_NOT_SENT);
  self->there = strstr(redisclient_error_message(error), self->place->phase) && outcome == self->place->outcome;
  check_fails(status, error, self->wanted, "", __FILE__, __LINE__, self->place->name);
  return NULL;
}

/* In a longer window where that shows one at work: getting to where one waits may take some. */
static void idle(const char *what, const char *name, enum way way) {
  if (way != CLOSE || !under("plain")) return; /* tools work for themselves */
  int64_t used = 25;
  for (int64_t window = 50; used >= 25 && window <= 1600; window *= 2) {
    int64_t before = cpu_ms();
    pause_ms(window);
    used = cpu_ms() - before;
  }
  if (!CHECK(used < 25)) fprintf(stderr, "    %s: %s\n", name, what);
}

static uint64_t begun(redisclient *client) {
  redisclient_stats stats = REDISCLIENT_STATS_INIT;
  CHECK_OK(redisclient_stats_get(client, &stats, &error));
  return stats.calls;
}

/* Gives the calls so long to get there; answers whether one had, and how long the slowest took to end. */
static bool end_calls(const struct place *place, enum way way, int64_t patience, int64_t *slowest) {
  redisclient *client = open_with(place->url, place->query);
  redisclient_cancel *cancel = redisclient_cancel_new();
  struct caller callers[CALLERS];
  for (int i = 0; i < CALLERS; i++) {
    callers[i] = (struct caller){.client = client, .cancel = cancel, .place = place, .wanted = way == CANCEL ? REDISCLIENT_ECANCELLED : REDISCLIENT_ECLOSED};
    REQUIRE(pthread_create(&callers[i].thread, NULL, call, &callers[i]) == 0);
  }
  WAIT_UNTIL(begun(client) == CALLERS); /* none may begin after free */
  pause_ms(patience);
  idle("while blocked", place->name, way);
  int64_t start = now_ms();
  if (way == CANCEL) redisclient_cancel_fire(cancel);
  else if (way == CLOSE) redisclient_close(client);
  else redisclient_free(client);
  bool there = false;
  *slowest = 0;
  for (int i = 0; i < CALLERS; i++) {
    pthread_join(callers[i].thread, NULL);
    int64_t took = callers[i].ended - start;
    if (!CHECK(took < 20000) || at_length()) fprintf(stderr, "    %s: %" PRId64 " ms\n", place->name, took);
    if (took > *slowest) *slowest = took;
    there |= callers[i].there;
  }
  idle("afterwards", place->name, way);
  if (way != FREE) redisclient_free(client);
  redisclient_cancel_free(cancel);
  return there;
}

/* A busy machine may make any one try slow, but not each. */
static void end_somewhere(const struct place *place, enum way way) {
  bool there = false, at_once = false;
  for (int64_t patience = 25; !(there && at_once) && patience < 5000; patience *= 4) {
    int64_t slowest = 0;
    there |= end_calls(place, way, patience, &slowest);
    at_once |= slowest < (under("valgrind") ? 10000 : 1000);
  }
  if (!CHECK(there)) fprintf(stderr, "    no error of %s says \"%s\"\n", place->name, place->phase);
  if (!CHECK(at_once)) fprintf(stderr, "    the calls of %s end late\n", place->name);
}

int main(int argc, char **argv) {
  (void)argc;
  enum { NOT_SENT = REDISCLIENT_OUTCOME_NOT_SENT, UNKNOWN = REDISCLIENT_OUTCOME_UNKNOWN };
  const struct place places[] = {
    {"queue", argument(argv, "tcp"), "pool.max=1", "while waiting for a pooled connection", NOT_SENT, false},
    {"connect, TCP", argument(argv, "hole"), "lazy=yes&connect_timeout_ms=-1", "while connecting", NOT_SENT, false},
    {"connect, Unix", argument(argv, "unix_hole"), "lazy=yes&connect_timeout_ms=-1", "while connecting", NOT_SENT, false},
    {"TLS handshake", argument(argv, "mute_tls"), "lazy=yes&connect_timeout_ms=-1", "during the TLS handshake", NOT_SENT, false},
    {"handshake, TCP", argument(argv, "mute"), "lazy=yes&connect_timeout_ms=-1", "during the handshake", NOT_SENT, false},
    {"send, TCP", argument(argv, "deaf"), "db=0", "while sending", UNKNOWN, true},
    {"send, Unix", argument(argv, "deaf_unix"), "db=0", "while sending", UNKNOWN, true},
    {"send, TLS", argument(argv, "deaf_tls"), "db=0", "while sending", UNKNOWN, true},
    {"receive, TCP", argument(argv, "tcp"), "db=0", "while waiting for the reply", UNKNOWN, false},
    {"receive, Unix", argument(argv, "url"), "db=0", "while waiting for the reply", UNKNOWN, false},
    {"receive, TLS", argument(argv, "tls"), "db=0", "while waiting for the reply", UNKNOWN, false},
    {"backoff", argument(argv, "nobody"), "lazy=yes&retry.count=-1&retry.base_ms=60000&retry.cap_ms=60000", "while pausing before the next attempt", NOT_SENT, false},
  };
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    for (enum way way = CANCEL; way < WAYS; way++)
      if (!under("valgrind") || i % WAYS == way) end_somewhere(&places[i], way);
  return check_result();
}
