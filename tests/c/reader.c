/* The reader: fed at every split, in place, past errors and with pushes between replies. */
#include "check.h"

static const char STREAM[] =
    "+OK\r\n-ERR no\r\n:-5\r\n$6\r\na\r\nb\0c\r\n$-1\r\n*-1\r\n_\r\n#t\r\n,2.5\r\n(123\r\n=7\r\ntxt:abc\r\n"
    ">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n"
    "*2\r\n*1\r\n:1\r\n$0\r\n\r\n%1\r\n+k\r\n~2\r\n:1\r\n:2\r\n|1\r\n+a\r\n:1\r\n$1\r\nx\r\n"
    "$?\r\n;3\r\nabc\r\n;1\r\nd\r\n;0\r\n*?\r\n:1\r\n*?\r\n.\r\n.\r\n!5\r\nERR x\r\n+END\r\n";
enum { REPLIES = 19 };

/* Writes a reply as text, so that two can be compared; replies here are shallow. */
static void describe(const redisclient_reply *root, const redisclient_reply *node, FILE *out) {
  size_t length;
  const char *text = redisclient_reply_text(node, &length);
  fprintf(out, "%d:%zu:", redisclient_reply_kind(node), length);
  fwrite(text, 1, length, out);
  fprintf(out, ":%" PRId64 ":%g:%s(", redisclient_reply_integer(node), redisclient_reply_number(node), redisclient_reply_format(node));
  for (size_t i = 0; i < redisclient_reply_count(node); i++) describe(root, redisclient_reply_at(node, i), out);
  fputs(")", out);
  const redisclient_reply *attributes = redisclient_reply_attributes(root, node);
  if (attributes) describe(root, attributes, out);
}

/* Takes all whole replies; how many. */
static int drain(redisclient_reader *reader, FILE *out) {
  for (int count = 0;; count++) {
    redisclient_reply *reply = NULL;
    CHECK_OK(redisclient_reader_next(reader, &reply, &error));
    if (!reply) return count;
    CHECK(reply->flags & REDISCLIENT_REPLY_IS_ROOT);
    describe(reply, reply, out);
    redisclient_reply_free(reply);
  }
}

typedef void feeder(redisclient_reader *, const char *, size_t);

static void feed(redisclient_reader *reader, const char *bytes, size_t length) {
  CHECK_INT(redisclient_reader_feed(reader, bytes, length), REDISCLIENT_OK);
}

static void in_place(redisclient_reader *reader, const char *bytes, size_t length) {
  size_t room = 0;
  char *space = redisclient_reader_space(reader, length ? length : 1, &room);
  REQUIRE(space && room >= length);
  memset(space, '?', room); /* all of the room may be written */
  memcpy(space, bytes, length);
  CHECK_INT(redisclient_reader_commit(reader, length), REDISCLIENT_OK);
}

/* The stream in pieces of `first` bytes, then of `step`. */
static char *in_pieces(feeder *how, size_t first, size_t step) {
  char *text = NULL;
  size_t size = 0, whole = sizeof STREAM - 1;
  FILE *out = open_memstream(&text, &size);
  redisclient_reader *reader = redisclient_reader_new(NULL);
  REQUIRE(out && reader);
  int count = 0;
  for (size_t at = 0, piece = first; at < whole; at += piece, piece = step) {
    if (piece > whole - at) piece = whole - at;
    how(reader, STREAM + at, piece);
    count += drain(reader, out);
    if (at + piece == whole) break;
  }
  CHECK_INT(count, REPLIES);
  redisclient_reader_free(reader);
  fclose(out);
  return text;
}

static void every_split(void) {
  size_t whole = sizeof STREAM - 1;
  char *wanted = in_pieces(feed, whole, whole);
  feeder *const how[] = {feed, in_place};
  for (size_t i = 0; i < 2; i++) {
    for (size_t split = 0; split < whole; split++) {
      char *seen = in_pieces(how[i], split, whole);
      CHECK_TEXT(seen, wanted);
      free(seen);
    }
    for (size_t step = 1; step < 8; step++) {
      char *seen = in_pieces(how[i], step, step);
      CHECK_TEXT(seen, wanted);
      free(seen);
    }
  }
  free(wanted);
}

static redisclient_reply *next(redisclient_reader *reader) {
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_reader_next(reader, &reply, &error));
  return reply;
}

/* What came whole before the bad bytes is given out; after them the error stays. */
static void sticky_error(void) {
  redisclient_reader *reader = redisclient_reader_new(NULL);
  redisclient_reply *reply;
  feed(reader, "+good\r\n:abc\r\n+never\r\n", 21);
  CHECK_REPLY(reply = next(reader), REDISCLIENT_REPLY_STATUS, "good");
  redisclient_reply_free(reply);
  for (int i = 0; i < 3; i++) {
    reply = NULL;
    CHECK_FAILS(redisclient_reader_next(reader, &reply, &error), REDISCLIENT_EPROTOCOL, "");
    CHECK(!reply);
    (void)redisclient_reader_feed(reader, "+more\r\n", 7);
  }
  redisclient_reader_free(reader);
}

static void pushes_between_replies(void) {
  redisclient_reader *reader = redisclient_reader_new(NULL);
  const char bytes[] = ">2\r\n+one\r\n:1\r\n+A\r\n>1\r\n+two\r\n>1\r\n+three\r\n+B\r\n";
  const int kinds[] = {REDISCLIENT_REPLY_PUSH, REDISCLIENT_REPLY_STATUS, REDISCLIENT_REPLY_PUSH, REDISCLIENT_REPLY_PUSH, REDISCLIENT_REPLY_STATUS};
  const char *const texts[] = {"one", "A", "two", "three", "B"};
  feed(reader, bytes, sizeof bytes - 1);
  for (int i = 0; i < 5; i++) {
    redisclient_reply *reply = next(reader);
    CHECK_INT(redisclient_reply_kind(reply), kinds[i]);
    const redisclient_reply *text = kinds[i] == REDISCLIENT_REPLY_PUSH ? redisclient_reply_at(reply, 0) : reply;
    CHECK_TEXT(redisclient_reply_text(text, NULL), texts[i]);
    redisclient_reply_free(reply);
  }
  CHECK(!next(reader));
  redisclient_reader_free(reader);
}

static void limited(const char *name, const char *value, const char *good, const char *bad) {
  redisclient_options *options = redisclient_options_new();
  CHECK_OK(redisclient_options_set(options, name, value, &error));
  redisclient_reader *reader = redisclient_reader_new(options);
  redisclient_options_free(options); /* the reader has taken what it needs */
  REQUIRE(reader);
  feed(reader, good, strlen(good));
  redisclient_reply *reply = next(reader);
  CHECK(reply);
  redisclient_reply_free(reply);
  reply = NULL;
  (void)redisclient_reader_feed(reader, bad, strlen(bad));
  CHECK_FAILS(redisclient_reader_next(reader, &reply, &error), REDISCLIENT_ELIMIT, "");
  redisclient_reader_free(reader);
}

static void limits(void) {
  limited("limits.depth", "3", "*1\r\n*1\r\n:1\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n");
  limited("limits.reply_items", "5", "*3\r\n:1\r\n:2\r\n:3\r\n", "*6\r\n");
  limited("limits.reply_items", "5", "*3\r\n:1\r\n:2\r\n:3\r\n", "*2\r\n*2\r\n:1\r\n:2\r\n*3\r\n");
  limited("limits.reply_bytes", "100", "$50\r\n01234567890123456789012345678901234567890123456789\r\n", "$101\r\n");
  limited("limits.reply_items", "5", "*1\r\n:1\r\n", "*?\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n:7\r\n");
}

/* A large value in small pieces, and a reply that outlives its reader. */
static void large_value(void) {
  size_t size = 1 << 20, at = 0;
  char *value = malloc(size), head[32];
  for (size_t i = 0; i < size; i++) value[i] = (char)(i * 31 >> 3);
  redisclient_reader *reader = redisclient_reader_new(NULL);
  feed(reader, head, (size_t)snprintf(head, sizeof head, "$%zu\r\n", size));
  for (size_t step; at < size; at += step) {
    CHECK(!next(reader));
    step = size - at < 4093 ? size - at : 4093;
    in_place(reader, value + at, step);
  }
  feed(reader, "\r\n:1\r\n", 6);
  redisclient_reply *reply = next(reader);
  redisclient_reader_free(reader);
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_STRING);
  CHECK(redisclient_reply_text(reply, &at) && at == size && memcmp(redisclient_reply_text(reply, NULL), value, size) == 0);
  redisclient_reply_free(reply);
  free(value);
}

static void many_small(void) {
  int count = scaled(100000);
  char *bytes = malloc((size_t)count * 16);
  size_t length = 0;
  for (int i = 0; i < count; i++) length += (size_t)sprintf(bytes + length, ":%d\r\n", i);
  redisclient_reader *reader = redisclient_reader_new(NULL);
  feed(reader, bytes, length);
  for (int i = 0; i < count; i++) {
    redisclient_reply *reply = next(reader);
    CHECK_INTEGER(reply, i);
    redisclient_reply_free(reply);
  }
  CHECK(!next(reader));
  redisclient_reader_free(reader);
  free(bytes);
}

static void misuse(void) {
  redisclient_reader *reader = redisclient_reader_new(NULL);
  size_t room = 0;
  CHECK(redisclient_reader_space(reader, 100, &room) && room >= 100);
  CHECK_INT(redisclient_reader_commit(reader, room + 1), REDISCLIENT_EINVAL);
  CHECK_INT(redisclient_reader_commit(reader, SIZE_MAX), REDISCLIENT_EINVAL);
  CHECK(!redisclient_reader_space(reader, SIZE_MAX, &room));
  CHECK_INT(redisclient_reader_commit(reader, 0), REDISCLIENT_OK);
  CHECK_INT(redisclient_reader_feed(reader, "", 0), REDISCLIENT_OK);
  feed(reader, "+still\r\n", 8);
  redisclient_reply *reply;
  CHECK_REPLY(reply = next(reader), REDISCLIENT_REPLY_STATUS, "still");
  redisclient_reply_free(reply);
  redisclient_reader_free(reader);
}

int main(void) {
  every_split();
  sticky_error();
  pushes_between_replies();
  limits();
  large_value();
  many_small();
  misuse();
  return check_result();
}
