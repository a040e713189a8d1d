/* What every client is measured through: one file per client gives these functions, one file in
 * programs/ per workload calls them. A client does the same work as every other: the call, a look at
 * the reply, and giving its memory back.
 */
#ifndef CLIENT_H
#define CLIENT_H
#include <stdbool.h>
#include <stddef.h>

/* How a connection or a client is to be used; a client that cannot says so and is left out. */
struct use {
    const char *mode;     /* "alone": by one thread; "shared": one for all threads; "pool": one with a pool */
    const char *user;     /* NULL: no greeting is asked for; else HELLO with AUTH, and CLIENT SETINFO twice */
    const char *password;
    size_t connections;   /* how many the program will open, of which a client with a pool makes one handle */
};

enum expected { EXPECT_STATUS, EXPECT_STRING };

struct command {
    size_t argc;
    const char *const *argv;
    const size_t *lengths;
    const char *wire;          /* encoded, for the client that only writes and reads */
    size_t wire_length;
    enum expected expected;    /* kind of its reply, */
    size_t reply_length;       /* the bytes of text in that, */
    size_t reply_wire_length;  /* and all its bytes on the wire */
};

struct client;
struct parser;

/* An address is the path of a Unix socket, or host:port. On failure these exit with a message. */
struct client *client_open(const char *address, const struct use *use);
void client_close(struct client *client);

/* Whether the reply was the one expected. */
bool client_call(struct client *client, const struct command *command);
bool client_pipeline(struct client *client, const struct command *command, size_t depth);

/* Takes every reply out of `bytes`, which come in pieces, and frees it: the sum of the replies' sizes (items of an
 * aggregate, bytes of a text, one for an integer), or -1. The mode is "feed", or "place" for reading in place. */
struct parser *parser_open(const char *mode);
long parser_pass(struct parser *parser, const char *bytes, size_t length, size_t piece);
void parser_close(struct parser *parser);

/* What a parser that is read into in place takes its bytes with: a system call copies them, as recv would. */
void receive(char *into, const char *bytes, size_t length);

/* Encodes one command and gives the memory back; how many bytes it has. */
size_t client_encode(const struct command *command);

/* Ends the program: the client has no such thing, or something failed. */
enum { ABSENT = 3 };
_Noreturn void absent(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
