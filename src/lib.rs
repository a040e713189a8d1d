//! A Redis and Valkey client: a blocking core with pooled connections behind a stable C ABI.
//!
//! The modules stand in layers; each uses only what is listed below it.
//! `ffi` is the C API, one file per handle. `client` tells the life of a command, `queue` gives
//! completions to any event loop.
//! `pool` holds connections for one caller at a time, `shared` for many, `connection` is one of them, `retry` decides what follows a failure,
//! `events` tells listeners what happened and `command` knows what a command is. `net` reaches a server, `resp` turns bytes into values
//! and back, `sys` wraps the few system calls that std lacks.
//! `error`, `options`, `deadline` and `text` are the words all others speak.

pub mod client;
pub mod command;
pub mod connection;
pub mod deadline;
pub mod error;
pub mod events;
#[allow(unsafe_code)]
pub mod ffi;
#[allow(unsafe_code)]
pub mod net;
pub mod options;
pub mod pool;
pub mod queue;
pub mod resp;
pub mod retry;
pub mod shared;
#[allow(unsafe_code)]
pub mod sys;
pub mod text;
