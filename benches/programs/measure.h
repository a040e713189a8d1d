/* Measures a function: calls it `warm` times unseen and `count` times seen, then prints what that took.
 * Callgrind counts inside measured() and nowhere else; a preloaded library counts allocations.
 */
#ifndef MEASURE_H
#define MEASURE_H
#include "../clients/client.h"

/* Does its work `count` times on `state`; whether all of it went well. */
typedef bool work_fn(void *state, long count);

/* What every program is called with: ADDRESS MODE COUNT WARM, then arguments of its own. */
struct plan {
    const char *address, *mode;
    long count, warm;
    char **arguments;
};

struct plan plan(int argc, char **argv, int own_arguments);
long number(const char *text);
void measure(const struct plan *plan, work_fn *work, void *state);

/* For a program that brackets what is measured by itself: starts, and prints. */
void start_measuring(void);
void stop_measuring(long count);

/* A command of GET or SET on a value that the driver has put there. */
struct command get_command(size_t size);
struct command set_command(size_t size);
struct command encoded(size_t argc, const char *const *argv, const size_t *lengths);

#endif
