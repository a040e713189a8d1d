/* Taking over a socket that somebody else connected: it is the library's after OK, and untouched
 * after anything else. */
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static redisclient_connection *const NEVER = (redisclient_connection *)(uintptr_t)0x10;

static redisclient_options *options(const char *const *pairs) {
  redisclient_options *made = redisclient_options_new();
  for (; *pairs; pairs += 2) CHECK_OK(redisclient_options_set(made, pairs[0], pairs[1], &error));
  return made;
}
#define OPTIONS(...) options((const char *const[]){__VA_ARGS__, NULL})

static redisclient_connection *adopted(int fd, redisclient_options *with) {
  redisclient_connection *connection = NULL;
  CHECK_OK(redisclient_connection_adopt(fd, with, &connection, &error));
  REQUIRE(connection);
  CHECK_INT(redisclient_connection_fd(connection), fd);
  CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  redisclient_options_free(with);
  return connection;
}

static bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

/* Checks that the descriptor is refused, and that it is as it was. */
static void refused_at(int line, intptr_t fd, redisclient_options *with, redisclient_status code, const char *part) {
  int flags = fcntl((int)fd, F_GETFL), own = fcntl((int)fd, F_GETFD);
  redisclient_connection *connection = NEVER;
  redisclient_error *error = NULL;
  redisclient_status status = redisclient_connection_adopt(fd, with, &connection, &error);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
  if (!check_fails(status, error, code, part, __FILE__, line, "adopt")) fprintf(stderr, "    at line %d\n", line);
  CHECK(connection == NEVER);
  CHECK_INT(fcntl((int)fd, F_GETFL), flags);
  CHECK_INT(fcntl((int)fd, F_GETFD), own);
  redisclient_options_free(with);
}
#define REFUSED(...) refused_at(__LINE__, __VA_ARGS__)

static void say(int fd, const char *text) { CHECK_INT(write(fd, text, strlen(text)), strlen(text)); }

/* Reads exactly `text`. */
static void hears(int fd, const char *text) {
  char seen[256] = "";
  size_t length = strlen(text), got = 0;
  while (got < length) {
    ssize_t count = read(fd, seen + got, length - got);
    if (!CHECK(count > 0)) return;
    got += (size_t)count;
  }
  CHECK_TEXT(seen, text);
}

static void talks(redisclient_connection *connection, int other) {
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_connection_send(connection, REDISCLIENT_ARGS("GET", "k"), &error));
  CHECK_OK(redisclient_connection_flush(connection, 20000, &error));
  hears(other, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
  CHECK_FAILS(redisclient_connection_receive(connection, 20, &reply, &error), REDISCLIENT_ETIMEOUT, "");
  CHECK_INT(redisclient_connection_readable(connection, 0), 0);
  say(other, "$5\r\nvalue\r\n");
  CHECK_INT(redisclient_connection_readable(connection, 20000), 1);
  CHECK_OK(redisclient_connection_receive(connection, 20000, &reply, &error));
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STRING, "value");
  redisclient_reply_free(reply);
}

/* Either end of a pair, blocking or not; without the greeting nothing is sent before our words. */
static void pairs(void) {
  for (int blocking = 0; blocking < 2; blocking++) {
    int ends[2];
    char byte;
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | (blocking ? 0 : SOCK_NONBLOCK), 0, ends) == 0);
    fcntl(ends[1], F_SETFL, 0);
    redisclient_connection *connection = adopted(ends[0], OPTIONS("handshake", "no"));
    CHECK(!redisclient_connection_hello(connection));
    talks(connection, ends[1]);
    errno = 4242;
    redisclient_connection_free(connection);
    CHECK_INT(errno, 4242);
    CHECK(!is_open(ends[0]));
    CHECK_INT(read(ends[1], &byte, 1), 0);
    close(ends[1]);
  }
}

static void peer_ends(void) {
  int ends[2];
  redisclient_reply *reply = NULL;
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  redisclient_connection *connection = adopted(ends[0], OPTIONS("handshake", "no"));
  say(ends[1], "+last\r\n");
  close(ends[1]);
  CHECK_OK(redisclient_connection_receive(connection, 20000, &reply, &error));
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STATUS, "last");
  redisclient_reply_free(reply);
  CHECK_INT(redisclient_connection_readable(connection, 20000), -1);
  CHECK_FAILS(redisclient_connection_receive(connection, 20000, &reply, &error), REDISCLIENT_EDISCONNECTED, "");
  redisclient_connection_free(connection);
}

static int connect_to(const char *url) {
  struct sockaddr_storage address = {0};
  socklen_t length;
  if (strncmp(url, "unix://", 7) == 0) {
    struct sockaddr_un *path = (struct sockaddr_un *)&address;
    path->sun_family = AF_UNIX;
    snprintf(path->sun_path, sizeof path->sun_path, "%s", url + 7);
    length = sizeof *path;
  } else {
    struct sockaddr_in *four = (struct sockaddr_in *)&address;
    four->sin_family = AF_INET;
    four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four->sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1));
    length = sizeof *four;
  }
  int fd = socket(address.ss_family, SOCK_STREAM, 0);
  REQUIRE(fd >= 0 && connect(fd, (struct sockaddr *)&address, length) == 0);
  return fd;
}

static void info_says(redisclient_connection *connection, const char *part) {
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_connection_send(connection, REDISCLIENT_ARGS("CLIENT", "INFO"), &error));
  CHECK_OK(redisclient_connection_flush(connection, 20000, &error));
  CHECK_OK(redisclient_connection_receive(connection, 20000, &reply, &error));
  CHECK_CONTAINS(redisclient_reply_text(reply, NULL), part);
  redisclient_reply_free(reply);
}

/* A real server over a socket of the caller's: greeted as the options say. */
static void greeted(const char *url) {
  redisclient_connection *connection = adopted(connect_to(url), OPTIONS("db", "2", "client_name", "adopted", "protocol", "3"));
  CHECK_INT(redisclient_reply_kind(redisclient_connection_hello(connection)), REDISCLIENT_REPLY_MAP);
  info_says(connection, " name=adopted ");
  info_says(connection, " db=2 ");
  redisclient_connection_free(connection);
  connection = adopted(connect_to(url), NULL);
  info_says(connection, " db=0 ");
  redisclient_connection_free(connection);
}

/* The accepted end of a connection. */
static void accepted(void) {
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof four;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  char url[64];
  REQUIRE(bind(listener, (struct sockaddr *)&four, length) == 0 && listen(listener, 1) == 0);
  REQUIRE(getsockname(listener, (struct sockaddr *)&four, &length) == 0);
  snprintf(url, sizeof url, "redis://127.0.0.1:%d", ntohs(four.sin_port));
  int other = connect_to(url), own = accept(listener, NULL, NULL);
  REFUSED(listener, OPTIONS("handshake", "no"), REDISCLIENT_EINVAL, "not connected");
  redisclient_connection *connection = adopted(own, OPTIONS("handshake", "no"));
  talks(connection, other);
  redisclient_connection_free(connection);
  CHECK(is_open(other) && is_open(listener));
  close(other);
  close(listener);
}

/* What cannot be adopted, each in its own words. */
static void wrong(void) {
  int ends[2], file = open("/dev/null", O_RDWR), pipes[2], gone = dup(file);
  close(gone);
  REFUSED(-1, OPTIONS("handshake", "no"), REDISCLIENT_EINVAL, "-1");
  REFUSED(-77, NULL, REDISCLIENT_EINVAL, "-77");
  REFUSED(INTPTR_MAX, NULL, REDISCLIENT_EINVAL, "");
  REFUSED((intptr_t)INT32_MAX + 1, NULL, REDISCLIENT_EINVAL, "");
  REFUSED(gone, NULL, REDISCLIENT_EINVAL, "not open");
  REFUSED(file, NULL, REDISCLIENT_EINVAL, "no socket");
  REQUIRE(pipe(pipes) == 0);
  REFUSED(pipes[0], NULL, REDISCLIENT_EINVAL, "no socket");
  REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) == 0);
  REFUSED(ends[0], OPTIONS("handshake", "no"), REDISCLIENT_EINVAL, "stream");
  close(ends[0]), close(ends[1]);
  REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
  REFUSED(ends[0], OPTIONS("handshake", "no"), REDISCLIENT_EINVAL, "stream");
  close(ends[0]), close(ends[1]);
  int unconnected = socket(AF_INET, SOCK_STREAM, 0);
  REFUSED(unconnected, NULL, REDISCLIENT_EINVAL, "not connected");
  CHECK(is_open(file) && is_open(pipes[0]) && is_open(unconnected));
  close(file), close(pipes[0]), close(pipes[1]), close(unconnected);
}

/* A greeting that fails gives the socket back as it was: time limits and flags too. */
static void failed_greetings(void) {
  for (int blocking = 0; blocking < 2; blocking++) {
    int ends[2];
    struct timeval limit = {.tv_sec = 7}, seen = {0};
    socklen_t size = sizeof seen;
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | (blocking ? 0 : SOCK_NONBLOCK), 0, ends) == 0);
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int64_t start = now_ms();
    REFUSED(ends[0], OPTIONS("connect_timeout_ms", "200"), REDISCLIENT_ETIMEOUT, "");
    CHECK(now_ms() - start >= 190 && now_ms() - start < 4500);
    CHECK(getsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &seen, &size) == 0 && seen.tv_sec == 7 && seen.tv_usec == 0);
    say(ends[0], "still ours"); /* after the greeting, which the other end has not read so far */
    say(ends[1], "HTTP/1.1 400 Bad Request\r\n\r\n");
    REFUSED(ends[0], NULL, REDISCLIENT_EPROTOCOL, "HTTP");
    close(ends[1]);
    REFUSED(ends[0], NULL, REDISCLIENT_EDISCONNECTED, "");
    close(ends[0]);
  }
}

/* A refused password costs the attempt, not the socket. */
static void passwords(const char *url) {
  int fd = connect_to(url);
  REFUSED(fd, NULL, REDISCLIENT_EAUTH, "");
  REFUSED(fd, OPTIONS("password", "canary-word"), REDISCLIENT_EAUTH, "WRONGPASS");
  redisclient_connection *connection = adopted(fd, OPTIONS("password", "right"));
  info_says(connection, " user=default ");
  redisclient_connection_free(connection);
}

static void *wait_for_reply(void *connection) {
  redisclient_reply *reply = NULL;
  return (void *)(intptr_t)redisclient_connection_receive(connection, -1, &reply, NULL);
}

static void shut_down_and_fork(void) {
  int ends[2];
  pthread_t thread;
  void *status = NULL;
  redisclient_reply *reply = NULL;
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  redisclient_connection *connection = adopted(ends[0], OPTIONS("handshake", "no"));
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    atomic_store(&check_failures, 0);
    CHECK_FAILS(redisclient_connection_receive(connection, 1000, &reply, &error), REDISCLIENT_EFORKED, "");
    CHECK_INT(redisclient_connection_fd(connection), -1);
    redisclient_connection_free(connection);
    _exit(check_result());
  }
  int ended = -1;
  CHECK(waitpid(child, &ended, 0) == child && ended == 0);
  talks(connection, ends[1]);
  REQUIRE(pthread_create(&thread, NULL, wait_for_reply, connection) == 0);
  pause_ms(50);
  redisclient_connection_shutdown(connection);
  pthread_join(thread, &status);
  CHECK_INT((intptr_t)status, REDISCLIENT_EDISCONNECTED);
  redisclient_connection_free(connection);
  close(ends[1]);
}

static void nulls(void) {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  CHECK_FAILS(redisclient_connection_adopt(ends[0], NULL, NULL, &error), REDISCLIENT_EINVAL, "out");
  CHECK_INT(redisclient_connection_adopt(-1, NULL, NULL, NULL), REDISCLIENT_EINVAL);
  CHECK(is_open(ends[0]));
  close(ends[0]), close(ends[1]);
}

int main(int argc, char **argv) {
  (void)argc;
  pairs();
  peer_ends();
  greeted(argument(argv, "url"));
  greeted(argument(argv, "tcp"));
  accepted();
  wrong();
  failed_greetings();
  passwords(argument(argv, "locked"));
  shut_down_and_fork();
  nulls();
  return check_result();
}
