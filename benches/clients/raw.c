/* The floor: writes bytes encoded beforehand and reads as many as the reply has. No limits, no checks but the length. */
#include "client.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What is received begins 128 bytes into a page: some processors copy slowly to its first 64 bytes. */
enum { ROOM = 65 << 20, OFFSET = 128 };

struct client {
    int fd;
    bool pooled;
    char *buffer;
    char *pipeline;    /* the bytes of a pipeline, made at its first use */
    size_t pipeline_length;
};

static int connect_to(const char *address)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct sockaddr_in host = {.sin_family = AF_INET};
    bool local = *address == '/';
    int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (local) {
        if (strlen(address) >= sizeof path.sun_path) fail("too long: %s", address);
        strcpy(path.sun_path, address);
    } else {
        const char *colon = strrchr(address, ':');
        char text[64];
        if (!colon) fail("no port: %s", address);
        snprintf(text, sizeof text, "%.*s", (int)(colon - address), address);
        if (inet_pton(AF_INET, text, &host.sin_addr) != 1) fail("no address: %s", address);
        host.sin_port = htons((in_port_t)atoi(colon + 1));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    const struct sockaddr *to = local ? (struct sockaddr *)&path : (struct sockaddr *)&host;
    if (fd < 0 || connect(fd, to, local ? sizeof path : sizeof host)) fail("cannot connect to %s", address);
    return fd;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t sent = write(fd, bytes, length);
        if (sent <= 0) return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* Made at the first reading. A pool's connections, which are used one after another, have one together. */
static void need_buffer(struct client *client)
{
    static char *of_pool;
    if (client->buffer) return;
    if (client->pooled && of_pool) {
        client->buffer = of_pool;
        return;
    }
    char *pages = mmap(NULL, ROOM + OFFSET, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) fail("no memory");
    client->buffer = pages + OFFSET;
    if (client->pooled) of_pool = client->buffer;
}

/* The whole reply one piece behind the other, as whoever wants to look at it must. */
static bool read_all(struct client *client, size_t length)
{
    need_buffer(client);
    if (length > ROOM) fail("a reply has no room");
    for (size_t got = 0; got < length;) {
        ssize_t more = read(client->fd, client->buffer + got, ROOM - got);
        if (more <= 0) return false;
        got += (size_t)more;
    }
    return true;
}

/* One write; the two replies to CLIENT SETINFO are known and come last. */
static void greet(int fd, const struct use *use)
{
    static const char end[] = "+OK\r\n+OK\r\n";
    static char buffer[1 << 14];
    char text[512];
    int length = snprintf(text, sizeof text,
        "*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n"
        "*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$8\r\nLIB-NAME\r\n$3\r\nraw\r\n"
        "*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$7\r\nLIB-VER\r\n$1\r\n1\r\n",
        strlen(use->user), use->user, strlen(use->password), use->password);
    size_t got = 0, tail = sizeof end - 1;
    if (!write_all(fd, text, (size_t)length)) fail("the greeting cannot be sent");
    while (got < tail || memcmp(buffer + got - tail, end, tail) != 0) {
        ssize_t more = read(fd, buffer + got, sizeof buffer - got);
        if (more <= 0 || buffer[0] == '-') fail("the server refuses the greeting");
        got += (size_t)more;
    }
}

struct client *client_open(const char *address, const struct use *use)
{
    struct client *client = calloc(1, sizeof *client);
    if (!client) fail("no memory");
    if (strcmp(use->mode, "shared") == 0) absent("is not shared by threads");
    client->fd = connect_to(address);
    client->pooled = strcmp(use->mode, "pool") == 0;
    if (use->user) greet(client->fd, use);
    return client;
}

void client_close(struct client *client)
{
    close(client->fd);
    if (client->buffer && !client->pooled) munmap(client->buffer - OFFSET, ROOM + OFFSET);
    free(client->pipeline);
    free(client);
}

bool client_call(struct client *client, const struct command *command)
{
    return write_all(client->fd, command->wire, command->wire_length) && read_all(client, command->reply_wire_length);
}

static void prepare(struct client *client, const struct command *command, size_t depth)
{
    client->pipeline_length = depth * command->wire_length;
    client->pipeline = malloc(client->pipeline_length);
    if (!client->pipeline) fail("no memory");
    for (size_t i = 0; i < depth; i++)
        memcpy(client->pipeline + i * command->wire_length, command->wire, command->wire_length);
}

/* Both ways at once, so that a long one cannot block both sides. */
static bool exchange(struct client *client, size_t expected)
{
    size_t sent = 0, got = 0;
    while (got < expected) {
        bool more = sent < client->pipeline_length;
        struct pollfd ready = {client->fd, (short)(POLLIN | (more ? POLLOUT : 0)), 0};
        if (more && poll(&ready, 1, -1) < 0) return false;
        if (more && ready.revents & POLLOUT) {
            ssize_t part = send(client->fd, client->pipeline + sent, client->pipeline_length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (part > 0) sent += (size_t)part;
        }
        if (!more || ready.revents & POLLIN) {
            ssize_t part = read(client->fd, client->buffer, ROOM);
            if (part <= 0) return false;
            got += (size_t)part;
        }
    }
    return true;
}

bool client_pipeline(struct client *client, const struct command *command, size_t depth)
{
    if (!client->pipeline) prepare(client, command, depth);
    need_buffer(client);
    return exchange(client, depth * command->reply_wire_length);
}
