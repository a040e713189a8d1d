/* A queue refuses commands that would change a connection's state, sends nothing of them and takes
 * nothing; commands that block go elsewhere and hold nobody up. */
#include "queued.h"

#define WORDS(...) {sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), {__VA_ARGS__}}
static const struct { size_t argc; const char *argv[4]; } REFUSED[] = {
    WORDS("sElEcT", "1"), WORDS("MULTI"), WORDS("exec"), WORDS("Discard"), WORDS("wAtCh", "k"), WORDS("UnWatch"),
    WORDS("SUBscribe", "c"), WORDS("pSubscribe", "c*"), WORDS("ssubscribe", "c"), WORDS("UNSUBSCRIBE"), WORDS("PunsubScribe"), WORDS("sUnsubscribe"),
    WORDS("monitor"), WORDS("Sync"), WORDS("PSYNC", "?", "-1"), WORDS("CLIENT", "REPLY", "OFF"), WORDS("client", "reply", "skip"),
    WORDS("Client", "Tracking", "on"), WORDS("CLIENT", "caching", "yes"), WORDS("client", "NO-TOUCH", "on"), WORDS("Script", "Debug", "sync"),
    WORDS("RESET"), WORDS("QuiT"), WORDS("hello"), WORDS("HELLO", "3"), WORDS("auth", "secret"), WORDS("Asking"), WORDS("READonly"), WORDS("readWRITE"),
};
enum { COUNT = sizeof REFUSED / sizeof *REFUSED };

static redisclient *client;
static redisclient_queue *queue;

static redisclient_status submit_refused_packed(size_t at) {
  char bytes[64];
  size_t lengths[4], length = 0;
  for (size_t i = 0; i < REFUSED[at].argc; i++) {
    lengths[i] = strlen(REFUSED[at].argv[i]);
    memcpy(bytes + length, REFUSED[at].argv[i], lengths[i]);
    length += lengths[i];
  }
  return redisclient_submit_packed(queue, NULL, 1, REFUSED[at].argc, bytes, lengths);
}

/* Each between good commands, whose replies stay their own. */
static void refused(void) {
  for (size_t at = 0; at < COUNT; at++) {
    CHECK_INT(submit_ticket(queue, NULL, 1), REDISCLIENT_OK);
    bool good = CHECK_INT(redisclient_submit_tagged(queue, NULL, 2, REFUSED[at].argc, REFUSED[at].argv, NULL), REDISCLIENT_ESTATE);
    good &= CHECK_INT(redisclient_submit(queue, NULL, REFUSED[at].argc, REFUSED[at].argv, NULL, run_never, NULL, destroy_never), REDISCLIENT_ESTATE);
    good &= CHECK_INT(submit_refused_packed(at), REDISCLIENT_ESTATE);
    if (!good) fprintf(stderr, "    %s\n", REFUSED[at].argv[0]);
    CHECK_INT(submit_ticket(queue, NULL, 2), REDISCLIENT_OK);
    EXPECT_TICKETS(queue, 1, 2);
  }
  NOTHING(queue);
  CHECK_INT(ran_in_vain, 0);
}

/* Neighbours that begin alike but change nothing. */
static void allowed(void) {
  SUBMIT(queue, 1, "client", "getname");
  SUBMIT(queue, 2, "Script", "Exists", "x");
  SUBMIT(queue, 3, "SET", "SELECT", "MULTI");
  SUBMIT(queue, 4, "PUBLISH", "c", "m");
  for (uint64_t tag = 1; tag <= 4; tag++) {
    redisclient_completion one = TAKE(queue);
    CHECK_INT(one.tag, tag);
    CHECK(one.reply);
    release(&one);
  }
}

/* The number of the connection that serves the queue. */
static int64_t connection_id(void) {
  SUBMIT(queue, 1, "CLIENT", "ID");
  redisclient_completion one = TAKE(queue);
  int64_t id = redisclient_reply_integer(one.reply);
  release(&one);
  return id;
}

/* Pops wait while others are answered, and are fed by the queue that they wait in. */
static void blocking(void) {
  enum { POPS = 10 };
  int64_t id = connection_id();
  for (uint64_t tag = 100; tag < 100 + POPS; tag++) {
    char list[32];
    snprintf(list, sizeof list, "list %" PRIu64, tag);
    SUBMIT(queue, tag, "BLPOP", list, "0");
    CHECK_INT(submit_ticket(queue, NULL, tag - 100), REDISCLIENT_OK);
  }
  EXPECT_TICKETS(queue, 0, POPS - 1);
  WAIT_UNTIL(info(client, "clients", "blocked_clients") == POPS);
  for (uint64_t tag = 100 + POPS; tag-- > 100;) {
    char list[32], text[32];
    snprintf(list, sizeof list, "list %" PRIu64, tag);
    ticket(tag, text);
    SUBMIT(queue, 1, "LPUSH", list, text);
    for (int i = 0; i < 2; i++) {
      redisclient_completion one = TAKE(queue);
      CHECK(one.tag == 1 || one.tag == tag);
      if (one.tag == 1) CHECK_INTEGER(one.reply, 1);
      else CHECK_REPLY(redisclient_reply_at(one.reply, 1), REDISCLIENT_REPLY_STRING, text);
      release(&one);
    }
  }
  NOTHING(queue);
  CHECK_INT(connection_id(), id);
}

/* A pop that gives up by itself answers nil. */
static void short_pop(void) {
  SUBMIT(queue, 1, "BLPOP", "nobody pushes", "0.05");
  CHECK_INT(submit_ticket(queue, NULL, 2), REDISCLIENT_OK);
  int seen[3] = {0};
  for (int i = 0; i < 2; i++) {
    redisclient_completion one = TAKE(queue);
    if (CHECK(one.tag == 1 || one.tag == 2)) CHECK_INT(seen[one.tag]++, 0);
    if (one.tag == 2) CHECK(is_ticket(&one));
    else CHECK_REPLY(one.reply, REDISCLIENT_REPLY_NIL, "");
    release(&one);
  }
}

/* Whoever waits uses no processor time. */
static void idle(void) {
  if (!under("plain")) return;
  SUBMIT(queue, 1, "BLPOP", "nobody pushes", "0");
  WAIT_UNTIL(info(client, "clients", "blocked_clients") == 1);
  int64_t before = cpu_ms();
  CHECK(!redisclient_queue_next(queue, 200));
  CHECK(cpu_ms() - before < 50);
}

int main(int argc, char **argv) {
  (void)argc;
  client = open_client(argument(argv, "url"));
  queue = open_queue(client);
  int64_t errors = info(client, "stats", "total_error_replies");
  refused();
  CHECK_INT(info(client, "stats", "total_error_replies"), errors);
  allowed();
  blocking();
  short_pop();
  idle();
  redisclient_queue_free(queue);
  redisclient_free(client);
  return check_result();
}
