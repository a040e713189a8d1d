/* Commands sent by the thousand through one pipeline, for work where every reply must be good. */
#ifndef BATCH_H
#define BATCH_H

#include <redisclient.h>

struct batch {
    redisclient_pipeline *pipeline;
    size_t waiting; /* added, not yet sent */
    size_t done;    /* answered without an error */
};

void batch_open(struct batch *batch, redisclient *client);

/* Adds a command, and sends the batch when it is full. Answers 0, or 1 after reporting a failure. */
int batch_add(struct batch *batch, size_t argc, const char *const *argv, const size_t *lengths);

/* Sends what is waiting. */
int batch_flush(struct batch *batch);

/* One command or a pipeline whose replies are wanted: 0 and *out, or 1 after reporting a failure. */
int ask(redisclient *client, size_t argc, const char *const *argv, const size_t *lengths, redisclient_reply **out);
int ask_all(redisclient_pipeline *pipeline, redisclient_reply **out);

void batch_close(struct batch *batch);

#endif
