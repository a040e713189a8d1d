/* Fills a pipeline, runs it at BATCH_SIZE commands, and looks for errors among its replies. */
#include "batch.h"

#include <stdio.h>

/* Enough to make the round trip cheap; more would only hold more memory. */
enum { BATCH_SIZE = 1000 };

static int report(redisclient_error *error)
{
    fprintf(stderr, "demo: %s\n", redisclient_error_message(error));
    redisclient_error_free(error);
    return 1;
}

int ask(redisclient *client, size_t argc, const char *const *argv, const size_t *lengths, redisclient_reply **out)
{
    redisclient_error *error = NULL;

    if (redisclient_command(client, argc, argv, lengths, out, &error) != REDISCLIENT_OK)
        return report(error);
    return 0;
}

int ask_all(redisclient_pipeline *pipeline, redisclient_reply **out)
{
    redisclient_reply *replies = NULL;
    redisclient_error *error = NULL;

    if (redisclient_pipeline_run(pipeline, &replies, &error) != REDISCLIENT_OK) {
        redisclient_reply_free(replies);
        return report(error);
    }
    for (size_t i = 0; i < redisclient_reply_count(replies); i++) {
        const redisclient_reply *item = redisclient_reply_at(replies, i);
        if (redisclient_reply_kind(item) == REDISCLIENT_REPLY_ERROR) {
            fprintf(stderr, "demo: command %zu of a pipeline: %s\n", i + 1, redisclient_reply_text(item, NULL));
            redisclient_reply_free(replies);
            return 1;
        }
    }
    *out = replies;
    return 0;
}

void batch_open(struct batch *batch, redisclient *client)
{
    *batch = (struct batch){.pipeline = redisclient_pipeline_new(client)};
}

int batch_add(struct batch *batch, size_t argc, const char *const *argv, const size_t *lengths)
{
    redisclient_pipeline_add(batch->pipeline, argc, argv, lengths);
    return ++batch->waiting < BATCH_SIZE ? 0 : batch_flush(batch);
}

int batch_flush(struct batch *batch)
{
    redisclient_reply *replies = NULL;

    if (ask_all(batch->pipeline, &replies))
        return 1;
    batch->done += redisclient_reply_count(replies);
    batch->waiting = 0;
    redisclient_reply_free(replies);
    return 0;
}

void batch_close(struct batch *batch)
{
    redisclient_pipeline_free(batch->pipeline);
}
