/* Loads the library by itself, uses it, lets go of it, and again: what it registered with the system
 * outlives dlclose. The first argument is the library, the others are URLs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <redisclient.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int failures;

static void check(int good, const char *what) {
  if (!good) fprintf(stderr, "failed: %s\n", what), failures++;
}

static int is_mapped(void) {
  char line[4096];
  int found = 0;
  FILE *maps = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof line, maps)) found |= strstr(line, "libredisclient") != NULL;
  if (maps) fclose(maps);
  return found;
}

static void *find(void *library, const char *name) {
  void *symbol = dlsym(library, name);
  check(symbol != NULL, name);
  return symbol;
}

static int use(void *library, const char *url) {
  redisclient_status (*open)(const char *, const redisclient_options *, redisclient **, redisclient_error **);
  redisclient_status (*command)(redisclient *, size_t, const char *const *, const size_t *, redisclient_reply **, redisclient_error **);
  void (*release)(redisclient *), (*reply_free)(redisclient_reply *);
  redisclient *client = NULL;
  redisclient_reply *reply = NULL;
  *(void **)&open = find(library, "redisclient_open");
  *(void **)&command = find(library, "redisclient_command");
  *(void **)&release = find(library, "redisclient_free");
  *(void **)&reply_free = find(library, "redisclient_reply_free");
  int status = open(url, NULL, &client, NULL);
  if (!status) status = command(client, REDISCLIENT_ARGS("ECHO", "loaded"), &reply, NULL);
  if (!status) check(reply->length == 6 && memcmp(reply->value.text, "loaded", 6) == 0, "the reply");
  reply_free(reply);
  release(client);
  return status;
}

static void fork_handler_is_there(void) {
  int status = -1;
  pid_t child = fork();
  if (child == 0) _exit(0);
  check(child > 0 && waitpid(child, &status, 0) == child && status == 0, "fork after dlclose");
}

int main(int argc, char **argv) {
  struct timespec while_resolving = {.tv_nsec = 300000000};
  check(argc > 3 && !is_mapped(), "nothing is loaded before");
  for (int round = 0; round < 3; round++) {
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    check(library != NULL, "dlopen");
    if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
    for (char **url = argv + 3; *url; url++) check(use(library, *url) == 0, *url);
    /* A name that takes longer to resolve than anybody waits: its thread goes on after dlclose. */
    check(use(library, argv[2]) != 0, "a name that is not known in time");
    check(dlclose(library) == 0, "dlclose");
    check(is_mapped(), "the library stays");
    fork_handler_is_there();
    nanosleep(&while_resolving, NULL);
  }
  return failures != 0;
}
