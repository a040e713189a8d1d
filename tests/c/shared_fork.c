/* fork with shared links in use: a child works on links of its own, the parent's go on, and no reply
 * crosses over. */
#include "forked.h"
#include <pthread.h>

enum { THREADS = 4 };

static atomic_bool stop;

static void *echoes(void *number) {
  own_replies("thread of a child", (int)(intptr_t)number, scaled(200));
  return NULL;
}

static void in_child(int number, int64_t parents) {
  pthread_t threads[THREADS];
  for (intptr_t i = 0; i < THREADS; i++) REQUIRE(pthread_create(&threads[i], NULL, echoes, (void *)(i + 10 * number)) == 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK(id() != parents);
  if (number % 2) redisclient_free(client);
  end_child();
}

static void prefork(void) {
  enum { CHILDREN = 6 };
  pid_t children[CHILDREN];
  int64_t before = id();
  for (int i = 0; i < CHILDREN; i++)
    if ((children[i] = start()) == 0) in_child(i, before);
  own_replies("parent", 0, scaled(1000));
  for (int i = 0; i < CHILDREN; i++) joined(children[i]);
  CHECK_INT(id(), before); /* still on the link from before */
}

static void *keep_busy(void *number) {
  for (int i = 0; !atomic_load(&stop); i++) own_replies("busy", (int)(intptr_t)number, 1);
  return NULL;
}

/* While other threads are anywhere inside: sending, receiving, waiting for who receives. */
static void from_a_busy_process(void) {
  pthread_t threads[THREADS];
  int64_t before = id();
  atomic_store(&stop, false);
  for (intptr_t i = 0; i < THREADS; i++) REQUIRE(pthread_create(&threads[i], NULL, keep_busy, (void *)i) == 0);
  for (int round = 0; round < (at_length() ? 1500 : scaled(100)); round++) {
    pid_t child = start();
    if (child == 0) {
      own_replies("child", round, 2);
      redisclient_free(client);
      end_child();
    }
    joined(child);
  }
  atomic_store(&stop, true);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK_INT(id(), before);
}

int main(int argc, char **argv) {
  (void)argc;
  for (const char *const *name = (const char *const[]){"tcp", "url", "tls", NULL}; *name; name++) {
    client = open_with(argument(argv, *name), "mode=shared&timeout_ms=300000&connect_timeout_ms=300000");
    prefork();
#ifndef __SANITIZE_ADDRESS__ /* whose allocator may be locked in a child: see fork.c */
    from_a_busy_process();
#else
    (void)from_a_busy_process;
#endif
    redisclient_free(client);
  }
  return check_result();
}
