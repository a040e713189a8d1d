/* The program's own count of words, to check the server's against. */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>

enum { WORD_SIZE = 64 };

struct word {
    struct word *next;      /* in the list of all words */
    struct word *neighbour; /* in the same bucket */
    size_t count;           /* occurrences */
    size_t lines;           /* different lines with the word */
    size_t last_line;
    char text[WORD_SIZE];
};

struct tally {
    struct word *all;
    struct word *buckets[1 << 14];
    size_t words; /* different ones */
};

/* Counts one occurrence. Lines are numbered upwards from 1 over the whole tree: a line is new to
 * the word when its number is higher than any before. Answers 0, or 1 when memory is exhausted. */
int tally_add(struct tally *tally, const char *text, size_t line);

/* NULL when the word was never counted. */
const struct word *tally_find(const struct tally *tally, const char *text);

/* Frees the words; the tally itself is the caller's. */
void tally_free(struct tally *tally);

#endif
