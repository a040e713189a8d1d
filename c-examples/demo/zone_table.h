/* The table of the world's time zones (zone1970.tab): one place for each zone, with coordinates. */
#ifndef ZONE_TABLE_H
#define ZONE_TABLE_H

#include <stddef.h>

struct zone {
    char name[64];       /* Europe/Zurich */
    char countries[128]; /* CH,DE,LI */
    char comments[128];  /* often empty */
    double latitude;     /* degrees, north positive */
    double longitude;    /* degrees, east positive */
};

struct zone_table {
    struct zone *zones;
    size_t count;
};

/* Fills an empty table. Answers 0, or 1 after saying which line of the file is wrong. */
int zone_table_load(struct zone_table *table, const char *path);

/* NULL when there is no zone of that name. */
const struct zone *zone_table_find(const struct zone_table *table, const char *name);

/* Tells the user that there is no such zone, and which names come close. */
void zone_table_suggest(const struct zone_table *table, const char *wanted);

void zone_table_free(struct zone_table *table);

#endif
