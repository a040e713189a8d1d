/* A cancel fired while a reply arrives, or just after, ends at most the call it was given to: with
 * many threads on few connections and cancels at all moments, each key is answered by its own value,
 * and calls without a cancel always succeed. */
#include "check.h"
#include <pthread.h>
#include <sched.h>

enum { CANCELLING = 6, SPARED = 3, KEYS = 50 };

static redisclient *client;
static atomic_bool stop;
static atomic_int answered, cancelled;

/* The cancel of a call under way; NULL, also while somebody has taken it out to fire it. */
static redisclient_cancel *_Atomic targets[CANCELLING];

static void value_of(int key, char *text) {
  snprintf(text, 32, "value of %d", key);
}

static void own(const redisclient_reply *reply, int key) {
  char value[32];
  value_of(key, value);
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STRING, value);
}

/* One GET, under a cancel that somebody may fire. */
static void get(int thread, int key) {
  char name[32];
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  redisclient_cancel *cancel = redisclient_cancel_new();
  snprintf(name, sizeof name, "k%d", key);
  call.cancel = cancel;
  atomic_store(&targets[thread], cancel);
  redisclient_status status = redisclient_command_call(client, &call, REDISCLIENT_ARGS("GET", name), &reply, &error);
  if (status == REDISCLIENT_OK) {
    own(reply, key);
    atomic_fetch_add(&answered, 1);
  } else if (check_fails(status, error, REDISCLIENT_ECANCELLED, "", __FILE__, __LINE__, "GET under a cancel")) {
    CHECK(!reply);
    atomic_fetch_add(&cancelled, 1);
  }
  redisclient_reply_free(reply);
  while (atomic_exchange(&targets[thread], NULL) != cancel) sched_yield();
  redisclient_cancel_free(cancel);
}

static void *read_and_be_cancelled(void *number) {
  int thread = (int)(intptr_t)number;
  unsigned seed = (unsigned)thread;
  while (!atomic_load(&stop)) get(thread, rand_r(&seed) % KEYS);
  return NULL;
}

/* Nothing here is sent twice, so a connection that somebody's cancel has spoiled is seen. */
static void *never_cancelled(void *number) {
  unsigned seed = 100 + (unsigned)(intptr_t)number;
  char name[32], counter[32];
  snprintf(counter, sizeof counter, "counter %d", (int)(intptr_t)number);
  for (int i = 1; !atomic_load(&stop); i++) {
    int key = rand_r(&seed) % KEYS;
    redisclient_reply *reply = NULL;
    snprintf(name, sizeof name, "k%d", key);
    CHECK_OK(redisclient_command(client, REDISCLIENT_ARGS("GET", name), &reply, &error));
    own(reply, key);
    redisclient_reply_free(reply);
    reply = NULL;
    CHECK_OK(redisclient_command(client, REDISCLIENT_ARGS("INCR", counter), &reply, &error));
    CHECK_INTEGER(reply, i);
    redisclient_reply_free(reply);
  }
  return NULL;
}

/* Takes a target, waits for up to about a round trip, fires, puts it back. */
static void *fire(void *nothing) {
  unsigned seed = 7;
  while (!atomic_load(&stop)) {
    int victim = rand_r(&seed) % CANCELLING;
    redisclient_cancel *cancel = atomic_exchange(&targets[victim], NULL);
    if (!cancel) {
      sched_yield();
      continue;
    }
    for (volatile int wait = rand_r(&seed) % scaled(30000); wait > 0; wait--) {}
    redisclient_cancel_fire(cancel);
    atomic_store(&targets[victim], cancel);
  }
  return nothing;
}

static void one_way(const char *url) {
  pthread_t threads[CANCELLING + SPARED + 1];
  int count = 0, wanted = at_length() ? 10000 : under("plain") ? 1000 : under("valgrind") ? 50 : 200;
  client = open_with(url, "pool.max=4&retry.count=0&pool.check_after_ms=60000");
  DO(client, "FLUSHALL");
  for (int key = 0; key < KEYS; key++) {
    char name[32], value[32];
    snprintf(name, sizeof name, "k%d", key);
    value_of(key, value);
    DO(client, "SET", name, value);
  }
  atomic_store(&stop, false);
  atomic_store(&answered, 0);
  atomic_store(&cancelled, 0);
  for (intptr_t i = 0; i < CANCELLING; i++) REQUIRE(pthread_create(&threads[count++], NULL, read_and_be_cancelled, (void *)i) == 0);
  for (intptr_t i = 0; i < SPARED; i++) REQUIRE(pthread_create(&threads[count++], NULL, never_cancelled, (void *)i) == 0);
  REQUIRE(pthread_create(&threads[count++], NULL, fire, NULL) == 0);
  int64_t start = now_ms();
  while ((atomic_load(&answered) < wanted || atomic_load(&cancelled) < wanted / 4) && now_ms() - start < 120000) pause_ms(1);
  atomic_store(&stop, true);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  CHECK(atomic_load(&answered) >= wanted && atomic_load(&cancelled) >= wanted / 4);
  if (atomic_load(&check_failures) || at_length()) fprintf(stderr, "%s: %d answered, %d cancelled\n", url, atomic_load(&answered), atomic_load(&cancelled));
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  one_way(argument(argv, "url"));
  if (!under("valgrind")) one_way(argument(argv, "tcp")); /* as Unix */
  one_way(argument(argv, "tls"));
  one_way(argument(argv, "slowly"));
  return check_result();
}
