/* Opening: wrong URLs, nobody there, wrong words at the door, servers that are none. Each is a
 * clear error in time; the runner counts how often we knocked. */
#include "check.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static redisclient_status open_url(const char *url, redisclient_error **error) {
  redisclient *client = (redisclient *)(uintptr_t)0x10;
  redisclient_status status = redisclient_open(url, NULL, &client, error);
  if (status == REDISCLIENT_OK) redisclient_free(client);
  else CHECK(client == (redisclient *)(uintptr_t)0x10);
  return status;
}

static void wrong_urls(void) {
  static const char *const urls[] = {
      "", " ", "nonsense", "localhost", "localhost:6379", "127.0.0.1:6379", "redis:", "redis:/h", "://h", "http://h:1", "ftp://h", "redis//h",
      "redis://h:99999", "redis://h:port", "redis://h:-1", "redis://h:0", "redis://[::1", "redis://[::1]x:1", "redis://u:p@h:1:2",
      "redis://h/%zz", "redis://h%00x", "unix://", "redis://h/abc", "redis://h/-1", "redis://h 1"};
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
    redisclient_error *error = NULL;
    redisclient_status status = open_url(urls[i], &error);
    bool good = CHECK(status == REDISCLIENT_EINVAL || status == REDISCLIENT_EOPTION);
    good &= CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
    good &= CHECK(strlen(redisclient_error_message(error)) > 10);
    if (!good) fprintf(stderr, "    for \"%s\": %s\n", urls[i], redisclient_error_message(error));
    redisclient_error_free(error);
  }
}

static void wrong_queries(void) {
  static const char *const queries[][2] = {
      {"nonsense=1", "nonsense"}, {"timeout_ms=", "timeout_ms"}, {"timeout_ms", "timeout_ms"}, {"timeout_ms=1&timeout_ms=1", "timeout_ms"}, {"timeout_ms=0", "timeout_ms"},
      {"timeout_ms=-2", "timeout_ms"}, {"timeout_ms=5s", "timeout_ms"}, {"=5", ""}, {"db=x", "db"}, {"protocol=4", "protocol"}, {"lazy=maybe", "lazy"}, {"cache=yes", "not supported in this version"},
      {"mode=pooled", "exclusive or shared"}, {"tls.verify=none", "write rediss://"}, {"tls.ocsp=staple", "not supported in this version"}, {"pool.max=0", "pool.max"}, {"db=1&db=2", "db"}};
  for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
    char url[128];
    snprintf(url, sizeof url, "redis://127.0.0.1:1?%s", queries[i][0]);
    redisclient_error *error = NULL;
    redisclient_status status = open_url(url, &error);
    if (!check_fails(status, error, REDISCLIENT_EOPTION, queries[i][1], __FILE__, __LINE__, "open")) fprintf(stderr, "    for %s\n", url);
  }
}

static void schemes_to_come(void) {
  static const char *const urls[] = {"redis+sentinel://h/name", "rediss+sentinel://h/name", "redis+cluster://h", "rediss+cluster://h", "valkeys+cluster://h", "valkey+cluster://h"};
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) CHECK_FAILS(open_url(urls[i], &error), REDISCLIENT_EOPTION, "not supported in this version");
}

/* Nobody there: at once, for open tries each address once. */
static void nobody(const char *url, const char *place, int os_error) {
  redisclient_error *error = NULL;
  int64_t start = now_ms();
  redisclient_status status = open_url(url, &error);
  CHECK(now_ms() - start < 4500); /* nor until a time limit */
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
  CHECK_INT(redisclient_error_os_error(error), os_error);
  CHECK_INT(redisclient_error_retryable(error), 1);
  CHECK_TEXT(redisclient_error_node(error), place);
  CHECK_TEXT(redisclient_error_server_code(error), "");
  check_fails(status, error, REDISCLIENT_ECONNECT, place, __FILE__, __LINE__, "open where nobody is");
}

/* The thread that looks it up is never waited for; where it outlives the program, memcheck reports it. */
static void unknown_host(void) {
  if (under("valgrind")) return;
  redisclient_error *error = NULL;
  int64_t start = now_ms();
  redisclient_status status = open_url("redis://no-such-host.invalid:6379?connect_timeout_ms=1000&timeout_ms=1000", &error);
  CHECK(now_ms() - start < 9000);
  CHECK(status == REDISCLIENT_ERESOLVE || status == REDISCLIENT_ETIMEOUT); /* a resolver may be out of reach */
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
  CHECK_CONTAINS(redisclient_error_message(error), "no-such-host.invalid");
  redisclient_error_free(error);
}

/* A place for a socket that no socket's address can hold. */
static void long_path(void) {
  char url[400] = "unix:///tmp/";
  memset(url + strlen(url), 'x', 300);
  redisclient_error *error = NULL;
  CHECK(open_url(url, &error) != REDISCLIENT_OK);
  CHECK(strlen(redisclient_error_message(error)) > 10);
  redisclient_error_free(error);
}

/* Paths are bytes, not text. */
static void bytes_in_path(const char *url) {
  CHECK_INT(symlink(url + strlen("unix://"), "odd-\xff\xfe.sock"), 0);
  char directory[256], odd[512];
  REQUIRE(getcwd(directory, sizeof directory));
  snprintf(odd, sizeof odd, "unix://%s/odd-%%FF%%fe.sock", directory);
  redisclient *client = open_client(odd);
  EXPECT(client, REDISCLIENT_REPLY_STRING, "here", "ECHO", "here");
  redisclient_free(client);
}

static void secret_kept(redisclient_error *error) {
  CHECK(!strstr(redisclient_error_message(error), "canary-word"));
  CHECK(!strstr(redisclient_error_node(error), "canary-word"));
}

/* The runner sees that the password was shown once for each of the two. */
static void wrong_password(const char *host) {
  char url[256];
  redisclient_error *error = NULL;
  snprintf(url, sizeof url, "redis://:canary-word@%s", host);
  redisclient_status status = open_url(url, &error);
  secret_kept(error);
  CHECK_TEXT(redisclient_error_server_code(error), "WRONGPASS");
  check_fails(status, error, REDISCLIENT_EAUTH, "", __FILE__, __LINE__, "open with a wrong password");
  snprintf(url, sizeof url, "redis://:canary-word@%s?lazy=yes", host);
  redisclient *client = open_client(url);
  error = NULL;
  status = redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error);
  secret_kept(error);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
  check_fails(status, error, REDISCLIENT_EAUTH, "", __FILE__, __LINE__, "first command with a wrong password");
  redisclient_free(client);
}

static void passwords(const char *host) {
  char url[256];
  redisclient_error *error = NULL;
  snprintf(url, sizeof url, "redis://%s", host);
  redisclient_status status = open_url(url, &error);
  CHECK_TEXT(redisclient_error_server_code(error), "NOAUTH");
  check_fails(status, error, REDISCLIENT_EAUTH, "", __FILE__, __LINE__, "open without the password");
  static const char *const forms[][2] = {{"redis://:the%20right%2fword@", ""}, {"redis://default:the%20right%2Fword@", "?protocol=2"}, {"valkey://", "?password=the%20right%2Fword"}};
  for (size_t i = 0; i < 3; i++) {
    snprintf(url, sizeof url, "%s%s%s", forms[i][0], host, forms[i][1]);
    redisclient *client = open_client(url);
    EXPECT(client, REDISCLIENT_REPLY_STATUS, "PONG", "PING");
    redisclient_free(client);
  }
}

/* Whatever stands behind the port, the error says so, at once. */
static void odd_server(const char *url, redisclient_status code, const char *part) {
  redisclient_error *error = NULL;
  int64_t start = now_ms();
  redisclient_status status = open_url(url, &error);
  CHECK(now_ms() - start < 4500);
  if (!check_fails(status, error, code, part, __FILE__, __LINE__, "open of an odd server")) fprintf(stderr, "    which says %s\n", part);
}

/* Within connect_timeout_ms + timeout_ms, and not much before one of them. */
static void mute_server(const char *url) {
  char whole[256];
  redisclient_error *error = NULL;
  snprintf(whole, sizeof whole, "%s?connect_timeout_ms=200&timeout_ms=300", url);
  int64_t start = now_ms();
  redisclient_status status = open_url(whole, &error);
  CHECK(now_ms() - start >= 190 && now_ms() - start < 4500);
  check_fails(status, error, REDISCLIENT_ETIMEOUT, "", __FILE__, __LINE__, "open of a mute server");
}

static void works(const char *url) {
  redisclient *client = open_client(url);
  EXPECT(client, REDISCLIENT_REPLY_STATUS, "PONG", "PING");
  redisclient_free(client);
}

/* Answers twice to everything: nobody may get the second answer. */
static void talkative(const char *url) {
  redisclient *client = open_client(url);
  for (int i = 0; i < 20; i++) {
    char mark[16];
    redisclient_reply *reply = NULL;
    snprintf(mark, sizeof mark, "%d", i);
    if (redisclient_command(client, REDISCLIENT_ARGS("ECHO", mark), &reply, NULL) == REDISCLIENT_OK) CHECK_REPLY(reply, REDISCLIENT_REPLY_STRING, mark);
    redisclient_reply_free(reply);
  }
  redisclient_free(client);
}

/* Not asked before the first command; a server that comes late is found then. */
static void lazy(const char *url) {
  redisclient *client = open_with(url, "lazy=yes&retry.count=0");
  CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECONNECT, "");
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *nobody_url = argument(argv, "nobody");
  wrong_urls();
  wrong_queries();
  schemes_to_come();
  nobody(nobody_url, nobody_url + strlen("redis://"), ECONNREFUSED);
  nobody("unix:///nonexistent/socket", "/nonexistent/socket", ENOENT);
  lazy(nobody_url);
  unknown_host();
  long_path();
  bytes_in_path(argument(argv, "url"));
  wrong_password(argument(argv, "locked_host"));
  passwords(argument(argv, "locked_host"));
  odd_server(argument(argv, "http"), REDISCLIENT_EPROTOCOL, "HTTP");
  odd_server(argument(argv, "ssh"), REDISCLIENT_EPROTOCOL, "SSH");
  odd_server(argument(argv, "denied"), REDISCLIENT_ESERVER, "DENIED");
  odd_server(argument(argv, "full"), REDISCLIENT_EMAXCLIENTS, "max number of clients");
  odd_server(argument(argv, "loading"), REDISCLIENT_ELOADING, "LOADING");
  odd_server(argument(argv, "hangs_up"), REDISCLIENT_EDISCONNECTED, "");
  mute_server(argument(argv, "mute"));
  works(argument(argv, "old"));
  works(argument(argv, "no_proto"));
  works(argument(argv, "pushes_first"));
  works(argument(argv, "refuses_extras"));
  talkative(argument(argv, "talkative"));
  return check_result();
}
