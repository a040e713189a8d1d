/* Hostile bytes: sizes that nobody has, depth without end, numbers that do not fit, lines that are
 * not RESP. Each is refused at once, costs next to no memory, and writes no output. */
#include "check.h"
#include <pthread.h>
#include <unistd.h>

static redisclient_reply *const UNTOUCHED = (redisclient_reply *)(uintptr_t)0x10;

static void refused(const char *bytes, size_t length, redisclient_status code) {
  redisclient_reply *reply = UNTOUCHED;
  redisclient_error *error = NULL;
  size_t used = 77;
  redisclient_status status = redisclient_reply_parse(bytes, length, &used, &reply, &error);
  if (!CHECK_INT(status, code)) fprintf(stderr, "    for \"%.60s\"\n", bytes);
  if (status != REDISCLIENT_OK) {
    CHECK(used == 77 && reply == UNTOUCHED);
    CHECK_INT(redisclient_error_code(error), status);
    CHECK(*redisclient_error_message(error));
  } else if (reply != UNTOUCHED) {
    redisclient_reply_free(reply);
  }
  redisclient_error_free(error);
  CHECK_INT(redisclient_reply_parse(bytes, length, &used, &reply, NULL), status);
  if (status == REDISCLIENT_OK) redisclient_reply_free(reply);
}
#define REFUSED(literal, code) refused("" literal, sizeof(literal) - 1, (code))

static void too_many(void) {
  REFUSED("*4294967295\r\n", REDISCLIENT_ELIMIT);
  REFUSED("*9223372036854775807\r\n", REDISCLIENT_ELIMIT);
  REFUSED("%4611686018427387904\r\n", REDISCLIENT_ELIMIT);
  REFUSED("%9223372036854775807\r\n", REDISCLIENT_ELIMIT);
  REFUSED("%4294967295\r\n", REDISCLIENT_ELIMIT);
  REFUSED("~9223372036854775807\r\n", REDISCLIENT_ELIMIT);
  REFUSED(">4294967295\r\n", REDISCLIENT_ELIMIT);
  REFUSED("|4611686018427387904\r\n", REDISCLIENT_ELIMIT);
  REFUSED("|9223372036854775807\r\n", REDISCLIENT_ELIMIT);
  REFUSED("*16777217\r\n", REDISCLIENT_ELIMIT);
  REFUSED("%8388609\r\n", REDISCLIENT_ELIMIT);
  REFUSED("*2\r\n*16777215\r\n", REDISCLIENT_ELIMIT); /* the announced sum counts */
}

static void too_long(void) {
  REFUSED("$9223372036854775807\r\n", REDISCLIENT_ELIMIT);
  REFUSED("$1073741825\r\n", REDISCLIENT_ELIMIT);
  REFUSED("!9223372036854775807\r\n", REDISCLIENT_ELIMIT);
  REFUSED("=4294967295\r\n", REDISCLIENT_ELIMIT);
  REFUSED("$?\r\n;9223372036854775807\r\n", REDISCLIENT_ELIMIT);
}

static void not_a_reply(void) {
  REFUSED(":9223372036854775808\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED(":-9223372036854775809\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED(":99999999999999999999999999\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED(":\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED(":-\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED(":12a\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED(": 1\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("$\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("$-2\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("$abc\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("$3\r\nabcXY", REDISCLIENT_EPROTOCOL);
  REFUSED("*-2\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("*x\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("%-1\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("_x\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("#x\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("#true\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED(",abc\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED(",\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("(12a4\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("(\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("=2\r\nab\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("=5\r\nabcde\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED(".\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED(";4\r\nabcd\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("*2\r\n.\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("%?\r\n+odd\r\n.\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("$?\r\n+no chunk\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("HTTP/1.1 400 Bad Request\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("SSH-2.0-OpenSSH\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("\x15\x03\x01\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("\r\n", REDISCLIENT_EPROTOCOL);
  REFUSED("\0\0\0\0\r\n", REDISCLIENT_EPROTOCOL);
}

/* Large but within the limits: waits for more, and takes no memory before the bytes come. */
static void announced_only(void) {
  const char *const cases[] = {"*16000000\r\n", "%8000000\r\n", "$1073000000\r\n", "*3\r\n*5000000\r\n:1\r\n"};
  for (int i = 0; i < 4; i++) {
    redisclient_reply *reply = UNTOUCHED;
    size_t used = 77;
    CHECK_OK(redisclient_reply_parse(cases[i], strlen(cases[i]), &used, &reply, &error));
    CHECK(used == 0 && !reply);
  }
}

static size_t peak_kib(void) {
  char line[256];
  unsigned long kib = 0;
  FILE *file = fopen("/proc/self/status", "r");
  REQUIRE(file);
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "VmHWM: %lu", &kib) == 1) break;
  fclose(file);
  return kib;
}

/* Everything once before, so that what is measured is the input and not the first call. */
static void memory(void) {
  too_many();
  announced_only();
  size_t before = resident(), peak_before = peak_kib();
  for (int i = 0; i < 10; i++) {
    too_many();
    too_long();
    announced_only();
  }
  size_t after = resident();
  if (!under("plain")) return; /* tools keep books of their own */
  CHECK(after < before + (1 << 20));
  CHECK(peak_kib() < peak_before + 1024);
}

static char *nested(size_t depth, const char *opening, const char *inside, size_t *length) {
  size_t step = strlen(opening), rest = strlen(inside);
  char *bytes = malloc(depth * step + rest + 1);
  REQUIRE(bytes);
  for (size_t i = 0; i < depth; i++) memcpy(bytes + i * step, opening, step);
  memcpy(bytes + depth * step, inside, rest + 1);
  *length = depth * step + rest;
  return bytes;
}

static void too_deep(const char *opening) {
  size_t length;
  char *bytes = nested((size_t)scaled(10000000), opening, ":1\r\n", &length);
  refused(bytes, length, REDISCLIENT_ELIMIT);
  refused(bytes, 200 * strlen(opening), REDISCLIENT_ELIMIT); /* at once: the rest need not come */
  free(bytes);
}

/* As deep as allowed: walked by hand, since a reader of replies may recurse no more than we do. */
static void deep_enough(void) {
  size_t length, used, depth = 0;
  char *bytes = nested(120, "*1\r\n", "+bottom\r\n", &length);
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_reply_parse(bytes, length, &used, &reply, &error));
  const redisclient_reply *at = reply;
  for (; redisclient_reply_kind(at) == REDISCLIENT_REPLY_ARRAY; depth++) at = redisclient_reply_at(at, 0);
  CHECK_INT(depth, 120);
  CHECK_REPLY(at, REDISCLIENT_REPLY_STATUS, "bottom");
  redisclient_reply_free(reply);
  free(bytes);
}

static void *on_a_small_stack(void *nothing) {
  too_deep("*1\r\n");
  too_deep("%1\r\n:1\r\n");
  too_deep("*?\r\n");
  too_deep("|1\r\n+a\r\n");
  deep_enough();
  return nothing;
}

int main(void) {
  memory();
  too_long();
  not_a_reply();
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  REQUIRE(pthread_create(&thread, &attributes, on_a_small_stack, NULL) == 0);
  pthread_join(thread, NULL);
  return check_result();
}
