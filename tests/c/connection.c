/* One connection driven by hand: order, pushes, half replies, the peer's end, shutdown. */
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static redisclient_connection *connect_to(const char *url, const char *query) {
  char whole[512];
  redisclient_connection *connection = NULL;
  snprintf(whole, sizeof whole, "%s?%s", url, query);
  CHECK_OK(redisclient_connection_open(whole, NULL, &connection, &error));
  REQUIRE(connection);
  return connection;
}

static redisclient_reply *receive(redisclient_connection *connection) {
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_connection_receive(connection, 20000, &reply, &error));
  REQUIRE(reply);
  return reply;
}

static void received(redisclient_connection *connection, int kind, const char *text) {
  redisclient_reply *reply = receive(connection);
  CHECK_REPLY(reply, kind, text);
  redisclient_reply_free(reply);
}
#define SEND(connection, ...) CHECK_OK(redisclient_connection_send((connection), REDISCLIENT_ARGS(__VA_ARGS__), &error))
#define FLUSH(connection) CHECK_OK(redisclient_connection_flush((connection), 20000, &error))

/* Buffered until flush; replies in order, errors and pushes among them. */
static void by_hand(const char *url) {
  redisclient_connection *connection = connect_to(url, "protocol=3");
  redisclient_reply *reply = NULL;
  SEND(connection, "SET", "hand", "value");
  SEND(connection, "NOSUCHCOMMAND");
  SEND(connection, "SUBSCRIBE", "channel"); /* state is the caller's business here */
  CHECK_OK(redisclient_connection_send_raw(connection, "GET hand\r\n", 10, &error));
  CHECK_INT(redisclient_connection_readable(connection, 50), 0); /* nothing went out so far */
  FLUSH(connection);
  CHECK_INT(redisclient_connection_readable(connection, 20000), 1);
  received(connection, REDISCLIENT_REPLY_STATUS, "OK");
  reply = receive(connection);
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_ERROR);
  CHECK_CONTAINS(redisclient_reply_text(reply, NULL), "NOSUCHCOMMAND");
  redisclient_reply_free(reply);
  reply = receive(connection);
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_PUSH);
  CHECK_TEXT(redisclient_reply_text(redisclient_reply_at(reply, 0), NULL), "subscribe");
  redisclient_reply_free(reply);
  received(connection, REDISCLIENT_REPLY_STRING, "value");
  CHECK_INT(redisclient_connection_readable(connection, 0), 0);
  redisclient_connection_free(connection);
}

/* Several replies that came in one piece: the later ones are seen above the socket. */
static void buffered(const char *url) {
  redisclient_connection *connection = connect_to(url, "protocol=2");
  for (int i = 0; i < 3; i++) SEND(connection, "PING");
  FLUSH(connection);
  pause_ms(50);
  for (int i = 0; i < 3; i++) {
    CHECK_INT(redisclient_connection_readable(connection, i ? 0 : 20000), 1);
    received(connection, REDISCLIENT_REPLY_STATUS, "PONG");
  }
  CHECK_INT(redisclient_connection_readable(connection, 0), 0);
  redisclient_connection_free(connection);
}

static void properties(const char *url) {
  redisclient_connection *connection = connect_to(url, "protocol=3&client_name=by-hand&db=2");
  const redisclient_reply *hello = redisclient_connection_hello(connection);
  CHECK_INT(redisclient_reply_kind(hello), REDISCLIENT_REPLY_MAP);
  int64_t proto = 0;
  for (size_t i = 0; i + 1 < redisclient_reply_count(hello); i += 2)
    if (strcmp(redisclient_reply_text(redisclient_reply_at(hello, i), NULL), "proto") == 0) proto = redisclient_reply_integer(redisclient_reply_at(hello, i + 1));
  CHECK_INT(proto, 3);
  intptr_t fd = redisclient_connection_fd(connection);
  CHECK(fd >= 0 && fcntl((int)fd, F_GETFD) & FD_CLOEXEC);
  SEND(connection, "CLIENT", "INFO");
  FLUSH(connection);
  redisclient_reply *reply = receive(connection);
  CHECK_CONTAINS(redisclient_reply_text(reply, NULL), " name=by-hand ");
  CHECK_CONTAINS(redisclient_reply_text(reply, NULL), " db=2 ");
  redisclient_reply_free(reply);
  errno = 4242;
  redisclient_connection_free(connection);
  CHECK_INT(errno, 4242);
  CHECK(fcntl((int)fd, F_GETFD) == -1);
}

/* handshake=no: not one byte before ours; the server repeats the first word it reads. */
static void bare(const char *url) {
  redisclient_connection *connection = connect_to(url, "handshake=no");
  CHECK(!redisclient_connection_hello(connection));
  SEND(connection, "FIRST");
  FLUSH(connection);
  received(connection, REDISCLIENT_REPLY_STATUS, "FIRST");
  redisclient_connection_free(connection);
}

/* A reply in two halves with a timeout between them: nothing of it is lost. */
static void half_reply(const char *url) {
  redisclient_connection *connection = connect_to(url, "timeout_ms=300000");
  redisclient_reply *reply = NULL;
  SEND(connection, "FIRST");
  FLUSH(connection);
  CHECK_INT(redisclient_connection_readable(connection, 20000), 1); /* half a reply too */
  for (int i = 0; i < 3; i++) CHECK_FAILS(redisclient_connection_receive(connection, i * 20, &reply, &error), REDISCLIENT_ETIMEOUT, "");
  CHECK(!reply);
  SEND(connection, "SECOND");
  FLUSH(connection);
  received(connection, REDISCLIENT_REPLY_STRING, "both halves");
  received(connection, REDISCLIENT_REPLY_STATUS, "SECOND");
  redisclient_connection_free(connection);
}

/* What came before the peer's end is given out; then it is said, each time anew. */
static void peer_closed(const char *url) {
  redisclient_connection *connection = connect_to(url, "timeout_ms=300000");
  redisclient_reply *reply = NULL;
  SEND(connection, "BYE");
  FLUSH(connection);
  received(connection, REDISCLIENT_REPLY_STATUS, "last words");
  WAIT_UNTIL(redisclient_connection_readable(connection, 100) == -1);
  for (int i = 0; i < 2; i++) CHECK_FAILS(redisclient_connection_receive(connection, 20000, &reply, &error), REDISCLIENT_EDISCONNECTED, "");
  CHECK_INT(redisclient_connection_readable(connection, 0), -1);
  redisclient_connection_free(connection);
}

/* Nobody reads: flush gives up in time and keeps the rest for the next one. */
static void stuck_flush(const char *url) {
  enum { SIZE = 16 << 20 };
  redisclient_connection *connection = connect_to(url, "timeout_ms=300000");
  char *value = malloc(SIZE);
  memset(value, 'x', SIZE);
  const char *const argv[] = {"BIG", value};
  CHECK_OK(redisclient_connection_send(connection, 2, argv, (const size_t[]){3, SIZE}, &error));
  CHECK_FAILS(redisclient_connection_flush(connection, 0, &error), REDISCLIENT_ETIMEOUT, "");
  CHECK_FAILS(redisclient_connection_flush(connection, 50, &error), REDISCLIENT_ETIMEOUT, "");
  /* The server begins to read when a second one knocks; it answers the size it got. */
  redisclient_connection_free(connect_to(url, "timeout_ms=300000"));
  CHECK_OK(redisclient_connection_flush(connection, 20000, &error));
  redisclient_reply *reply = receive(connection);
  CHECK_INTEGER(reply, SIZE);
  redisclient_reply_free(reply);
  redisclient_connection_free(connection);
  free(value);
}

static void *wait_for_reply(void *connection) {
  redisclient_reply *reply = NULL;
  redisclient_status status = redisclient_connection_receive(connection, -1, &reply, NULL);
  CHECK(!reply);
  return (void *)(intptr_t)status;
}

/* From another thread it ends a receive that waits for ever. */
static void shut_down(const char *url) {
  redisclient_connection *connection = connect_to(url, "timeout_ms=300000");
  pthread_t thread;
  void *status = NULL;
  REQUIRE(pthread_create(&thread, NULL, wait_for_reply, connection) == 0);
  pause_ms(50);
  redisclient_connection_shutdown(connection);
  pthread_join(thread, &status);
  CHECK((intptr_t)status == REDISCLIENT_EDISCONNECTED || (intptr_t)status == REDISCLIENT_ECLOSED);
  redisclient_connection_shutdown(connection);
  redisclient_reply *reply = NULL;
  CHECK(redisclient_connection_receive(connection, 1000, &reply, NULL) != REDISCLIENT_OK);
  redisclient_connection_free(connection);
}

static void *receive_all(void *connection) {
  for (int i = 0; i < scaled(2000); i++) {
    redisclient_reply *reply = receive(connection);
    CHECK_INTEGER(reply, i + 1);
    redisclient_reply_free(reply);
  }
  return NULL;
}

/* One thread sends, another receives. */
static void two_threads(const char *url) {
  redisclient_connection *connection = connect_to(url, "timeout_ms=300000");
  pthread_t thread;
  SEND(connection, "DEL", "counter");
  FLUSH(connection);
  redisclient_reply_free(receive(connection));
  REQUIRE(pthread_create(&thread, NULL, receive_all, connection) == 0);
  for (int i = 0; i < scaled(2000); i++) {
    SEND(connection, "INCR", "counter");
    if (i % 7 == 0) FLUSH(connection);
  }
  FLUSH(connection);
  pthread_join(thread, NULL);
  redisclient_connection_free(connection);
}

/* Not for topologies; and errors of opening are those of a client. */
static void refused(void) {
  redisclient_connection *connection = NULL;
  CHECK_FAILS(redisclient_connection_open("redis+cluster://127.0.0.1:1", NULL, &connection, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_open("redis+sentinel://127.0.0.1:1/name", NULL, &connection, &error), REDISCLIENT_EINVAL, "");
  CHECK_FAILS(redisclient_connection_open("redis://127.0.0.1:1", NULL, &connection, &error), REDISCLIENT_ECONNECT, "127.0.0.1:1");
  CHECK_FAILS(redisclient_connection_open("redis://127.0.0.1:1?nonsense=1", NULL, &connection, &error), REDISCLIENT_EOPTION, "nonsense");
  CHECK(!connection);
}

int main(int argc, char **argv) {
  (void)argc;
  by_hand(argument(argv, "url"));
  by_hand(argument(argv, "tcp"));
  buffered(argument(argv, "tcp"));
  properties(argument(argv, "tcp"));
  bare(argument(argv, "repeats"));
  half_reply(argument(argv, "halves"));
  peer_closed(argument(argv, "says_bye"));
  stuck_flush(argument(argv, "reads_late"));
  shut_down(argument(argv, "tcp"));
  two_threads(argument(argv, "url"));
  refused();
  return check_result();
}
