/* Do real work on real data, and check what the server answers.
 * First the system's time zones as a geographic index, then a word index of a source tree; each
 * answer is compared with what this program works out by itself.
 * usage: [HERE=Europe/Zurich] demo [url [source-tree]]
 */
#include "source_tree.h"
#include "words.h"
#include "zone_table.h"
#include "zones.h"

#include <redisclient.h>
#include <stdio.h>
#include <stdlib.h>

/* The system's own table, or else the copy that comes with the source. */
static int load_zones(const char *tree, struct zone_table *table)
{
    static const char *const system_table = "/usr/share/zoneinfo/zone1970.tab";
    char copy[4096];
    FILE *file = fopen(system_table, "r");

    if (file != NULL) {
        fclose(file);
        return zone_table_load(table, system_table);
    }
    snprintf(copy, sizeof copy, "%s/tests/data/zone1970.tab", tree);
    return zone_table_load(table, copy);
}

static int show_zones(redisclient *client, const char *tree)
{
    const char *wanted = getenv("HERE");
    const char *name = wanted != NULL && *wanted != '\0' ? wanted : "Europe/Zurich";
    struct zone_table table = {0};
    const struct zone *here = NULL;
    int failed = load_zones(tree, &table);

    if (!failed) {
        here = zone_table_find(&table, name);
        if (here == NULL)
            zone_table_suggest(&table, name);
    }
    failed = here == NULL || zones_store(client, &table) || zones_near(client, &table, here);
    zone_table_free(&table);
    return failed;
}

static int show_words(redisclient *client, const char *root)
{
    struct source_tree tree = {0};
    int failed = source_tree_load(&tree, root) || words_index(client, &tree);

    source_tree_free(&tree);
    return failed;
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "redis://127.0.0.1:6379";
    const char *tree = argc > 2 ? argv[2] : ".";
    redisclient *client = NULL;
    redisclient_error *error = NULL;

    if (redisclient_open(url, NULL, &client, &error) != REDISCLIENT_OK) {
        fprintf(stderr, "demo: %s\n", redisclient_error_message(error));
        redisclient_error_free(error);
        return 1;
    }
    int failed = show_zones(client, tree) || show_words(client, tree);

    redisclient_free(client);
    return failed;
}
