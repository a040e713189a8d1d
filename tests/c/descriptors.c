/* Descriptors: above what select can hold, none left to be had, none left behind. */
#include "check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static int open_descriptors(void) {
  DIR *directory = opendir("/proc/self/fd");
  int count = 0;
  REQUIRE(directory);
  while (readdir(directory)) count++;
  closedir(directory);
  return count;
}

static void set_limit(rlim_t limit) {
  struct rlimit now;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &now) == 0);
  now.rlim_cur = limit;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &now) == 0);
}

/* Every wait there is, on a descriptor above 1024. */
static void above_select(const char *url) {
  static int taken[1100];
  int count = 0;
  set_limit(4096);
  while (count < 1100 && (taken[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) count++;
  REQUIRE(taken[count - 1] > 1024);
  redisclient *client = open_client(url);
  redisclient_connection *connection = open_connection(url);
  redisclient_reply *reply = NULL;
  CHECK(redisclient_connection_fd(connection) > 1024);
  CHECK_INT(redisclient_connection_readable(connection, 10), 0);
  CHECK_FAILS(redisclient_connection_receive(connection, 10, &reply, &error), REDISCLIENT_ETIMEOUT, "");
  redisclient_connection_free(connection);
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.deadline_ms = 50;
  CHECK_FAILS(redisclient_command_call(client, &call, REDISCLIENT_ARGS("BLPOP", "never", "0"), NULL, &error), REDISCLIENT_ETIMEOUT, "");
  EXPECT(client, REDISCLIENT_REPLY_STRING, "high", "ECHO", "high");
  redisclient_free(client);
  while (count > 0) close(taken[--count]);
}

/* None to be had: said with errno, no slot lost, and all is well as soon as there are some. */
static void none_left(const char *url) {
  redisclient *lazy = open_with(url, "lazy=yes&pool.max=1&pool.wait_ms=0&retry.count=0"), *client = NULL;
  redisclient_connection *connection = NULL;
  int lowest = dup(0);
  REQUIRE(lowest >= 0);
  close(lowest);
  set_limit((rlim_t)lowest);
  for (int i = 0; i < 5; i++) {
    redisclient_error *error = NULL;
    redisclient_status status = redisclient_command(lazy, REDISCLIENT_ARGS("PING"), NULL, &error);
    CHECK_INT(redisclient_error_os_error(error), EMFILE);
    CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
    check_fails(status, error, REDISCLIENT_ECONNECT, "", __FILE__, __LINE__, "command without descriptors");
    CHECK_FAILS(redisclient_open(url, NULL, &client, &error), REDISCLIENT_ECONNECT, "");
    CHECK_FAILS(redisclient_connection_open(url, NULL, &connection, &error), REDISCLIENT_ECONNECT, "");
  }
  CHECK(!client && !connection);
  set_limit(1024);
  EXPECT(lazy, REDISCLIENT_REPLY_STATUS, "PONG", "PING");
  redisclient_free(lazy);
}

/* Neither good nor failed openings, nor time-outs, leave one behind. */
static void none_left_behind(const char *url, const char *nobody) {
  int before = open_descriptors();
  for (int i = 0; i < scaled(100); i++) {
    redisclient *client = open_client(url);
    redisclient_call call = REDISCLIENT_CALL_INIT;
    call.deadline_ms = 1;
    redisclient_error *error = NULL;
    CHECK(redisclient_command_call(client, &call, REDISCLIENT_ARGS("BLPOP", "never", "0"), NULL, &error) != REDISCLIENT_OK);
    redisclient_error_free(error);
    DO(client, "PING");
    redisclient_free(client);
    CHECK_FAILS(redisclient_open(nobody, NULL, &client, &error), REDISCLIENT_ECONNECT, "");
  }
  CHECK_INT(open_descriptors(), before);
}

int main(int argc, char **argv) {
  (void)argc;
  none_left_behind(argument(argv, "tcp"), argument(argv, "nobody"));
  none_left_behind(argument(argv, "url"), argument(argv, "nobody"));
  if (!under("valgrind")) above_select(argument(argv, "tcp")); /* which keeps the high ones for itself */
  none_left(argument(argv, "tcp"));
  none_left(argument(argv, "url"));
  return check_result();
}
