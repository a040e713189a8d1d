/* Events of the client that a queue delivers when they are asked for: what happens to connections. */
#include "queued.h"

#define CONNECTION (1u << REDISCLIENT_EVENT_CONNECTION)
#define POOL (1u << REDISCLIENT_EVENT_POOL)
#define CLOSED (1u << REDISCLIENT_EVENT_CLOSED)

/* The next event; it is of this kind, and its payload is JSON that holds these words. */
static void expect(redisclient_queue *queue, int kind, const char *one, const char *other) {
  size_t length = 0;
  redisclient_event *event = redisclient_queue_next(queue, PATIENCE_MS);
  REQUIRE(event);
  const char *payload = redisclient_event_payload(event, &length);
  CHECK_INT(redisclient_event_kind(event), kind);
  CHECK_INT(redisclient_event_tag(event), 0);
  CHECK(!redisclient_event_reply(event) && !redisclient_event_error(event));
  CHECK_INT(strlen(payload), length);
  CHECK_CONTAINS(payload, one);
  CHECK_CONTAINS(payload, other);
  redisclient_event_free(event);
}

/* A connection is told of when it is made, given back, and closed, by the same number. */
static void a_life(const char *url) {
  redisclient *client = open_with(url, "lazy=yes");
  redisclient_queue *queue = open_queue(client);
  CHECK_INT(redisclient_queue_listen(queue, CONNECTION | POOL | CLOSED), REDISCLIENT_OK);
  DO(client, "SET", "key", "value");
  expect(queue, REDISCLIENT_EVENT_CONNECTION, "{\"event\":\"opened\",\"connection\":1,", "\"node\":\"");
  expect(queue, REDISCLIENT_EVENT_POOL, "{\"event\":\"released\",\"connection\":1,", "\"node\":\"");
  NOTHING(queue);
  DO(client, "GET", "key");
  expect(queue, REDISCLIENT_EVENT_POOL, "\"event\":\"released\"", "\"connection\":1,");
  redisclient_close(client);
  expect(queue, REDISCLIENT_EVENT_CONNECTION, "\"event\":\"closed\",\"connection\":1,", "\"reason\":\"client_closed\"");
  expect(queue, REDISCLIENT_EVENT_CLOSED, "", "");
  CHECK(!redisclient_queue_next(queue, -1));
  redisclient_queue_free(queue);
  redisclient_free(client);
}

/* What nobody asked for does not come; what is no more wanted neither. */
static void only_what_is_wanted(const char *url) {
  redisclient *client = open_with(url, "lazy=yes");
  redisclient_queue *queue = open_queue(client);
  DO(client, "SET", "key", "value");
  NOTHING(queue);
  CHECK_INT(redisclient_queue_listen(queue, POOL), REDISCLIENT_OK);
  DO(client, "GET", "key");
  expect(queue, REDISCLIENT_EVENT_POOL, "released", "");
  CHECK_INT(redisclient_queue_listen(queue, 0), REDISCLIENT_OK);
  DO(client, "GET", "key");
  NOTHING(queue);
  redisclient_close(client);
  CHECK(!redisclient_queue_next(queue, -1));
  redisclient_queue_free(queue);
  redisclient_free(client);
}

/* Events that nobody takes do not pile up: a GAP says that some are missing. */
static void a_gap(const char *url) {
  redisclient *client = open_with(url, "lazy=yes");
  redisclient_queue *queue = open_queue(client);
  CHECK_INT(redisclient_queue_listen(queue, POOL), REDISCLIENT_OK);
  for (int call = 0; call < 1100; call++) DO(client, "GET", "key");
  int released = 0;
  redisclient_event *event;
  while ((event = redisclient_queue_next(queue, 0)) && redisclient_event_kind(event) == REDISCLIENT_EVENT_POOL) {
    released++;
    redisclient_event_free(event);
  }
  REQUIRE(event);
  CHECK_INT(released, 1023);
  CHECK_INT(redisclient_event_kind(event), REDISCLIENT_EVENT_GAP);
  CHECK_CONTAINS(redisclient_event_payload(event, NULL), "events");
  redisclient_event_free(event);
  NOTHING(queue);
  DO(client, "GET", "key");
  expect(queue, REDISCLIENT_EVENT_POOL, "released", "");
  redisclient_queue_free(queue);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *url = argument(argv, "url");
  a_life(url);
  only_what_is_wanted(url);
  a_gap(url);
  return check_result();
}
