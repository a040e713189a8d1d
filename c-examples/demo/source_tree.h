/* The text files of a directory tree, read into memory. */
#ifndef SOURCE_TREE_H
#define SOURCE_TREE_H

#include <stddef.h>

struct source_file {
    char *name; /* relative to the root */
    char *text;
    size_t length;
};

struct source_tree {
    struct source_file *files;
    size_t count;
    size_t bytes; /* of all texts together */
};

/* Fills an empty tree. Answers 0, or 1 after saying what could not be read. */
int source_tree_load(struct source_tree *tree, const char *root);
void source_tree_free(struct source_tree *tree);

#endif
