/* Prints the version of the library it runs with; fails unless header and library agree, and
 * unless a TLS client ends as one must where nobody listens. */
#if defined(__GNUC__)
#pragma GCC visibility push(hidden) /* as a program does that hides whatever it declares */
#endif
#include <redisclient.h>
#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#include <stdio.h>
#include <string.h>

static int parses(void) {
  redisclient_reply *reply = NULL;
  size_t used = 0;
  int right = redisclient_reply_parse("+OK\r\n", 5, &used, &reply, NULL) == REDISCLIENT_OK && used == 5
              && strcmp(redisclient_reply_text(reply, NULL), "OK") == 0;
  redisclient_reply_free(reply);
  return right;
}

/* Port 1 of this machine: the TLS settings are made ready before it is tried. */
static int tries_tls(void) {
  redisclient *client = NULL;
  redisclient_error *error = NULL;
  redisclient_status status = redisclient_open("rediss://127.0.0.1:1", NULL, &client, &error);
  if (status != REDISCLIENT_ECONNECT) fprintf(stderr, "%d %s\n", (int)status, redisclient_error_message(error));
  redisclient_error_free(error);
  redisclient_free(client);
  return status == REDISCLIENT_ECONNECT;
}

int main(void) {
  if (redisclient_version_number() != REDISCLIENT_VERSION_NUMBER) return 1;
  if (!parses()) return 2;
  if (!tries_tls()) return 3;
  puts(redisclient_version());
  return 0;
}
