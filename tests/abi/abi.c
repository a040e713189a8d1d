/* The frozen binary interface, written out: numbers, layouts and the exact type of each function.
 *
 * Compiling it is most of the test. It includes the product's header only, so that a number or
 * type that changes there is caught here; it grows when functions are added and never changes. */
#include <redisclient.h>

#define SAME(name, number) _Static_assert((name) == (number), #name)

SAME(REDISCLIENT_OK, 0);
SAME(REDISCLIENT_EINVAL, 101);
SAME(REDISCLIENT_EOPTION, 102);
SAME(REDISCLIENT_ECLOSED, 103);
SAME(REDISCLIENT_EFORKED, 104);
SAME(REDISCLIENT_EBUSY, 105);
SAME(REDISCLIENT_EREENTRANT, 106);
SAME(REDISCLIENT_ESTATE, 107);
SAME(REDISCLIENT_ERESOLVE, 201);
SAME(REDISCLIENT_ECONNECT, 202);
SAME(REDISCLIENT_EDISCONNECTED, 203);
SAME(REDISCLIENT_ETLS, 204);
SAME(REDISCLIENT_ECERTIFICATE, 205);
SAME(REDISCLIENT_EOCSP, 206);
SAME(REDISCLIENT_ETOKEN, 207);
SAME(REDISCLIENT_ECIRCUIT, 208);
SAME(REDISCLIENT_ETIMEOUT, 301);
SAME(REDISCLIENT_ECANCELLED, 302);
SAME(REDISCLIENT_EPOOL, 303);
SAME(REDISCLIENT_EFULL, 304);
SAME(REDISCLIENT_EPROTOCOL, 401);
SAME(REDISCLIENT_ELIMIT, 402);
SAME(REDISCLIENT_ESERVER, 500);
SAME(REDISCLIENT_EAUTH, 501);
SAME(REDISCLIENT_ENOPERM, 502);
SAME(REDISCLIENT_ENOSCRIPT, 503);
SAME(REDISCLIENT_EREADONLY, 504);
SAME(REDISCLIENT_ELOADING, 505);
SAME(REDISCLIENT_EEXECABORT, 506);
SAME(REDISCLIENT_EWATCH, 507);
SAME(REDISCLIENT_ESERVERMEMORY, 508);
SAME(REDISCLIENT_EMAXCLIENTS, 509);
SAME(REDISCLIENT_ECLUSTER, 600);
SAME(REDISCLIENT_ECROSSSLOT, 601);
SAME(REDISCLIENT_ECLUSTERDOWN, 602);
SAME(REDISCLIENT_ENOSLOT, 603);
SAME(REDISCLIENT_ENONODE, 604);
SAME(REDISCLIENT_ENOPRIMARY, 605);
SAME(REDISCLIENT_ENOREPLICA, 606);
SAME(REDISCLIENT_EREDIRECTS, 607);
SAME(REDISCLIENT_ENOMEM, 901);
SAME(REDISCLIENT_EPANIC, 902);

SAME(REDISCLIENT_OUTCOME_NOT_SENT, 1);
SAME(REDISCLIENT_OUTCOME_REFUSED, 2);
SAME(REDISCLIENT_OUTCOME_UNKNOWN, 3);

SAME(REDISCLIENT_OPTION_SECRET, 1);
SAME(REDISCLIENT_OPTION_SUPPORTED, 2);
SAME(REDISCLIENT_CALL_IDEMPOTENT, 1);

SAME(REDISCLIENT_REPLY_NIL, 0);
SAME(REDISCLIENT_REPLY_STATUS, 1);
SAME(REDISCLIENT_REPLY_ERROR, 2);
SAME(REDISCLIENT_REPLY_INTEGER, 3);
SAME(REDISCLIENT_REPLY_STRING, 4);
SAME(REDISCLIENT_REPLY_ARRAY, 5);
SAME(REDISCLIENT_REPLY_DOUBLE, 6);
SAME(REDISCLIENT_REPLY_BOOLEAN, 7);
SAME(REDISCLIENT_REPLY_BIG_NUMBER, 8);
SAME(REDISCLIENT_REPLY_VERBATIM, 9);
SAME(REDISCLIENT_REPLY_MAP, 10);
SAME(REDISCLIENT_REPLY_SET, 11);
SAME(REDISCLIENT_REPLY_PUSH, 12);
SAME(REDISCLIENT_REPLY_HAS_ATTRIBUTES, 1);
SAME(REDISCLIENT_REPLY_IS_ROOT, 2);
SAME(REDISCLIENT_REPLY_IS_LOCAL, 4);

/* Where an int64_t stands on an 8-byte boundary: 64-bit systems and 32-bit ARM, not i386. */
struct aligned { char before; int64_t value; };
#define WIDE (offsetof(struct aligned, value) == 8)
#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field)

_Static_assert(sizeof(redisclient_reply) == (sizeof(void *) == 8 || WIDE ? 24 : 20), "size of redisclient_reply");
AT(redisclient_reply, kind, 0);
AT(redisclient_reply, flags, 4);
AT(redisclient_reply, length, 8);
AT(redisclient_reply, value, (sizeof(void *) == 8 || WIDE ? 16 : 12));
_Static_assert(sizeof(((redisclient_reply *)0)->value) == 8, "size of the union");
AT(redisclient_reply, value.integer, offsetof(redisclient_reply, value));
AT(redisclient_reply, value.number, offsetof(redisclient_reply, value));
AT(redisclient_reply, value.text, offsetof(redisclient_reply, value));
AT(redisclient_reply, value.items, offsetof(redisclient_reply, value));

_Static_assert(sizeof(redisclient_call) == (sizeof(void *) == 8 ? 40 : WIDE ? 32 : 28), "size of redisclient_call");
AT(redisclient_call, size, 0);
AT(redisclient_call, deadline_ms, (WIDE ? 8 : 4));
AT(redisclient_call, route, (WIDE ? 16 : 12));
AT(redisclient_call, cancel, (sizeof(void *) == 8 ? 24 : WIDE ? 20 : 16));
AT(redisclient_call, flags, (sizeof(void *) == 8 ? 32 : WIDE ? 24 : 20));
AT(redisclient_call, reserved, (sizeof(void *) == 8 ? 36 : WIDE ? 28 : 24));

_Static_assert(sizeof(redisclient_backoff_ops) == 3 * sizeof(void *), "size of redisclient_backoff_ops");
AT(redisclient_backoff_ops, size, 0);
AT(redisclient_backoff_ops, pause, sizeof(void *));
AT(redisclient_backoff_ops, destroy, 2 * sizeof(void *));
/* Where the numbers begin. */
#define FIRST (WIDE ? 8 : 4)
AT(redisclient_stats, size, 0);
AT(redisclient_stats, connections_opened, 0 * 8 + FIRST);
AT(redisclient_stats, connect_failures, 1 * 8 + FIRST);
AT(redisclient_stats, connections_closed, 2 * 8 + FIRST);
AT(redisclient_stats, closed_broken, 3 * 8 + FIRST);
AT(redisclient_stats, closed_idle, 4 * 8 + FIRST);
AT(redisclient_stats, closed_aged, 5 * 8 + FIRST);
AT(redisclient_stats, closed_trimmed, 6 * 8 + FIRST);
AT(redisclient_stats, closed_dead, 7 * 8 + FIRST);
AT(redisclient_stats, closed_health_check, 8 * 8 + FIRST);
AT(redisclient_stats, closed_stale, 9 * 8 + FIRST);
AT(redisclient_stats, closed_client, 10 * 8 + FIRST);
AT(redisclient_stats, idle, 11 * 8 + FIRST);
AT(redisclient_stats, in_use, 12 * 8 + FIRST);
AT(redisclient_stats, waiters, 13 * 8 + FIRST);
AT(redisclient_stats, longest_use_ms, 14 * 8 + FIRST);
AT(redisclient_stats, pool_max, 15 * 8 + FIRST);
AT(redisclient_stats, pool_min, 16 * 8 + FIRST);
AT(redisclient_stats, checkouts, 17 * 8 + FIRST);
AT(redisclient_stats, waits, 18 * 8 + FIRST);
AT(redisclient_stats, wait_ms, 19 * 8 + FIRST);
AT(redisclient_stats, wait_timeouts, 20 * 8 + FIRST);
AT(redisclient_stats, calls, 21 * 8 + FIRST);
AT(redisclient_stats, commands, 22 * 8 + FIRST);
AT(redisclient_stats, retries, 23 * 8 + FIRST);
AT(redisclient_stats, failures, 24 * 8 + FIRST);
AT(redisclient_stats, timeouts, 25 * 8 + FIRST);
AT(redisclient_stats, errors_caller, 26 * 8 + FIRST);
AT(redisclient_stats, errors_connection, 27 * 8 + FIRST);
AT(redisclient_stats, errors_capacity, 28 * 8 + FIRST);
AT(redisclient_stats, errors_protocol, 29 * 8 + FIRST);
AT(redisclient_stats, errors_server, 30 * 8 + FIRST);
AT(redisclient_stats, errors_topology, 31 * 8 + FIRST);
AT(redisclient_stats, errors_internal, 32 * 8 + FIRST);
AT(redisclient_stats, circuit_state, 33 * 8 + FIRST);
AT(redisclient_stats, circuit_opened, 34 * 8 + FIRST);
AT(redisclient_stats, circuit_refused, 35 * 8 + FIRST);
_Static_assert(sizeof(redisclient_stats) >= offsetof(redisclient_stats, circuit_refused) + 8, "size of redisclient_stats");

#define TYPE(expression, type) _Static_assert(_Generic((expression), type: 1, default: 0), #expression)
static const struct redisclient_reply *const a_reply = 0;
static const redisclient_call *const a_call = 0;
TYPE((redisclient_status)0, int32_t);
TYPE(a_reply->kind, uint32_t);
TYPE(a_reply->flags, uint32_t);
TYPE(a_reply->length, size_t);
TYPE(a_reply->value.integer, int64_t);
TYPE(a_reply->value.number, double);
TYPE(a_reply->value.text, const char *);
TYPE(a_reply->value.items, const struct redisclient_reply *);
TYPE(a_call->size, size_t);
TYPE(a_call->deadline_ms, int64_t);
TYPE(a_call->route, const char *);
TYPE(a_call->cancel, redisclient_cancel *);
TYPE(a_call->flags, uint32_t);
TYPE(a_call->reserved, uint32_t);
static const redisclient_backoff_ops *const a_backoff = 0;
TYPE(a_backoff->size, size_t);
TYPE(a_backoff->pause, int64_t (*)(void *, uint32_t, int64_t));
TYPE(a_backoff->destroy, void (*)(void *));

static const redisclient_stats *const some_stats = 0;
TYPE(some_stats->size, size_t);
TYPE(some_stats->connections_opened, uint64_t);
TYPE(some_stats->connect_failures, uint64_t);
TYPE(some_stats->connections_closed, uint64_t);
TYPE(some_stats->closed_broken, uint64_t);
TYPE(some_stats->closed_idle, uint64_t);
TYPE(some_stats->closed_aged, uint64_t);
TYPE(some_stats->closed_trimmed, uint64_t);
TYPE(some_stats->closed_dead, uint64_t);
TYPE(some_stats->closed_health_check, uint64_t);
TYPE(some_stats->closed_stale, uint64_t);
TYPE(some_stats->closed_client, uint64_t);
TYPE(some_stats->idle, uint64_t);
TYPE(some_stats->in_use, uint64_t);
TYPE(some_stats->waiters, uint64_t);
TYPE(some_stats->longest_use_ms, uint64_t);
TYPE(some_stats->pool_max, uint64_t);
TYPE(some_stats->pool_min, uint64_t);
TYPE(some_stats->checkouts, uint64_t);
TYPE(some_stats->waits, uint64_t);
TYPE(some_stats->wait_ms, uint64_t);
TYPE(some_stats->wait_timeouts, uint64_t);
TYPE(some_stats->calls, uint64_t);
TYPE(some_stats->commands, uint64_t);
TYPE(some_stats->retries, uint64_t);
TYPE(some_stats->failures, uint64_t);
TYPE(some_stats->timeouts, uint64_t);
TYPE(some_stats->errors_caller, uint64_t);
TYPE(some_stats->errors_connection, uint64_t);
TYPE(some_stats->errors_capacity, uint64_t);
TYPE(some_stats->errors_protocol, uint64_t);
TYPE(some_stats->errors_server, uint64_t);
TYPE(some_stats->errors_topology, uint64_t);
TYPE(some_stats->errors_internal, uint64_t);
TYPE(some_stats->circuit_state, uint64_t);
TYPE(some_stats->circuit_opened, uint64_t);
TYPE(some_stats->circuit_refused, uint64_t);

AT(redisclient_completion, tag, 0);
AT(redisclient_completion, reply, 8);
AT(redisclient_completion, error, 8 + sizeof(void *));
_Static_assert(sizeof(redisclient_completion) == 8 + 2 * sizeof(void *), "size of redisclient_completion");
static const redisclient_completion *const a_completion = 0;
TYPE(a_completion->tag, uint64_t);
TYPE(a_completion->reply, redisclient_reply *);
TYPE(a_completion->error, redisclient_error *);
SAME(REDISCLIENT_EVENT_REPLY, 1);
SAME(REDISCLIENT_EVENT_MESSAGE, 2);
SAME(REDISCLIENT_EVENT_SUBSCRIBED, 3);
SAME(REDISCLIENT_EVENT_UNSUBSCRIBED, 4);
SAME(REDISCLIENT_EVENT_GAP, 5);
SAME(REDISCLIENT_EVENT_CLOSED, 6);
SAME(REDISCLIENT_EVENT_CONNECTION, 7);
SAME(REDISCLIENT_EVENT_POOL, 8);
SAME(REDISCLIENT_EVENT_TOPOLOGY, 9);
SAME(REDISCLIENT_EVENT_INVALIDATION, 10);
SAME(REDISCLIENT_EVENT_TOKEN, 11);
SAME(REDISCLIENT_EVENT_TLS, 12);
SAME(REDISCLIENT_EVENT_PUSH, 13);
SAME(REDISCLIENT_EVENT_LOG, 14);

/* Short names for what stands in most signatures. */
typedef redisclient_status status;
typedef const char *const *words;
typedef const size_t *sizes;
typedef redisclient_reply reply;
typedef redisclient_error error;
typedef redisclient_options options;
typedef redisclient_arguments arguments;
typedef redisclient_pipeline pipeline;
typedef redisclient_connection connection;
typedef redisclient_reader reader;
typedef redisclient_queue queue;
typedef redisclient_event event;
typedef redisclient_completion completion;

const char *(*const version)(void) = redisclient_version;
uint32_t (*const version_number)(void) = redisclient_version_number;

status (*const error_code)(const error *) = redisclient_error_code;
const char *(*const error_message)(const error *) = redisclient_error_message;
const char *(*const error_server_code)(const error *) = redisclient_error_server_code;
const char *(*const error_node)(const error *) = redisclient_error_node;
int (*const error_outcome)(const error *) = redisclient_error_outcome;
int (*const error_retryable)(const error *) = redisclient_error_retryable;
int (*const error_attempts)(const error *) = redisclient_error_attempts;
int (*const error_os_error)(const error *) = redisclient_error_os_error;
void (*const error_free)(error *) = redisclient_error_free;

options *(*const options_new)(void) = redisclient_options_new;
status (*const options_set)(options *, const char *, const char *, error **) = redisclient_options_set;
status (*const options_set_bytes)(options *, const char *, const char *, size_t, error **) = redisclient_options_set_bytes;
status (*const options_backoff)(options *, const redisclient_backoff_ops *, void *, error **) = redisclient_options_backoff;
void (*const options_free)(options *) = redisclient_options_free;

size_t (*const option_count)(void) = redisclient_option_count;
const char *(*const option_name)(size_t) = redisclient_option_name;
const char *(*const option_default)(size_t) = redisclient_option_default;
const char *(*const option_accepted)(size_t) = redisclient_option_accepted;
const char *(*const option_doc)(size_t) = redisclient_option_doc;
uint32_t (*const option_flags)(size_t) = redisclient_option_flags;

status (*const open_client)(const char *, const options *, redisclient **, error **) = redisclient_open;
status (*const set)(redisclient *, const char *, const char *, error **) = redisclient_set;
status (*const stats_get)(redisclient *, redisclient_stats *, error **) = redisclient_stats_get;
size_t (*const stats_json)(redisclient *, char *, size_t) = redisclient_stats_json;
void (*const close_client)(redisclient *) = redisclient_close;
void (*const free_client)(redisclient *) = redisclient_free;

redisclient_cancel *(*const cancel_new)(void) = redisclient_cancel_new;
void (*const cancel_fire)(redisclient_cancel *) = redisclient_cancel_fire;
void (*const cancel_free)(redisclient_cancel *) = redisclient_cancel_free;

status (*const command)(redisclient *, size_t, words, sizes, reply **, error **) = redisclient_command;
status (*const command_call)(redisclient *, const redisclient_call *, size_t, words, sizes, reply **, error **) = redisclient_command_call;
status (*const command_packed)(redisclient *, const redisclient_call *, size_t, const char *, sizes, reply **, error **) = redisclient_command_packed;

arguments *(*const arguments_new)(void) = redisclient_arguments_new;
void (*const arguments_add_text)(arguments *, const char *) = redisclient_arguments_add_text;
void (*const arguments_add_bytes)(arguments *, const char *, size_t) = redisclient_arguments_add_bytes;
void (*const arguments_add_int64)(arguments *, int64_t) = redisclient_arguments_add_int64;
void (*const arguments_add_double)(arguments *, double) = redisclient_arguments_add_double;
void (*const arguments_clear)(arguments *) = redisclient_arguments_clear;
size_t (*const arguments_count)(const arguments *) = redisclient_arguments_count;
status (*const arguments_packed)(const arguments *, size_t *, const char **, const size_t **, error **) = redisclient_arguments_packed;
void (*const arguments_free)(arguments *) = redisclient_arguments_free;
status (*const command_built)(redisclient *, const redisclient_call *, const arguments *, reply **, error **) = redisclient_command_built;
void (*const pipeline_add_built)(pipeline *, const arguments *) = redisclient_pipeline_add_built;

int (*const reply_kind)(const reply *) = redisclient_reply_kind;
const char *(*const reply_text)(const reply *, size_t *) = redisclient_reply_text;
int64_t (*const reply_integer)(const reply *) = redisclient_reply_integer;
double (*const reply_number)(const reply *) = redisclient_reply_number;
size_t (*const reply_count)(const reply *) = redisclient_reply_count;
const reply *(*const reply_at)(const reply *, size_t) = redisclient_reply_at;
const char *(*const reply_format)(const reply *) = redisclient_reply_format;
const reply *(*const reply_attributes)(const reply *, const reply *) = redisclient_reply_attributes;
reply *(*const reply_keep)(const reply *) = redisclient_reply_keep;
void (*const reply_free)(reply *) = redisclient_reply_free;
void (*const replies_free)(reply *const *, size_t) = redisclient_replies_free;
status (*const reply_parse)(const char *, size_t, size_t *, reply **, error **) = redisclient_reply_parse;

pipeline *(*const pipeline_new)(redisclient *) = redisclient_pipeline_new;
void (*const pipeline_add)(pipeline *, size_t, words, sizes) = redisclient_pipeline_add;
void (*const pipeline_add_packed)(pipeline *, size_t, const char *, sizes) = redisclient_pipeline_add_packed;
void (*const pipeline_atomic)(pipeline *, int) = redisclient_pipeline_atomic;
status (*const pipeline_run)(pipeline *, reply **, error **) = redisclient_pipeline_run;
status (*const pipeline_run_call)(pipeline *, const redisclient_call *, reply **, error **) = redisclient_pipeline_run_call;
void (*const pipeline_free)(pipeline *) = redisclient_pipeline_free;

status (*const connection_open)(const char *, const options *, connection **, error **) = redisclient_connection_open;
status (*const connection_adopt)(intptr_t, const options *, connection **, error **) = redisclient_connection_adopt;
status (*const connection_send)(connection *, size_t, words, sizes, error **) = redisclient_connection_send;
status (*const connection_send_raw)(connection *, const char *, size_t, error **) = redisclient_connection_send_raw;
status (*const connection_flush)(connection *, int, error **) = redisclient_connection_flush;
status (*const connection_receive)(connection *, int, reply **, error **) = redisclient_connection_receive;
int (*const connection_readable)(connection *, int) = redisclient_connection_readable;
void (*const connection_shutdown)(connection *) = redisclient_connection_shutdown;
intptr_t (*const connection_fd)(const connection *) = redisclient_connection_fd;
const reply *(*const connection_hello)(const connection *) = redisclient_connection_hello;
void (*const connection_free)(connection *) = redisclient_connection_free;

reader *(*const reader_new)(const options *) = redisclient_reader_new;
status (*const reader_feed)(reader *, const char *, size_t) = redisclient_reader_feed;
char *(*const reader_space)(reader *, size_t, size_t *) = redisclient_reader_space;
status (*const reader_commit)(reader *, size_t) = redisclient_reader_commit;
status (*const reader_next)(reader *, reply **, error **) = redisclient_reader_next;
void (*const reader_free)(reader *) = redisclient_reader_free;
size_t (*const encode)(size_t, words, sizes, char *, size_t) = redisclient_encode;

/* What the macros of the header make. */
static int same_words(size_t argc, words argv, sizes lengths) {
  return argc == 2 && argv[0][0] == 'a' && argv[1][0] == 'b' && !lengths;
}

int main(void) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_stats stats = REDISCLIENT_STATS_INIT;
  int sized = stats.size == sizeof stats && stats.connections_opened == 0 && stats.errors_internal == 0;
  int whole = sized && call.size == sizeof call && call.deadline_ms == 0 && !call.route && !call.cancel && !call.flags && !call.reserved;
  uint32_t number = version_number();
  unsigned major = number >> 16, minor = number >> 8 & 255, patch = number & 255;
  const char *text = version();
  int digits = text[0] == (char)('0' + major % 10) || major > 9;
  return !(whole && same_words(REDISCLIENT_ARGS("a", "b")) && digits && major + minor + patch > 0);
}

queue *(*const queue_new)(redisclient *) = redisclient_queue_new;
intptr_t (*const queue_fd)(const queue *) = redisclient_queue_fd;
int (*const queue_dispatch)(queue *, int) = redisclient_queue_dispatch;
event *(*const queue_next)(queue *, int) = redisclient_queue_next;
int (*const queue_drain)(queue *, completion *, size_t, int) = redisclient_queue_drain;
status (*const queue_listen)(queue *, uint32_t) = redisclient_queue_listen;
void (*const queue_free)(queue *) = redisclient_queue_free;
void (*const a_reply_fn)(void *, const reply *, const error *) = (redisclient_reply_fn)0;
void (*const a_destroy_fn)(void *) = (redisclient_destroy_fn)0;
status (*const submit)(queue *, const redisclient_call *, size_t, words, sizes, redisclient_reply_fn, void *, redisclient_destroy_fn) = redisclient_submit;
status (*const submit_tagged)(queue *, const redisclient_call *, uint64_t, size_t, words, sizes) = redisclient_submit_tagged;
status (*const submit_packed)(queue *, const redisclient_call *, uint64_t, size_t, const char *, sizes) = redisclient_submit_packed;

int (*const event_kind)(const event *) = redisclient_event_kind;
uint64_t (*const event_tag)(const event *) = redisclient_event_tag;
const reply *(*const event_reply)(const event *) = redisclient_event_reply;
const error *(*const event_error)(const event *) = redisclient_event_error;
const char *(*const event_channel)(const event *, size_t *) = redisclient_event_channel;
const char *(*const event_pattern)(const event *, size_t *) = redisclient_event_pattern;
const char *(*const event_payload)(const event *, size_t *) = redisclient_event_payload;
void (*const event_free)(event *) = redisclient_event_free;
