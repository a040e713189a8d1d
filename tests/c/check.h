/* The assertions of the C tests and the few calls that all of them make.
 *
 * A failed CHECK is printed with place and values, counted, and the program goes on; REQUIRE ends
 * it, for what nothing after can do without. A program returns check_result(). */
#ifndef CHECK_H
#define CHECK_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <inttypes.h>
#include <redisclient.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_int check_failures;
static atomic_int check_count;

static inline bool check_report(bool good, const char *file, int line, const char *what) {
  atomic_fetch_add(&check_count, 1);
  if (!good && atomic_fetch_add(&check_failures, 1) < 100)
    fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
  return good;
}

/* 0 when something was checked and nothing failed. */
static inline int check_result(void) {
  int failures = atomic_load(&check_failures), count = atomic_load(&check_count);
  if (failures) fprintf(stderr, "%d of %d checks failed\n", failures, count);
  if (!count) fprintf(stderr, "nothing was checked\n");
  return failures || !count;
}

static inline bool check_int(int64_t seen, int64_t wanted, const char *file, int line, const char *what) {
  bool good = check_report(seen == wanted, file, line, what);
  if (!good) fprintf(stderr, "    seen %" PRId64 ", wanted %" PRId64 "\n", seen, wanted);
  return good;
}

static inline bool check_bytes(const char *seen, size_t seen_length, const char *wanted, size_t wanted_length,
                               const char *file, int line, const char *what) {
  bool good = seen && seen_length == wanted_length && memcmp(seen, wanted, wanted_length) == 0;
  if (!check_report(good, file, line, what))
    fprintf(stderr, "    seen %zu bytes \"%.200s\", wanted %zu bytes \"%.200s\"\n", seen_length,
            seen ? seen : "(null)", wanted_length, wanted);
  return good;
}

static inline bool check_contains(const char *text, const char *part, const char *file, int line, const char *what) {
  bool good = check_report(text && strstr(text, part), file, line, what);
  if (!good) fprintf(stderr, "    \"%s\" does not say \"%s\"\n", text ? text : "(null)", part);
  return good;
}

#define CHECK(condition) check_report((condition), __FILE__, __LINE__, #condition)
#define CHECK_INT(seen, wanted) check_int((int64_t)(seen), (int64_t)(wanted), __FILE__, __LINE__, #seen)
#define CHECK_TEXT(seen, wanted) \
  check_bytes((seen), strlen((seen)), (wanted), strlen(wanted), __FILE__, __LINE__, #seen)
#define CHECK_CONTAINS(text, part) check_contains((text), (part), __FILE__, __LINE__, #text)
#define REQUIRE(condition) ((condition) ? (void)check_report(true, "", 0, "") : check_fatal(__FILE__, __LINE__, #condition))

static inline void check_fatal(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: cannot go on: %s\n", file, line, what);
  exit(1);
}

/* Checks that `status` is OK; otherwise prints the error. Frees the error. */
static inline bool check_ok(redisclient_status status, redisclient_error *error, const char *file, int line, const char *what) {
  bool good = check_int(status, REDISCLIENT_OK, file, line, what);
  if (!good) fprintf(stderr, "    error: %s\n", redisclient_error_message(error));
  redisclient_error_free(error);
  return good;
}

/* Checks a failure: its code, also inside the error, and that the text names `part`. Frees the error. */
static inline bool check_fails(redisclient_status status, redisclient_error *error, redisclient_status wanted,
                               const char *part, const char *file, int line, const char *what) {
  bool good = check_int(status, wanted, file, line, what);
  if (status != REDISCLIENT_OK) {
    good &= check_int(redisclient_error_code(error), status, file, line, "code of the error");
    good &= check_contains(redisclient_error_message(error), part, file, line, "message of the error");
  }
  if (!good) fprintf(stderr, "    error: %s\n", redisclient_error_message(error));
  redisclient_error_free(error);
  return good;
}

/* `call` uses &error; `error` is declared here. */
#define CHECK_OK(call) \
  do { redisclient_error *error = NULL; redisclient_status status_ = (call); \
       check_ok(status_, error, __FILE__, __LINE__, #call); } while (0)
#define CHECK_FAILS(call, code, part) \
  do { redisclient_error *error = NULL; redisclient_status status_ = (call); \
       check_fails(status_, error, (code), (part), __FILE__, __LINE__, #call); } while (0)

static inline bool check_reply(const redisclient_reply *reply, int kind, const char *text, size_t length, const char *file, int line) {
  size_t seen_length = 0;
  bool good = check_int(redisclient_reply_kind(reply), kind, file, line, "kind of the reply");
  const char *seen = redisclient_reply_text(reply, &seen_length);
  return check_bytes(seen, seen_length, text, length, file, line, "text of the reply") && good;
}
#define CHECK_REPLY(reply, kind, wanted) check_reply((reply), (kind), (wanted), strlen(wanted), __FILE__, __LINE__)

static inline bool check_integer(const redisclient_reply *reply, int64_t wanted, const char *file, int line) {
  bool good = check_int(redisclient_reply_kind(reply), REDISCLIENT_REPLY_INTEGER, file, line, "kind of the reply");
  return check_int(redisclient_reply_integer(reply), wanted, file, line, "integer of the reply") && good;
}
#define CHECK_INTEGER(reply, wanted) check_integer((reply), (wanted), __FILE__, __LINE__)

/* For what must succeed: on a busy machine any step may take seconds. A URL that says other times wins. */
static inline redisclient_options *patient(void) {
  redisclient_options *options = redisclient_options_new();
  if (redisclient_options_set(options, "timeout_ms", "300000", NULL) || redisclient_options_set(options, "connect_timeout_ms", "300000", NULL))
    check_fatal(__FILE__, __LINE__, "options");
  return options;
}

/* A client that is patient, or the end of the program. */
static inline redisclient *open_client(const char *url) {
  redisclient *client = NULL;
  redisclient_error *error = NULL;
  redisclient_options *options = patient();
  if (redisclient_open(url, options, &client, &error) != REDISCLIENT_OK) {
    fprintf(stderr, "cannot open %s: %s\n", url, redisclient_error_message(error));
    exit(1);
  }
  redisclient_options_free(options);
  return client;
}

/* A connection to drive by hand, likewise. */
static inline redisclient_connection *open_connection(const char *url) {
  redisclient_connection *connection = NULL;
  redisclient_error *error = NULL;
  redisclient_options *options = patient();
  if (redisclient_connection_open(url, options, &connection, &error) != REDISCLIENT_OK) {
    fprintf(stderr, "cannot connect to %s: %s\n", url, redisclient_error_message(error));
    exit(1);
  }
  redisclient_options_free(options);
  return connection;
}

/* A client of `url`, which may have a query, with `query`, "a=1&b=2", behind it. */
static inline redisclient *open_with(const char *url, const char *query) {
  char whole[1024];
  snprintf(whole, sizeof whole, "%s%c%s", url, strchr(url, '?') ? '&' : '?', query);
  return open_client(whole);
}

/* A command's reply, or the end of the program. */
static inline redisclient_reply *run_at(int line, redisclient *client, size_t argc, const char *const *argv, const size_t *lengths) {
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  if (redisclient_command(client, argc, argv, lengths, &reply, &error) != REDISCLIENT_OK) {
    fprintf(stderr, "line %d: %s failed: %s\n", line, argv[0], redisclient_error_message(error));
    exit(1);
  }
  return reply;
}
#define RUN(client, ...) run_at(__LINE__, (client), REDISCLIENT_ARGS(__VA_ARGS__))
/* A command whose reply does not matter. */
#define DO(client, ...) redisclient_reply_free(RUN((client), __VA_ARGS__))

/* Checks that a command is answered by `kind` and `text`, which shows whose reply came. */
#define EXPECT(client, kind, text, ...) \
  do { redisclient_reply *expected_ = RUN((client), __VA_ARGS__); \
       CHECK_REPLY(expected_, (kind), (text)); redisclient_reply_free(expected_); } while (0)

/* A number out of INFO, or -1. */
static inline int64_t info(redisclient *client, const char *section, const char *field) {
  redisclient_reply *reply = RUN(client, "INFO", section);
  char key[128];
  snprintf(key, sizeof key, "\n%s:", field);
  const char *found = strstr(redisclient_reply_text(reply, NULL), key);
  int64_t value = found ? strtoll(found + strlen(key), NULL, 10) : -1;
  redisclient_reply_free(reply);
  return value;
}

static inline int64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static inline void pause_ms(int64_t ms) {
  struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

/* Milliseconds of processor time that this process has used. */
static inline int64_t cpu_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Waits until `condition` holds, at most 60 s. */
#define WAIT_UNTIL(condition) \
  do { int64_t start_ = now_ms(); bool holds_; \
       while (!(holds_ = (condition)) && now_ms() - start_ < 60000) pause_ms(2); \
       check_report(holds_, __FILE__, __LINE__, #condition); } while (0)

/* Which tool runs the program: "plain", "valgrind" or "sanitizers". */
static inline bool under(const char *tool) {
  const char *set = getenv("REDISCLIENT_TEST_TOOL");
  return set && strcmp(set, tool) == 0;
}

/* Whether REDISCLIENT_TEST_LONG asks for the long form of a test. */
static inline bool at_length(void) {
  const char *set = getenv("REDISCLIENT_TEST_LONG");
  return set && *set;
}

/* `count`, or a twentieth under a tool that makes everything slow. */
static inline int scaled(int count) {
  return under("valgrind") && count >= 20 ? count / 20 : count;
}

/* The memory that this process has in use, in bytes. */
static inline size_t resident(void) {
  unsigned long whole = 0, pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  REQUIRE(file && fscanf(file, "%lu %lu", &whole, &pages) == 2);
  fclose(file);
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The value of "name=value" among the arguments of the program. */
static inline const char *argument(char **argv, const char *name) {
  size_t length = strlen(name);
  for (char **arg = argv + 1; *arg; arg++)
    if (strncmp(*arg, name, length) == 0 && (*arg)[length] == '=') return *arg + length + 1;
  fprintf(stderr, "no argument %s=...\n", name);
  exit(1);
}
#endif
