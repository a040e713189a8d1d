/* Asks Redis which zones lie near a place, and checks the answer against the great-circle distance
 * to every zone of the table: none missing, none too many, each distance right. */
#include "batch.h"
#include "great_circle.h"
#include "zones.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double radius_km = 500;

/* Redis keeps a position as a 52-bit geohash, whose cells are at most 0.6 m wide and 0.3 m high:
 * two positions, each off by up to half a cell, and a distance rounded to 0.1 m. */
static const double tolerance_km = 0.001;

struct search {
    const struct zone_table *table;
    const struct zone *here;
    char *listed; /* one flag for each zone of the table */
    int wrong;
};

static double own_distance_km(const struct search *search, const struct zone *zone)
{
    return great_circle_km(search->here->latitude, search->here->longitude, zone->latitude, zone->longitude);
}

/* Prints one line of the answer, { name, distance }, with what the zone's hash says of it. */
static void print_row(struct search *search, const redisclient_reply *row, const redisclient_reply *countries)
{
    const char *name = redisclient_reply_text(redisclient_reply_at(row, 0), NULL);
    double redis_km = strtod(redisclient_reply_text(redisclient_reply_at(row, 1), NULL), NULL);
    const struct zone *zone = zone_table_find(search->table, name);

    if (zone == NULL) {
        printf("  %-24s %9.4f  is not in the table\n", name, redis_km);
        search->wrong++;
        return;
    }
    double own_km = own_distance_km(search, zone);
    int agrees = fabs(redis_km - own_km) <= tolerance_km;

    search->listed[zone - search->table->zones] = 1;
    search->wrong += !agrees;
    printf("  %-24s %9.4f %9.4f %8.1f m  %s%s\n", name, redis_km, own_km, (redis_km - own_km) * 1000,
           redisclient_reply_text(countries, NULL), agrees ? "" : "  <- differs");
}

static int print_answer(redisclient *client, struct search *search, const redisclient_reply *rows)
{
    redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
    redisclient_reply *countries = NULL;

    for (size_t i = 0; i < redisclient_reply_count(rows); i++) {
        char key[sizeof ZONE_KEY_PREFIX + sizeof search->here->name];
        const redisclient_reply *name = redisclient_reply_at(redisclient_reply_at(rows, i), 0);
        snprintf(key, sizeof key, ZONE_KEY_PREFIX "%s", redisclient_reply_text(name, NULL));
        redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("HGET", key, "countries"));
    }
    int failed = ask_all(pipeline, &countries);
    if (!failed) {
        printf("\nZones within %.0f km of %s\n", radius_km, search->here->name);
        printf("  %-24s %9s %9s %10s  %s\n", "zone", "Redis km", "own km", "difference", "countries");
        for (size_t i = 0; i < redisclient_reply_count(rows); i++)
            print_row(search, redisclient_reply_at(rows, i), redisclient_reply_at(countries, i));
    }
    redisclient_reply_free(countries);
    redisclient_pipeline_free(pipeline);
    return failed;
}

/* A zone that Redis left out must lie outside, or so near to the edge that rounding decides. */
static void check_the_others(struct search *search)
{
    for (size_t i = 0; i < search->table->count; i++) {
        const struct zone *zone = &search->table->zones[i];
        double own_km = own_distance_km(search, zone);
        if (!search->listed[i] && own_km <= radius_km - tolerance_km) {
            printf("  %-24s %9s %9.4f  <- missing in the answer\n", zone->name, "", own_km);
            search->wrong++;
        }
    }
}

static int conclude(const struct search *search, size_t rows)
{
    if (search->wrong > 0) {
        printf("Redis and the great circle DISAGREE on %d of %zu zones\n", search->wrong, search->table->count);
        return 1;
    }
    printf("Redis and the great circle agree: %zu zones inside, each within %.0f m, and the other %zu outside\n",
           rows, tolerance_km * 1000, search->table->count - rows);
    return 0;
}

int zones_near(redisclient *client, const struct zone_table *table, const struct zone *here)
{
    struct search search = {.table = table, .here = here, .listed = calloc(table->count, 1)};
    redisclient_reply *rows = NULL;
    char radius[16];

    snprintf(radius, sizeof radius, "%.0f", radius_km);
    int failed = search.listed == NULL
        || ask(client, REDISCLIENT_ARGS("GEOSEARCH", ZONES_KEY, "FROMMEMBER", here->name,
                                        "BYRADIUS", radius, "km", "ASC", "WITHDIST"), &rows)
        || print_answer(client, &search, rows);

    if (!failed) {
        check_the_others(&search);
        failed = conclude(&search, redisclient_reply_count(rows));
    }
    redisclient_reply_free(rows);
    free(search.listed);
    return failed;
}
