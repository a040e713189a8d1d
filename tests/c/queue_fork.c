/* fork with a queue in use: in the child everything of it says EFORKED and free is safe, the client
 * itself works, also with a queue of the child's own, and the parent's queue goes on. */
#include "forked.h"
#include "queued.h"
#include <pthread.h>

static int destroys;

static void run(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  CHECK(reply && !error);
  ++*(int *)data;
}

static void destroy(void *data) {
  (void)data;
  destroys++;
}

/* What was made before the fork. */
static void refuses(redisclient_queue *queue) {
  redisclient_completion one = {7, NULL, NULL};
  int ran = 0;
  CHECK_INT(submit_ticket(queue, NULL, 1), REDISCLIENT_EFORKED);
  CHECK_INT(redisclient_submit_packed(queue, NULL, 1, 1, "PING", (size_t[]){4}), REDISCLIENT_EFORKED);
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), run, &ran, destroy), REDISCLIENT_EFORKED);
  for (int timeout = -1; timeout <= 1; timeout++) {
    CHECK(!redisclient_queue_next(queue, timeout));
    CHECK_INT(redisclient_queue_dispatch(queue, timeout), -REDISCLIENT_EFORKED);
    CHECK_INT(redisclient_queue_drain(queue, &one, 1, timeout), -REDISCLIENT_EFORKED);
  }
  CHECK_INT(redisclient_queue_fd(queue), -1);
  CHECK_INT(redisclient_queue_listen(queue, 0), REDISCLIENT_EFORKED);
  CHECK(one.tag == 7 && !one.reply && !one.error);
  CHECK(ran == 0 && destroys == 0);
}

/* The child's own queue on the same client. */
static void works(uint64_t first, uint64_t last) {
  redisclient_queue *own = open_queue(client);
  for (uint64_t tag = first; tag <= last; tag++) CHECK_INT(submit_ticket(own, NULL, tag), REDISCLIENT_OK);
  EXPECT_TICKETS(own, first, last);
  redisclient_queue_free(own);
}

static void in_child(redisclient_queue *queue, int number) {
  if (number % 2) refuses(queue);
  if (number % 3 == 0) redisclient_queue_free(queue);
  own_replies("child", number, 20);
  works((uint64_t)number * 1000, (uint64_t)number * 1000 + 100);
  if (number % 4 == 3) refuses(queue);
  if (number % 3 == 1) redisclient_free(client);
  if (number % 3 == 1) redisclient_queue_free(queue);
  CHECK_INT(destroys, 0); /* the data is the parent's */
  end_child();
}

/* Forked while much is in flight: none of it is lost or comes twice. Over TLS the link is made before:
 * a handshake holds OpenSSL's own locks, which a child would find held. */
static void with_work_in_flight(bool connected) {
  redisclient_queue *queue = open_queue(client);
  int ran = 0, jobs = 0;
  uint64_t next = 0;
  destroys = 0;
  if (connected) {
    SUBMIT(queue, 0, "PING");
    EXPECT_TAG(queue, 0, REDISCLIENT_REPLY_STATUS, "PONG");
  }
  for (int number = 0; number < 12; number++) {
    for (uint64_t end = next + 100; next < end; next++) CHECK_INT(submit_ticket(queue, NULL, next), REDISCLIENT_OK);
    for (int i = 0; i < 20; i++, jobs++) CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), run, &ran, destroy), REDISCLIENT_OK);
    SUBMIT(queue, next, "ECHO", "the last of a round");
    pid_t child = start();
    if (child == 0) in_child(queue, number);
    EXPECT_TICKETS(queue, next - 100, next - 1);
    EXPECT_TAG(queue, next, REDISCLIENT_REPLY_STRING, "the last of a round");
    for (int64_t begun = now_ms(); ran < jobs && now_ms() - begun < PATIENCE_MS;) redisclient_queue_dispatch(queue, 1000);
    CHECK_INT(ran, jobs);
    CHECK_INT(destroys, jobs);
    destroys = ran = jobs = 0;
    joined(child);
  }
  NOTHING(queue);
  redisclient_queue_free(queue);
}

static pid_t child_of_callback;

static void forks_once(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  CHECK(reply && !error);
  if (++*(int *)data == 1) child_of_callback = start();
}

/* A child that a callback forked comes back to its dispatch, which runs none of the others there. */
static void in_a_callback(void) {
  redisclient_queue *queue = open_queue(client);
  int ran = 0;
  for (int i = 0; i < 3; i++) CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), forks_once, &ran, NULL), REDISCLIENT_OK);
  SUBMIT(queue, 1, "ECHO", "after them");
  EXPECT_TAG(queue, 1, REDISCLIENT_REPLY_STRING, "after them");
  int count = redisclient_queue_dispatch(queue, PATIENCE_MS);
  if (child_of_callback == 0) {
    CHECK_INT(count, -REDISCLIENT_EFORKED);
    CHECK_INT(ran, 1);
    redisclient_queue_free(queue);
    end_child();
  }
  CHECK_INT(count, 3);
  CHECK_INT(ran, 3);
  redisclient_queue_free(queue);
  joined(child_of_callback);
}

static atomic_bool stop;

/* The client has a thread from the first submit to its end. */
static void thread_comes_and_goes(const char *url) {
  redisclient *own = open_client(url);
  redisclient_queue *queue = open_queue(own);
  CHECK_INT(submit_ticket(queue, NULL, 1), REDISCLIENT_OK);
  EXPECT_TICKETS(queue, 1, 1);
  redisclient_queue_free(queue);
  redisclient_free(own);
}

static void *threads_come_and_go(void *url) {
  while (!atomic_load(&stop)) thread_comes_and_goes(url);
  return NULL;
}

/* Forked while threads of the library begin and end: those of the child do so too. Not over TLS:
 * OpenSSL's own locks are not made for that. */
static void while_threads_end(const char *url) {
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  atomic_store(&stop, false);
  for (int i = 0; i < THREADS; i++) REQUIRE(pthread_create(&threads[i], NULL, threads_come_and_go, (void *)(uintptr_t)url) == 0);
  for (int round = 0; round < (at_length() ? 5000 : scaled(500)); round++) {
    pid_t child = start();
    if (child == 0) {
      thread_comes_and_goes(url);
      end_child();
    }
    joined(child);
  }
  atomic_store(&stop, true);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

/* What was taken out is readable in both, also when what it came from is gone. */
static void taken_before(void) {
  redisclient_queue *queue = open_queue(client);
  SUBMIT(queue, 1, "ECHO", "taken before");
  SUBMIT(queue, 2, "INCR", "a word");
  redisclient_event *event = redisclient_queue_next(queue, PATIENCE_MS);
  redisclient_completion failed = TAKE(queue);
  redisclient_queue_free(queue);
  redisclient_free(client);
  pid_t child = start();
  CHECK_REPLY(redisclient_event_reply(event), REDISCLIENT_REPLY_STRING, "taken before");
  CHECK_INT(redisclient_error_code(failed.error), REDISCLIENT_ESERVER);
  redisclient_event_free(event);
  release(&failed);
  if (child == 0) end_child();
  joined(child);
}

int main(int argc, char **argv) {
  (void)argc;
  for (const char *const *name = (const char *const[]){"url", "tcp", "tls", NULL}; *name; name++) {
    client = open_with(argument(argv, *name), "timeout_ms=300000&connect_timeout_ms=300000");
    DO(client, "SET", "a word", "word");
#ifndef __SANITIZE_ADDRESS__ /* whose allocator may be locked in a child: see fork.c */
    bool secure = strcmp(*name, "tls") == 0;
    with_work_in_flight(secure);
    if (!secure) while_threads_end(argument(argv, *name));
#else
    (void)with_work_in_flight, (void)while_threads_end;
#endif
    in_a_callback();
    taken_before();
  }
  return check_result();
}
