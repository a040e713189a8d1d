/* What servers send, made up: the corpora of parse.c. */
#ifndef CORPUS_H
#define CORPUS_H
#include <stddef.h>

struct corpus {
    char *bytes;
    size_t length;
    long sizes;    /* the sum that parser_pass must answer */
};

/* array: 10,000 strings of 16 bytes; nested: 100 arrays of 100 strings of 10; maps: 2,000 RESP3 maps; integers: 100,000 of
 * them in an array; statuses: 100,000 replies, +OK and integers in turn; strings: 100,000 replies of 16 bytes;
 * kilobytes: 10,000 replies of 1,024 bytes; bulk: one of 64 MiB. */
struct corpus corpus(const char *name);

/* Moves it into a file without a name, for receive. */
void keep_in_file(struct corpus *corpus);

#endif
