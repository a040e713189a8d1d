//! A Redis and Valkey client: a blocking core with pooled connections behind a stable C ABI.
//!
//! The modules stand in layers; each uses only what is listed below it.
//! `ffi` is the C API, one file per handle. `client` tells the life of a command.
//! `pool` holds connections, `connection` is one of them, `retry` decides what follows a failure
//! and `command` knows what a command is. `net` reaches a server, `resp` turns bytes into values
//! and back, `sys` wraps the few system calls that std lacks.
//! `error`, `options`, `deadline` and `text` are the words all others speak.

pub mod command;
pub mod deadline;
pub mod error;
#[allow(unsafe_code)]
pub mod ffi;
pub mod options;
pub mod resp;
