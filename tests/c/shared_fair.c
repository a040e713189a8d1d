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

/* How often the one called that called the least, and the most. */
static void range(int count, int64_t *least, int64_t *most) {
  *least = INT64_MAX, *most = 0;
  for (int i = 0; i < count; i++) {
    int64_t done = callers[i].done;
    if (done < *least) *least = done;
    if (done > *most) *most = done;
  }
}

/* Until each has called often, and none much more often than another: on a busy machine one may not run
 * at all for long. */
static void shares(const char *url, const char *query, int count) {
  client = open_with(url, query);
  atomic_store(&stop, false);
  atomic_store(&ready, 0);
  begin_callers(count, call);
  WAIT_UNTIL(atomic_load(&ready) == count);
  int64_t enough = at_length() ? 5000 : under("plain") ? 200 : 10, least = 0, most = 0, slowest = 0;
  bool fair = false;
  for (int64_t start = now_ms(); !fair && now_ms() - start < 60000;) {
    pause_ms(20);
    range(count, &least, &most);
    /* A tool's own scheduler is not ours. */
    fair = least >= enough && (!under("plain") || most <= least * 20 + 100);
  }
  for (int i = 0; i < 20; i++) {
    int64_t start = now_ms();
    own_echo(client, -1, i);
    if (now_ms() - start > slowest) slowest = now_ms() - start;
  }
  atomic_store(&stop, true);
  join_callers(count);
  bool good = CHECK(fair) & CHECK(slowest < 15000);
  if (!good || at_length())
    fprintf(stderr, "    %s with %d threads: from %" PRId64 " to %" PRId64 " calls, slowest guest %" PRId64 " ms\n", query, count, least, most, slowest);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *url = argument(argv, "url");
  int count = under("plain") ? 128 : 32;
  shares(url, "mode=shared&timeout_ms=300000", count);
  shares(url, "mode=shared&shared.links=3&timeout_ms=300000", count);
  return check_result();
}
