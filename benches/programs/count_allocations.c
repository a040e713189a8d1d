/* Loaded before the C library: counts the allocations of all threads while the program says so. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_long calls, total;
static atomic_int counting;

void count_allocations(int on)
{
    if (on) calls = total = 0;
    counting = on;
}

void counted_allocations(long *how_many, long *bytes)
{
    *how_many = calls;
    *bytes = total;
}

static void count(size_t size)
{
    if (!counting) return;
    calls++;
    total += (long)size;
}

void *malloc(size_t size)
{
    count(size);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    count(number * size);
    return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size)
{
    count(size);
    return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count(size);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    count(size);
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    count(length);
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}
