/* Loaded before the C library: writes what becomes of sockets into the file REDISCLIENT_TEST_TRACE,
 * a line each:
 *
 *   MICROSECONDS connect FD ADDRESS RESULT   0, or the errno
 *   MICROSECONDS failed FD                   an error was fetched by SO_ERROR
 *   MICROSECONDS close FD                    of a socket that was connected or tried to be */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
/* Some C libraries declare it with a union in place of the pointer. */
#define connect declared_connect
#include <sys/socket.h>
#undef connect
#include <arpa/inet.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 65536 };
static atomic_bool traced[MOST];
static int trace = -1;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("REDISCLIENT_TEST_TRACE");
  if (path) trace = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void address_of(const struct sockaddr *address, char *text, socklen_t size) {
  const void *ip = address->sa_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                                                  : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
  if (!inet_ntop(address->sa_family, ip, text, size)) snprintf(text, size, "unix");
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  int (*real)(int, const struct sockaddr *, socklen_t);
  *(void **)&real = dlsym(RTLD_NEXT, "connect");
  int64_t start = now();
  int result = real(fd, address, length), error = errno;
  if (trace >= 0 && fd >= 0 && fd < MOST) {
    char text[64];
    address_of(address, text, sizeof text);
    dprintf(trace, "%" PRId64 " connect %d %s %d\n", start, fd, text, result ? error : 0);
    atomic_store(&traced[fd], true);
  }
  errno = error;
  return result;
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *length) {
  int (*real)(int, int, int, void *, socklen_t *);
  *(void **)&real = dlsym(RTLD_NEXT, "getsockopt");
  int result = real(fd, level, name, value, length), error = errno;
  if (trace >= 0 && result == 0 && level == SOL_SOCKET && name == SO_ERROR && *(int *)value)
    dprintf(trace, "%" PRId64 " failed %d\n", now(), fd);
  errno = error;
  return result;
}

int close(int fd) {
  int (*real)(int);
  *(void **)&real = dlsym(RTLD_NEXT, "close");
  if (trace >= 0 && fd >= 0 && fd < MOST && atomic_exchange(&traced[fd], false))
    dprintf(trace, "%" PRId64 " close %d\n", now(), fd);
  return real(fd);
}
