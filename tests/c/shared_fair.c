/* On a shared link nobody starves: of many threads that call without pause each gets its share, and a
 * thread that calls now and then is served soon. */
#include "shared.h"

static redisclient *client;
static atomic_bool stop;
static atomic_int ready;

static void *call(void *data) {
  struct caller *self = data;
  atomic_fetch_add(&ready, 1);
  while (!atomic_load(&stop)) own_echo(client, self->number, self->done++);
  return NULL;
}

static void shares(const char *url, const char *query, int count) {
  client = open_with(url, query);
  atomic_store(&stop, false);
  atomic_store(&ready, 0);
  begin_callers(count, call);
  WAIT_UNTIL(atomic_load(&ready) == count);
  pause_ms(at_length() ? 20000 : 1500);
  int64_t slowest = 0;
  for (int i = 0; i < 20; i++) {
    int64_t start = now_ms();
    own_echo(client, -1, i);
    if (now_ms() - start > slowest) slowest = now_ms() - start;
  }
  atomic_store(&stop, true);
  join_callers(count);
  int64_t least = INT64_MAX, most = 0;
  for (int i = 0; i < count; i++) {
    if (callers[i].done < least) least = callers[i].done;
    if (callers[i].done > most) most = callers[i].done;
  }
  bool good = CHECK(least >= 1) & CHECK(slowest < 5000);
  if (under("plain")) good &= CHECK(most <= least * 20 + 100); /* a tool's own scheduler is not ours */
  if (!good || at_length())
    fprintf(stderr, "    %s with %d threads: from %" PRId64 " to %" PRId64 " calls, slowest guest %" PRId64 " ms\n", query, count, least, most, slowest);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *url = argument(argv, "url");
  int count = under("plain") ? 128 : 32;
  shares(url, "mode=shared&timeout_ms=120000", count);
  shares(url, "mode=shared&shared.links=3&timeout_ms=120000", count);
  return check_result();
}
