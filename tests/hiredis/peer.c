/* Reads streams of replies with hiredis and writes out what it made of them, a line for each.
 *
 * A stream comes as its length (four bytes, lowest first) and its bytes. Its line has a part for
 * each reply, "R used values" and a tab, with all bytes used so far, and for its end: "C" when everything was
 * used, "I values" when a reply is incomplete, "E stop values!text" when the reader refused it, where
 * `stop` is how many bytes it had to see for that. The values of a reply stand in the order of the
 * wire, an aggregate before its items. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "read.h"

/* Depth at which aggregates are refused; the test says the same. */
#define DEPTH 7

static char *values;
static size_t used, room;

static void put(const char *text, size_t length) {
  if (used + length + 1 > room) {
    room = 2 * (used + length + 1);
    values = realloc(values, room);
    if (!values) abort();
  }
  memcpy(values + used, text, length);
  used += length;
  values[used] = 0;
}

static void *token(const char *text) {
  put(" ", 1);
  put(text, strlen(text));
  return &values; /* any pointer that is not NULL: the tree is not kept */
}

static void *string(const redisReadTask *task, char *text, size_t length) {
  static const char digits[] = "0123456789abcdef";
  switch (task->type) {
  case REDIS_REPLY_STATUS: token("+"); break;
  case REDIS_REPLY_ERROR: token("-"); break;
  case REDIS_REPLY_BIGNUM: token("("); break;
  case REDIS_REPLY_VERB: token("="); break;
  default: token("$");
  }
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)text[i];
    char pair[2] = {digits[byte >> 4], digits[byte & 15]};
    put(pair, 2);
  }
  return &values;
}

static void *array(const redisReadTask *task, size_t count) {
  char text[32], marker = '*';
  switch (task->type) {
  case REDIS_REPLY_MAP: marker = '%'; break;
  case REDIS_REPLY_SET: marker = '~'; break;
  case REDIS_REPLY_PUSH: marker = '>'; break;
  case REDIS_REPLY_ATTR: marker = '|'; break;
  }
  snprintf(text, sizeof text, "%c%zu", marker, count);
  return token(text);
}

static void *integer(const redisReadTask *task, long long value) {
  char text[32];
  (void)task;
  snprintf(text, sizeof text, ":%lld", value);
  return token(text);
}

static void *real(const redisReadTask *task, double value, char *spelled, size_t length) {
  char text[32];
  uint64_t bits;
  (void)task, (void)spelled, (void)length;
  memcpy(&bits, &value, sizeof bits);
  snprintf(text, sizeof text, ",%016" PRIx64, bits);
  return token(value != value ? ",nan" : text);
}

static void *nil(const redisReadTask *task) {
  (void)task;
  return token("_");
}

static void *boolean(const redisReadTask *task, int value) {
  (void)task;
  return token(value ? "#t" : "#f");
}

static void forget(void *reply) {
  (void)reply;
}

static redisReplyObjectFunctions functions = {string, array, integer, real, nil, boolean, forget};

static redisReader *reader_new(void) {
  redisReader *reader = redisReaderCreateWithFunctions(&functions);
  if (!reader) abort();
  reader->maxdepth = DEPTH;
  return reader;
}

/* How many bytes, given one by one, the reader takes until it refuses them. */
static size_t stop(const char *bytes, size_t length) {
  redisReader *reader = reader_new();
  size_t count = 0;
  void *reply = NULL;
  do {
    redisReaderFeed(reader, bytes + count++, 1);
    while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply) {}
  } while (!reader->err && count < length);
  redisReaderFree(reader);
  return count;
}

static void read_stream(const char *bytes, size_t length) {
  redisReader *reader = reader_new();
  void *reply = NULL;
  size_t taken = 0;
  redisReaderFeed(reader, bytes, length);
  for (;;) {
    put("", used = 0);
    int status = redisReaderGetReply(reader, &reply);
    if (status != REDIS_OK || !reply) break;
    taken = length - (reader->len - reader->pos);
    printf("R %zu%s\t", taken, values);
  }
  if (reader->err) {
    char *partial = strdup(values);
    if (!partial) abort();
    printf("E %zu%s!%s\n", stop(bytes, length), partial, reader->errstr);
    free(partial);
  } else if (taken == length)
    printf("C\n");
  else
    printf("I%s\n", values);
  redisReaderFree(reader);
}

int main(void) {
  unsigned char size[4];
  char *bytes = NULL;
  while (fread(size, 1, 4, stdin) == 4) {
    size_t length = size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 | (size_t)size[3] << 24;
    bytes = realloc(bytes, length + 1);
    if (!bytes || fread(bytes, 1, length, stdin) != length) return 1;
    read_stream(bytes, length);
  }
  free(bytes);
  free(values);
  return 0;
}
