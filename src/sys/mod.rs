//! The few calls to the operating system that std does not have.

pub mod errno;
pub mod fork;
pub mod pages;
pub mod poll;
