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

/* Puts a zone into its place among the closest, of which the last drops out. */
static void rank(const struct zone *close[SUGGESTIONS], const struct zone *zone, const char *wanted)
{
    for (size_t i = 0; i < SUGGESTIONS && zone != NULL; i++) {
        const struct zone *held = close[i];
        if (held == NULL || difference(wanted, zone->name) < difference(wanted, held->name)) {
            close[i] = zone;
            zone = held;
        }
    }
}

void zone_table_suggest(const struct zone_table *table, const char *wanted)
{
    const struct zone *close[SUGGESTIONS] = {0};

    for (size_t i = 0; i < table->count; i++)
        if (difference(wanted, table->zones[i].name) <= strlen(city_of(wanted)) / 2)
            rank(close, &table->zones[i], wanted);

    fprintf(stderr, "HERE=%s: not among the %zu zones of the table, where places alike since 1970 share one", wanted,
            table->count);
    for (size_t i = 0; i < SUGGESTIONS && close[i] != NULL; i++)
        fprintf(stderr, "%s%s", i == 0 ? "; did you mean " : ", ", close[i]->name);
    fprintf(stderr, "%s\n", close[0] != NULL ? "?" : "; the form is Europe/Zurich");
}
