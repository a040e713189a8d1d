/* Which names did the user mean? Compares by edit distance, with the whole name and with the city
 * alone, so that "Zurich", "europe/zurich" and "Europe/Zurch" all lead to Europe/Zurich. */
#include "zone_table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { SUGGESTIONS = 3 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, one row of the matrix at a time; case does not count. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[sizeof ((struct zone *)0)->name];
    size_t length = least(strlen(b), sizeof row / sizeof *row - 1);

    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (; *a != '\0'; a++) {
        size_t diagonal = row[0]++;
        for (size_t j = 1; j <= length; j++) {
            size_t above = row[j];
            size_t replaced = diagonal + (tolower((unsigned char)*a) != tolower((unsigned char)b[j - 1]));
            row[j] = least(replaced, least(above, row[j - 1]) + 1);
            diagonal = above;
        }
    }
    return row[length];
}

static const char *city_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash == NULL ? name : slash + 1;
}

static size_t difference(const char *wanted, const char *name)
{
    return least(edit_distance(wanted, name), edit_distance(city_of(wanted), city_of(name)));
}

void zone_table_suggest(const struct zone_table *table, const char *name)
{
    const struct zone *close[SUGGESTIONS] = {0};

    for (size_t i = 0; i < table->count; i++) {
        const struct zone *candidate = &table->zones[i];
        for (size_t j = 0; j < SUGGESTIONS; j++) {
            const struct zone *held = close[j];
            if (held == NULL || difference(name, candidate->name) < difference(name, held->name)) {
                close[j] = candidate;
                candidate = held;
            }
            if (candidate == NULL)
                break;
        }
    }
    fprintf(stderr, "HERE=%s: no such zone among the %zu of the table; did you mean", name, table->count);
    for (size_t j = 0; j < SUGGESTIONS && close[j] != NULL; j++)
        fprintf(stderr, "%s %s", j == 0 ? "" : ",", close[j]->name);
    fprintf(stderr, "?\n");
}
