/* Send many commands in one round trip.
 * In a plain pipeline each command stands or falls alone. Nobody else's commands can come between
 * those of an atomic one (MULTI/EXEC).
 * usage: pipeline [url]
 */
#include <redisclient.h>
#include <stdio.h>

static void print_item(const redisclient_reply *item)
{
    switch (redisclient_reply_kind(item)) {
    case REDISCLIENT_REPLY_INTEGER:
        printf("  %lld\n", (long long)redisclient_reply_integer(item));
        break;
    case REDISCLIENT_REPLY_ERROR:
        printf("  error: %s\n", redisclient_reply_text(item, NULL));
        break;
    default:
        printf("  %s\n", redisclient_reply_text(item, NULL));
    }
}

/* Runs what was added and prints one line per command. Replies may have come even when the run
 * as a whole failed: the answered ones are worth printing, and are ours to free. */
static int run(redisclient_pipeline *pipeline, const char *title)
{
    redisclient_reply *replies = NULL;
    redisclient_error *error = NULL;
    redisclient_status status = redisclient_pipeline_run(pipeline, &replies, &error);

    printf("%s\n", title);
    for (size_t i = 0; i < redisclient_reply_count(replies); i++)
        print_item(redisclient_reply_at(replies, i));
    if (status != REDISCLIENT_OK)
        fprintf(stderr, "pipeline: %s\n", redisclient_error_message(error));

    redisclient_reply_free(replies);
    redisclient_error_free(error);
    return status != REDISCLIENT_OK;
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "redis://127.0.0.1:6379";
    redisclient *client = NULL;
    redisclient_error *error = NULL;

    if (redisclient_open(url, NULL, &client, &error) != REDISCLIENT_OK) {
        fprintf(stderr, "pipeline: %s\n", redisclient_error_message(error));
        redisclient_error_free(error);
        return 1;
    }
    redisclient_pipeline *pipeline = redisclient_pipeline_new(client);

    redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("SET", "title", "Dune"));
    redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("LPUSH", "title", "not a list"));
    redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("GET", "title"));
    int failed = run(pipeline, "plain: the middle command fails, its neighbours do not");

    redisclient_pipeline_atomic(pipeline, 1);
    redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("MSET", "alice", "100", "bob", "0"));
    redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("DECRBY", "alice", "30"));
    redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("INCRBY", "bob", "30"));
    failed |= run(pipeline, "atomic: thirty coins change hands, all or nothing");

    redisclient_pipeline_free(pipeline);
    redisclient_free(client);
    return failed;
}
