/* Writes the corpora of parse.c, sizes first known, so that each is one block. */
#define _GNU_SOURCE
#include "corpus.h"
#include "../clients/client.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const size_t ROOM = 80u << 20;
enum { BULK = 64 << 20 };

static void put(struct corpus *to, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    to->length += (size_t)vsprintf(to->bytes + to->length, format, values);
    va_end(values);
}

static void put_string(struct corpus *to, size_t size)
{
    put(to, "$%zu\r\n", size);
    memset(to->bytes + to->length, 'x', size);
    to->length += size;
    put(to, "\r\n");
}

static void array(struct corpus *to)
{
    put(to, "*10000\r\n");
    for (int i = 0; i < 10000; i++) put_string(to, 16);
    to->sizes = 10000;
}

static void nested(struct corpus *to)
{
    put(to, "*100\r\n");
    for (int i = 0; i < 100; i++) {
        put(to, "*100\r\n");
        for (int j = 0; j < 100; j++) put_string(to, 10);
    }
    to->sizes = 100;
}

static void maps(struct corpus *to)
{
    put(to, "*2000\r\n");
    for (int i = 0; i < 2000; i++) {
        put(to, "%%3\r\n$2\r\nid\r\n:%d\r\n$4\r\nname\r\n$12\r\nuser:%07d\r\n", 1000 + i, i);
        put(to, "$5\r\nflags\r\n*2\r\n#t\r\n$6\r\nactive\r\n");
    }
    to->sizes = 2000;
}

static void integers(struct corpus *to)
{
    put(to, "*100000\r\n");
    for (int i = 0; i < 100000; i++) put(to, ":%d\r\n", i);
    to->sizes = 100000;
}

static void statuses(struct corpus *to)
{
    for (int i = 0; i < 50000; i++) put(to, "+OK\r\n:%d\r\n", i);
    to->sizes = 50000 * 3;
}

static void strings(struct corpus *to)
{
    for (int i = 0; i < 100000; i++) put_string(to, 16);
    to->sizes = 100000 * 16;
}

static void kilobytes(struct corpus *to)
{
    for (int i = 0; i < 10000; i++) put_string(to, 1024);
    to->sizes = 10000 * 1024;
}

static void bulk(struct corpus *to)
{
    put_string(to, BULK);
    to->sizes = BULK;
}

struct corpus corpus(const char *name)
{
    static const struct { const char *name; void (*write)(struct corpus *); } kinds[] = {
        {"array", array}, {"nested", nested}, {"maps", maps}, {"integers", integers},
        {"statuses", statuses}, {"strings", strings}, {"kilobytes", kilobytes}, {"bulk", bulk}};
    struct corpus made = {malloc(ROOM), 0, 0};
    if (!made.bytes) fail("no memory");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            kinds[i].write(&made);
            return made;
        }
    fail("no corpus %s", name);
}

static int file = -1;
static const char *start;

void keep_in_file(struct corpus *it)
{
    file = memfd_create("corpus", 0);
    if (file < 0 || ftruncate(file, (off_t)it->length)) fail("no file in memory");
    char *mapped = mmap(NULL, it->length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) fail("no memory");
    memcpy(mapped, it->bytes, it->length);
    free(it->bytes);
    start = it->bytes = mapped;
}

void receive(char *into, const char *bytes, size_t length)
{
    if (pread(file, into, length, bytes - start) != (ssize_t)length) fail("the file cannot be read");
}
