/* The time zones in Redis: a hash for each, and one geographic index over all. */
#ifndef ZONES_H
#define ZONES_H

#include "zone_table.h"

#include <redisclient.h>

#define ZONES_KEY "demo:zones"      /* the index */
#define ZONE_KEY_PREFIX "demo:zone:" /* + name: the hash of one zone */

/* Both answer 0, or 1 after saying what is wrong. */
int zones_store(redisclient *client, const struct zone_table *table);
int zones_near(redisclient *client, const struct zone_table *table, const struct zone *here);

#endif
