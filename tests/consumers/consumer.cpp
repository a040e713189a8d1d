// The same in C++, with the argument macro.
#include <redisclient.h>

#include <cstdio>
#include <string>

int main() {
  const std::string key = "k";
  char buffer[64];
  const std::size_t size = redisclient_encode(REDISCLIENT_ARGS("GET", key.c_str()), buffer, sizeof buffer);
  if (std::string(buffer, size) != "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n") return 1;
  std::puts(redisclient_version());
  return 0;
}
