//! The few calls to the operating system that std does not have.

pub mod bell;
pub mod clock;
pub mod coarse;
pub mod errno;
pub mod fork;
pub mod gate;
pub mod inode;
pub mod pages;
pub mod planted;
pub mod poll;
#[cfg(unix)]
mod pthread;
pub mod random;
pub mod slot;
pub mod sync;
pub mod thread;
