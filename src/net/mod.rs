//! Reaching a server: addresses, sockets, waits that end at a deadline and can be ended sooner.

mod addresses;
mod adopt;
mod connect;
mod descriptors;
mod failures;
mod race;
mod resolve;
mod socket;
mod stream;
mod tcp;
mod tls;
mod wake;

pub use adopt::Adopted;
pub use connect::{Unset, connect};
pub use descriptors::Descriptors;
pub use resolve::Resolver;
pub use socket::Socket;
pub use stream::Stream;
pub use tls::{Context, Material, TlsFailure, secure};
pub(crate) use wake::lock;
pub use wake::{Cancel, Park, Registration, Sleeper, Wait, Wake};
