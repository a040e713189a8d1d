/* Every type of both protocols through reply_parse: kinds, values, accessors, attributes, errors in
 * replies, incomplete input at each byte, owners. Hostile input stands in hostile.c. */
#include "check.h"
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Parses one whole reply and, before, each shorter piece of it, which must be incomplete. */
static redisclient_reply *parse_bytes(const char *bytes, size_t length) {
  redisclient_reply *reply = NULL;
  size_t used = 77;
  for (size_t cut = 1; cut < length; cut++) {
    char *piece = malloc(cut); /* of its own, so that a tool sees a read past its end */
    memcpy(piece, bytes, cut);
    used = 77;
    CHECK_OK(redisclient_reply_parse(piece, cut, &used, &reply, &error));
    if (!CHECK(used == 0 && !reply)) fprintf(stderr, "    cut %zu of %zu in %s\n", cut, length, bytes);
    free(piece);
  }
  CHECK_OK(redisclient_reply_parse(bytes, length, &used, &reply, &error));
  CHECK_INT(used, length);
  REQUIRE(reply);
  CHECK(reply->flags & REDISCLIENT_REPLY_IS_ROOT);
  return reply;
}
#define PARSE(literal) parse_bytes("" literal, sizeof(literal) - 1)

static void text_of(const char *bytes, size_t length, int kind, const char *wanted, size_t wanted_length) {
  redisclient_reply *reply = parse_bytes(bytes, length);
  size_t seen_length = 77;
  const char *text = redisclient_reply_text(reply, &seen_length);
  CHECK_INT(redisclient_reply_kind(reply), kind);
  CHECK_INT(reply->kind, kind);
  if (CHECK_INT(seen_length, wanted_length)) {
    CHECK(memcmp(text, wanted, wanted_length) == 0);
    CHECK_INT(text[wanted_length], 0);
  }
  CHECK(reply->value.text == text && reply->length == wanted_length);
  CHECK(redisclient_reply_text(reply, NULL) == text);
  CHECK_INT(redisclient_reply_integer(reply), 0);
  CHECK(redisclient_reply_number(reply) == 0);
  CHECK_INT(redisclient_reply_count(reply), 0);
  CHECK(!redisclient_reply_at(reply, 0));
  CHECK(!redisclient_reply_attributes(reply, reply));
  redisclient_reply_free(reply);
}
#define TEXT(literal, kind, wanted) text_of("" literal, sizeof(literal) - 1, (kind), wanted, sizeof(wanted) - 1)

static void texts(void) {
  TEXT("+OK\r\n", REDISCLIENT_REPLY_STATUS, "OK");
  TEXT("+\r\n", REDISCLIENT_REPLY_STATUS, "");
  TEXT("-ERR it went wrong\r\n", REDISCLIENT_REPLY_ERROR, "ERR it went wrong");
  TEXT("!21\r\nSYNTAX invalid syntax\r\n", REDISCLIENT_REPLY_ERROR, "SYNTAX invalid syntax");
  TEXT("!7\r\nA\r\n\0B\xff!\r\n", REDISCLIENT_REPLY_ERROR, "A\r\n\0B\xff!");
  TEXT("$5\r\nhello\r\n", REDISCLIENT_REPLY_STRING, "hello");
  TEXT("$0\r\n\r\n", REDISCLIENT_REPLY_STRING, "");
  TEXT("$7\r\na\0b\r\n\xff\x80\r\n", REDISCLIENT_REPLY_STRING, "a\0b\r\n\xff\x80");
  TEXT("(3492890328409238509324850943850943825024385\r\n", REDISCLIENT_REPLY_BIG_NUMBER,
       "3492890328409238509324850943850943825024385");
  TEXT("(-12\r\n", REDISCLIENT_REPLY_BIG_NUMBER, "-12");
  TEXT("=15\r\ntxt:Some string\r\n", REDISCLIENT_REPLY_VERBATIM, "Some string");
  TEXT("=4\r\nmkd:\r\n", REDISCLIENT_REPLY_VERBATIM, "");
}

static void streamed_texts(void) {
  TEXT("$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;2\r\nld\r\n;0\r\n", REDISCLIENT_REPLY_STRING, "Hello world");
  TEXT("$?\r\n;0\r\n", REDISCLIENT_REPLY_STRING, "");
  TEXT("$?\r\n;3\r\na\0b\r\n;0\r\n", REDISCLIENT_REPLY_STRING, "a\0b");
}

static void formats(void) {
  redisclient_reply *reply = PARSE("=15\r\nmkd:Some string\r\n");
  CHECK_TEXT(redisclient_reply_format(reply), "mkd");
  redisclient_reply_free(reply);
  reply = PARSE("=4\r\ntxt:\r\n");
  CHECK_TEXT(redisclient_reply_format(reply), "txt");
  redisclient_reply_free(reply);
  reply = PARSE("$3\r\ntxt\r\n");
  CHECK_TEXT(redisclient_reply_format(reply), "");
  redisclient_reply_free(reply);
  reply = PARSE("*2\r\n=5\r\ntxt:a\r\n=5\r\nmkd:b\r\n");
  CHECK_TEXT(redisclient_reply_format(redisclient_reply_at(reply, 0)), "txt");
  CHECK_TEXT(redisclient_reply_format(redisclient_reply_at(reply, 1)), "mkd");
  redisclient_reply_free(reply);
}

static void no_text(const redisclient_reply *reply) {
  size_t length = 77;
  CHECK_TEXT(redisclient_reply_text(reply, &length), "");
  CHECK_INT(length, 0);
  CHECK_INT(reply->length, 0);
  CHECK_INT(redisclient_reply_count(reply), 0);
  CHECK_TEXT(redisclient_reply_format(reply), "");
}

static void integer(const char *bytes, int64_t wanted) {
  redisclient_reply *reply = parse_bytes(bytes, strlen(bytes));
  CHECK_INTEGER(reply, wanted);
  CHECK_INT(reply->value.integer, wanted);
  CHECK(redisclient_reply_number(reply) == 0); /* no conversion */
  no_text(reply);
  redisclient_reply_free(reply);
}

static void integers(void) {
  integer(":0\r\n", 0);
  integer(":1000\r\n", 1000);
  integer(":-42\r\n", -42);
  integer(":9223372036854775807\r\n", INT64_MAX);
  integer(":-9223372036854775808\r\n", INT64_MIN);
}

static void number(const char *bytes, double wanted) {
  redisclient_reply *reply = parse_bytes(bytes, strlen(bytes));
  double seen = redisclient_reply_number(reply);
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_DOUBLE);
  CHECK(memcmp(&seen, &reply->value.number, sizeof seen) == 0);
  CHECK(isnan(wanted) ? isnan(seen) != 0 : seen == wanted);
  CHECK_INT(redisclient_reply_integer(reply), 0);
  no_text(reply);
  redisclient_reply_free(reply);
}

static void numbers(void) {
  number(",3.14\r\n", 3.14);
  number(",-0.5\r\n", -0.5);
  number(",10\r\n", 10);
  number(",1.5e300\r\n", 1.5e300);
  number(",1E-5\r\n", 1e-5);
  number(",17.123456789012345\r\n", 17.123456789012345);
  number(",inf\r\n", HUGE_VAL);
  number(",-inf\r\n", -HUGE_VAL);
  number(",nan\r\n", (double)NAN);
}

static void booleans_and_nulls(void) {
  for (int value = 0; value < 2; value++) {
    redisclient_reply *reply = value ? PARSE("#t\r\n") : PARSE("#f\r\n");
    CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_BOOLEAN);
    CHECK_INT(reply->value.integer, value);
    CHECK_INT(redisclient_reply_integer(reply), value);
    no_text(reply);
    redisclient_reply_free(reply);
  }
  const char *const nulls[] = {"_\r\n", "$-1\r\n", "*-1\r\n"};
  for (int i = 0; i < 3; i++) {
    redisclient_reply *reply = parse_bytes(nulls[i], strlen(nulls[i]));
    CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_NIL);
    CHECK_INT(redisclient_reply_integer(reply), 0);
    CHECK(redisclient_reply_number(reply) == 0);
    no_text(reply);
    redisclient_reply_free(reply);
  }
}

/* The items of an aggregate are integers 1, 2, 3 ... */
static void counted(redisclient_reply *reply, int kind, size_t count) {
  CHECK_INT(redisclient_reply_kind(reply), kind);
  CHECK_INT(redisclient_reply_count(reply), count);
  CHECK_INT(reply->length, count);
  CHECK_TEXT(redisclient_reply_text(reply, NULL), "");
  for (size_t i = 0; i < count; i++) {
    const redisclient_reply *item = redisclient_reply_at(reply, i);
    CHECK_INTEGER(item, (int64_t)i + 1);
    CHECK(item == &reply->value.items[i]); /* one after another */
    CHECK(!(item->flags & REDISCLIENT_REPLY_IS_ROOT));
  }
  CHECK(!redisclient_reply_at(reply, count));
  CHECK(!redisclient_reply_at(reply, SIZE_MAX));
  redisclient_reply_free(reply);
}

static void aggregates(void) {
  counted(PARSE("*3\r\n:1\r\n:2\r\n:3\r\n"), REDISCLIENT_REPLY_ARRAY, 3);
  counted(PARSE("*0\r\n"), REDISCLIENT_REPLY_ARRAY, 0);
  counted(PARSE("~3\r\n:1\r\n:2\r\n:3\r\n"), REDISCLIENT_REPLY_SET, 3);
  counted(PARSE("~0\r\n"), REDISCLIENT_REPLY_SET, 0);
  counted(PARSE("%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n"), REDISCLIENT_REPLY_MAP, 4);
  counted(PARSE("%0\r\n"), REDISCLIENT_REPLY_MAP, 0);
  counted(PARSE(">3\r\n:1\r\n:2\r\n:3\r\n"), REDISCLIENT_REPLY_PUSH, 3);
  counted(PARSE("*?\r\n:1\r\n:2\r\n:3\r\n.\r\n"), REDISCLIENT_REPLY_ARRAY, 3);
  counted(PARSE("*?\r\n.\r\n"), REDISCLIENT_REPLY_ARRAY, 0);
  counted(PARSE("~?\r\n:1\r\n:2\r\n.\r\n"), REDISCLIENT_REPLY_SET, 2);
  counted(PARSE("%?\r\n:1\r\n:2\r\n.\r\n"), REDISCLIENT_REPLY_MAP, 2);
}

/* Aggregates in aggregates, streamed and plain, as keys too; text stays whole behind them. */
static void nesting(void) {
  redisclient_reply *reply = PARSE("*4\r\n*?\r\n$?\r\n;2\r\nab\r\n;0\r\n%1\r\n*1\r\n+k\r\n~1\r\n#t\r\n.\r\n*0\r\n*-1\r\n$3\r\nend\r\n");
  CHECK_INT(redisclient_reply_count(reply), 4);
  const redisclient_reply *first = redisclient_reply_at(reply, 0);
  CHECK_INT(redisclient_reply_count(first), 2);
  CHECK_REPLY(redisclient_reply_at(first, 0), REDISCLIENT_REPLY_STRING, "ab");
  const redisclient_reply *map = redisclient_reply_at(first, 1);
  CHECK_INT(redisclient_reply_kind(map), REDISCLIENT_REPLY_MAP);
  CHECK_REPLY(redisclient_reply_at(redisclient_reply_at(map, 0), 0), REDISCLIENT_REPLY_STATUS, "k");
  CHECK_INT(redisclient_reply_kind(redisclient_reply_at(map, 1)), REDISCLIENT_REPLY_SET);
  CHECK_INT(redisclient_reply_kind(redisclient_reply_at(reply, 1)), REDISCLIENT_REPLY_ARRAY);
  CHECK_INT(redisclient_reply_kind(redisclient_reply_at(reply, 2)), REDISCLIENT_REPLY_NIL);
  CHECK_REPLY(redisclient_reply_at(reply, 3), REDISCLIENT_REPLY_STRING, "end");
  redisclient_reply_free(reply);
}

static void errors_inside(void) {
  redisclient_reply *reply = PARSE("*3\r\n:1\r\n-WRONGTYPE not so\r\n!5\r\nERR x\r\n");
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_ARRAY);
  CHECK_REPLY(redisclient_reply_at(reply, 1), REDISCLIENT_REPLY_ERROR, "WRONGTYPE not so");
  CHECK_REPLY(redisclient_reply_at(reply, 2), REDISCLIENT_REPLY_ERROR, "ERR x");
  CHECK(!(redisclient_reply_at(reply, 1)->flags & REDISCLIENT_REPLY_IS_LOCAL));
  redisclient_reply_free(reply);
}

static void attributes(void) {
  redisclient_reply *reply = PARSE("|1\r\n+ttl\r\n:3600\r\n*3\r\n:1\r\n|2\r\n+a\r\n*1\r\n+deep\r\n+b\r\n_\r\n$1\r\nx\r\n:3\r\n");
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_ARRAY);
  CHECK_INT(redisclient_reply_count(reply), 3);
  CHECK(reply->flags & REDISCLIENT_REPLY_HAS_ATTRIBUTES);
  const redisclient_reply *whole = redisclient_reply_attributes(reply, reply);
  CHECK_INT(redisclient_reply_kind(whole), REDISCLIENT_REPLY_MAP);
  CHECK_INT(redisclient_reply_count(whole), 2);
  CHECK_REPLY(redisclient_reply_at(whole, 0), REDISCLIENT_REPLY_STATUS, "ttl");
  CHECK_INTEGER(redisclient_reply_at(whole, 1), 3600);
  const redisclient_reply *item = redisclient_reply_at(reply, 1);
  CHECK_REPLY(item, REDISCLIENT_REPLY_STRING, "x");
  CHECK(item->flags & REDISCLIENT_REPLY_HAS_ATTRIBUTES);
  const redisclient_reply *part = redisclient_reply_attributes(reply, item);
  CHECK_INT(redisclient_reply_count(part), 4);
  CHECK_REPLY(redisclient_reply_at(redisclient_reply_at(part, 1), 0), REDISCLIENT_REPLY_STATUS, "deep");
  for (size_t i = 0; i < 3; i += 2) {
    CHECK(!(redisclient_reply_at(reply, i)->flags & REDISCLIENT_REPLY_HAS_ATTRIBUTES));
    CHECK(!redisclient_reply_attributes(reply, redisclient_reply_at(reply, i)));
  }
  redisclient_reply *stranger = PARSE(":1\r\n");
  CHECK(!redisclient_reply_attributes(reply, stranger));
  CHECK(!redisclient_reply_attributes(reply, NULL));
  CHECK(!redisclient_reply_attributes(NULL, item));
  redisclient_reply_free(stranger);
  redisclient_reply_free(reply);
}

/* Only the first reply is taken; what follows is left. */
static void used_bytes(void) {
  const char bytes[] = "+first\r\n+second\r\n";
  redisclient_reply *reply = NULL;
  size_t used = 0;
  CHECK_OK(redisclient_reply_parse(bytes, sizeof bytes - 1, &used, &reply, &error));
  CHECK_INT(used, 8);
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STATUS, "first");
  redisclient_reply_free(reply);
  CHECK_OK(redisclient_reply_parse(bytes + used, sizeof bytes - 1 - used, &used, &reply, &error));
  CHECK_INT(used, 9);
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STATUS, "second");
  redisclient_reply_free(reply);
}

/* Before a reply a push is taken alone; inside one it would leave half a reply to the next call. */
static void pushes(void) {
  const char before[] = ">1\r\n+p\r\n:1\r\n", inside[] = "*2\r\n>1\r\n+p\r\n:1\r\n:2\r\n";
  redisclient_reply *reply = NULL;
  size_t used = 77;
  CHECK_OK(redisclient_reply_parse(before, sizeof before - 1, &used, &reply, &error));
  CHECK_INT(used, 8);
  CHECK_INT(redisclient_reply_kind(reply), REDISCLIENT_REPLY_PUSH);
  redisclient_reply_free(reply);
  CHECK_FAILS(redisclient_reply_parse(inside, sizeof inside - 1, &used, &reply, &error), REDISCLIENT_EPROTOCOL, "push stands inside");
}

static void owners(void) {
  char bytes[] = "*2\r\n$4\r\nkeep\r\n:7\r\n";
  redisclient_reply *reply = parse_bytes(bytes, sizeof bytes - 1);
  memset(bytes, 'x', sizeof bytes); /* the reply holds its own copy */
  redisclient_reply *second = redisclient_reply_keep(reply), *third = redisclient_reply_keep(reply);
  CHECK(second == reply && third == reply);
  redisclient_reply_free(reply);
  redisclient_reply_free(third);
  CHECK_REPLY(redisclient_reply_at(second, 0), REDISCLIENT_REPLY_STRING, "keep");
  errno = 4242;
  redisclient_reply_free(second);
  redisclient_reply_free(NULL);
  CHECK_INT(errno, 4242);
  redisclient_reply *many[3] = {PARSE(":1\r\n"), NULL, PARSE("$1\r\nx\r\n")};
  redisclient_replies_free(many, 3);
  redisclient_replies_free(NULL, 0);
  CHECK_INT(errno, 4242);
}

/* Freeing a part does nothing, or aborts in a debug build: never anything else. */
static void free_of_a_part(void) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    fclose(stderr);
    redisclient_reply *reply = PARSE("*2\r\n$4\r\npart\r\n:7\r\n");
    redisclient_reply_free((redisclient_reply *)redisclient_reply_at(reply, 0));
    bool whole = strcmp(redisclient_reply_text(redisclient_reply_at(reply, 0), NULL), "part") == 0;
    redisclient_reply_free(reply);
    _exit(whole ? 0 : 1);
  }
  int status = 0;
  REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
}

int main(void) {
  texts();
  streamed_texts();
  formats();
  integers();
  numbers();
  booleans_and_nulls();
  aggregates();
  nesting();
  errors_inside();
  attributes();
  used_bytes();
  pushes();
  owners();
  if (under("plain")) free_of_a_part();
  return check_result();
}
