// Leaves a completion callback by an exception, which the library forbids: callback_throws URL.
#include <redisclient.h>

#include <cstdio>

static void leave(void *, const redisclient_reply *, const redisclient_error *) {
  throw 1;
}

int main(int argc, char **argv) {
  redisclient *client = nullptr;
  if (argc != 2 || redisclient_open(argv[1], nullptr, &client, nullptr) != REDISCLIENT_OK) return 2;
  redisclient_queue *queue = redisclient_queue_new(client);
  if (redisclient_submit(queue, nullptr, REDISCLIENT_ARGS("PING"), leave, nullptr, nullptr) != REDISCLIENT_OK) return 2;
  try {
    redisclient_queue_dispatch(queue, 20000);
  } catch (...) {
    std::puts("the exception came through");
  }
  return 3;
}
