/* A hash table with chains, as small as one can be. */
#include "tally.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
static size_t bucket_of(const struct tally *tally, const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash % (sizeof tally->buckets / sizeof *tally->buckets);
}

static struct word *find(const struct tally *tally, size_t bucket, const char *text)
{
    struct word *word = tally->buckets[bucket];

    while (word != NULL && strcmp(word->text, text) != 0)
        word = word->neighbour;
    return word;
}

static struct word *insert(struct tally *tally, size_t bucket, const char *text)
{
    struct word *word = calloc(1, sizeof *word);

    if (word == NULL)
        return NULL;
    strncpy(word->text, text, sizeof word->text - 1);
    word->next = tally->all;
    word->neighbour = tally->buckets[bucket];
    tally->all = tally->buckets[bucket] = word;
    tally->words++;
    return word;
}

int tally_add(struct tally *tally, const char *text, size_t line)
{
    size_t bucket = bucket_of(tally, text);
    struct word *word = find(tally, bucket, text);

    if (word == NULL)
        word = insert(tally, bucket, text);
    if (word == NULL)
        return 1;
    word->count++;
    if (line > word->last_line) {
        word->last_line = line;
        word->lines++;
    }
    return 0;
}

const struct word *tally_find(const struct tally *tally, const char *text)
{
    return find(tally, bucket_of(tally, text), text);
}

void tally_free(struct tally *tally)
{
    while (tally->all != NULL) {
        struct word *word = tally->all;
        tally->all = word->next;
        free(word);
    }
}
