//! RESP2 and RESP3: bytes to values and back, without I/O.

#[allow(unsafe_code)]
pub mod block;
mod decode;
pub mod encode;
mod limits;
mod number;

pub use block::{Kind, LastOwner, Node, Reply, Wire};
pub use decode::Decoder;
pub use limits::Limits;
