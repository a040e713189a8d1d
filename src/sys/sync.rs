//! The locks and atomics of what hands over between threads: std's, which a forked child can use, or
//! those of a model checker when it looks for an order of events in which a wake-up is lost.

#[cfg(loom)]
pub use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicPtr, Ordering},
};
#[cfg(not(loom))]
pub use std::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicPtr, Ordering},
};
