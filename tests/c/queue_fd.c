/* The queue's descriptor: readable exactly while something waits, for poll and for epoll by level and
 * by edge; many completions for one wake-up; and nothing breaks when somebody closes it. */
#include "queued.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

static redisclient *client;

static bool readable(redisclient_queue *queue, int timeout_ms) {
  struct pollfd one = {.fd = (int)redisclient_queue_fd(queue), .events = POLLIN};
  int count = poll(&one, 1, timeout_ms);
  CHECK(count >= 0 && !(one.revents & (POLLERR | POLLHUP | POLLNVAL)));
  return count == 1;
}

static void nothing_done(void *data, const redisclient_reply *reply, const redisclient_error *error) {
  (void)data, (void)reply, (void)error;
}

static void take_one(redisclient_queue *queue, int way) {
  redisclient_completion one = {0, NULL, NULL};
  redisclient_event *event = NULL;
  if (way == 0) CHECK_INT(redisclient_queue_drain(queue, &one, 1, 0), 1);
  if (way == 1) CHECK((event = redisclient_queue_next(queue, 0)) != NULL);
  if (way == 2) CHECK_INT(redisclient_queue_dispatch(queue, 0), 1);
  release(&one);
  redisclient_event_free(event);
}

/* By each way to take something out. */
static void as_long_as_something_waits(void) {
  redisclient_queue *queue = open_queue(client);
  CHECK(redisclient_queue_fd(queue) >= 0);
  CHECK_INT(fcntl((int)redisclient_queue_fd(queue), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  CHECK(!readable(queue, 0));
  for (int round = 0; round < scaled(300); round++) {
    if (round % 3 == 2) CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), nothing_done, NULL, NULL), REDISCLIENT_OK);
    else SUBMIT(queue, 1, "PING");
    CHECK(readable(queue, PATIENCE_MS));
    CHECK(readable(queue, 0)); /* looking takes nothing away */
    take_one(queue, round % 3);
    CHECK(!readable(queue, 0));
  }
  for (uint64_t tag = 0; tag < 10; tag++) CHECK_INT(submit_ticket(queue, NULL, tag), REDISCLIENT_OK);
  for (uint64_t tag = 0; tag < 10; tag++) {
    CHECK(readable(queue, PATIENCE_MS));
    EXPECT_TICKETS(queue, tag, tag);
  }
  CHECK(!readable(queue, 0));
  redisclient_queue_free(queue);
}

/* What is left of another kind keeps it readable. */
static void of_two_kinds(void) {
  redisclient_queue *queue = open_queue(client);
  redisclient_completion one;
  SUBMIT(queue, 1, "PING");
  CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), nothing_done, NULL, NULL), REDISCLIENT_OK);
  CHECK_INT(redisclient_queue_dispatch(queue, PATIENCE_MS), 1);
  CHECK(readable(queue, PATIENCE_MS));
  CHECK_INT(redisclient_queue_drain(queue, &one, 1, PATIENCE_MS), 1);
  release(&one);
  CHECK(!readable(queue, 0));
  redisclient_queue_free(queue);
}

/* A loop that knows only poll and drain; how often it woke up. */
static int wake_ups(int total) {
  redisclient_queue *queue = open_queue(client);
  int taken = 0, wakes = 0;
  static redisclient_completion some[4096];
  for (int i = 0; i < total; i++) CHECK_INT(submit_ticket(queue, NULL, (uint64_t)i), REDISCLIENT_OK);
  while (taken < total && readable(queue, PATIENCE_MS)) {
    wakes++;
    for (int count; (count = redisclient_queue_drain(queue, some, 4096, 0)) != 0; taken += count) {
      REQUIRE(count > 0);
      for (int i = 0; i < count; i++) {
        CHECK(some[i].tag == (uint64_t)(taken + i) && is_ticket(&some[i]));
        release(&some[i]);
      }
    }
  }
  CHECK_INT(taken, total);
  redisclient_queue_free(queue);
  return wakes;
}

/* It wakes up far more rarely than there are completions, unless others have the processors meanwhile. */
static void coalesced(void) {
  int total = scaled(20000), wakes = total;
  for (int round = 0; round < 5 && wakes * 8 >= total; round++) wakes = wake_ups(total);
  if (!CHECK(wakes * 8 < total) || at_length()) fprintf(stderr, "    %d wake-ups for %d completions\n", wakes, total);
}

static int watch(redisclient_queue *queue, uint32_t how) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN | how, .data.u64 = 0};
  REQUIRE(epoll >= 0);
  REQUIRE(epoll_ctl(epoll, EPOLL_CTL_ADD, (int)redisclient_queue_fd(queue), &event) == 0);
  return epoll;
}

static int take_all(redisclient_queue *queue, bool by_dispatch) {
  redisclient_completion some[3];
  int taken = 0, count;
  while ((count = by_dispatch ? redisclient_queue_dispatch(queue, 0) : redisclient_queue_drain(queue, some, 3, 0)) > 0) {
    for (int i = 0; i < count && !by_dispatch; i++) release(&some[i]);
    taken += count;
  }
  CHECK_INT(count, 0);
  return taken;
}

/* After everything was taken, each new completion is an edge; by level it also shows what was left. */
static void by_epoll(uint32_t how, bool by_dispatch) {
  redisclient_queue *queue = open_queue(client);
  int epoll = watch(queue, how), submitted = 0, taken = 0;
  struct epoll_event event;
  CHECK_INT(epoll_wait(epoll, &event, 1, 0), 0);
  for (int round = 0; round < scaled(300); round++) {
    for (int i = 0; i <= round % 7; i++, submitted++) {
      if (by_dispatch) CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), nothing_done, NULL, NULL), REDISCLIENT_OK);
      else SUBMIT(queue, 1, "PING");
    }
    while (taken < submitted) {
      if (!CHECK(epoll_wait(epoll, &event, 1, PATIENCE_MS) == 1)) exit(1);
      taken += take_all(queue, by_dispatch);
    }
  }
  CHECK_INT(taken, submitted);
  CHECK_INT(take_all(queue, by_dispatch), 0);
  if (!how) CHECK_INT(epoll_wait(epoll, &event, 1, 0), 0);
  close(epoll);
  redisclient_queue_free(queue);
}

/* The end is a reason to wake up. */
static void at_the_end(const char *url) {
  redisclient *own = open_client(url);
  redisclient_queue *queue = open_queue(own);
  CHECK(!readable(queue, 0));
  redisclient_close(own);
  CHECK(readable(queue, PATIENCE_MS));
  EXPECT_CLOSED(queue);
  redisclient_queue_free(queue);
  redisclient_free(own);
}

/* Somebody closes it, or it becomes another file: completions still come. */
static void closed_by_others(const char *url) {
  for (int way = 0; way < 3; way++) {
    redisclient *own = open_client(url);
    redisclient_queue *queue = open_queue(own);
    int fd = (int)redisclient_queue_fd(queue), ran = 0;
    if (way == 1) CHECK_INT(submit_ticket(queue, NULL, 0), REDISCLIENT_OK);
    if (way == 1) EXPECT_TICKETS(queue, 0, 0);
    close(fd);
    if (way == 2) {
      int null = open("/dev/null", O_RDWR | O_CLOEXEC);
      if (null != fd) REQUIRE(dup2(null, fd) == fd && close(null) == 0);
    }
    for (uint64_t tag = 1; tag <= 200; tag++) CHECK_INT(submit_ticket(queue, NULL, tag), REDISCLIENT_OK);
    EXPECT_TICKETS(queue, 1, 200);
    CHECK_INT(redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), nothing_done, NULL, NULL), REDISCLIENT_OK);
    for (int64_t start = now_ms(); ran == 0 && now_ms() - start < PATIENCE_MS;) ran = redisclient_queue_dispatch(queue, 100);
    CHECK_INT(ran, 1);
    CHECK(!redisclient_queue_next(queue, 20));
    redisclient_queue_free(queue);
    EXPECT(own, REDISCLIENT_REPLY_STRING, "still there", "ECHO", "still there");
    redisclient_free(own);
  }
}

/* No descriptor is left behind. */
static int first_free(void) {
  int fd = dup(0);
  close(fd);
  return fd;
}

static void nothing_stays_open(const char *url) {
  int before = first_free();
  for (int i = 0; i < 20; i++) {
    redisclient *own = open_client(url);
    redisclient_queue *queue = open_queue(own);
    if (i % 2) CHECK_INT(submit_ticket(queue, NULL, 1), REDISCLIENT_OK);
    if (i % 4 == 1) EXPECT_TICKETS(queue, 1, 1);
    redisclient_queue_free(queue);
    redisclient_free(own);
  }
  WAIT_UNTIL(first_free() <= before); /* what was used before may go meanwhile */
}

/* Where no descriptor can be had there is none, submit says so, and nothing was taken. */
static void none_to_be_had(void) {
  struct rlimit before, none;
  int calls = 0;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  none = before;
  none.rlim_cur = (rlim_t)first_free();
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  redisclient_queue *queue = redisclient_queue_new(client);
  intptr_t fd = redisclient_queue_fd(queue);
  redisclient_status tagged = redisclient_submit_tagged(queue, NULL, 1, REDISCLIENT_ARGS("PING"));
  redisclient_status called = redisclient_submit(queue, NULL, REDISCLIENT_ARGS("PING"), run_never, &calls, destroy_never);
  redisclient_queue_free(queue);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_INT(fd, -1);
  CHECK(tagged != REDISCLIENT_OK && called == tagged);
  CHECK_INT(calls, 0);
  EXPECT(client, REDISCLIENT_REPLY_STRING, "goes on", "ECHO", "goes on");
}

int main(int argc, char **argv) {
  (void)argc;
  const char *url = argument(argv, "url");
  client = open_client(url);
  as_long_as_something_waits();
  of_two_kinds();
  coalesced();
  for (int way = 0; way < 4; way++) by_epoll(way & 1 ? EPOLLET : 0, way & 2);
  at_the_end(url);
  nothing_stays_open(url);
  none_to_be_had();
  closed_by_others(url); /* last: a number that was closed twice may be anybody's */
  redisclient_free(client);
  return check_result();
}
