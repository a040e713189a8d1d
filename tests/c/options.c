/* Options: what is refused and how it is said, what has effect, whose copy it is. */
#include "check.h"

static void refused(const char *name, const char *value) {
  redisclient_options *options = redisclient_options_new();
  redisclient_error *error = NULL;
  redisclient_status status = redisclient_options_set(options, name, value, &error);
  bool good = CHECK_INT(status, REDISCLIENT_EOPTION);
  good &= CHECK_CONTAINS(redisclient_error_message(error), name);
  good &= CHECK(strlen(redisclient_error_message(error)) > strlen(name) + 10); /* and says what would do */
  if (!good) fprintf(stderr, "    %s=%s: %s\n", name, value, redisclient_error_message(error));
  redisclient_error_free(error);
  redisclient_options_free(options);
}

static void accepted(const char *name, const char *value) {
  redisclient_options *options = redisclient_options_new();
  redisclient_error *error = NULL;
  redisclient_status status = redisclient_options_set(options, name, value, &error);
  if (!CHECK_INT(status, REDISCLIENT_OK)) fprintf(stderr, "    %s=%s: %s\n", name, value, redisclient_error_message(error));
  redisclient_error_free(error);
  redisclient_options_free(options);
}

/* Times: plain decimal milliseconds, -1 where never makes sense. */
static void times(void) {
  static const char *const bad[] = {"", " ", "-2", "-9223372036854775808", "5s", "5000ms", "1.5", "1e3", "0x10", " 5", "5 ", "five", "5,000", "99999999999999999999"};
  static const char *const names[] = {"timeout_ms", "connect_timeout_ms"};
  for (size_t i = 0; i < 2; i++) {
    for (size_t j = 0; j < sizeof bad / sizeof *bad; j++) refused(names[i], bad[j]);
    accepted(names[i], "-1");
    accepted(names[i], "1");
    accepted(names[i], "9223372036854775807");
  }
  refused("timeout_ms", "0");
  refused("retry.base_ms", "-2");
  refused("retry.cap_ms", "-2");
  refused("pool.check_after_ms", "-2");
  refused("pool.wait_ms", "-2");
  accepted("pool.wait_ms", "0");
  accepted("pool.wait_ms", "-1");
  accepted("pool.check_after_ms", "0");
  accepted("health_check_ms", "0");
  refused("health_check_ms", "-2");
}

static void values(void) {
  static const char *const bad[][2] = {
      {"db", "-1"}, {"db", "x"}, {"db", ""}, {"db", "4294967296000"}, {"protocol", "1"}, {"protocol", "4"}, {"protocol", "RESP3"},
      {"handshake", "true"}, {"handshake", "1"}, {"handshake", ""}, {"lazy", "maybe"}, {"lazy", "YES please"}, {"pool.max", "0"}, {"pool.max", "-1"}, {"pool.max", "many"},
      {"pool.order", "random"}, {"retry.count", "-2"}, {"retry.count", "x"}, {"retry.backoff", "linear"}, {"retry.backoff", ""}, {"retry.unsafe", "perhaps"},
      {"limits.depth", "-1"}, {"limits.depth", "x"}, {"limits.depth", "0"}, {"limits.reply_bytes", "1GiB"}, {"limits.reply_items", "-5"}, {"limits.reply_items", "99999999999999999999999"}};
  static const char *const good[][2] = {
      {"db", "0"}, {"db", "15"}, {"protocol", "auto"}, {"protocol", "2"}, {"protocol", "3"}, {"handshake", "yes"}, {"handshake", "no"}, {"lazy", "yes"}, {"lazy", "no"},
      {"pool.max", "1"}, {"pool.max", "1000"}, {"pool.order", "lifo"}, {"retry.count", "0"}, {"retry.count", "-1"}, {"retry.backoff", "none"}, {"retry.backoff", "exponential_jitter"},
      {"retry.unsafe", "no"}, {"retry.unsafe", "yes"}, {"limits.depth", "1000"}, {"username", ""}, {"password", ""}, {"username", "u"}, {"client_name", "n"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refused(bad[i][0], bad[i][1]);
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) accepted(good[i][0], good[i][1]);
}

static void names(void) {
  static const char *const bad[] = {"nonsense", "Timeout_ms", "TIMEOUT_MS", "timeout", "timeout_ms ", " db", "pool", "pool.", "pool.maximum", "tls", "retry"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refused(bad[i], "1");
  redisclient_options *options = redisclient_options_new();
  CHECK_FAILS(redisclient_options_set(options, "", "1", &error), REDISCLIENT_EOPTION, "name");
  CHECK_FAILS(redisclient_options_set(options, "timeout_mz", "1", &error), REDISCLIENT_EOPTION, "timeout_mz");
  redisclient_options_free(options);
}

/* Fixed names and values whose part is yet to come are never taken without effect. */
static void not_yet(void) {
  static const char *const later[][2] = {
      {"tls.ocsp", "staple"}, {"cluster.read_from", "any"},
      {"cluster.address_map", "a:1=b:2"}, {"sentinel.name", "primary"}, {"sentinel.password", "canary-word"}, {"cache", "yes"}, {"cache.max_entries", "5"},
      {"cluster.address_map", "a=b"}};
  for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
    redisclient_options *options = redisclient_options_new();
    redisclient_error *error = NULL;
    redisclient_status status = redisclient_options_set(options, later[i][0], later[i][1], &error);
    CHECK_CONTAINS(redisclient_error_message(error), "not supported in this version");
    CHECK(!strstr(redisclient_error_message(error), "canary-word"));
    if (!check_fails(status, error, REDISCLIENT_EOPTION, later[i][0], __FILE__, __LINE__, "set")) fprintf(stderr, "    %s=%s\n", later[i][0], later[i][1]);
    redisclient_options_free(options);
  }
}

static bool field(redisclient *client, const char *wanted) {
  redisclient_reply *reply = RUN(client, "CLIENT", "INFO");
  bool found = strstr(redisclient_reply_text(reply, NULL), wanted) != NULL;
  if (!found) fprintf(stderr, "    no \"%s\" in %s\n", wanted, redisclient_reply_text(reply, NULL));
  redisclient_reply_free(reply);
  return found;
}

/* Copied at open: neither a later change nor the end of the options touches the client. */
static void effect(const char *url) {
  redisclient_options *options = redisclient_options_new();
  redisclient *first = NULL, *second = NULL;
  CHECK_OK(redisclient_options_set(options, "db", "3", &error));
  CHECK_OK(redisclient_options_set(options, "db", "4", &error)); /* the last one counts */
  CHECK_OK(redisclient_options_set_bytes(options, "client_name", "name-and-more", 4, &error));
  CHECK_OK(redisclient_options_set(options, "lazy", "yes", &error));
  CHECK_OK(redisclient_open(url, options, &first, &error));
  CHECK_OK(redisclient_options_set(options, "db", "5", &error));
  CHECK_OK(redisclient_open(url, options, &second, &error));
  redisclient_options_free(options);
  REQUIRE(first && second);
  CHECK(field(first, " db=4 ") && field(first, " name=name "));
  CHECK(field(second, " db=5 "));
  redisclient_free(first);
  redisclient_free(second);
}

/* The URL wins over options. */
static void url_wins(const char *url) {
  char whole[512];
  redisclient_options *options = redisclient_options_new();
  redisclient *client = NULL;
  CHECK_OK(redisclient_options_set(options, "db", "3", &error));
  CHECK_OK(redisclient_options_set(options, "protocol", "3", &error));
  snprintf(whole, sizeof whole, "%s?db=7&client_name=a%%20b%%2Bc&protocol=2", url);
  CHECK_FAILS(redisclient_open(whole, options, &client, &error), REDISCLIENT_EOPTION, "client_name"); /* a name has no space */
  snprintf(whole, sizeof whole, "%s?db=7&client_name=a%%2Bc&protocol=2", url);
  CHECK_OK(redisclient_open(whole, options, &client, &error));
  REQUIRE(client);
  CHECK(field(client, " db=7 ") && field(client, " name=a+c ") && field(client, " resp=2"));
  redisclient_free(client);
  redisclient_options_free(options);
}

/* A database that the server does not have was asked for: that fails, and names it. */
static void required_step(const char *url) {
  char whole[512];
  redisclient *client = NULL;
  snprintf(whole, sizeof whole, "%s?db=99", url);
  CHECK_FAILS(redisclient_open(whole, NULL, &client, &error), REDISCLIENT_ESERVER, "DB index is out of range");
  CHECK(!client);
}

int main(int argc, char **argv) {
  (void)argc;
  times();
  values();
  names();
  not_yet();
  effect(argument(argv, "url"));
  url_wins(argument(argv, "tcp"));
  required_step(argument(argv, "tcp"));
  return check_result();
}
