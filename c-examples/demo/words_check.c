/* Compares the index with the program's own count: the ten most frequent words for the eye, then
 * every word. Also removes an index, which itself lists the keys that belong to it. */
#include "batch.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHUNK = 500 };

/* A score is a double in RESP3 and text in RESP2. */
static double score(const redisclient_reply *reply)
{
    if (redisclient_reply_kind(reply) == REDISCLIENT_REPLY_DOUBLE)
        return redisclient_reply_number(reply);
    return strtod(redisclient_reply_text(reply, NULL), NULL);
}

/* How many of the words have another count, or stand on another number of lines, than our own. */
static int compare(redisclient_pipeline *pipeline, const struct word *const *words, size_t count, int print, size_t *wrong)
{
    redisclient_reply *replies = NULL;

    for (size_t i = 0; i < count; i++) {
        char key[sizeof WORD_KEY_PREFIX + WORD_SIZE];
        snprintf(key, sizeof key, WORD_KEY_PREFIX "%s", words[i]->text);
        redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("ZSCORE", WORDS_KEY, words[i]->text));
        redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("SCARD", key));
    }
    if (ask_all(pipeline, &replies))
        return 1;
    for (size_t i = 0; i < count; i++) {
        double occurrences = score(redisclient_reply_at(replies, 2 * i));
        long long lines = redisclient_reply_integer(redisclient_reply_at(replies, 2 * i + 1));
        int agrees = occurrences == (double)words[i]->count && lines == (long long)words[i]->lines;

        *wrong += !agrees;
        if (print || !agrees)
            printf("  %-24s %10.0f %10zu %10lld %10zu%s\n", words[i]->text, occurrences, words[i]->count,
                   lines, words[i]->lines, agrees ? "" : "  <- differs");
    }
    redisclient_reply_free(replies);
    return 0;
}

static int compare_top_ten(redisclient *client, redisclient_pipeline *pipeline, const struct tally *tally, size_t *wrong)
{
    const struct word *words[10];
    redisclient_reply *names = NULL;
    size_t count = 0;

    if (ask(client, REDISCLIENT_ARGS("ZREVRANGE", WORDS_KEY, "0", "9"), &names))
        return 1;
    for (size_t i = 0; i < redisclient_reply_count(names) && i < 10; i++) {
        const char *name = redisclient_reply_text(redisclient_reply_at(names, i), NULL);
        words[count] = tally_find(tally, name);
        if (words[count] != NULL) {
            count++;
        } else {
            printf("  %-24s was never sent\n", name);
            (*wrong)++;
        }
    }
    redisclient_reply_free(names);
    printf("  %-24s %10s %10s %10s %10s\n", "word", "Redis", "own count", "Redis", "own lines");
    return compare(pipeline, words, count, 1, wrong);
}

static int compare_all(redisclient_pipeline *pipeline, const struct tally *tally, size_t *wrong)
{
    const struct word *chunk[CHUNK];
    size_t count = 0;

    for (const struct word *word = tally->all; word != NULL; word = word->next) {
        chunk[count++] = word;
        if (count == CHUNK || word->next == NULL) {
            if (compare(pipeline, chunk, count, 0, wrong))
                return 1;
            count = 0;
        }
    }
    return 0;
}

int words_check(redisclient *client, const struct tally *tally)
{
    redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
    redisclient_reply *known = NULL;
    size_t wrong = 0;
    int failed = ask(client, REDISCLIENT_ARGS("ZCARD", WORDS_KEY), &known)
        || compare_top_ten(client, pipeline, tally, &wrong)
        || compare_all(pipeline, tally, &wrong);

    if (!failed) {
        failed = wrong > 0 || redisclient_reply_integer(known) != (long long)tally->words;
        if (failed)
            printf("Redis, with %lld words, and the own count, with %zu, DISAGREE on %zu\n",
                   (long long)redisclient_reply_integer(known), tally->words, wrong);
        else
            printf("Redis and the own count agree on all %zu words\n", tally->words);
    }
    redisclient_reply_free(known);
    redisclient_pipeline_free(pipeline);
    return failed;
}

int words_forget(redisclient *client)
{
    redisclient_reply *words = NULL;
    struct batch batch;
    int failed = ask(client, REDISCLIENT_ARGS("ZRANGE", WORDS_KEY, "0", "-1"), &words);

    batch_open(&batch, client);
    for (size_t i = 0; i < redisclient_reply_count(words) && !failed; i++) {
        char key[sizeof WORD_KEY_PREFIX + WORD_SIZE];
        snprintf(key, sizeof key, WORD_KEY_PREFIX "%s", redisclient_reply_text(redisclient_reply_at(words, i), NULL));
        failed = batch_add(&batch, REDISCLIENT_ARGS("DEL", key));
    }
    failed = failed || batch_add(&batch, REDISCLIENT_ARGS("DEL", WORDS_KEY)) || batch_flush(&batch);
    batch_close(&batch);
    redisclient_reply_free(words);
    return failed;
}
