/* The table of options: each name works, each default can be set back, each text is there. */
#include "check.h"

static bool has(const char *name, uint32_t flag) {
  for (size_t i = 0; i < redisclient_option_count(); i++)
    if (strcmp(redisclient_option_name(i), name) == 0) return redisclient_option_flags(i) & flag;
  CHECK(!"no such option");
  return false;
}

static void row(size_t index) {
  const char *name = redisclient_option_name(index), *standard = redisclient_option_default(index);
  const char *accepted = redisclient_option_accepted(index), *doc = redisclient_option_doc(index);
  uint32_t flags = redisclient_option_flags(index);
  REQUIRE(name && standard && accepted && doc);
  CHECK(strlen(name) > 1 && strlen(doc) > 3);
  CHECK(name == redisclient_option_name(index)); /* static */
  for (size_t other = 0; other < index; other++) CHECK(strcmp(name, redisclient_option_name(other)) != 0);
  redisclient_options *options = redisclient_options_new();
  if (flags & REDISCLIENT_OPTION_SUPPORTED) {
    CHECK(*accepted);
    redisclient_error *error = NULL;
    if (!check_ok(redisclient_options_set(options, name, standard, &error), error, __FILE__, __LINE__, "set")) fprintf(stderr, "    %s\n", name);
  } else {
    CHECK_FAILS(redisclient_options_set(options, name, "no such value", &error), REDISCLIENT_EOPTION, "not supported in this version");
  }
  redisclient_options_free(options);
}

/* A refused value is answered by the text that the table has. */
static void same_words(void) {
  for (size_t i = 0; i < redisclient_option_count(); i++) {
    if (strcmp(redisclient_option_name(i), "retry.backoff") != 0) continue;
    redisclient_options *options = redisclient_options_new();
    CHECK_FAILS(redisclient_options_set(options, "retry.backoff", "linear", &error), REDISCLIENT_EOPTION, redisclient_option_accepted(i));
    CHECK_TEXT(redisclient_option_default(i), "exponential_jitter");
    redisclient_options_free(options);
    return;
  }
  CHECK(!"retry.backoff is not in the table");
}

static void past_the_end(void) {
  const size_t past[] = {redisclient_option_count(), SIZE_MAX};
  for (size_t i = 0; i < 2; i++) {
    CHECK(!redisclient_option_name(past[i]));
    CHECK(!redisclient_option_default(past[i]));
    CHECK(!redisclient_option_accepted(past[i]));
    CHECK(!redisclient_option_doc(past[i]));
    CHECK_INT(redisclient_option_flags(past[i]), 0);
  }
}

int main(void) {
  size_t count = redisclient_option_count(), supported = 0, secret = 0;
  CHECK(count > 40);
  for (size_t i = 0; i < count; i++) {
    row(i);
    supported += (redisclient_option_flags(i) & REDISCLIENT_OPTION_SUPPORTED) != 0;
    secret += (redisclient_option_flags(i) & REDISCLIENT_OPTION_SECRET) != 0;
  }
  CHECK(supported > 20 && supported <= count && secret >= 2 && secret < supported);
  CHECK(has("password", REDISCLIENT_OPTION_SECRET) && has("password", REDISCLIENT_OPTION_SUPPORTED));
  CHECK(!has("username", REDISCLIENT_OPTION_SECRET) && has("retry.on", REDISCLIENT_OPTION_SUPPORTED));
  same_words();
  past_the_end();
  return check_result();
}
