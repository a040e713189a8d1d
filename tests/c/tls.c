/* TLS through the C interface: options, errors, large values, pipelines, threads, one connection
 * driven by hand. What a certificate is refused for is in tests/tls. */
#include "check.h"
#include <pthread.h>

static char **arguments;

static const char *file(const char *name) { return argument(arguments, name); }

static redisclient_options *options(const char *const *pairs) {
  redisclient_options *made = redisclient_options_new();
  for (; *pairs; pairs += 2) CHECK_OK(redisclient_options_set(made, pairs[0], pairs[1], &error));
  return made;
}
#define OPTIONS(...) options((const char *const[]){"tls.ca_file", file("ca"), __VA_ARGS__, NULL})
#define TRUSTING options((const char *const[]){"tls.ca_file", file("ca"), NULL})

static redisclient *opened(const char *url, redisclient_options *with) {
  redisclient *client = NULL;
  CHECK_OK(redisclient_open(url, with, &client, &error));
  redisclient_options_free(with);
  REQUIRE(client);
  return client;
}

static void refused_at(int line, const char *url, redisclient_options *with, redisclient_status code, const char *const *parts) {
  redisclient *client = NULL;
  redisclient_error *error = NULL;
  redisclient_status status = redisclient_open(url, with, &client, &error);
  const char *message = redisclient_error_message(error);
  CHECK(!client);
  CHECK_INT(redisclient_error_retryable(error), 0);
  CHECK_INT(redisclient_error_outcome(error), REDISCLIENT_OUTCOME_NOT_SENT);
  CHECK_TEXT(redisclient_error_server_code(error), "");
  CHECK(!strstr(message, "canary-word"));
  for (; *parts; parts++) check_contains(message, *parts, __FILE__, line, "message");
  check_fails(status, error, code, "", __FILE__, line, url);
  redisclient_options_free(with);
}
#define REFUSED(url, with, code, ...) refused_at(__LINE__, (url), (with), (code), (const char *const[]){__VA_ARGS__, NULL})

/* Every name of an option, by text and by bytes. */
static void every_option(const char *url) {
  redisclient_options *set = OPTIONS("tls.verify", "full", "tls.verify_flags", "strict,partial_chain", "tls.server_name", "localhost", "tls.min_version", "1.3",
                                     "tls.ciphers", "TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384", "tls.cert_file", file("cert"), "tls.key_file", file("locked_key"));
  CHECK_OK(redisclient_options_set_bytes(set, "tls.key_password", file("password"), strlen(file("password")), &error));
  redisclient *client = opened(url, set);
  EXPECT(client, REDISCLIENT_REPLY_STATUS, "PONG", "PING");
  redisclient_free(client);
}

static void both_protocols(const char *url) {
  static const char *const protocols[] = {"2", "3", "auto"};
  for (size_t i = 0; i < 3; i++) {
    redisclient *client = opened(url, OPTIONS("protocol", protocols[i], "db", "1"));
    DO(client, "DEL", "hash");
    DO(client, "HSET", "hash", "field", "value");
    redisclient_reply *reply = RUN(client, "HGETALL", "hash");
    CHECK_INT(redisclient_reply_kind(reply), i ? REDISCLIENT_REPLY_MAP : REDISCLIENT_REPLY_ARRAY);
    redisclient_reply_free(reply);
    redisclient_free(client);
  }
}

static void refusals(const char *url) {
  redisclient *client = NULL;
  REFUSED(file("wrong_host"), TRUSTING, REDISCLIENT_ECERTIFICATE, "127.0.0.1", "elsewhere.test", "Test WrongHost", "GMT");
  REFUSED(url, NULL, REDISCLIENT_ECERTIFICATE, "Test ca", "tls.ca_file");
  REFUSED(file("strict_old_server"), TRUSTING, REDISCLIENT_ETLS, "client certificate");
  REFUSED(url, OPTIONS("tls.key_file", file("key")), REDISCLIENT_EOPTION, "tls.key_file");
  REFUSED(url, OPTIONS("tls.cert_file", file("cert"), "tls.key_file", file("locked_key"), "tls.key_password", "canary-word"), REDISCLIENT_EOPTION, "tls.key_file", "tls.key_password");
  REFUSED(url, OPTIONS("tls.cert_file", file("cert"), "tls.key_file", file("ca")), REDISCLIENT_EOPTION, "tls.key_file");
  REFUSED(url, OPTIONS("tls.ca_pem", "-----BEGIN CERTIFICATE-----\ncanary-word\n-----END CERTIFICATE-----\n"), REDISCLIENT_EOPTION, "tls.ca_pem");
  REFUSED(url, OPTIONS("tls.ciphers", "NO-SUCH"), REDISCLIENT_EOPTION, "tls.ciphers");
  redisclient_options *set = redisclient_options_new();
  CHECK_FAILS(redisclient_options_set(set, "tls.verify", "some", &error), REDISCLIENT_EOPTION, "tls.verify");
  CHECK_FAILS(redisclient_options_set(set, "tls.min_version", "1.0", &error), REDISCLIENT_EOPTION, "tls.min_version");
  CHECK_FAILS(redisclient_options_set(set, "tls.verify_flags", "loose", &error), REDISCLIENT_EOPTION, "tls.verify_flags");
  CHECK_FAILS(redisclient_open(file("plain_as_tls"), set, &client, &error), REDISCLIENT_ETIMEOUT, "redis://");
  redisclient_options_free(set);
  CHECK(!client);
}

static char *noise(size_t size) {
  char *bytes = malloc(size);
  uint32_t state = 1;
  REQUIRE(bytes);
  for (size_t i = 0; i < size; i++) bytes[i] = (char)((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

static void large(redisclient *client) {
  size_t size = under("valgrind") ? 1 << 20 : 8 << 20, length;
  char *value = noise(size);
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_command(client, 3, (const char *const[]){"SET", "large", value}, (const size_t[]){3, 5, size}, NULL, &error));
  CHECK_OK(redisclient_command(client, REDISCLIENT_ARGS("GET", "large"), &reply, &error));
  const char *text = redisclient_reply_text(reply, &length);
  CHECK(length == size && memcmp(text, value, size) == 0);
  redisclient_reply_free(reply);
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  for (size_t i = 0; i < 16; i++) redisclient_pipeline_add(pipeline, 2, (const char *const[]){"ECHO", value + i}, (const size_t[]){4, size / 4});
  CHECK_OK(redisclient_pipeline_run(pipeline, &reply, &error));
  for (size_t i = 0; i < 16; i++) {
    text = redisclient_reply_text(redisclient_reply_at(reply, i), &length);
    CHECK(length == size / 4 && memcmp(text, value + i, length) == 0);
  }
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
  free(value);
}

static redisclient *shared;

static void *own_replies(void *data) {
  for (int i = 0; i < scaled(500); i++) {
    char mark[64];
    snprintf(mark, sizeof mark, "%d:%d", (int)(intptr_t)data, i);
    EXPECT(shared, REDISCLIENT_REPLY_STRING, mark, "ECHO", mark);
  }
  return NULL;
}

static void threads(void) {
  pthread_t threads[8];
  for (int i = 0; i < 8; i++) REQUIRE(pthread_create(&threads[i], NULL, own_replies, (void *)(intptr_t)i) == 0);
  for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
}

static void *block(void *data) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.cancel = data;
  return (void *)(intptr_t)redisclient_command_call(shared, &call, REDISCLIENT_ARGS("BLPOP", "never", "0"), NULL, NULL);
}

/* A cancel and a close end calls that wait for a reply, at once. */
static void ended(void) {
  redisclient_cancel *cancel = redisclient_cancel_new();
  redisclient *observer = opened(file("tls"), TRUSTING);
  for (int close = 0; close < 2; close++) {
    pthread_t thread;
    void *status = NULL;
    REQUIRE(pthread_create(&thread, NULL, block, close ? NULL : cancel) == 0);
    WAIT_UNTIL(info(observer, "clients", "blocked_clients") == 1);
    int64_t start = now_ms();
    if (close) redisclient_close(shared);
    else redisclient_cancel_fire(cancel);
    pthread_join(thread, &status);
    CHECK(now_ms() - start < 15000);
    CHECK_INT((intptr_t)status, close ? REDISCLIENT_ECLOSED : REDISCLIENT_ECANCELLED);
    WAIT_UNTIL(info(observer, "clients", "blocked_clients") == 0);
  }
  redisclient_cancel_free(cancel);
  redisclient_free(observer);
}

static void *receive_all(void *connection) {
  for (int i = 0; i < scaled(2000); i++) {
    redisclient_reply *reply = NULL;
    CHECK_OK(redisclient_connection_receive(connection, 20000, &reply, &error));
    CHECK_INTEGER(reply, i + 1);
    redisclient_reply_free(reply);
  }
  return NULL;
}

/* One thread sends, another receives; replies that were decrypted together are all seen. */
static void by_hand(const char *url) {
  redisclient_connection *connection = NULL;
  redisclient_options *with = TRUSTING;
  redisclient_reply *reply = NULL;
  pthread_t thread;
  CHECK_OK(redisclient_connection_open(url, with, &connection, &error));
  redisclient_options_free(with);
  REQUIRE(connection);
  CHECK(redisclient_connection_fd(connection) >= 0);
  CHECK_OK(redisclient_connection_send(connection, REDISCLIENT_ARGS("DEL", "counter"), &error));
  for (int i = 0; i < 100; i++) CHECK_OK(redisclient_connection_send(connection, REDISCLIENT_ARGS("PING"), &error));
  CHECK_INT(redisclient_connection_readable(connection, 20), 0);
  CHECK_OK(redisclient_connection_flush(connection, 20000, &error));
  for (int i = 0; i < 101; i++) {
    CHECK_INT(redisclient_connection_readable(connection, 20000), 1);
    CHECK_OK(redisclient_connection_receive(connection, 20000, &reply, &error));
    redisclient_reply_free(reply);
  }
  CHECK_INT(redisclient_connection_readable(connection, 20), 0);
  REQUIRE(pthread_create(&thread, NULL, receive_all, connection) == 0);
  for (int i = 0; i < scaled(2000); i++) {
    CHECK_OK(redisclient_connection_send(connection, REDISCLIENT_ARGS("INCR", "counter"), &error));
    if (i % 7 == 0) CHECK_OK(redisclient_connection_flush(connection, 20000, &error));
  }
  CHECK_OK(redisclient_connection_flush(connection, 20000, &error));
  pthread_join(thread, NULL);
  redisclient_connection_free(connection);
}

int main(int argc, char **argv) {
  (void)argc;
  arguments = argv;
  const char *url = file("tls");
  every_option(file("strict_server"));
  every_option(url);
  both_protocols(url);
  refusals(url);
  shared = opened(url, OPTIONS("pool.max", "4"));
  large(shared);
  threads();
  ended();
  redisclient_free(shared);
  by_hand(url);
  return check_result();
}
