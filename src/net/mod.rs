//! Reaching a server: addresses, sockets, waits that end at a deadline and can be ended sooner.

mod connect;
mod descriptors;
mod resolve;
mod stream;
mod wake;

pub use connect::connect;
pub use descriptors::Descriptors;
pub use resolve::Resolver;
pub use stream::{Socket, Stream};
pub(crate) use wake::lock;
pub use wake::{Cancel, Park, Registration, Sleeper, Wait};
