/**
 * @file redisclient.h
 * libredisclient: a Redis and Valkey client. Generated from the Rust source: do not edit.
 *
 * A client (redisclient_open) is one handle for any thread, with pooled connections, retries and
 * deadlines behind it. Calls answer a status, 0 (REDISCLIENT_OK) or a code by hundreds, and give an
 * error object that says what failed, where, what became of the command, and what to do.
 *
 * Threads
 * | any thread                                      | one thread at a time, else EBUSY        |
 * |-------------------------------------------------|-----------------------------------------|
 * | client, options, reply, error, cancel           | pipeline, arguments, reader, event      |
 * | queue: submit, fd, listen                       | queue: dispatch, next, drain            |
 * | connection: shutdown                            | connection: one sends, one may receive  |
 *
 * Fork: a client made before fork just works in the child, on connections of its own; replies and
 * errors stay readable; options, cancel, reader, arguments and a pipeline that was not running work
 * on; a connection or queue made before answers EFORKED. Freeing is always safe and only closes descriptors.
 * Not promised when another thread of the parent was inside the resolver or OpenSSL at the moment
 * of fork, or the child came from raw clone. exec inherits nothing.
 *
 * Hooks (redisclient_backoff_ops) and callbacks (redisclient_reply_fn) return: no exception and no longjmp may leave them.
 *
 * Signals: no SIGPIPE is raised on any path, no handler is installed, interrupted calls go on.
 *
 * Ownership: what you pass in is borrowed for the call. What comes out through `**out` is yours, to
 * be freed by the _free of its kind. What comes out as `const *` belongs to its parent. NULL to _free
 * is fine, and _free keeps errno. Outputs are written only on success (one exception:
 * redisclient_pipeline_run), `*error` only on failure; error may be NULL.
 *
 * Arguments: a length counts bytes, which may be any. Where lengths is NULL, every argument is
 * NUL-terminated. A NULL argument with length 0 is empty. Times are milliseconds: -1 for ever, 0 do
 * not wait where a function takes a timeout; below -1 is EINVAL.
 *
 * Getters accept NULL: kind is -1, descriptors and readable -1, texts "", pointers NULL, all else 0.
 */

#ifndef REDISCLIENT_H
#define REDISCLIENT_H

#include <stddef.h>
#include <stdint.h>

#define REDISCLIENT_VERSION_MAJOR 0 /**< Major version of this header. */
#define REDISCLIENT_VERSION_MINOR 1 /**< Minor version of this header. */
#define REDISCLIENT_VERSION_PATCH 0 /**< Patch version of this header. */
#define REDISCLIENT_VERSION_STRING "0.1.0" /**< Version of this header as text. */
/** Version of this header as a number: major << 16 | minor << 8 | patch. */
#define REDISCLIENT_VERSION_NUMBER \
  ((REDISCLIENT_VERSION_MAJOR << 16) | (REDISCLIENT_VERSION_MINOR << 8) | REDISCLIENT_VERSION_PATCH)

/** Marks what the library exports. Define REDISCLIENT_STATIC on Windows to link the static library. */
#if defined(_WIN32) && !defined(REDISCLIENT_STATIC)
#define REDISCLIENT_API __declspec(dllimport)
#elif defined(__GNUC__)
#define REDISCLIENT_API __attribute__((visibility("default")))
#else
#define REDISCLIENT_API
#endif

/** Initialises a redisclient_call: all defaults. */
#define REDISCLIENT_CALL_INIT { sizeof(redisclient_call), 0, NULL, NULL, 0, 0 }

/** Initialises a redisclient_stats: to be filled by redisclient_stats_get. */
#define REDISCLIENT_STATS_INIT \
  { sizeof(redisclient_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/** Turns C strings into the three parameters argc, argv, lengths: REDISCLIENT_ARGS("SET", key, "1"). */
#ifndef __cplusplus
#define REDISCLIENT_ARGS(...) \
  sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), (const char *const[]){__VA_ARGS__}, NULL
#else
extern "C++" {
#include <initializer_list>
template <typename... T> char (&redisclient_count_(const T &...))[sizeof...(T)];
}
#define REDISCLIENT_ARGS(...) \
  sizeof(redisclient_count_(__VA_ARGS__)), std::initializer_list<const char *>{__VA_ARGS__}.begin(), NULL
#endif

/**
 * It worked.
 */
#define REDISCLIENT_OK 0

/**
 * An argument was wrong: NULL, a size, a flag, a time.
 */
#define REDISCLIENT_EINVAL 101

/**
 * An option or URL was wrong, or is not supported in this version.
 */
#define REDISCLIENT_EOPTION 102

/**
 * The client was closed.
 */
#define REDISCLIENT_ECLOSED 103

/**
 * The handle belongs to the parent process.
 */
#define REDISCLIENT_EFORKED 104

/**
 * Another thread uses this one-thread handle.
 */
#define REDISCLIENT_EBUSY 105

/**
 * Not allowed inside this callback.
 */
#define REDISCLIENT_EREENTRANT 106

/**
 * The command would change a connection that others use: use another handle or an option.
 */
#define REDISCLIENT_ESTATE 107

/**
 * The host name could not be resolved.
 */
#define REDISCLIENT_ERESOLVE 201

/**
 * No connection could be made.
 */
#define REDISCLIENT_ECONNECT 202

/**
 * The connection was lost.
 */
#define REDISCLIENT_EDISCONNECTED 203

/**
 * TLS failed.
 */
#define REDISCLIENT_ETLS 204

/**
 * The server's certificate was refused.
 */
#define REDISCLIENT_ECERTIFICATE 205

/**
 * The certificate's status was refused.
 */
#define REDISCLIENT_EOCSP 206

/**
 * No token could be had.
 */
#define REDISCLIENT_ETOKEN 207

/**
 * The circuit breaker is open.
 */
#define REDISCLIENT_ECIRCUIT 208

/**
 * The deadline passed; the text names the phase.
 */
#define REDISCLIENT_ETIMEOUT 301

/**
 * The call was cancelled.
 */
#define REDISCLIENT_ECANCELLED 302

/**
 * The pool is exhausted.
 */
#define REDISCLIENT_EPOOL 303

/**
 * Too much is in flight.
 */
#define REDISCLIENT_EFULL 304

/**
 * The server's bytes were not RESP, or not what was asked for.
 */
#define REDISCLIENT_EPROTOCOL 401

/**
 * A reply exceeds a limit.
 */
#define REDISCLIENT_ELIMIT 402

/**
 * The server answered with an error; see the server code.
 */
#define REDISCLIENT_ESERVER 500

/**
 * User or password was refused, or is needed.
 */
#define REDISCLIENT_EAUTH 501

/**
 * The user lacks a permission.
 */
#define REDISCLIENT_ENOPERM 502

/**
 * The script is not loaded.
 */
#define REDISCLIENT_ENOSCRIPT 503

/**
 * The server is a read-only replica.
 */
#define REDISCLIENT_EREADONLY 504

/**
 * The server is loading its data.
 */
#define REDISCLIENT_ELOADING 505

/**
 * The transaction was refused because of an earlier error in it.
 */
#define REDISCLIENT_EEXECABORT 506

/**
 * A watched key changed.
 */
#define REDISCLIENT_EWATCH 507

/**
 * The server is out of memory.
 */
#define REDISCLIENT_ESERVERMEMORY 508

/**
 * The server has too many clients.
 */
#define REDISCLIENT_EMAXCLIENTS 509

/**
 * A cluster error, or a redirection from one.
 */
#define REDISCLIENT_ECLUSTER 600

/**
 * Keys of one command are in different slots.
 */
#define REDISCLIENT_ECROSSSLOT 601

/**
 * The cluster, or the slot's owner, is not available now.
 */
#define REDISCLIENT_ECLUSTERDOWN 602

/**
 * No node serves the slot.
 */
#define REDISCLIENT_ENOSLOT 603

/**
 * There is no such node.
 */
#define REDISCLIENT_ENONODE 604

/**
 * No primary was found.
 */
#define REDISCLIENT_ENOPRIMARY 605

/**
 * No replica was found.
 */
#define REDISCLIENT_ENOREPLICA 606

/**
 * Too many redirections.
 */
#define REDISCLIENT_EREDIRECTS 607

/**
 * Memory ran out.
 */
#define REDISCLIENT_ENOMEM 901

/**
 * An internal failure was caught; its connection is closed.
 */
#define REDISCLIENT_EPANIC 902

/**
 * Outcome: no byte of the command reached the wire.
 */
#define REDISCLIENT_OUTCOME_NOT_SENT 1

/**
 * Outcome: the server answered no; the command was not executed.
 */
#define REDISCLIENT_OUTCOME_REFUSED 2

/**
 * Outcome: bytes went out and no answer came; the command may have run.
 */
#define REDISCLIENT_OUTCOME_UNKNOWN 3

/**
 * Call flag: the command may be sent again though it may have run.
 */
#define REDISCLIENT_CALL_IDEMPOTENT 1

/**
 * Option flag: its value is a secret, never to be shown.
 */
#define REDISCLIENT_OPTION_SECRET 1

/**
 * Option flag: it does something in this version; setting another is EOPTION, but that some may be
 * set to their default.
 */
#define REDISCLIENT_OPTION_SUPPORTED 2

/**
 * Reply kind: null of either protocol.
 */
#define REDISCLIENT_REPLY_NIL 0

/**
 * Reply kind: simple string, in text.
 */
#define REDISCLIENT_REPLY_STATUS 1

/**
 * Reply kind: error, in text: the line without the minus.
 */
#define REDISCLIENT_REPLY_ERROR 2

/**
 * Reply kind: number, in integer.
 */
#define REDISCLIENT_REPLY_INTEGER 3

/**
 * Reply kind: bulk string, in text.
 */
#define REDISCLIENT_REPLY_STRING 4

/**
 * Reply kind: items.
 */
#define REDISCLIENT_REPLY_ARRAY 5

/**
 * Reply kind: number, in number.
 */
#define REDISCLIENT_REPLY_DOUBLE 6

/**
 * Reply kind: 0 or 1, in integer.
 */
#define REDISCLIENT_REPLY_BOOLEAN 7

/**
 * Reply kind: digits, in text.
 */
#define REDISCLIENT_REPLY_BIG_NUMBER 8

/**
 * Reply kind: text without its format, which reply_format gives.
 */
#define REDISCLIENT_REPLY_VERBATIM 9

/**
 * Reply kind: items: key, value, key ....
 */
#define REDISCLIENT_REPLY_MAP 10

/**
 * Reply kind: items.
 */
#define REDISCLIENT_REPLY_SET 11

/**
 * Reply kind: out-of-band message, items.
 */
#define REDISCLIENT_REPLY_PUSH 12

/**
 * Reply flag: the node has attributes, which reply_attributes gives.
 */
#define REDISCLIENT_REPLY_HAS_ATTRIBUTES 1

/**
 * Reply flag: the node is a root, to be freed.
 */
#define REDISCLIENT_REPLY_IS_ROOT 2

/**
 * Reply flag: an ERROR made by the library, not by the server.
 */
#define REDISCLIENT_REPLY_IS_LOCAL 4

/**
 * Event: a tagged command has ended.
 */
#define REDISCLIENT_EVENT_REPLY 1

/**
 * Event: a message was published.
 */
#define REDISCLIENT_EVENT_MESSAGE 2

/**
 * Event: a subscription holds.
 */
#define REDISCLIENT_EVENT_SUBSCRIBED 3

/**
 * Event: a subscription holds no more.
 */
#define REDISCLIENT_EVENT_UNSUBSCRIBED 4

/**
 * Event: messages or events may have been lost.
 */
#define REDISCLIENT_EVENT_GAP 5

/**
 * Event: the client is closed and nothing is under way any more.
 */
#define REDISCLIENT_EVENT_CLOSED 6

/**
 * Event: a connection was opened or closed.
 */
#define REDISCLIENT_EVENT_CONNECTION 7

/**
 * Event: a connection was given back to the pool.
 */
#define REDISCLIENT_EVENT_POOL 8

/**
 * Event: the nodes have changed.
 */
#define REDISCLIENT_EVENT_TOPOLOGY 9

/**
 * Event: keys in the client's cache have changed.
 */
#define REDISCLIENT_EVENT_INVALIDATION 10

/**
 * Event: a token was renewed, or could not be.
 */
#define REDISCLIENT_EVENT_TOKEN 11

/**
 * Event: certificates were reloaded, or could not be.
 */
#define REDISCLIENT_EVENT_TLS 12

/**
 * Event: the server sent an out-of-band message.
 */
#define REDISCLIENT_EVENT_PUSH 13

/**
 * Event: a line for the log.
 */
#define REDISCLIENT_EVENT_LOG 14

/**
 * The arguments of a command, its name first. One thread at a time.
 */
typedef struct redisclient_arguments redisclient_arguments;

/**
 * Sticky; fired from any thread, it ends every wait it covers.
 */
typedef struct redisclient_cancel redisclient_cancel;

/**
 * A client: one handle for any thread, with pooled connections, deadlines and retries behind it.
 * Freed by `redisclient_free`.
 */
typedef struct redisclient redisclient;

/**
 * A connection of one's own. One thread may send while another receives; shutdown from any.
 */
typedef struct redisclient_connection redisclient_connection;

/**
 * A failure with everything known about it. Immutable; any thread; freed by `redisclient_error_free`.
 */
typedef struct redisclient_error redisclient_error;

/**
 * One event. One thread at a time; what it gives belongs to it. Freed by `redisclient_event_free`.
 */
typedef struct redisclient_event redisclient_event;

/**
 * A set of options to open with. Any thread; open copies it.
 */
typedef struct redisclient_options redisclient_options;

/**
 * Commands to be sent together. One thread at a time.
 */
typedef struct redisclient_pipeline redisclient_pipeline;

/**
 * Commands submitted and not waited for, and what became of them. Many threads submit, one consumes.
 */
typedef struct redisclient_queue redisclient_queue;

/**
 * Turns bytes into replies. One thread at a time.
 */
typedef struct redisclient_reader redisclient_reader;

/**
 * What a call came to: `REDISCLIENT_OK` (0), or a code by hundreds. `code / 100` is the class:
 * 1 the caller, 2 connection and TLS, 3 time and capacity, 4 protocol, 5 the server said no,
 * 6 topology, 9 the library itself. New codes keep to these hundreds.
 */
typedef int32_t redisclient_status;

/**
 * Options of one call. Initialise with REDISCLIENT_CALL_INIT; a NULL call is all defaults.
 *
 * `size` comes first: a smaller size, where a field ends, means that the missing tail is default;
 * 0 and a size that cuts a field are EINVAL; a tail beyond what this version knows must be zero.
 */
typedef struct redisclient_call {
  /**
   * sizeof(redisclient_call).
   */
  size_t size;
  /**
   * Milliseconds for the whole call, queueing, connecting and retries included: 0 the client's
   * timeout_ms, -1 for ever.
   */
  int64_t deadline_ms;
  /**
   * Where to send it; NULL. Routes are not supported in this version.
   */
  const char *route;
  /**
   * Fires to end the call; NULL for none. Borrowed for the call.
   */
  struct redisclient_cancel *cancel;
  /**
   * REDISCLIENT_CALL_IDEMPOTENT or 0.
   */
  uint32_t flags;
  /**
   * 0.
   */
  uint32_t reserved;
} redisclient_call;

/**
 * What a node holds, chosen by its kind.
 */
typedef union redisclient_reply_value {
  /**
   * INTEGER, and BOOLEAN as 0 or 1.
   */
  int64_t integer;
  /**
   * DOUBLE.
   */
  double number;
  /**
   * STATUS, ERROR, STRING, BIG_NUMBER, VERBATIM: a NUL follows the last byte.
   */
  const char *text;
  /**
   * ARRAY, MAP, SET, PUSH: the first item; the others follow it.
   */
  const struct redisclient_reply *items;
} redisclient_reply_value;

/**
 * A reply, whole or part: read-only, laid out as documented, children one after another.
 *
 * Reading the fields directly is part of the interface. `length` is the number of bytes of a
 * text, or of items of an aggregate (a map of n pairs has 2n: key, value, key ...), and 0 for
 * NIL, INTEGER, DOUBLE and BOOLEAN. On 64-bit machines and 32-bit ARM a node is 24 bytes with
 * `value` at 16, on i386 20 bytes with `value` at 12.
 */
typedef struct redisclient_reply {
  /**
   * One of the REDISCLIENT_REPLY numbers.
   */
  uint32_t kind;
  /**
   * Bits; those you do not know are to be ignored.
   */
  uint32_t flags;
  /**
   * Bytes of text, or number of items.
   */
  size_t length;
  /**
   * What it holds, by `kind`.
   */
  union redisclient_reply_value value;
} redisclient_reply;

/**
 * Ends the data of a callback, once.
 */
typedef void (*redisclient_destroy_fn)(void *data);

/**
 * The functions of a backoff. Set `size` to sizeof(redisclient_backoff_ops); the struct is copied.
 */
typedef struct redisclient_backoff_ops {
  /**
   * sizeof(redisclient_backoff_ops).
   */
  size_t size;
  /**
   * Answers how many milliseconds to pause before a command is tried again; below 0 gives up.
   *
   * `failures` is how often the command has failed, 1 before its second try; `previous_ms` is the
   * pause before, 0 at first. It runs on the thread of the call, for what was submitted to a queue
   * on one of ours, and may run on several at once. It may use the client, but free no queue: that
   * would wait for it. It returns: a C++ exception that leaves it ends the process with a message,
   * a longjmp out of it leaves the client working, but what the call held is never freed.
   */
  int64_t (*pause)(void *data, uint32_t failures, int64_t previous_ms);
  /**
   * Ends `data`; NULL when there is nothing to end.
   */
  redisclient_destroy_fn destroy;
} redisclient_backoff_ops;

/**
 * What became of a tagged command: its reply or its error, the other is NULL. Frozen.
 *
 * Both are yours: free them with `redisclient_reply_free` and `redisclient_error_free`.
 */
typedef struct redisclient_completion {
  /**
   * As submitted.
   */
  uint64_t tag;
  /**
   * The reply, or NULL.
   */
  struct redisclient_reply *reply;
  /**
   * Why there is none, or NULL.
   */
  struct redisclient_error *error;
} redisclient_completion;

/**
 * Statistics of a client. Initialise with REDISCLIENT_STATS_INIT.
 *
 * All count from open on, in this process, but for those that say now. `size` comes first: a
 * smaller size gets the fields that fit, a larger one zeroes behind those that are known.
 */
typedef struct redisclient_stats {
  /**
   * sizeof(redisclient_stats).
   */
  size_t size;
  /**
   * Connections made and greeted.
   */
  uint64_t connections_opened;
  /**
   * Attempts to make one that failed.
   */
  uint64_t connect_failures;
  /**
   * Connections closed, for whatever reason.
   */
  uint64_t connections_closed;
  /**
   * Closed because they failed, or owed a reply when their call ended.
   */
  uint64_t closed_broken;
  /**
   * Closed because they were not used for pool.max_idle_ms.
   */
  uint64_t closed_idle;
  /**
   * Closed because they were made more than pool.max_age_ms ago.
   */
  uint64_t closed_aged;
  /**
   * Closed because pool.max was lowered.
   */
  uint64_t closed_trimmed;
  /**
   * Found closed by the server, or with bytes nobody had asked for, when they were to be used.
   */
  uint64_t closed_dead;
  /**
   * Closed because they did not answer a health check.
   */
  uint64_t closed_health_check;
  /**
   * Closed because their server answered that it is read-only.
   */
  uint64_t closed_stale;
  /**
   * Closed because the client was.
   */
  uint64_t closed_client;
  /**
   * Connections that are idle now.
   */
  uint64_t idle;
  /**
   * Connections that are in use or being made now.
   */
  uint64_t in_use;
  /**
   * Callers who wait for a connection now.
   */
  uint64_t waiters;
  /**
   * Milliseconds for which the connection in use longest has been so now.
   */
  uint64_t longest_use_ms;
  /**
   * pool.max now.
   */
  uint64_t pool_max;
  /**
   * pool.min now.
   */
  uint64_t pool_min;
  /**
   * Times that a connection, or the right to make one, went to a caller.
   */
  uint64_t checkouts;
  /**
   * Callers who had to wait for one.
   */
  uint64_t waits;
  /**
   * Milliseconds that they waited, taken together.
   */
  uint64_t wait_ms;
  /**
   * Callers who got none in time, those that do not wait (pool.wait_ms=0) included.
   */
  uint64_t wait_timeouts;
  /**
   * Commands and pipelines that were begun, whatever became of them.
   */
  uint64_t calls;
  /**
   * Commands in them: each one of a pipeline counts.
   */
  uint64_t commands;
  /**
   * Attempts after the first.
   */
  uint64_t retries;
  /**
   * Calls that failed.
   */
  uint64_t failures;
  /**
   * Calls that failed with ETIMEOUT.
   */
  uint64_t timeouts;
  /**
   * Calls that failed with 1xx.
   */
  uint64_t errors_caller;
  /**
   * Calls that failed with 2xx: connection, TLS.
   */
  uint64_t errors_connection;
  /**
   * Calls that failed with 3xx: time, capacity.
   */
  uint64_t errors_capacity;
  /**
   * Calls that failed with 4xx: protocol, limits.
   */
  uint64_t errors_protocol;
  /**
   * Calls that failed with 5xx: the server said no.
   */
  uint64_t errors_server;
  /**
   * Calls that failed with 6xx: topology.
   */
  uint64_t errors_topology;
  /**
   * Calls that failed with 9xx: memory, or a mistake of the library.
   */
  uint64_t errors_internal;
  /**
   * The circuit breaker now: 0 closed, 1 open, 2 half-open.
   */
  uint64_t circuit_state;
  /**
   * Times that it opened.
   */
  uint64_t circuit_opened;
  /**
   * Attempts that it refused.
   */
  uint64_t circuit_refused;
} redisclient_stats;

/**
 * Called with what became of a command: one of reply and error is NULL.
 *
 * Both are borrowed for the call; `redisclient_reply_keep` keeps a reply. It runs inside
 * `redisclient_queue_dispatch`, on the thread that called it, and returns: a C++ exception that leaves
 * it ends the process with a message, a longjmp out of it leaves the queue unusable.
 */
typedef void (*redisclient_reply_fn)(void *data,
                                     const struct redisclient_reply *reply,
                                     const struct redisclient_error *error);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes an empty list of arguments; NULL without memory.
 *
 * For callers that cannot write an array: add the command's name and then its arguments, and hand
 * the list to `redisclient_command_built` or `redisclient_pipeline_add_built`, as often as wanted:
 * using it does not empty it. Adding cannot fail: the first mistake is kept until
 * `redisclient_arguments_clear`, nothing is added after it, and whoever uses the list reports it and
 * sends nothing. One thread at a time, else EBUSY is such a mistake. Free with
 * `redisclient_arguments_free`.
 */
REDISCLIENT_API struct redisclient_arguments *redisclient_arguments_new(void);

/**
 * Adds a NUL-terminated text, copied. A NULL text is a mistake, EINVAL.
 */
REDISCLIENT_API
void redisclient_arguments_add_text(struct redisclient_arguments *arguments,
                                    const char *value);

/**
 * Adds `length` bytes, copied. NULL with length 0 is an empty argument, with another length a
 * mistake, EINVAL, as is a length above PTRDIFF_MAX.
 */
REDISCLIENT_API
void redisclient_arguments_add_bytes(struct redisclient_arguments *arguments,
                                     const char *value,
                                     size_t length);

/**
 * Adds an integer in decimal: "-7".
 */
REDISCLIENT_API void redisclient_arguments_add_int64(struct redisclient_arguments *arguments, int64_t value);

/**
 * Adds a double as the shortest text that reads back as the same double.
 *
 * It looks as Python writes it, whatever the locale: "0.1", "1.0", "-0.0", "1e+16", "1e-07",
 * "inf", "-inf", "nan".
 */
REDISCLIENT_API void redisclient_arguments_add_double(struct redisclient_arguments *arguments, double value);

/**
 * Forgets all arguments and the first mistake, and keeps the memory for the next command.
 */
REDISCLIENT_API void redisclient_arguments_clear(struct redisclient_arguments *arguments);

/**
 * How many arguments were added, the command's name included; 0 for NULL, or while another thread
 * uses the list.
 */
REDISCLIENT_API size_t redisclient_arguments_count(const struct redisclient_arguments *arguments);

/**
 * The arguments as every function with `_packed` in its name takes them: end to end, with lengths.
 *
 * `*bytes` and `*lengths` belong to the list and hold until it is next changed. An empty list is
 * OK, with `*argc` 0. EINVAL: NULL. The first mistake: its code. EBUSY: another thread.
 * EPANIC.
 */
REDISCLIENT_API
redisclient_status redisclient_arguments_packed(const struct redisclient_arguments *arguments,
                                                size_t *argc,
                                                const char **bytes,
                                                const size_t **lengths,
                                                struct redisclient_error **error);

/**
 * `redisclient_command_call` with the arguments of a list, which stay in it.
 *
 * A NULL call is all defaults. EINVAL: NULL, no arguments, an empty name, or a mistake in an added
 * argument; ENOMEM, EBUSY: when adding; nothing was sent. Otherwise as `redisclient_command_call`.
 */
REDISCLIENT_API
redisclient_status redisclient_command_built(struct redisclient *client,
                                             const struct redisclient_call *call,
                                             const struct redisclient_arguments *arguments,
                                             struct redisclient_reply **out,
                                             struct redisclient_error **error);

/**
 * `redisclient_pipeline_add` with the arguments of a list, copied.
 *
 * What is wrong with the list is reported by run, which then sends nothing.
 */
REDISCLIENT_API
void redisclient_pipeline_add_built(struct redisclient_pipeline *pipeline,
                                    const struct redisclient_arguments *arguments);

/**
 * Frees a list; NULL is fine. Keeps errno.
 */
REDISCLIENT_API void redisclient_arguments_free(struct redisclient_arguments *arguments);

/**
 * Sets a function that says how long to pause before another try, in place of a formula.
 *
 * It takes the place of the option retry.backoff, and the later of the two counts; retry.base_ms
 * and retry.cap_ms do not apply to it. It is asked only where another try is allowed, so at most
 * retry.count times in one command, and a pause beyond the deadline gives up as well. The error
 * is then that of the last attempt. No lock is held while it runs: it may use the client, but not
 * the pipeline whose run it is part of (EBUSY), and free no queue: that would wait for it.
 * `ops` is copied; it and the other pointers are borrowed for the call. `data` is handed to the
 * functions as it is. destroy runs exactly once if the call answered OK: when the options, which
 * may have got another function or formula since, and every client opened from them have let go,
 * on the thread that let go last; a call that is not OK took nothing.
 * EINVAL: NULL options or ops, ops without pause, a size that is not valid, or more in them than
 * this version knows. EPANIC. Any thread.
 */
REDISCLIENT_API
redisclient_status redisclient_options_backoff(struct redisclient_options *options,
                                               const struct redisclient_backoff_ops *ops,
                                               void *data,
                                               struct redisclient_error **error);

/**
 * Makes a cancel: fired from any thread it ends the calls it was given to, at once and for good.
 *
 * It serves many calls and stays fired: a later call with it ends with ECANCELLED. NULL without
 * memory. Free with `redisclient_cancel_free`.
 */
REDISCLIENT_API struct redisclient_cancel *redisclient_cancel_new(void);

/**
 * Fires it. Any thread, any number of times; NULL is ignored. Calls with it end with ECANCELLED.
 *
 * It takes a lock, so it is not for signal handlers.
 */
REDISCLIENT_API void redisclient_cancel_fire(struct redisclient_cancel *cancel);

/**
 * Frees it; NULL is fine. Calls that have it keep it until they end. Keeps errno.
 */
REDISCLIENT_API void redisclient_cancel_free(struct redisclient_cancel *cancel);

/**
 * Opens a client: one handle for any thread, with pooled connections behind it.
 *
 * The URL says where: `redis://[[user]:password@]host[:port][/db][?option=value&...]` or
 * `unix://[[user]:password@]/path[?db=n&...]`; `rediss://` is the first over TLS (`valkey://` and
 * `valkeys://` too). Options may be NULL; they are copied, and the URL wins over them. Unless
 * `lazy=yes`, one connection, or `pool.min` of them, are made and greeted within
 * connect_timeout_ms + timeout_ms, without retries.
 * `*out` is yours: free it with `redisclient_free`.
 * EINVAL: NULL, or a malformed URL. EOPTION: a key, value or scheme that is wrong or not supported
 * in this version, or a certificate or key that cannot be used. ERESOLVE, ECONNECT, EDISCONNECTED,
 * ETLS, ECERTIFICATE, ETIMEOUT, EAUTH, ENOPERM, ELOADING, EMAXCLIENTS, EPROTOCOL, ELIMIT, ESERVER:
 * the connection. ENOMEM, EPANIC.
 */
REDISCLIENT_API
redisclient_status redisclient_open(const char *url,
                                    const struct redisclient_options *options,
                                    struct redisclient **out,
                                    struct redisclient_error **error);

/**
 * Changes an option of an open client. Any thread.
 *
 * For the options that OPTIONS.md calls live: all of `pool.` and `retry.`, `timeout_ms`,
 * `connect_timeout_ms` and `health_check_ms`, with the values that redisclient_options_set takes.
 * It counts for calls that begin afterwards, on connections old and new; a call under way may
 * take it up at its next attempt. A raised pool.max serves callers who wait; a lowered one closes
 * idle connections at once and others when they come back. A raised pool.min makes none. A child
 * that is forked later starts with what was set; what it sets is its own.
 * EINVAL: NULL. EOPTION, and nothing changed: an unknown name, a wrong value, an option that is
 * fixed when the client is opened, or a pool.min above pool.max. ECLOSED. EPANIC.
 */
REDISCLIENT_API
redisclient_status redisclient_set(struct redisclient *client,
                                   const char *name,
                                   const char *value,
                                   struct redisclient_error **error);

/**
 * Closes the client: calls in flight and later ones end with ECLOSED. Returns at once.
 *
 * Any thread, any number of times; NULL is ignored. The handle still has to be freed.
 */
REDISCLIENT_API void redisclient_close(struct redisclient *client);

/**
 * Closes the client and gives up the handle: calls inside end with ECLOSED, none may start after.
 * Waits until the threads that its queues started have ended, unless it is called on one of them.
 *
 * NULL is fine. Pipelines and queues made from it stay valid to free. Keeps errno.
 */
REDISCLIENT_API void redisclient_free(struct redisclient *client);

/**
 * Sends a command and waits for its reply. Any thread.
 *
 * `argv` holds `argc` arguments of `lengths` bytes each, or NUL-terminated ones when `lengths` is
 * NULL; they are borrowed for the call. A NULL `out` means that the reply is not wanted;
 * otherwise `*out` is yours, to be freed with `redisclient_reply_free`. An error reply makes the
 * call fail. It is tried again as the retry options say, never when it might run twice.
 * EINVAL, ESTATE: nothing was sent. ECLOSED, 2xx, 3xx, 4xx: see the error's outcome. 5xx, 6xx: the
 * server said no. ENOMEM, EPANIC.
 */
REDISCLIENT_API
redisclient_status redisclient_command(struct redisclient *client,
                                       size_t argc,
                                       const char *const *argv,
                                       const size_t *lengths,
                                       struct redisclient_reply **out,
                                       struct redisclient_error **error);

/**
 * `redisclient_command` with options for this call: deadline, cancel, flags.
 *
 * A NULL call is all defaults. Also EINVAL for a call struct that is not understood, ECANCELLED
 * when its cancel is fired.
 */
REDISCLIENT_API
redisclient_status redisclient_command_call(struct redisclient *client,
                                            const struct redisclient_call *call,
                                            size_t argc,
                                            const char *const *argv,
                                            const size_t *lengths,
                                            struct redisclient_reply **out,
                                            struct redisclient_error **error);

/**
 * `redisclient_command_call` with the arguments end to end in one buffer.
 *
 * `bytes` holds exactly the sum of `lengths`, which is required.
 */
REDISCLIENT_API
redisclient_status redisclient_command_packed(struct redisclient *client,
                                              const struct redisclient_call *call,
                                              size_t argc,
                                              const char *bytes,
                                              const size_t *lengths,
                                              struct redisclient_reply **out,
                                              struct redisclient_error **error);

/**
 * Opens one connection to one server; nothing is pooled, retried or hidden.
 *
 * URL and options as in `redisclient_open`; with `handshake=no` it is bare, nothing is sent.
 * Cluster and sentinel URLs are EINVAL. Otherwise the status codes of `redisclient_open`.
 * `*out` is yours: free it with `redisclient_connection_free`.
 */
REDISCLIENT_API
redisclient_status redisclient_connection_open(const char *url,
                                               const struct redisclient_options *options,
                                               struct redisclient_connection **out,
                                               struct redisclient_error **error);

/**
 * Takes over a connected stream socket, greets the server as the options say (handshake=no: nothing
 * is sent), and makes a connection of it.
 *
 * For sockets that came from elsewhere: accepted, handed over by another process, one of a pair. The
 * options may be NULL; those of addresses, TLS and pools have no use here: bytes go in clear. After
 * OK the descriptor is the library's: blocking, close-on-exec, closed by
 * `redisclient_connection_free`. After any other status it is still yours, open and as it was, though
 * a failed greeting may have sent or read some bytes. `*out` is yours.
 * EINVAL: NULL, or a descriptor that is not open, no stream socket, or not connected. The greeting:
 * EDISCONNECTED, ETIMEOUT (connect_timeout_ms), EAUTH, ENOPERM, ELOADING, EMAXCLIENTS, EPROTOCOL,
 * ELIMIT, ESERVER. ENOMEM, EPANIC.
 */
REDISCLIENT_API
redisclient_status redisclient_connection_adopt(intptr_t fd,
                                                const struct redisclient_options *options,
                                                struct redisclient_connection **out,
                                                struct redisclient_error **error);

/**
 * Buffers a command; arguments as in `redisclient_command`, copied. Nothing is sent before flush.
 *
 * EINVAL: the arguments. EBUSY: another thread sends. EFORKED: in a forked child. ENOMEM, EPANIC.
 */
REDISCLIENT_API
redisclient_status redisclient_connection_send(struct redisclient_connection *connection,
                                               size_t argc,
                                               const char *const *argv,
                                               const size_t *lengths,
                                               struct redisclient_error **error);

/**
 * Buffers bytes as they are, copied; status codes as `redisclient_connection_send`.
 */
REDISCLIENT_API
redisclient_status redisclient_connection_send_raw(struct redisclient_connection *connection,
                                                   const char *bytes,
                                                   size_t length,
                                                   struct redisclient_error **error);

/**
 * Writes what is buffered, waiting at most `timeout_ms` (-1 for ever, 0 not at all).
 *
 * ETIMEOUT keeps the rest for the next flush. EDISCONNECTED, ETLS: the connection is lost. EINVAL:
 * NULL, or a time below -1. EBUSY, EFORKED, EPANIC as `redisclient_connection_send`.
 */
REDISCLIENT_API
redisclient_status redisclient_connection_flush(struct redisclient_connection *connection,
                                                int timeout_ms,
                                                struct redisclient_error **error);

/**
 * The next reply or push in wire order, waiting at most `timeout_ms` (-1 for ever, 0 not at all).
 *
 * Error replies come as kind ERROR. `*out` is yours. ETIMEOUT keeps the connection and a half-read
 * reply. EDISCONNECTED: the peer closed, or shutdown was called. ETLS: the peer refused, or sent a
 * broken record. EPROTOCOL, ELIMIT: final. EINVAL: NULL, or a time below -1. EBUSY: another thread
 * receives. EFORKED: in a forked child. ENOMEM, EPANIC.
 */
REDISCLIENT_API
redisclient_status redisclient_connection_receive(struct redisclient_connection *connection,
                                                  int timeout_ms,
                                                  struct redisclient_reply **out,
                                                  struct redisclient_error **error);

/**
 * 1 when something is there to be received (half a reply too), 0 when not, -1 when the peer closed.
 *
 * Waits at most `timeout_ms`. Sees bytes that are buffered above the socket. -1 also for NULL, a
 * time below -1, and in a forked child; 0 while another thread receives.
 */
REDISCLIENT_API
int redisclient_connection_readable(struct redisclient_connection *connection,
                                    int timeout_ms);

/**
 * Ends both directions and wakes a blocked receive, which answers EDISCONNECTED. Any thread.
 */
REDISCLIENT_API void redisclient_connection_shutdown(struct redisclient_connection *connection);

/**
 * The socket's descriptor, to wait on; it stays the library's. -1 for NULL and in a forked child.
 *
 * Bytes may be buffered above it: see `redisclient_connection_readable`.
 */
REDISCLIENT_API intptr_t redisclient_connection_fd(const struct redisclient_connection *connection);

/**
 * The server's answer to HELLO; NULL when there was none, and in a forked child. It belongs to the
 * connection.
 */
REDISCLIENT_API
const struct redisclient_reply *redisclient_connection_hello(const struct redisclient_connection *connection);

/**
 * Closes and frees a connection; NULL is fine. Nothing is sent. Keeps errno.
 */
REDISCLIENT_API void redisclient_connection_free(struct redisclient_connection *connection);

/**
 * The status the call answered; 0 for NULL. Any thread.
 */
REDISCLIENT_API redisclient_status redisclient_error_code(const struct redisclient_error *error);

/**
 * What failed, where, in which phase, after how many attempts, and what to do.
 *
 * One line for people; never NULL, "" for NULL. The text belongs to the error. No secret is in it.
 */
REDISCLIENT_API const char *redisclient_error_message(const struct redisclient_error *error);

/**
 * First word of the server's error line ("WRONGTYPE"); "" when no server spoke, or for NULL.
 *
 * The text belongs to the error.
 */
REDISCLIENT_API const char *redisclient_error_server_code(const struct redisclient_error *error);

/**
 * "host:port" or socket path of the server involved; "" when none was, or for NULL.
 *
 * The text belongs to the error.
 */
REDISCLIENT_API const char *redisclient_error_node(const struct redisclient_error *error);

/**
 * What became of the command: one of the REDISCLIENT_OUTCOME numbers; 0 for NULL.
 */
REDISCLIENT_API int redisclient_error_outcome(const struct redisclient_error *error);

/**
 * 1 when trying later may help, otherwise 0. Read it together with the outcome.
 */
REDISCLIENT_API int redisclient_error_retryable(const struct redisclient_error *error);

/**
 * How often the command was tried; 0 when it never came to that, or for NULL.
 */
REDISCLIENT_API int redisclient_error_attempts(const struct redisclient_error *error);

/**
 * errno of the failed system call, or 0.
 */
REDISCLIENT_API int redisclient_error_os_error(const struct redisclient_error *error);

/**
 * Frees an error object; NULL is fine. Keeps errno.
 */
REDISCLIENT_API void redisclient_error_free(struct redisclient_error *error);

/**
 * What it is: one of the REDISCLIENT_EVENT numbers; -1 for NULL. Kinds that you do not know are to be
 * ignored.
 */
REDISCLIENT_API int redisclient_event_kind(const struct redisclient_event *event);

/**
 * The tag of a REPLY as submitted; otherwise 0.
 */
REDISCLIENT_API uint64_t redisclient_event_tag(const struct redisclient_event *event);

/**
 * The reply of a REPLY; NULL when there is none: then there is an error. It belongs to the event.
 */
REDISCLIENT_API
const struct redisclient_reply *redisclient_event_reply(const struct redisclient_event *event);

/**
 * Why a REPLY has no reply; otherwise NULL. It belongs to the event.
 */
REDISCLIENT_API
const struct redisclient_error *redisclient_event_error(const struct redisclient_event *event);

/**
 * The channel of a message; "" when there is none. `length` may be NULL.
 */
REDISCLIENT_API const char *redisclient_event_channel(const struct redisclient_event *event, size_t *length);

/**
 * The pattern that a message matched; "" when there is none. `length` may be NULL.
 */
REDISCLIENT_API const char *redisclient_event_pattern(const struct redisclient_event *event, size_t *length);

/**
 * What there is to say: JSON of CONNECTION and POOL, a text of GAP; "" when there is nothing. A NUL
 * follows. `length` may be NULL.
 */
REDISCLIENT_API const char *redisclient_event_payload(const struct redisclient_event *event, size_t *length);

/**
 * Frees an event with its reply and its error; NULL is fine. Keeps errno.
 */
REDISCLIENT_API void redisclient_event_free(struct redisclient_event *event);

/**
 * How many options there are, those included that this version does not support.
 *
 * They are counted from 0; their order may differ between versions. The texts are static: never
 * freed, valid for ever. Any thread, for this and the functions below.
 */
REDISCLIENT_API size_t redisclient_option_count(void);

/**
 * The name of an option, as `redisclient_options_set` and a URL's query take it; NULL past the end.
 */
REDISCLIENT_API const char *redisclient_option_name(size_t index);

/**
 * What an option is when it is not set, as it would be written; "" for none, NULL past the end.
 */
REDISCLIENT_API const char *redisclient_option_default(size_t index);

/**
 * What an option takes, to follow the words "it takes"; "" when it is not supported, NULL past the
 * end.
 */
REDISCLIENT_API const char *redisclient_option_accepted(size_t index);

/**
 * What an option does, in a sentence without its full stop; NULL past the end.
 */
REDISCLIENT_API const char *redisclient_option_doc(size_t index);

/**
 * REDISCLIENT_OPTION_SECRET, REDISCLIENT_OPTION_SUPPORTED, both or neither; 0 past the end. Ignore
 * bits that you do not know.
 */
REDISCLIENT_API uint32_t redisclient_option_flags(size_t index);

/**
 * Makes an empty set of options: all defaults. NULL without memory. Free with `redisclient_options_free`.
 */
REDISCLIENT_API struct redisclient_options *redisclient_options_new(void);

/**
 * Sets an option to a NUL-terminated value; a later value replaces an earlier one.
 *
 * Names and values are those of OPTIONS.md, and the same as in a URL's query, which wins over
 * options. Both are borrowed for the call. EINVAL: NULL. EOPTION: unknown name, wrong value, or
 * not supported in this version; the text names the accepted form. EPANIC.
 */
REDISCLIENT_API
redisclient_status redisclient_options_set(struct redisclient_options *options,
                                           const char *name,
                                           const char *value,
                                           struct redisclient_error **error);

/**
 * Sets an option to a value of any bytes, such as a password.
 *
 * As `redisclient_options_set`; a NULL value with length 0 is empty, with another length EINVAL.
 */
REDISCLIENT_API
redisclient_status redisclient_options_set_bytes(struct redisclient_options *options,
                                                 const char *name,
                                                 const char *value,
                                                 size_t length,
                                                 struct redisclient_error **error);

/**
 * Frees options; NULL is fine. What was opened with them is not affected. Keeps errno.
 */
REDISCLIENT_API void redisclient_options_free(struct redisclient_options *options);

/**
 * Makes an empty pipeline on a client; NULL for NULL or without memory.
 *
 * Free it with `redisclient_pipeline_free`, before or after the client. One thread at a time.
 */
REDISCLIENT_API struct redisclient_pipeline *redisclient_pipeline_new(struct redisclient *client);

/**
 * Adds a command; arguments as in `redisclient_command`, copied.
 *
 * It cannot fail here: a mistake is kept and reported by run, which then sends nothing.
 */
REDISCLIENT_API
void redisclient_pipeline_add(struct redisclient_pipeline *pipeline,
                              size_t argc,
                              const char *const *argv,
                              const size_t *lengths);

/**
 * `redisclient_pipeline_add` with the arguments end to end in one buffer.
 */
REDISCLIENT_API
void redisclient_pipeline_add_packed(struct redisclient_pipeline *pipeline,
                                     size_t argc,
                                     const char *bytes,
                                     const size_t *lengths);

/**
 * Says whether the pipeline runs between MULTI and EXEC; 0 (not) by default.
 */
REDISCLIENT_API void redisclient_pipeline_atomic(struct redisclient_pipeline *pipeline, int yes);

/**
 * Sends everything, waits for the replies and empties the pipeline.
 *
 * `*out`: an ARRAY with one item per command; server errors are items of kind ERROR. Atomic: the
 * items of EXEC; NIL when EXEC was refused because of a watched key. An empty pipeline answers an
 * ARRAY of 0 and sends nothing.
 * When replies are missing and bytes went out, the status says why and `*out` is written all the
 * same: answered items stay, the others are ERROR with the flag IS_LOCAL and a text that begins
 * with UNKNOWN or NOT_SENT. It is sent again as a whole only if nothing was sent or all commands
 * are read-only. `out` may be NULL; `*out` is yours.
 * EINVAL, ESTATE: a mistake in an added command; nothing was sent. EBUSY: another thread.
 * EEXECABORT: the transaction was refused; the text has the first reason. Otherwise as
 * `redisclient_command`.
 */
REDISCLIENT_API
redisclient_status redisclient_pipeline_run(struct redisclient_pipeline *pipeline,
                                            struct redisclient_reply **out,
                                            struct redisclient_error **error);

/**
 * `redisclient_pipeline_run` with options for this call.
 */
REDISCLIENT_API
redisclient_status redisclient_pipeline_run_call(struct redisclient_pipeline *pipeline,
                                                 const struct redisclient_call *call,
                                                 struct redisclient_reply **out,
                                                 struct redisclient_error **error);

/**
 * Frees a pipeline; NULL is fine. What was added and not run is forgotten. Keeps errno.
 */
REDISCLIENT_API void redisclient_pipeline_free(struct redisclient_pipeline *pipeline);

/**
 * Makes a queue on a client; NULL for NULL or without memory.
 *
 * Free it with `redisclient_queue_free`, before or after the client. Commands go over the client's
 * shared connections (shared.links), in either mode; those that may block, or are not known, have a
 * connection of the pool and a thread each. No thread is started before the first submit.
 */
REDISCLIENT_API struct redisclient_queue *redisclient_queue_new(struct redisclient *client);

/**
 * A descriptor that is readable exactly while anything waits to be taken; -1 when none could be had
 * (submit then answers ENOMEM), for NULL, and in a forked child.
 *
 * For poll, epoll, kqueue, libuv and their like; watch it for reading, never read it, leave closing it
 * to the library. However many commands end, it becomes readable once, until what waits was taken.
 * Any thread; the same number each time.
 */
REDISCLIENT_API intptr_t redisclient_queue_fd(const struct redisclient_queue *queue);

/**
 * Runs the callbacks of commands that have ended, on this thread; answers how many, or minus a status.
 *
 * It waits up to timeout_ms for the first and then runs those that wait; those that end meanwhile are
 * for the next dispatch. What has no callback is left to `redisclient_queue_next` and
 * `redisclient_queue_drain`: a program that uses both serves both at each wake-up. A callback may use
 * the client and submit; it may free the queue.
 * EINVAL: NULL, or a timeout below -1. EBUSY: another thread consumes. EREENTRANT: called from a
 * callback of this queue. EFORKED. ECLOSED: the client is closed and nothing is under way. EPANIC.
 */
REDISCLIENT_API int redisclient_queue_dispatch(struct redisclient_queue *queue, int timeout_ms);

/**
 * The next of everything that has no callback: replies to tagged commands, and events of the client.
 *
 * It waits up to timeout_ms. The event is yours: free it with `redisclient_event_free`. NULL at the
 * timeout, at once after CLOSED, for NULL, a timeout below -1, while another thread consumes, from
 * within a callback of this queue, and in a forked child.
 */
REDISCLIENT_API
struct redisclient_event *redisclient_queue_next(struct redisclient_queue *queue,
                                                 int timeout_ms);

/**
 * Replies to tagged commands in bulk; answers how many of `out` were filled, or minus a status.
 *
 * It waits up to timeout_ms for the first and then takes what is there, at most `capacity`. Replies
 * and errors are yours. One call serves a wake-up, whatever the number of commands. Events are passed
 * over; `redisclient_queue_next` has them.
 * EINVAL: NULL, or a timeout below -1. EBUSY: another thread consumes. EREENTRANT: called from a
 * callback of this queue. EFORKED. ECLOSED: the client is closed and all was taken. EPANIC.
 */
REDISCLIENT_API
int redisclient_queue_drain(struct redisclient_queue *queue,
                            struct redisclient_completion *out,
                            size_t capacity,
                            int timeout_ms);

/**
 * Chooses which events of the client are delivered here: the sum of 1 << kind; only CLOSED before.
 *
 * CONNECTION: one was opened or closed. POOL: one was given back. Their payload is JSON: event, number
 * of the connection, node, and of one that was closed the reason. Events that nobody takes are kept up
 * to 1024, then a GAP says that some are missing. Kinds of other sources may be named and bring
 * nothing. Replies come whatever is chosen. Any thread.
 * EINVAL: NULL, or bits that are no kind. EFORKED. EPANIC.
 */
REDISCLIENT_API redisclient_status redisclient_queue_listen(struct redisclient_queue *queue, uint32_t kinds);

/**
 * Frees a queue; NULL is fine. Keeps errno.
 *
 * What is under way is given up, what was not written yet is not sent. No callback runs any more, and
 * each destroy has run once before this returns, on this thread; that of a callback which itself frees
 * the queue runs when it returns. In a forked child it only closes descriptors.
 */
REDISCLIENT_API void redisclient_queue_free(struct redisclient_queue *queue);

/**
 * Makes a reader; its limits are those of the options, or the defaults when they are NULL.
 *
 * NULL without memory. Free with `redisclient_reader_free`. One thread at a time.
 */
REDISCLIENT_API struct redisclient_reader *redisclient_reader_new(const struct redisclient_options *options);

/**
 * Copies bytes in. EINVAL: NULL. EBUSY: another thread. ENOMEM, EPANIC. After an error: that error's
 * code.
 */
REDISCLIENT_API
redisclient_status redisclient_reader_feed(struct redisclient_reader *reader,
                                           const char *bytes,
                                           size_t length);

/**
 * Room for at least `least` bytes to read into in place; `*room` is how many fit.
 *
 * Say with `redisclient_reader_commit` how many were read. The room is the reader's, valid until
 * its next call. NULL, and `*room` 0, without memory, after an error, for NULL, or while another
 * thread uses the reader.
 */
REDISCLIENT_API char *redisclient_reader_space(struct redisclient_reader *reader, size_t least, size_t *room);

/**
 * Says how many bytes were read into the last space. EINVAL: more than its room, or NULL. EBUSY,
 * EPANIC.
 */
REDISCLIENT_API redisclient_status redisclient_reader_commit(struct redisclient_reader *reader, size_t used);

/**
 * The next whole reply or push; OK with `*out` NULL: more bytes are needed.
 *
 * Error replies come as kind ERROR. `*out` is yours. EPROTOCOL, ELIMIT, ENOMEM: the reader is
 * unusable from now on and answers the same again. EINVAL: NULL. EBUSY: another thread. EPANIC.
 */
REDISCLIENT_API
redisclient_status redisclient_reader_next(struct redisclient_reader *reader,
                                           struct redisclient_reply **out,
                                           struct redisclient_error **error);

/**
 * Frees a reader; NULL is fine. Replies it gave stay. Keeps errno.
 */
REDISCLIENT_API void redisclient_reader_free(struct redisclient_reader *reader);

/**
 * Encodes a command as RESP; answers the size it needs, as snprintf does.
 *
 * At most `capacity` bytes are written; a NULL buffer only asks for the size. Arguments as in
 * `redisclient_command`. 0 for argc 0, or arguments that are not valid. Any thread.
 */
REDISCLIENT_API
size_t redisclient_encode(size_t argc,
                          const char *const *argv,
                          const size_t *lengths,
                          char *buffer,
                          size_t capacity);

/**
 * What a node is: one of the REDISCLIENT_REPLY kinds; -1 for NULL. Any thread.
 */
REDISCLIENT_API int redisclient_reply_kind(const struct redisclient_reply *reply);

/**
 * The text of a STATUS, ERROR, STRING, BIG_NUMBER or VERBATIM; "" with length 0 for all else.
 *
 * Never NULL; a NUL follows the last byte. No conversion is made. `length` may be NULL. The text
 * belongs to the reply. Any thread.
 */
REDISCLIENT_API const char *redisclient_reply_text(const struct redisclient_reply *reply, size_t *length);

/**
 * The value of an INTEGER, or of a BOOLEAN as 0 or 1; 0 for all else. Any thread.
 */
REDISCLIENT_API int64_t redisclient_reply_integer(const struct redisclient_reply *reply);

/**
 * The value of a DOUBLE; 0 for all else. Any thread.
 */
REDISCLIENT_API double redisclient_reply_number(const struct redisclient_reply *reply);

/**
 * How many items an ARRAY, MAP (keys and values), SET or PUSH has; 0 for all else. Any thread.
 */
REDISCLIENT_API size_t redisclient_reply_count(const struct redisclient_reply *reply);

/**
 * An item, counted from 0; NULL beyond the last, or for kinds without items.
 *
 * It belongs to the reply. Any thread.
 */
REDISCLIENT_API
const struct redisclient_reply *redisclient_reply_at(const struct redisclient_reply *reply,
                                                     size_t index);

/**
 * The format of a VERBATIM, such as "txt" or "mkd"; "" for all else. It belongs to the reply.
 */
REDISCLIENT_API const char *redisclient_reply_format(const struct redisclient_reply *reply);

/**
 * The attributes the server sent before a node, as a MAP; NULL when there are none.
 *
 * `root` is the reply that `node` is part of. The MAP belongs to the reply. Any thread.
 */
REDISCLIENT_API
const struct redisclient_reply *redisclient_reply_attributes(const struct redisclient_reply *root,
                                                             const struct redisclient_reply *node);

/**
 * Adds an owner, without a copy: free once more. NULL, and NULL for a node that is no root. Any thread.
 */
REDISCLIENT_API struct redisclient_reply *redisclient_reply_keep(const struct redisclient_reply *root);

/**
 * Gives one owner of a reply up; NULL is fine. Keeps errno. Any thread.
 *
 * Of a node that is no root it does nothing (debug builds abort: it is a mistake).
 */
REDISCLIENT_API void redisclient_reply_free(struct redisclient_reply *root);

/**
 * Frees `count` replies, as `redisclient_reply_free` each. A NULL array is fine.
 */
REDISCLIENT_API void redisclient_replies_free(struct redisclient_reply *const *replies, size_t count);

/**
 * Parses one reply from bytes, with the default limits; no connection is involved.
 *
 * `*used` is how many bytes it took. OK with `*used` 0 and `*out` NULL: it is not complete yet. A
 * top-level error reply is OK with kind ERROR. `*out` is yours. EINVAL: NULL. EPROTOCOL: not
 * RESP, an integer beyond 64 bits, or a push inside a reply (a reader gives both). ELIMIT: above a
 * limit. ENOMEM, EPANIC.
 */
REDISCLIENT_API
redisclient_status redisclient_reply_parse(const char *bytes,
                                           size_t length,
                                           size_t *used,
                                           struct redisclient_reply **out,
                                           struct redisclient_error **error);

/**
 * Writes the client's statistics into a struct that is yours. Any thread; closed clients too.
 *
 * Initialise it with REDISCLIENT_STATS_INIT: its size says how much is written. A smaller size
 * than this version's gets the fields that fit, a larger one zeroes behind them; size itself stays.
 * Numbers that change meanwhile may be of slightly different moments. A forked child has numbers
 * of its own, from 0.
 * EINVAL: NULL, or a size that cannot be. EPANIC.
 */
REDISCLIENT_API
redisclient_status redisclient_stats_get(struct redisclient *client,
                                         struct redisclient_stats *stats,
                                         struct redisclient_error **error);

/**
 * Writes the statistics as a JSON object: version, node, and all fields of redisclient_stats.
 *
 * Answers how long the whole text is without its NUL, as snprintf: with a `capacity` not above
 * that it is cut. It ends with a NUL when `capacity` is not 0. A NULL buffer only asks; the text
 * grows with its numbers, so leave some room. 0 when the client is NULL. Any thread; closed
 * clients too.
 */
REDISCLIENT_API size_t redisclient_stats_json(struct redisclient *client, char *buffer, size_t capacity);

/**
 * Sends a command; what becomes of it is told to a callback by `redisclient_queue_dispatch`.
 *
 * Never waits: EFULL at limits.in_flight or limits.in_flight_bytes, and for a command that may block
 * when pool.max of them are under way; to be tried again when completions were taken. Arguments as in `redisclient_command`, copied; a NULL call is all defaults, its cancel
 * may be freed after this. Commands of one submitting thread are sent in order, and so are they
 * completed, but for those that fail or are tried again; those that may block are on their own.
 * Retries are as in `redisclient_command`.
 * `destroy` may be NULL; it runs exactly once after the callback, or without it when the queue is
 * freed, if this answered OK; a call that is not OK took nothing. Any thread.
 * EINVAL: NULL queue or fn, the arguments or the call. ESTATE, ECLOSED, EFULL. ECANCELLED: the call's
 * cancel was fired before. ECIRCUIT: the breaker is open. ENOMEM: no memory, descriptor or thread. EFORKED, EPANIC.
 */
REDISCLIENT_API
redisclient_status redisclient_submit(struct redisclient_queue *queue,
                                      const struct redisclient_call *call,
                                      size_t argc,
                                      const char *const *argv,
                                      const size_t *lengths,
                                      redisclient_reply_fn function,
                                      void *data,
                                      redisclient_destroy_fn destroy);

/**
 * `redisclient_submit` with a tag instead of a callback: its completion comes out of
 * `redisclient_queue_drain` or `redisclient_queue_next` with the same tag, which may be any number.
 */
REDISCLIENT_API
redisclient_status redisclient_submit_tagged(struct redisclient_queue *queue,
                                             const struct redisclient_call *call,
                                             uint64_t tag,
                                             size_t argc,
                                             const char *const *argv,
                                             const size_t *lengths);

/**
 * `redisclient_submit_tagged` with the arguments end to end in one buffer.
 */
REDISCLIENT_API
redisclient_status redisclient_submit_packed(struct redisclient_queue *queue,
                                             const struct redisclient_call *call,
                                             uint64_t tag,
                                             size_t argc,
                                             const char *bytes,
                                             const size_t *lengths);

/**
 * The version of the library that runs, as text: "major.minor.patch".
 *
 * The text is static: never freed, valid for ever. Any thread.
 */
REDISCLIENT_API const char *redisclient_version(void);

/**
 * The version of the library that runs, as a number: major << 16 | minor << 8 | patch.
 *
 * Compare with `REDISCLIENT_VERSION_NUMBER` of the header a program was built with. Any thread.
 */
REDISCLIENT_API uint32_t redisclient_version_number(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* REDISCLIENT_H */
