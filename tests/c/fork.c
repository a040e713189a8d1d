/* fork: children work on connections of their own, the parent's go on undisturbed, and what cannot
 * work in a child says EFORKED. Each child ends with the number of its failed checks. */
#include "forked.h"
#include <pthread.h>

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
  redisclient_arguments *arguments = redisclient_arguments_new();
  redisclient_arguments_add_text(arguments, "ECHO");
  pid_t child = start();
  redisclient_reply *out = NULL;
  redisclient_arguments_add_int64(arguments, child); /* 0 in the child */
  CHECK_OK(redisclient_command_built(client, NULL, arguments, &out, &error));
  CHECK_INT(atoll(redisclient_reply_text(out, NULL)), child);
  redisclient_reply_free(out);
  redisclient_arguments_free(arguments);
  out = NULL;
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

static int64_t no_pause(void *data, uint32_t failures, int64_t previous_ms) {
  (void)failures, (void)previous_ms;
  ++*(int *)data;
  return 0;
}

static void ended(void *data) {
  *(int *)data += 100;
}

/* A backoff function serves both processes, and ends in each with its client. */
static void backoff(const char *nobody) {
  const redisclient_backoff_ops ops = {sizeof ops, no_pause, ended};
  redisclient_options *options = redisclient_options_new();
  redisclient *lazy = NULL;
  int asked = 0;
  CHECK_OK(redisclient_options_set(options, "lazy", "yes", &error));
  CHECK_OK(redisclient_options_set(options, "retry.count", "2", &error));
  CHECK_OK(redisclient_options_backoff(options, &ops, &asked, &error));
  CHECK_OK(redisclient_open(nobody, options, &lazy, &error));
  redisclient_options_free(options);
  CHECK_FAILS(redisclient_command(lazy, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECONNECT, "after 3 attempts");
  pid_t child = start();
  CHECK_FAILS(redisclient_command(lazy, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECONNECT, "after 3 attempts");
  CHECK_INT(asked, 4);
  redisclient_free(lazy);
  CHECK_INT(asked, 104);
  if (child == 0) end_child();
  joined(child);
}

static void ping_by_hand(redisclient_connection *connection) {
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_connection_send(connection, REDISCLIENT_ARGS("PING"), &error));
  CHECK_OK(redisclient_connection_flush(connection, 20000, &error));
  CHECK_OK(redisclient_connection_receive(connection, 20000, &reply, &error));
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STATUS, "PONG");
  redisclient_reply_free(reply);
}

/* A connection made before is the parent's alone. */
static void connection(const char *url) {
  redisclient_connection *connection = open_connection(url);
  redisclient_reply *reply = NULL;
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

static redisclient_stats stats_of(void) {
  redisclient_stats stats = REDISCLIENT_STATS_INIT;
  CHECK_OK(redisclient_stats_get(client, &stats, &error));
  return stats;
}

/* A child counts for itself, and starts with the options that were set. */
static void settings(void) {
  CHECK_OK(redisclient_set(client, "pool.max", "42", &error));
  redisclient_stats before = stats_of();
  CHECK(before.calls > 0);
  pid_t child = start();
  if (child == 0) {
    redisclient_stats fresh = stats_of();
    CHECK_INT(fresh.pool_max, 42);
    CHECK(fresh.connections_opened == 0 && fresh.calls == 0);
    own_replies("child", 0, 1);
    CHECK_OK(redisclient_set(client, "pool.max", "3", &error));
    redisclient_stats own = stats_of();
    CHECK(own.connections_opened == 1 && own.calls == 1 && own.idle == 1 && own.pool_max == 3);
    char text[4096];
    redisclient_stats_json(client, text, sizeof text);
    CHECK_CONTAINS(text, ",\"calls\":1,");
    redisclient_free(client);
    end_child();
  }
  joined(child);
  redisclient_stats after = stats_of();
  CHECK(after.calls == before.calls && after.pool_max == 42);
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
  backoff(argument(argv, "nobody"));
  connection(url);
  settings();
#ifndef __SANITIZE_ADDRESS__
  /* The sanitizer of gcc 12 does not hold its allocator still around fork: one child of some thousands
   * waits for a lock of that allocator for ever. The plain and the memcheck run do this part. */
  from_a_busy_process();
#else
  (void)from_a_busy_process;
#endif
  redisclient_free(client);
  return check_result();
}
