/* Prints the version of the library it runs with; fails unless header and library agree. */
#if defined(__GNUC__)
#pragma GCC visibility push(hidden) /* as a program does that hides whatever it declares */
#endif
#include <redisclient.h>
#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#include <stdio.h>
#include <string.h>

int main(void) {
  redisclient_reply *reply = NULL;
  size_t used = 0;
  if (redisclient_version_number() != REDISCLIENT_VERSION_NUMBER) return 1;
  if (redisclient_reply_parse("+OK\r\n", 5, &used, &reply, NULL) != REDISCLIENT_OK) return 2;
  if (used != 5 || strcmp(redisclient_reply_text(reply, NULL), "OK") != 0) return 3;
  redisclient_reply_free(reply);
  puts(redisclient_version());
  return 0;
}
