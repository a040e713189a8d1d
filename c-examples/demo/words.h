/* An index of the words of a source tree in Redis: how often each occurs, and where. */
#ifndef WORDS_H
#define WORDS_H

#include "source_tree.h"
#include "tally.h"

#include <redisclient.h>

#define WORDS_KEY "demo:words"       /* sorted set: word, occurrences */
#define WORD_KEY_PREFIX "demo:word:" /* + word: set of the "file:line" where it stands */

/* All answer 0, or 1 after saying what is wrong. */
int words_index(redisclient *client, const struct source_tree *tree);
int words_forget(redisclient *client); /* removes the index of an earlier run */
int words_check(redisclient *client, const struct tally *tally);

#endif
