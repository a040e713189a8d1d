/* Writes the table through a pipeline: for each zone a hash of its own and a point in the index. */
#include "batch.h"
#include "zones.h"

#include <stdio.h>

static int store(struct batch *batch, const struct zone *zone)
{
    char key[sizeof ZONE_KEY_PREFIX + sizeof zone->name], latitude[32], longitude[32];

    snprintf(key, sizeof key, ZONE_KEY_PREFIX "%s", zone->name);
    snprintf(latitude, sizeof latitude, "%.9f", zone->latitude);
    snprintf(longitude, sizeof longitude, "%.9f", zone->longitude);

    return batch_add(batch, REDISCLIENT_ARGS("DEL", key))
        || batch_add(batch, REDISCLIENT_ARGS("HSET", key, "countries", zone->countries, "latitude", latitude,
                                             "longitude", longitude, "comments", zone->comments))
        || batch_add(batch, REDISCLIENT_ARGS("GEOADD", ZONES_KEY, longitude, latitude, zone->name));
}

int zones_store(redisclient *client, const struct zone_table *table)
{
    struct batch batch;
    batch_open(&batch, client);

    int failed = batch_add(&batch, REDISCLIENT_ARGS("DEL", ZONES_KEY));
    for (size_t i = 0; i < table->count && !failed; i++)
        failed = store(&batch, &table->zones[i]);
    failed = failed || batch_flush(&batch);
    if (!failed)
        printf("Stored %zu time zones as hashes and in a geographic index: %zu pipelined commands\n",
               table->count, batch.done);

    batch_close(&batch);
    return failed;
}
