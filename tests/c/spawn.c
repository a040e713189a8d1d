/* A program started by exec or posix_spawn inherits no descriptor of ours, whatever is connected or
 * just connecting. The program is this one, told to look. */
#include "check.h"
#include <dirent.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static atomic_bool stop;

/* How many sockets there are beyond standard input, output and errors. */
static int sockets(void) {
  DIR *directory = opendir("/proc/self/fd");
  int count = 0;
  REQUIRE(directory);
  for (struct dirent *entry; (entry = readdir(directory));) {
    int fd = atoi(entry->d_name);
    struct stat about;
    count += fd > 2 && fd != dirfd(directory) && fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode);
  }
  closedir(directory);
  return count;
}

static void ended_well(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void look(bool by_exec) {
  char *const arguments[] = {"program", "look", NULL};
  pid_t child = 0;
  fflush(NULL);
  if (!by_exec) {
    REQUIRE(posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ) == 0);
  } else if ((child = fork()) == 0) {
    execv("/proc/self/exe", arguments);
    _exit(99);
  }
  ended_well(child);
}

static void *keep_connecting(void *url) {
  while (!atomic_load(&stop)) {
    redisclient *client = open_client(url);
    DO(client, "PING");
    redisclient_free(client);
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "look") == 0) return sockets();
  const char *urls[] = {argument(argv, "tcp"), argument(argv, "url"), argument(argv, "tls")};
  redisclient *clients[3];
  redisclient_connection *by_hand[3];
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) {
    clients[i] = open_client(urls[i]);
    by_hand[i] = open_connection(urls[i]);
    REQUIRE(pthread_create(&threads[i], NULL, keep_connecting, (void *)(uintptr_t)urls[i]) == 0);
  }
  CHECK(sockets() >= 6); /* what there is to be inherited */
  /* Under memcheck /proc/self/exe is the tool. */
  if (!under("valgrind"))
    for (int i = 0; i < 40; i++) look(i % 2);
  atomic_store(&stop, true);
  for (int i = 0; i < 3; i++) {
    pthread_join(threads[i], NULL);
    DO(clients[i], "PING");
    redisclient_free(clients[i]);
    redisclient_connection_free(by_hand[i]);
  }
  return check_result();
}
