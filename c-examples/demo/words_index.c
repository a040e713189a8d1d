/* Sends two commands for each word of the tree, as it stands there, in batches: one counts it, one
 * notes its place. A small tree is gone over again until the promised number is reached. */
#define _POSIX_C_SOURCE 200809L
#include "batch.h"
#include "words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LEAST_COMMANDS = 100000, PROGRESS_STEP = 25000 };

struct index {
    struct batch batch;
    struct tally *tally;
    struct timespec start;
    size_t passes;
    size_t line; /* of the whole tree */
};

static double seconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void print_progress(const struct index *index)
{
    fprintf(stderr, "  %zu commands, %.0f per second%s", index->batch.done,
            (double)index->batch.done / seconds_since(&index->start), isatty(STDERR_FILENO) ? "\r" : "\n");
}

static int add_word(struct index *index, const char *word, const char *place)
{
    char key[sizeof WORD_KEY_PREFIX + WORD_SIZE];
    size_t before = index->batch.done;

    snprintf(key, sizeof key, WORD_KEY_PREFIX "%s", word);
    if (tally_add(index->tally, word, index->line)
        || batch_add(&index->batch, REDISCLIENT_ARGS("ZINCRBY", WORDS_KEY, "1", word))
        || batch_add(&index->batch, REDISCLIENT_ARGS("SADD", key, place)))
        return 1;
    if (before / PROGRESS_STEP != index->batch.done / PROGRESS_STEP)
        print_progress(index);
    return 0;
}

static int is_letter(char byte)
{
    return isalpha((unsigned char)byte) || byte == '_';
}

/* Words are runs of letters and underscores, without regard to case. One letter is no word, and a
 * run as long as WORD_SIZE is more likely data. */
static int add_line(struct index *index, const char *text, const char *end, const char *place)
{
    while (text < end) {
        char word[WORD_SIZE];
        size_t length = 0;

        while (text < end && !is_letter(*text))
            text++;
        for (; text < end && is_letter(*text); text++, length++)
            if (length < sizeof word - 1)
                word[length] = (char)tolower((unsigned char)*text);
        if (length < 2 || length > sizeof word - 1)
            continue;
        word[length] = '\0';
        if (add_word(index, word, place))
            return 1;
    }
    return 0;
}

static int add_file(struct index *index, const struct source_file *file)
{
    const char *text = file->text, *end = file->text + file->length;
    char place[4200];

    for (size_t number = 1; text < end; number++) {
        const char *line_end = text;
        while (line_end < end && *line_end != '\n')
            line_end++;
        index->line++;
        snprintf(place, sizeof place, "%s:%zu", file->name, number);
        if (add_line(index, text, line_end, place))
            return 1;
        text = line_end + 1;
    }
    return 0;
}

static int add_tree(struct index *index, const struct source_tree *tree)
{
    int failed = 0;

    index->passes++;
    index->line = 0;
    for (size_t i = 0; i < tree->count && !failed; i++)
        failed = add_file(index, &tree->files[i]);
    failed = failed || batch_flush(&index->batch);
    if (!failed && index->batch.done == 0) {
        fprintf(stderr, "demo: the source tree holds no words to index\n");
        failed = 1;
    }
    return failed;
}

static int run(struct index *index, const struct source_tree *tree)
{
    int failed = 0;

    printf("\nIndexing the words of %zu files, %zu kB\n", tree->count, tree->bytes / 1000);
    fflush(stdout);
    clock_gettime(CLOCK_MONOTONIC, &index->start);
    while (!failed && index->batch.done < LEAST_COMMANDS)
        failed = add_tree(index, tree);
    if (!failed) {
        double seconds = seconds_since(&index->start);
        printf("Sent %zu pipelined commands in %.2f s: %.0f per second (%zu different words, %zu pass%s)\n",
               index->batch.done, seconds, (double)index->batch.done / seconds, index->tally->words,
               index->passes, index->passes == 1 ? "" : "es");
    }
    return failed;
}

int words_index(redisclient *client, const struct source_tree *tree)
{
    struct index index = {.tally = calloc(1, sizeof *index.tally)};
    int failed = index.tally == NULL || words_forget(client);

    if (!failed) {
        batch_open(&index.batch, client);
        failed = run(&index, tree) || words_check(client, index.tally);
        batch_close(&index.batch);
    }
    if (index.tally != NULL)
        tally_free(index.tally);
    free(index.tally);
    return failed;
}
