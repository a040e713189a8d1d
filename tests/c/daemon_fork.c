/* A child that closes every descriptor there is, as daemons do, and has others under the old numbers
 * soon: what was made before the fork leaves them alone, and no reply crosses over. */
#include "forked.h"
#include "queued.h"
#include <fcntl.h>

enum { CLIENTS = 4, FILES = 3 };

static redisclient *clients[CLIENTS]; /* the last one is shared */
static redisclient_connection *by_hand;
static redisclient_queue *queue;

static void close_everything(void) {
  for (int fd = 3; fd < 256; fd++) close(fd);
}

static void own_echoes(int count) {
  for (int i = 0; i < count; i++) {
    client = clients[i % CLIENTS];
    own_replies("client", i, 1);
  }
}

/* Whichever comes first takes numbers that others remember. */
static void daemon_of(int first) {
  int files[FILES];
  close_everything();
  for (int i = 0; i < FILES; i++) REQUIRE((files[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
  for (int i = 0; i < CLIENTS; i++) {
    client = clients[(first + i) % CLIENTS];
    own_replies("first use", i, 2);
  }
  own_echoes(2 * CLIENTS);
  redisclient_connection_free(by_hand);
  redisclient_queue_free(queue);
  own_echoes(2 * CLIENTS);
  redisclient_queue *own = open_queue(clients[CLIENTS - 1]);
  CHECK_INT(submit_ticket(own, NULL, 1), REDISCLIENT_OK);
  EXPECT_TICKETS(own, 1, 1);
  redisclient_queue_free(own);
  for (int i = 0; i < FILES; i++) CHECK(fcntl(files[i], F_GETFD) >= 0);
  redisclient_free(clients[first]);
  for (int i = 0; i < FILES; i++) CHECK(fcntl(files[i], F_GETFD) >= 0);
  end_child();
}

static void made_before(const char *url) {
  for (int i = 0; i < CLIENTS - 1; i++) clients[i] = open_client(url);
  clients[CLIENTS - 1] = open_with(url, "mode=shared");
  by_hand = open_connection(url);
  queue = open_queue(clients[CLIENTS - 1]);
  CHECK_INT(submit_ticket(queue, NULL, 1), REDISCLIENT_OK);
  EXPECT_TICKETS(queue, 1, 1);
  own_echoes(CLIENTS);
}

int main(int argc, char **argv) {
  (void)argc;
  for (const char *const *name = (const char *const[]){"tcp", "url", "tls", NULL}; *name; name++) {
    made_before(argument(argv, *name));
    for (int first = 0; first < CLIENTS; first++) {
      pid_t child = start();
      if (child == 0) daemon_of(first);
      joined(child);
    }
    own_echoes(CLIENTS);
    redisclient_connection_free(by_hand);
    redisclient_queue_free(queue);
    for (int i = 0; i < CLIENTS; i++) redisclient_free(clients[i]);
  }
  return check_result();
}
