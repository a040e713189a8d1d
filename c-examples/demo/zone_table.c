/* Reads zone1970.tab: countries, ISO 6709 coordinates, name and comments, separated by tabs. */
#include "zone_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads one angle, sign, degrees, minutes and perhaps seconds without separators (+4723, -0774000),
 * and answers where it ends, or NULL. */
static const char *read_angle(const char *text, size_t degree_digits, double *degrees)
{
    int whole, minutes, seconds = 0;
    size_t digits = strspn(text + (*text != '\0'), "0123456789");

    if ((*text != '+' && *text != '-') || (digits != degree_digits + 2 && digits != degree_digits + 4))
        return NULL;
    sscanf(text + 1, degree_digits == 2 ? "%2d%2d%2d" : "%3d%2d%2d", &whole, &minutes, &seconds);
    *degrees = (whole + minutes / 60.0 + seconds / 3600.0) * (*text == '-' ? -1 : 1);
    return text + 1 + digits;
}

static int read_zone(const char *line, struct zone *zone)
{
    char position[32];
    int fields = sscanf(line, "%127[^\t]\t%31[^\t]\t%63[^\t\n]\t%127[^\n]",
                        zone->countries, position, zone->name, zone->comments);

    if (fields < 3)
        return 1;
    const char *longitude = read_angle(position, 2, &zone->latitude);
    const char *end = longitude == NULL ? NULL : read_angle(longitude, 3, &zone->longitude);
    return end == NULL || *end != '\0';
}

static int append(struct zone_table *table, const struct zone *zone)
{
    struct zone *zones = realloc(table->zones, (table->count + 1) * sizeof *zones);

    if (zones == NULL)
        return 1;
    table->zones = zones;
    zones[table->count++] = *zone;
    return 0;
}

int zone_table_load(struct zone_table *table, const char *path)
{
    char line[512];
    int number = 0, failed = 0;
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        perror(path);
        return 1;
    }
    while (!failed && fgets(line, sizeof line, file) != NULL) {
        struct zone zone = {0};
        number++;
        if (*line == '#')
            continue;
        failed = read_zone(line, &zone) || append(table, &zone);
        if (failed)
            fprintf(stderr, "%s:%d: not \"countries <tab> +DDMM+DDDMM <tab> zone\": %s", path, number, line);
    }
    fclose(file);
    return failed;
}

const struct zone *zone_table_find(const struct zone_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->zones[i].name, name) == 0)
            return &table->zones[i];
    return NULL;
}

void zone_table_free(struct zone_table *table)
{
    free(table->zones);
    *table = (struct zone_table){0};
}
