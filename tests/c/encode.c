/* The encoder: the bytes of a command, and the rule of snprintf for a buffer that is too small. */
#include "check.h"

static void encoded(size_t argc, const char *const *argv, const size_t *lengths, const char *wanted, size_t wanted_length) {
  char buffer[256];
  CHECK_INT(redisclient_encode(argc, argv, lengths, NULL, 0), wanted_length);
  memset(buffer, '~', sizeof buffer);
  CHECK_INT(redisclient_encode(argc, argv, lengths, buffer, wanted_length), wanted_length);
  CHECK(memcmp(buffer, wanted, wanted_length) == 0);
  CHECK_INT(buffer[wanted_length], '~');
  for (size_t capacity = 0; capacity < wanted_length; capacity++) {
    memset(buffer, '~', sizeof buffer);
    CHECK_INT(redisclient_encode(argc, argv, lengths, buffer, capacity), wanted_length);
    CHECK_INT(buffer[capacity], '~'); /* nothing past what was given */
  }
}

static void bytes(void) {
  const char *const set[] = {"SET", "key", "value"};
  encoded(3, set, NULL, "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n", 33);
  encoded(REDISCLIENT_ARGS("PING"), "*1\r\n$4\r\nPING\r\n", 14);
  const char *const empty[] = {"ECHO", ""};
  encoded(2, empty, NULL, "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", 20);
  const char *const binary[] = {"SET", "a\0b", "\r\n\xff$3\r\n"};
  const size_t lengths[] = {3, 3, 7};
  encoded(3, binary, lengths, "*3\r\n$3\r\nSET\r\n$3\r\na\0b\r\n$7\r\n\r\n\xff$3\r\n\r\n", 35);
  const char *const missing[] = {"SET", NULL, "v"};
  const size_t none[] = {3, 0, 1};
  encoded(3, missing, none, "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$1\r\nv\r\n", 26);
  const char *const long_ones[] = {"abcdefghijkl", "0123456789"};
  const size_t part[] = {11, 10};
  encoded(2, long_ones, part, "*2\r\n$11\r\nabcdefghijk\r\n$10\r\n0123456789\r\n", 39);
}

/* What cannot be encoded needs no bytes. */
static void mistakes(void) {
  const char *const argv[] = {"SET", NULL};
  const size_t wrong[] = {3, 4}, huge[] = {3, SIZE_MAX}, half[] = {3, (size_t)PTRDIFF_MAX + 1};
  const char *const words[] = {"SET", "x"};
  char buffer[64];
  CHECK_INT(redisclient_encode(0, argv, NULL, buffer, sizeof buffer), 0);
  CHECK_INT(redisclient_encode(0, NULL, NULL, NULL, 0), 0);
  CHECK_INT(redisclient_encode(2, NULL, NULL, buffer, sizeof buffer), 0);
  CHECK_INT(redisclient_encode(2, argv, NULL, buffer, sizeof buffer), 0);
  CHECK_INT(redisclient_encode(2, argv, wrong, buffer, sizeof buffer), 0);
  CHECK_INT(redisclient_encode(2, words, huge, buffer, sizeof buffer), 0);
  CHECK_INT(redisclient_encode(2, words, half, buffer, sizeof buffer), 0);
}

/* What the encoder writes, the reader reads back: any bytes are one argument. */
static void round_trip(void) {
  char argument[256], *buffer;
  for (int i = 0; i < 256; i++) argument[i] = (char)i;
  const char *argv[40];
  size_t lengths[40];
  for (size_t i = 0; i < 40; i++) argv[i] = argument + i, lengths[i] = i * 5;
  size_t size = redisclient_encode(40, argv, lengths, NULL, 0), used = 0;
  REQUIRE(size && (buffer = malloc(size)));
  CHECK_INT(redisclient_encode(40, argv, lengths, buffer, size), size);
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_reply_parse(buffer, size, &used, &reply, &error));
  CHECK_INT(used, size);
  CHECK_INT(redisclient_reply_count(reply), 40);
  for (size_t i = 0; i < 40; i++)
    check_reply(redisclient_reply_at(reply, i), REDISCLIENT_REPLY_STRING, argv[i], lengths[i], __FILE__, __LINE__);
  redisclient_reply_free(reply);
  free(buffer);
}

int main(void) {
  bytes();
  mistakes();
  round_trip();
  return check_result();
}
