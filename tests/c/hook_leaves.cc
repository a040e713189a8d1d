// Leaves a hook by ways that C++ and C have and the library forbids: hook_leaves throw|longjmp URL, where
// nobody listens at URL.
#include <redisclient.h>

#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstring>

static std::jmp_buf outside;

static int64_t leave(void *data, uint32_t, int64_t) {
  if (std::strcmp(static_cast<const char *>(data), "throw") == 0) throw 1;
  std::longjmp(outside, 1);
}

static bool refused(redisclient *client) {
  redisclient_error *error = nullptr;
  redisclient_status status = redisclient_command(client, REDISCLIENT_ARGS("PING"), nullptr, &error);
  redisclient_error_free(error);
  return status == REDISCLIENT_ECONNECT;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const redisclient_backoff_ops ops = {sizeof ops, leave, nullptr};
  redisclient_options *options = redisclient_options_new();
  redisclient *client = nullptr;
  redisclient_options_set(options, "lazy", "yes", nullptr);
  redisclient_options_backoff(options, &ops, argv[1], nullptr);
  if (redisclient_open(argv[2], options, &client, nullptr) != REDISCLIENT_OK) return 2;
  if (setjmp(outside) == 0) {
    try {
      refused(client);
    } catch (...) {
      std::puts("the exception came through");
    }
    return 3;
  }
  // The client works on, in the same thread and with the same options.
  redisclient_set(client, "retry.count", "0", nullptr);
  bool works = refused(client) && refused(client);
  redisclient_free(client);
  redisclient_options_free(options);
  return works ? 0 : 4;
}
