/* fork: children work on connections of their own, the parent's go on undisturbed, and what cannot
 * work in a child says EFORKED. Each child ends with the number of its failed checks. */
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static redisclient *client;

static pid_t start(void) {
  fflush(NULL);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) atomic_store(&check_failures, 0);
  return child;
}

static void end_child(void) {
  _exit(check_result());
}

static void joined(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0)) fprintf(stderr, "    child ended with status %#x\n", (unsigned)status);
}

static int64_t id(void) {
  redisclient_reply *reply = RUN(client, "CLIENT", "ID");
  int64_t number = redisclient_reply_integer(reply);
  redisclient_reply_free(reply);
  return number;
}

static void own_replies(const char *who, int number, int count) {
  for (int i = 0; i < count; i++) {
    char mark[64];
    snprintf(mark, sizeof mark, "%s %d, command %d", who, number, i);
    EXPECT(client, REDISCLIENT_REPLY_STRING, mark, "ECHO", mark);
  }
}

/* Children and parent at once, on one handle made before. */
static void prefork(void) {
  enum { CHILDREN = 8 };
  int64_t before = id();
  pid_t children[CHILDREN];
  for (int i = 0; i < CHILDREN; i++) {
    children[i] = start();
    if (children[i] == 0) {
      own_replies("child", i, scaled(2000));
      CHECK(id() != before);
      if (i % 2) redisclient_free(client);
      else redisclient_close(client);
      end_child();
    }
  }
  own_replies("parent", 0, scaled(2000));
  for (int i = 0; i < CHILDREN; i++) joined(children[i]);
  CHECK_INT(id(), before); /* still on the connection from before */
}

/* A child's child, too. */
static void grandchild(void) {
  pid_t child = start();
  if (child == 0) {
    own_replies("child", 0, 3);
    pid_t second = start();
    if (second == 0) {
      own_replies("grandchild", 0, 3);
      redisclient_free(client);
      end_child();
    }
    joined(second);
    own_replies("child", 0, 3);
    redisclient_free(client);
    end_child();
  }
  joined(child);
}

/* What stays good in a child. */
static void works_on(const char *url) {
  redisclient_reply *reply = RUN(client, "ECHO", "made before"), *kept = redisclient_reply_keep(reply);
  redisclient_error *error = NULL;
  CHECK_INT(redisclient_command(client, REDISCLIENT_ARGS("NOSUCHCOMMAND"), NULL, &error), REDISCLIENT_ESERVER);
  redisclient_options *options = redisclient_options_new();
  CHECK_INT(redisclient_options_set(options, "db", "1", NULL), REDISCLIENT_OK);
  redisclient_cancel *cancel = redisclient_cancel_new();
  redisclient_reader *reader = redisclient_reader_new(NULL);
  CHECK_INT(redisclient_reader_feed(reader, "$4\r\nha", 6), REDISCLIENT_OK);
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("ECHO", "queued before"));
  pid_t child = start();
  redisclient_reply *out = NULL;
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STRING, "made before");
  CHECK_CONTAINS(redisclient_error_message(error), "NOSUCHCOMMAND");
  redisclient_error_free(error);
  CHECK_INT(redisclient_reader_feed(reader, "lf\r\n", 4), REDISCLIENT_OK);
  CHECK_OK(redisclient_reader_next(reader, &out, &error));
  CHECK_REPLY(out, REDISCLIENT_REPLY_STRING, "half");
  redisclient_reply_free(out);
  out = NULL;
  CHECK_OK(redisclient_pipeline_run(pipeline, &out, &error));
  CHECK_REPLY(redisclient_reply_at(out, 0), REDISCLIENT_REPLY_STRING, "queued before");
  redisclient_reply_free(out);
  redisclient *another = NULL;
  CHECK_OK(redisclient_open(url, options, &another, &error));
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.cancel = cancel;
  redisclient_cancel_fire(cancel); /* this process's only */
  CHECK_FAILS(redisclient_command_call(another, &call, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECANCELLED, "");
  redisclient_free(another);
  redisclient_pipeline_free(pipeline);
  redisclient_reader_free(reader);
  redisclient_cancel_free(cancel);
  redisclient_options_free(options);
  redisclient_reply_free(reply);
  redisclient_reply_free(kept);
  if (child == 0) {
    redisclient_free(client);
    end_child();
  }
  joined(child);
}

static void ping_by_hand(redisclient_connection *connection) {
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_connection_send(connection, REDISCLIENT_ARGS("PING"), &error));
  CHECK_OK(redisclient_connection_flush(connection, 5000, &error));
  CHECK_OK(redisclient_connection_receive(connection, 5000, &reply, &error));
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STATUS, "PONG");
  redisclient_reply_free(reply);
}

/* A connection made before is the parent's alone. */
static void connection(const char *url) {
  redisclient_connection *connection = NULL;
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_connection_open(url, NULL, &connection, &error));
  ping_by_hand(connection);
  pid_t child = start();
  if (child == 0) {
    CHECK_FAILS(redisclient_connection_send(connection, REDISCLIENT_ARGS("PING"), &error), REDISCLIENT_EFORKED, "");
    CHECK_FAILS(redisclient_connection_send_raw(connection, "PING\r\n", 6, &error), REDISCLIENT_EFORKED, "");
    CHECK_FAILS(redisclient_connection_flush(connection, 1000, &error), REDISCLIENT_EFORKED, "");
    CHECK_FAILS(redisclient_connection_receive(connection, 1000, &reply, &error), REDISCLIENT_EFORKED, "");
    CHECK(redisclient_connection_readable(connection, 0) < 0);
    CHECK_INT(redisclient_connection_fd(connection), -1);
    CHECK(!redisclient_connection_hello(connection));
    redisclient_connection_shutdown(connection);
    redisclient_connection_free(connection);
    redisclient_free(client);
    end_child();
  }
  joined(child);
  ping_by_hand(connection);
  redisclient_connection_free(connection);
}

static void *keep_busy(void *stop) {
  for (int i = 0; !atomic_load((atomic_bool *)stop); i++) own_replies("busy", i, 1);
  return NULL;
}

/* While other threads are inside: whatever locks they hold, the child goes on. */
static void from_a_busy_process(void) {
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  atomic_bool stop = false;
  for (int i = 0; i < THREADS; i++) REQUIRE(pthread_create(&threads[i], NULL, keep_busy, &stop) == 0);
  for (int round = 0; round < scaled(100); round++) {
    pid_t child = start();
    if (child == 0) {
      alarm(30); /* a child that hangs fails */
      own_replies("child", round, 2);
      redisclient_free(client);
      end_child();
    }
    joined(child);
  }
  atomic_store(&stop, true);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *url = argument(argv, "tcp");
  client = open_client(url);
  own_replies("parent", 0, 5);
  prefork();
  grandchild();
  works_on(url);
  connection(url);
#ifndef __SANITIZE_ADDRESS__
  /* A child of a busy process was seen to hang with the sanitizer's own allocator, and only there.
   * The plain and the memcheck run do this part. */
  from_a_busy_process();
#else
  (void)from_a_busy_process;
#endif
  redisclient_free(client);
  return check_result();
}
