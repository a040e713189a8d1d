/* fork with TLS: children work on sessions of their own, and whatever they do, the parent's
 * sessions go on. */
#include "forked.h"

static void ping_by_hand(redisclient_connection *connection) {
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_connection_send(connection, REDISCLIENT_ARGS("PING"), &error));
  CHECK_OK(redisclient_connection_flush(connection, 20000, &error));
  CHECK_OK(redisclient_connection_receive(connection, 20000, &reply, &error));
  CHECK_REPLY(reply, REDISCLIENT_REPLY_STATUS, "PONG");
  redisclient_reply_free(reply);
}

/* Children and parent at once, on one handle made before; they leave in every way there is. */
static void prefork(redisclient_connection *connection) {
  enum { CHILDREN = 8 };
  int64_t before = id();
  pid_t children[CHILDREN];
  for (int i = 0; i < CHILDREN; i++) {
    children[i] = start();
    if (children[i] == 0) {
      redisclient_reply *reply = NULL;
      CHECK_FAILS(redisclient_connection_receive(connection, 1000, &reply, &error), REDISCLIENT_EFORKED, "");
      if (i % 2) redisclient_connection_free(connection);
      if (i < 6) own_replies("child", i, scaled(500));
      if (i % 3 == 0) redisclient_free(client);
      if (i % 3 == 1) redisclient_close(client);
      end_child();
    }
  }
  own_replies("parent", 0, scaled(500));
  for (int i = 0; i < CHILDREN; i++) joined(children[i]);
  CHECK_INT(id(), before); /* still on the session from before */
  ping_by_hand(connection);
}

/* The files are read when a client is opened: a child needs them no more. */
static void child_of_a_child(void) {
  pid_t child = start();
  if (child == 0) {
    own_replies("child", 0, 3);
    pid_t second = start();
    if (second == 0) {
      own_replies("grandchild", 0, 3);
      redisclient_free(client);
      end_child();
    }
    joined(second);
    own_replies("child", 0, 3);
    redisclient_free(client);
    end_child();
  }
  joined(child);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *url = argument(argv, "trusted");
  redisclient_connection *connection = open_connection(url);
  client = open_client(url);
  prefork(connection);
  child_of_a_child();
  redisclient_connection_free(connection);
  redisclient_free(client);
  return check_result();
}
