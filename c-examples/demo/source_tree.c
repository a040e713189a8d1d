/* Walks a directory tree in the order of its names. Leaves out what nobody wrote by hand: hidden
 * names, cargo's target directory, symbolic links, binary and very large files. */
#define _POSIX_C_SOURCE 200809L
#include "source_tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096, LARGEST_FILE = 4 * 1024 * 1024 };

static int walk(struct source_tree *tree, char *path, size_t root_length);

int source_tree_load(struct source_tree *tree, const char *root)
{
    char path[PATH_SIZE];
    size_t length = strlen(root);

    if (length >= sizeof path) {
        fprintf(stderr, "demo: the name of the source tree is longer than %d bytes\n", PATH_SIZE - 1);
        return 1;
    }
    memcpy(path, root, length + 1);
    if (walk(tree, path, length)) {
        fprintf(stderr, "demo: %s: %s\n", path, strerror(errno));
        return 1;
    }
    return 0;
}

static int keep(struct source_tree *tree, const char *name, char *text, size_t length)
{
    struct source_file *files = realloc(tree->files, (tree->count + 1) * sizeof *files);
    char *copy = strdup(name);

    if (files != NULL)
        tree->files = files;
    if (files == NULL || copy == NULL) {
        free(copy);
        return 1;
    }
    files[tree->count++] = (struct source_file){copy, text, length};
    tree->bytes += length;
    return 0;
}

/* A file that may not be opened is passed over, as one that is no text. */
static int read_file(struct source_tree *tree, const char *path, const char *name, size_t size)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(size + 1);
    int failed = text == NULL;

    if (file != NULL && text != NULL) {
        size_t length = fread(text, 1, size, file);
        if (length > 0 && memchr(text, '\0', length) == NULL) {
            failed = keep(tree, name, text, length);
            text = failed ? text : NULL;
        }
    }
    if (file != NULL)
        fclose(file);
    free(text);
    return failed;
}

static int visit(struct source_tree *tree, char *path, size_t root_length)
{
    struct stat status;

    if (lstat(path, &status) != 0)
        return 0;
    if (S_ISDIR(status.st_mode))
        return walk(tree, path, root_length);
    if (S_ISREG(status.st_mode) && status.st_size <= LARGEST_FILE)
        return read_file(tree, path, path + root_length + 1, (size_t)status.st_size);
    return 0;
}

static int is_wanted(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "target") != 0;
}

/* The path is one buffer for the whole walk: each level appends a name and takes it off again.
 * After a failure it still names the place. Only the root must be readable. */
static int walk(struct source_tree *tree, char *path, size_t root_length)
{
    struct dirent **entries;
    size_t length = strlen(path);
    int count = scandir(path, &entries, is_wanted, alphasort);
    int failed = count < 0 && length == root_length;

    for (int i = 0; i < count; i++) {
        if (!failed && length + 1 + strlen(entries[i]->d_name) < PATH_SIZE) {
            snprintf(path + length, PATH_SIZE - length, "/%s", entries[i]->d_name);
            failed = visit(tree, path, root_length);
            if (!failed)
                path[length] = '\0';
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return failed;
}

void source_tree_free(struct source_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        free(tree->files[i].name);
        free(tree->files[i].text);
    }
    free(tree->files);
    *tree = (struct source_tree){0};
}
