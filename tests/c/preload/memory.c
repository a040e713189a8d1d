/* Loaded before the C library: makes one allocation fail, the one that REDISCLIENT_TEST_FAIL counts
 * among those of at least REDISCLIENT_TEST_FAIL_FROM bytes while the program says so. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_long counted, chosen;
static size_t least;
static atomic_int counting;

/* For the program: how many were counted so far; negative when the chosen one has failed. */
long failing_allocation(int on);

long failing_allocation(int on) {
  const char *number = getenv("REDISCLIENT_TEST_FAIL"), *from = getenv("REDISCLIENT_TEST_FAIL_FROM");
  chosen = number ? atol(number) : 0;
  least = from ? (size_t)atol(from) : 0;
  counting = on;
  return chosen > 0 && counted >= chosen ? -counted : counted;
}

static int fails(size_t size) {
  if (!counting || size < least || ++counted != chosen) return 0;
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t size) {
  return fails(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  return fails(count * size) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
  return fails(size) ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  return fails(size) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  if (fails(size)) return ENOMEM;
  *out = __libc_memalign(alignment, size);
  return *out ? 0 : ENOMEM;
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
  if (fails(length)) return MAP_FAILED;
  return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}
