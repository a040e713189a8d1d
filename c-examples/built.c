/* Put commands together argument by argument, where their number is known only at run time.
 * Numbers are written as the shortest text that reads back the same. Adding cannot fail: a mistake
 * is told by the call that uses the arguments.
 * usage: built [url]
 */
#include <redisclient.h>
#include <stdio.h>

struct city {
    const char *name;
    double longitude, latitude;
};

static const struct city cities[] = {
    {"Lisbon", -9.1427, 38.7369}, {"Oslo", 10.7461, 59.9127}, {"Perth", 115.8605, -31.9505},
};
enum { COUNT = sizeof cities / sizeof *cities };

/* GEOADD key longitude latitude member [longitude latitude member ...] */
static void fill(redisclient_arguments *arguments)
{
    redisclient_arguments_add_text(arguments, "GEOADD");
    redisclient_arguments_add_text(arguments, "built:cities");
    for (int i = 0; i < COUNT; i++) {
        redisclient_arguments_add_double(arguments, cities[i].longitude);
        redisclient_arguments_add_double(arguments, cities[i].latitude);
        redisclient_arguments_add_text(arguments, cities[i].name);
    }
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "redis://127.0.0.1:6379";
    redisclient *client = NULL;
    redisclient_reply *replies = NULL;
    redisclient_error *error = NULL;
    int failed = 1;

    if (redisclient_open(url, NULL, &client, &error) != REDISCLIENT_OK) {
        fprintf(stderr, "built: %s\n", redisclient_error_message(error));
        redisclient_error_free(error);
        return 1;
    }
    redisclient_arguments *arguments = redisclient_arguments_new();
    redisclient_pipeline *pipeline = redisclient_pipeline_new(client);

    fill(arguments);
    if (redisclient_command_built(client, NULL, arguments, NULL, &error) != REDISCLIENT_OK)
        goto done;

    /* The same list serves the next commands; a pipeline copies what it is given. */
    for (int i = 0; i < COUNT; i++) {
        redisclient_arguments_clear(arguments);
        redisclient_arguments_add_text(arguments, "GEODIST");
        redisclient_arguments_add_text(arguments, "built:cities");
        redisclient_arguments_add_text(arguments, cities[i].name);
        redisclient_arguments_add_text(arguments, cities[(i + 1) % COUNT].name);
        redisclient_arguments_add_text(arguments, "km");
        redisclient_pipeline_add_built(pipeline, arguments);
    }
    if (redisclient_pipeline_run(pipeline, &replies, &error) != REDISCLIENT_OK)
        goto done;
    for (int i = 0; i < COUNT; i++)
        printf("%s to %s: %s km\n", cities[i].name, cities[(i + 1) % COUNT].name,
               redisclient_reply_text(redisclient_reply_at(replies, (size_t)i), NULL));
    failed = 0;

done:
    if (failed)
        fprintf(stderr, "built: %s\n", redisclient_error_message(error));
    redisclient_error_free(error);
    redisclient_reply_free(replies);
    redisclient_pipeline_free(pipeline);
    redisclient_arguments_free(arguments);
    redisclient_free(client);
    return failed;
}
