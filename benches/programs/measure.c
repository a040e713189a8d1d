/* The clock, the counters and the arguments of every program. */
#include "measure.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* In the preloaded library; absent without it. */
__attribute__((weak)) void count_allocations(int on);
__attribute__((weak)) void counted_allocations(long *calls, long *bytes);

static long long wall_began, cpu_began;

static long long nanoseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

void start_measuring(void)
{
    if (count_allocations) count_allocations(1);
    cpu_began = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    wall_began = nanoseconds(CLOCK_MONOTONIC);
}

void stop_measuring(long count)
{
    long long wall = nanoseconds(CLOCK_MONOTONIC) - wall_began;
    long long cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_began;
    long calls = -1, bytes = -1;
    if (count_allocations) {
        count_allocations(0);
        counted_allocations(&calls, &bytes);
    }
    printf("count=%ld wall_ns=%lld cpu_ns=%lld allocations=%ld allocated_bytes=%ld\n", count, wall, cpu, calls, bytes);
    fflush(stdout);
}

/* The name that callgrind is told; nothing else may call it. */
__attribute__((noinline)) bool measured(work_fn *work, void *state, long count)
{
    return work(state, count);
}

void measure(const struct plan *plan, work_fn *work, void *state)
{
    if (!work(state, plan->warm)) fail("a reply was not the one expected, while warming up");
    start_measuring();
    bool well = measured(work, state, plan->count);
    stop_measuring(plan->count);
    if (!well) fail("a reply was not the one expected");
}

/* Of the program that parses; the others have no bytes of their own. */
__attribute__((weak)) void receive(char *into, const char *bytes, size_t length)
{
    (void)into, (void)bytes, (void)length;
    fail("nothing to receive from");
}

long number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < 0) fail("no number: %s", text);
    return value;
}

struct plan plan(int argc, char **argv, int own_arguments)
{
    if (argc != 5 + own_arguments) fail("needs ADDRESS MODE COUNT WARM and %d more", own_arguments);
    return (struct plan){argv[1], argv[2], number(argv[3]), number(argv[4]), argv + 5};
}

static void say(const char *format, va_list values)
{
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
}

void absent(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say(format, values);
    exit(ABSENT);
}

void fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say(format, values);
    exit(1);
}
