//! TLS by OpenSSL over a socket of ours: every operation returns at once, so that deadlines,
//! cancel, close and writing while reading work as they do without it.
//!
//! `material` is what was read from files and options, `context` what OpenSSL makes of it,
//! `handshake` agrees with a server, `refusal` says why a certificate was not accepted, `session`
//! sends and receives.

mod context;
mod handshake;
mod material;
mod refusal;
mod session;

pub use context::Context;
pub use handshake::secure;
pub use material::Material;
pub(super) use session::Session;
pub use session::TlsFailure;
