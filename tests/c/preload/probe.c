/* Opens a client and runs commands, one line of output for each step:
 *
 *   STEP STATUS MILLISECONDS TEXT    the text is the reply's, or the error's message
 *
 *   probe URL WORD...      each WORD is a command without arguments; CANCEL runs PING and fires a
 *                          cancel after 100 ms; CLOSE does so and closes the client; PINGS runs
 *                          PING in 12 threads */
#define _GNU_SOURCE
#include <inttypes.h>
#include <pthread.h>
#include <redisclient.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static redisclient *client;
static redisclient_cancel *cancel;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void tell(const char *step, redisclient_status status, int64_t start, redisclient_reply *reply, redisclient_error *error) {
  const char *text = status ? redisclient_error_message(error) : redisclient_reply_text(reply, NULL);
  printf("%s %" PRId32 " %" PRId64 " %s\n", step, status, now() - start, text);
  redisclient_reply_free(reply);
  redisclient_error_free(error);
}

static void *run(void *word) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_reply *reply = NULL;
  redisclient_error *error = NULL;
  int64_t start = now();
  call.cancel = cancel;
  redisclient_status status = redisclient_command_call(client, &call, REDISCLIENT_ARGS(word), &reply, &error);
  tell(word, status, start, reply, error);
  return NULL;
}

static void end_it_soon(const char *how) {
  pthread_t thread;
  struct timespec soon = {.tv_nsec = 100000000};
  cancel = redisclient_cancel_new();
  if (pthread_create(&thread, NULL, run, "PING")) return;
  nanosleep(&soon, NULL);
  if (strcmp(how, "CANCEL") == 0) redisclient_cancel_fire(cancel);
  else redisclient_close(client);
  pthread_join(thread, NULL);
  redisclient_cancel_free(cancel);
  cancel = NULL;
}

static void in_threads(void) {
  pthread_t threads[12];
  for (int i = 0; i < 12; i++)
    if (pthread_create(&threads[i], NULL, run, "PING")) return;
  for (int i = 0; i < 12; i++) pthread_join(threads[i], NULL);
}

int main(int argc, char **argv) {
  redisclient_error *error = NULL;
  int64_t start = now();
  if (argc < 2) return 2;
  redisclient_status status = redisclient_open(argv[1], NULL, &client, &error);
  tell("open", status, start, NULL, error);
  for (char **word = argv + 2; !status && *word; word++) {
    if (strcmp(*word, "CANCEL") == 0 || strcmp(*word, "CLOSE") == 0) end_it_soon(*word);
    else if (strcmp(*word, "PINGS") == 0) in_threads();
    else run(*word);
  }
  redisclient_free(client);
  return 0;
}
