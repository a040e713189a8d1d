/* Memory is given back: after large replies and requests the process is about as small as before, with
 * its connections idle but open; and what a hostile server announces costs nothing before it comes. */
#include "check.h"
#include <malloc.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGE = 8 << 20, SMALL = 16, THREADS = 6 };

/* Within a tenth and 4 MiB of what it was. The allocator keeps up to a megabyte for each thread that
 * there was. */
static void gave_back(size_t before, size_t threads, const char *what, const char *url) {
  size_t after = resident();
  if (!CHECK(after <= before + before / 10 + (4 << 20) + (threads << 20)) || at_length())
    fprintf(stderr, "    %s, %s: %zu KiB before, %zu KiB after\n", what, url, before >> 10, after >> 10);
}

static int times(int many) {
  return at_length() ? many : many / 25;
}

static void get(redisclient *client, size_t length) {
  redisclient_reply *reply = RUN(client, "GET", "large");
  CHECK_INT(reply->length, length);
  redisclient_reply_free(reply);
}

static void range(redisclient *client) {
  redisclient_reply *reply = RUN(client, "LRANGE", "list", "0", "-1");
  CHECK_INT(reply->length, LARGE / SMALL);
  redisclient_reply_free(reply);
}

static void *get_often(void *client) {
  for (int i = 0; i < times(200) / THREADS + 1; i++) get(client, LARGE);
  return NULL;
}

static char *filled(void) {
  char *value = malloc(LARGE);
  REQUIRE(value);
  memset(value, 'x', LARGE);
  return value;
}

static void set(redisclient *client, const char *value) {
  const char *const argv[] = {"SET", "large", value};
  CHECK_OK(redisclient_command(client, 3, argv, (const size_t[]){3, 5, LARGE}, NULL, &error));
}

static void pipeline(redisclient *client, const char *value) {
  const char *const argv[] = {"SET", "large", value};
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  for (int round = 0; round < 2; round++) {
    redisclient_reply *reply = NULL;
    for (int i = 0; i < 3; i++) redisclient_pipeline_add(pipeline, 3, argv, (const size_t[]){3, 5, LARGE});
    redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("GET", "large"));
    CHECK_OK(redisclient_pipeline_run(pipeline, &reply, &error));
    CHECK_INT(redisclient_reply_at(reply, 3)->length, LARGE);
    redisclient_reply_free(reply);
  }
  redisclient_pipeline_free(pipeline);
}

static redisclient_connection *manual; /* stays open, idle */

static void exchange_by_hand(const char *value) {
  const char *const argv[] = {"SET", "large", value};
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_connection_send(manual, 3, argv, (const size_t[]){3, 5, LARGE}, &error));
  CHECK_OK(redisclient_connection_send(manual, REDISCLIENT_ARGS("GET", "large"), &error));
  CHECK_OK(redisclient_connection_flush(manual, 10000, &error));
  for (int i = 0; i < 2; i++) {
    CHECK_OK(redisclient_connection_receive(manual, 10000, &reply, &error));
    redisclient_reply_free(reply);
  }
}

struct section {
  const char *what, *url;
  void (*run)(redisclient *client, const char *url);
  bool trim; /* what the allocator keeps for itself does not count */
  size_t threads;
};

static void values(redisclient *client, const char *url) {
  bool slow = strncmp(url, "rediss", 6) == 0;
  for (int i = 0; i < times(slow ? 100 : 1000); i++) get(client, LARGE);
}

static void arrays(redisclient *client, const char *url) {
  (void)url;
  for (int i = 0; i < times(50); i++) range(client);
}

/* Many connections at once, each of which then lies idle. */
static void in_threads(redisclient *client, const char *url) {
  (void)url;
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) REQUIRE(pthread_create(&threads[i], NULL, get_often, client) == 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

static void requests(redisclient *client, const char *url) {
  (void)url;
  char *value = filled();
  for (int i = 0; i < times(250); i++) set(client, value);
  pipeline(client, value);
  free(value);
}

static void by_hand(redisclient *client, const char *url) {
  (void)client;
  manual = open_connection(url);
  char *value = filled();
  for (int i = 0; i < times(100); i++) exchange_by_hand(value);
  free(value);
}

/* In a process of its own, so that none finds what another left in the allocator. */
static void measure(const struct section *section) {
  int status = 0;
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    redisclient *client = open_client(section->url);
    DO(client, "PING");
    size_t before = resident();
    section->run(client, section->url);
    if (section->trim) malloc_trim(0);
    gave_back(before, section->threads, section->what, section->url);
    redisclient_connection_free(manual);
    redisclient_free(client);
    _exit(check_result());
  }
  REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The server says what it is told to, as it is. */
static void told(redisclient *client, const char *words, redisclient_status wanted) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  call.deadline_ms = wanted == REDISCLIENT_ETIMEOUT ? 20 : 10000;
  redisclient_status status = redisclient_command_call(client, &call, REDISCLIENT_ARGS("SAY", words), &reply, &error);
  if (!check_fails(status, error, wanted, "", __FILE__, __LINE__, "a hostile reply")) fprintf(stderr, "    to \"%.30s\"\n", words);
  CHECK(!reply);
}

static void announced(redisclient *client) {
  static const char *const refused[] = {
    "*4294967295\r\n", "*9223372036854775807\r\n", "%4294967295\r\n", "%4611686018427387904\r\n", "%9223372036854775807\r\n",
    "|4611686018427387904\r\n", "|9223372036854775807\r\n", "~4294967295\r\n", ">9223372036854775807\r\n",
    "$4294967295\r\n", "$9223372036854775807\r\n", "!4294967295\r\n", "=9223372036854775807\r\n"};
  static const char *const awaited[] = {"*16000000\r\n", "%8000000\r\n", "$1073000000\r\n", "=1073000000\r\ntxt:", "~16000000\r\n:1\r\n"};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) told(client, refused[i], REDISCLIENT_ELIMIT);
  for (size_t i = 0; i < sizeof awaited / sizeof *awaited; i++) told(client, awaited[i], REDISCLIENT_ETIMEOUT);
  told(client, "*-2\r\n", REDISCLIENT_EPROTOCOL);
  told(client, "$-2\r\n", REDISCLIENT_EPROTOCOL);
  told(client, ":99999999999999999999\r\n", REDISCLIENT_EPROTOCOL);
}

/* Ten million arrays in each other, on a small stack: refused at the limit, however much follows. */
static void nested(redisclient *client) {
  static const char *const openings[] = {"*1\r\n", "%1\r\n+k\r\n", "~1\r\n", ">1\r\n", "|1\r\n+k\r\n", "*?\r\n"};
  for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
    CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("NEST", openings[i]), NULL, &error), REDISCLIENT_ELIMIT, "");
}

static void *on_a_small_stack(void *url) {
  redisclient *client = open_with(url, "retry.count=0");
  announced(client);
  nested(client);
  malloc_trim(0);
  size_t before = resident();
  for (int i = 0; i < 3; i++) {
    announced(client);
    nested(client);
  }
  malloc_trim(0);
  if (under("plain")) CHECK(resident() < before + (1 << 20));
  redisclient_free(client);
  return NULL;
}

int main(int argc, char **argv) {
  (void)argc;
  const char *url = argument(argv, "url"), *tcp = argument(argv, "tcp"), *tls = argument(argv, "tls");
  const struct section sections[] = {
    {"large values", tcp, values, false, 0}, {"large values", tls, values, false, 0},
    {"many small ones", url, arrays, false, 0}, {"many small ones", tls, arrays, false, 0},
    {"in threads", url, in_threads, true, THREADS}, {"in threads", tls, in_threads, true, THREADS},
    {"requests", tcp, requests, true, 0}, {"requests", tls, requests, true, 0},
    {"by hand", tcp, by_hand, true, 0}, {"by hand", tls, by_hand, true, 0}};
  redisclient *client = open_client(url);
  char *value = filled();
  set(client, value);
  free(value);
  DO(client, "EVAL", "local t = {} for j = 1, 1024 do t[j] = 'an element of 16' end for i = 1, ARGV[1] / 1024 do redis.call('RPUSH', 'list', unpack(t)) end",
     "0", "524288");
  redisclient_free(client);
  for (size_t i = 0; under("plain") && i < sizeof sections / sizeof *sections; i++) measure(&sections[i]);
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  REQUIRE(pthread_create(&thread, &attributes, on_a_small_stack, (void *)(uintptr_t)argument(argv, "says")) == 0);
  pthread_join(thread, NULL);
  return check_result();
}
