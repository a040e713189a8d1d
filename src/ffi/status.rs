//! Status codes and the other numbers of the C API.
//!
//! A code is never reused; `code / 100` is its class, so that programs can sort codes that came
//! after them.

/// What a call came to: `REDISCLIENT_OK` (0), or a code by hundreds. `code / 100` is the class:
/// 1 the caller, 2 connection and TLS, 3 time and capacity, 4 protocol, 5 the server said no,
/// 6 topology, 9 the library itself. New codes keep to these hundreds.
pub type Status = i32;

/// It worked.
pub const REDISCLIENT_OK: i32 = 0;
/// An argument was wrong: NULL, a size, a flag, a time.
pub const REDISCLIENT_EINVAL: i32 = 101;
/// An option or URL was wrong, or is not supported in this version.
pub const REDISCLIENT_EOPTION: i32 = 102;
/// The client was closed.
pub const REDISCLIENT_ECLOSED: i32 = 103;
/// The handle belongs to the parent process.
pub const REDISCLIENT_EFORKED: i32 = 104;
/// Another thread uses this one-thread handle.
pub const REDISCLIENT_EBUSY: i32 = 105;
/// Not allowed inside this callback.
pub const REDISCLIENT_EREENTRANT: i32 = 106;
/// The command would change a connection that others use: use another handle or an option.
pub const REDISCLIENT_ESTATE: i32 = 107;
/// The host name could not be resolved.
pub const REDISCLIENT_ERESOLVE: i32 = 201;
/// No connection could be made.
pub const REDISCLIENT_ECONNECT: i32 = 202;
/// The connection was lost.
pub const REDISCLIENT_EDISCONNECTED: i32 = 203;
/// TLS failed.
pub const REDISCLIENT_ETLS: i32 = 204;
/// The server's certificate was refused.
pub const REDISCLIENT_ECERTIFICATE: i32 = 205;
/// The certificate's status was refused.
pub const REDISCLIENT_EOCSP: i32 = 206;
/// No token could be had.
pub const REDISCLIENT_ETOKEN: i32 = 207;
/// The circuit breaker is open.
pub const REDISCLIENT_ECIRCUIT: i32 = 208;
/// The deadline passed; the text names the phase.
pub const REDISCLIENT_ETIMEOUT: i32 = 301;
/// The call was cancelled.
pub const REDISCLIENT_ECANCELLED: i32 = 302;
/// The pool is exhausted.
pub const REDISCLIENT_EPOOL: i32 = 303;
/// Too much is in flight.
pub const REDISCLIENT_EFULL: i32 = 304;
/// The server's bytes were not RESP, or not what was asked for.
pub const REDISCLIENT_EPROTOCOL: i32 = 401;
/// A reply exceeds a limit.
pub const REDISCLIENT_ELIMIT: i32 = 402;
/// The server answered with an error; see the server code.
pub const REDISCLIENT_ESERVER: i32 = 500;
/// User or password was refused, or is needed.
pub const REDISCLIENT_EAUTH: i32 = 501;
/// The user lacks a permission.
pub const REDISCLIENT_ENOPERM: i32 = 502;
/// The script is not loaded.
pub const REDISCLIENT_ENOSCRIPT: i32 = 503;
/// The server is a read-only replica.
pub const REDISCLIENT_EREADONLY: i32 = 504;
/// The server is loading its data.
pub const REDISCLIENT_ELOADING: i32 = 505;
/// The transaction was refused because of an earlier error in it.
pub const REDISCLIENT_EEXECABORT: i32 = 506;
/// A watched key changed.
pub const REDISCLIENT_EWATCH: i32 = 507;
/// The server is out of memory.
pub const REDISCLIENT_ESERVERMEMORY: i32 = 508;
/// The server has too many clients.
pub const REDISCLIENT_EMAXCLIENTS: i32 = 509;
/// A cluster error, or a redirection from one.
pub const REDISCLIENT_ECLUSTER: i32 = 600;
/// Keys of one command are in different slots.
pub const REDISCLIENT_ECROSSSLOT: i32 = 601;
/// The cluster, or the slot's owner, is not available now.
pub const REDISCLIENT_ECLUSTERDOWN: i32 = 602;
/// No node serves the slot.
pub const REDISCLIENT_ENOSLOT: i32 = 603;
/// There is no such node.
pub const REDISCLIENT_ENONODE: i32 = 604;
/// No primary was found.
pub const REDISCLIENT_ENOPRIMARY: i32 = 605;
/// No replica was found.
pub const REDISCLIENT_ENOREPLICA: i32 = 606;
/// Too many redirections.
pub const REDISCLIENT_EREDIRECTS: i32 = 607;
/// Memory ran out.
pub const REDISCLIENT_ENOMEM: i32 = 901;
/// An internal failure was caught; its connection is closed.
pub const REDISCLIENT_EPANIC: i32 = 902;

/// Outcome: no byte of the command reached the wire.
pub const REDISCLIENT_OUTCOME_NOT_SENT: i32 = 1;
/// Outcome: the server answered no; the command was not executed.
pub const REDISCLIENT_OUTCOME_REFUSED: i32 = 2;
/// Outcome: bytes went out and no answer came; the command may have run.
pub const REDISCLIENT_OUTCOME_UNKNOWN: i32 = 3;

/// Call flag: the command may be sent again though it may have run.
pub const REDISCLIENT_CALL_IDEMPOTENT: u32 = 1;

/// Option flag: its value is a secret, never to be shown.
pub const REDISCLIENT_OPTION_SECRET: u32 = 1;
/// Option flag: it does something in this version; setting another is EOPTION, but that some may be
/// set to their default.
pub const REDISCLIENT_OPTION_SUPPORTED: u32 = 2;

/// Reply kind: null of either protocol.
pub const REDISCLIENT_REPLY_NIL: i32 = 0;
/// Reply kind: simple string, in text.
pub const REDISCLIENT_REPLY_STATUS: i32 = 1;
/// Reply kind: error, in text: the line without the minus.
pub const REDISCLIENT_REPLY_ERROR: i32 = 2;
/// Reply kind: number, in integer.
pub const REDISCLIENT_REPLY_INTEGER: i32 = 3;
/// Reply kind: bulk string, in text.
pub const REDISCLIENT_REPLY_STRING: i32 = 4;
/// Reply kind: items.
pub const REDISCLIENT_REPLY_ARRAY: i32 = 5;
/// Reply kind: number, in number.
pub const REDISCLIENT_REPLY_DOUBLE: i32 = 6;
/// Reply kind: 0 or 1, in integer.
pub const REDISCLIENT_REPLY_BOOLEAN: i32 = 7;
/// Reply kind: digits, in text.
pub const REDISCLIENT_REPLY_BIG_NUMBER: i32 = 8;
/// Reply kind: text without its format, which reply_format gives.
pub const REDISCLIENT_REPLY_VERBATIM: i32 = 9;
/// Reply kind: items: key, value, key ....
pub const REDISCLIENT_REPLY_MAP: i32 = 10;
/// Reply kind: items.
pub const REDISCLIENT_REPLY_SET: i32 = 11;
/// Reply kind: out-of-band message, items.
pub const REDISCLIENT_REPLY_PUSH: i32 = 12;

/// Reply flag: the node has attributes, which reply_attributes gives.
pub const REDISCLIENT_REPLY_HAS_ATTRIBUTES: u32 = 1;
/// Reply flag: the node is a root, to be freed.
pub const REDISCLIENT_REPLY_IS_ROOT: u32 = 2;
/// Reply flag: an ERROR made by the library, not by the server.
pub const REDISCLIENT_REPLY_IS_LOCAL: u32 = 4;

/// Event: a tagged command has ended.
pub const REDISCLIENT_EVENT_REPLY: i32 = 1;
/// Event: a message was published.
pub const REDISCLIENT_EVENT_MESSAGE: i32 = 2;
/// Event: a subscription holds.
pub const REDISCLIENT_EVENT_SUBSCRIBED: i32 = 3;
/// Event: a subscription holds no more.
pub const REDISCLIENT_EVENT_UNSUBSCRIBED: i32 = 4;
/// Event: messages or events may have been lost.
pub const REDISCLIENT_EVENT_GAP: i32 = 5;
/// Event: the client is closed and nothing is under way any more.
pub const REDISCLIENT_EVENT_CLOSED: i32 = 6;
/// Event: a connection was opened or closed.
pub const REDISCLIENT_EVENT_CONNECTION: i32 = 7;
/// Event: a connection was given back to the pool.
pub const REDISCLIENT_EVENT_POOL: i32 = 8;
/// Event: the nodes have changed.
pub const REDISCLIENT_EVENT_TOPOLOGY: i32 = 9;
/// Event: keys in the client's cache have changed.
pub const REDISCLIENT_EVENT_INVALIDATION: i32 = 10;
/// Event: a token was renewed, or could not be.
pub const REDISCLIENT_EVENT_TOKEN: i32 = 11;
/// Event: certificates were reloaded, or could not be.
pub const REDISCLIENT_EVENT_TLS: i32 = 12;
/// Event: the server sent an out-of-band message.
pub const REDISCLIENT_EVENT_PUSH: i32 = 13;
/// Event: a line for the log.
pub const REDISCLIENT_EVENT_LOG: i32 = 14;
