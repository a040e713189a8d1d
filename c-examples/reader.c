/* Use the protocol alone, without a connection.
 * Encode a command, and decode replies from bytes that arrive in any pieces: for a proxy, a log
 * analyser or a program with its own I/O.
 * usage: reader
 */
#include <redisclient.h>
#include <stdio.h>

static void print_escaped(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\r')
            printf("\\r");
        else if (bytes[i] == '\n')
            printf("\\n");
        else
            putchar(bytes[i]);
    }
    putchar('\n');
}

static int encode(void)
{
    char wire[64];
    size_t needed = redisclient_encode(REDISCLIENT_ARGS("SET", "greeting", "hello"), wire, sizeof wire);

    if (needed > sizeof wire)
        return 1;
    printf("SET greeting hello travels as ");
    print_escaped(wire, needed);
    return 0;
}

/* Feeds one piece and takes out every reply that it completes. */
static redisclient_status feed(redisclient_reader *reader, const char *piece, size_t length)
{
    redisclient_error *error = NULL;
    redisclient_reply *reply = NULL;
    redisclient_status status;

    printf("read ");
    print_escaped(piece, length);
    redisclient_reader_feed(reader, piece, length);
    while ((status = redisclient_reader_next(reader, &reply, &error)) == REDISCLIENT_OK && reply != NULL) {
        if (redisclient_reply_count(reply) > 0)
            printf("  an aggregate of %zu items\n", redisclient_reply_count(reply));
        else
            printf("  \"%s\"\n", redisclient_reply_text(reply, NULL));
        redisclient_reply_free(reply);
        reply = NULL;
    }
    if (status != REDISCLIENT_OK)
        printf("  refused: %s\n", redisclient_error_message(error));
    redisclient_error_free(error);
    return status;
}

int main(void)
{
    redisclient_reader *reader = redisclient_reader_new(NULL);
    int failed = encode();

    failed |= feed(reader, "+OK\r\n*2\r\n$5\r\nhe", 15) != REDISCLIENT_OK;
    failed |= feed(reader, "llo\r\n:42\r\n", 10) != REDISCLIENT_OK;
    /* A length that no honest server sends costs an error, not the memory it asks for. */
    failed |= feed(reader, "*4294967295\r\n", 13) != REDISCLIENT_ELIMIT;

    redisclient_reader_free(reader);
    return failed;
}
