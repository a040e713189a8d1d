// Runs the recipe for Asio: each of many commands is answered by its own reply, in the loop.
#include <asio.hpp>
#include <chrono>
#include <cstdio>
#include <redisclient.h>
#include <string>
#include <unistd.h>

#include "recipe.h"

static const int commands = 1000;
static int answered;
static bool failed;
static redis_queue *queue;
static asio::steady_timer *timer;

static void on_reply(void *data, const redisclient_reply *reply, const redisclient_error *) {
  failed |= *static_cast<std::string *>(data) != redisclient_reply_text(reply, nullptr);
  if (++answered == commands) {
    queue->stop();
    timer->cancel();
  }
}

static void destroy(void *data) {
  delete static_cast<std::string *>(data);
}

int main(int argc, char **argv) {
  redisclient *client = nullptr;
  if (argc != 2 || redisclient_open(argv[1], nullptr, &client, nullptr) != REDISCLIENT_OK) return 2;
  {
    asio::io_context loop;
    redis_queue own(loop, client);
    asio::steady_timer last(loop, std::chrono::seconds(20));
    queue = &own;
    timer = &last;
    last.async_wait([](const std::error_code &error) {
      if (!error) queue->stop();
    });
    for (int i = 0; i < commands; i++) {
      auto *text = new std::string("ticket " + std::to_string(i));
      failed |= redisclient_submit(own.get(), nullptr, REDISCLIENT_ARGS("ECHO", text->c_str()), on_reply, text, destroy) != REDISCLIENT_OK;
    }
    loop.run();
  }
  redisclient_free(client);
  std::printf("%d answered\n", answered);
  return failed || answered != commands;
}
