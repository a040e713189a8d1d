/* A session of everything that grows with data, with one allocation failing in it (memory.c): each call
 * works or answers ENOMEM, and works when memory is there again.
 *
 * usage: session URL. Prints how many allocations there were; ends with 3 when the chosen one was none of them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <redisclient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 2 << 20, ITEMS = 8000 };

static long (*failing)(int on);
static int wrong;
static const char *text;
static size_t sizes[ITEMS + 2];
static const char *words[ITEMS + 2];

static void judge(const char *what, redisclient_status status, redisclient_error *error) {
  if (status != REDISCLIENT_OK && status != REDISCLIENT_ENOMEM) {
    fprintf(stderr, "%s: %s\n", what, redisclient_error_message(error));
    wrong = 1;
  }
  redisclient_error_free(error);
}

static void run(redisclient *client, const char *what, size_t argc, const char *const *argv, const size_t *lengths) {
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  judge(what, redisclient_command(client, argc, argv, lengths, &reply, &error), error);
  redisclient_reply_free(reply);
}

static void pipeline(redisclient *client, int atomic) {
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  redisclient_pipeline_atomic(pipeline, atomic);
  for (int i = 0; i < 500; i++) redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("LRANGE", "list", "0", "20"));
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("GET", "large"));
  judge("pipeline", redisclient_pipeline_run(pipeline, &reply, &error), error);
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
}

static void by_hand(const char *url) {
  redisclient_connection *connection = NULL;
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  const char *const set[] = {"SET", "large", text};
  const size_t lengths[] = {3, 5, LARGE};
  redisclient_status status = redisclient_connection_open(url, NULL, &connection, &error);
  if (status == REDISCLIENT_OK) status = redisclient_connection_send(connection, 3, set, lengths, &error);
  if (status == REDISCLIENT_OK) status = redisclient_connection_send_raw(connection, "*2\r\n$3\r\nGET\r\n$5\r\nlarge\r\n", 24, &error);
  if (status == REDISCLIENT_OK) status = redisclient_connection_flush(connection, 10000, &error);
  for (int i = 0; i < 2 && status == REDISCLIENT_OK; i++) {
    status = redisclient_connection_receive(connection, 10000, &reply, &error);
    redisclient_reply_free(reply);
    reply = NULL;
  }
  judge("by hand", status, error);
  redisclient_connection_free(connection);
}

static void reader(void) {
  redisclient_reader *reader = redisclient_reader_new(NULL);
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  redisclient_status status = redisclient_reader_feed(reader, "*8000\r\n", 7);
  for (int i = 0; i < ITEMS && status == REDISCLIENT_OK; i++) status = redisclient_reader_feed(reader, "$4\r\nword\r\n", 10);
  if (status == REDISCLIENT_OK) status = redisclient_reader_next(reader, &reply, &error);
  judge("reader", status, error);
  redisclient_reply_free(reply);
  redisclient_reader_free(reader);
}

static void session(redisclient *client, const char *url) {
  const char *const set[] = {"SET", "large", text};
  const size_t lengths[] = {3, 5, LARGE};
  run(client, "SET", 3, set, lengths);
  run(client, "GET", REDISCLIENT_ARGS("GET", "large"));
  run(client, "DEL", REDISCLIENT_ARGS("DEL", "list"));
  run(client, "RPUSH", ITEMS + 2, words, sizes);
  run(client, "LRANGE", REDISCLIENT_ARGS("LRANGE", "list", "0", "-1"));
  pipeline(client, 0);
  pipeline(client, 1);
  by_hand(url);
  reader();
}

int main(int argc, char **argv) {
  redisclient *client = NULL;
  redisclient_error *error = NULL;
  void *found = dlsym(RTLD_DEFAULT, "failing_allocation");
  char *large = malloc(LARGE);
  if (argc < 2 || !found || !large) return 2;
  memcpy(&failing, &found, sizeof found);
  memset(large, 'x', LARGE);
  text = large;
  for (int i = 0; i < ITEMS + 2; i++) words[i] = i == 0 ? "RPUSH" : i == 1 ? "list" : "element of the list", sizes[i] = strlen(words[i]);
  if (redisclient_open(argv[1], NULL, &client, &error) != REDISCLIENT_OK) {
    fprintf(stderr, "%s\n", redisclient_error_message(error));
    return 2;
  }
  failing(1);
  session(client, argv[1]);
  long count = failing(0);
  if (redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error) != REDISCLIENT_OK) {
    fprintf(stderr, "afterwards: %s\n", redisclient_error_message(error));
    wrong = 1;
  }
  redisclient_free(client);
  free(large);
  printf("%ld\n", count);
  return wrong ? 1 : count < 0 ? 0 : 3;
}
