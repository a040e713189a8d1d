//! Threads of the library: no signal of the program is ever handled on them.
//!
//! A handler runs on any thread that does not block its signal; one that a program installs does not
//! expect a thread it never made.

use std::cell::Cell;
use std::io;
use std::thread::{self, Builder, JoinHandle, ThreadId};

thread_local! {
    /// Its address tells threads apart.
    static HERE: u8 = const { 0 };
    /// Set in the threads that `spawn` started.
    static IS_OURS: Cell<bool> = const { Cell::new(false) };
}

/// A number that no other thread has while this one lives. Std's own handle would be allocated here in
/// a thread that std did not start, and stay for good in the main one.
pub fn here() -> usize {
    HERE.with(|here| std::ptr::from_ref(here).addr())
}

/// Whether this is that thread, one of those that `spawn` started.
pub fn is_here(thread: ThreadId) -> bool {
    IS_OURS.get() && thread::current().id() == thread
}

/// Starts a thread. Its stack is for code of ours, or of OpenSSL.
pub fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    const STACK: usize = 512 << 10;
    let builder = Builder::new().name(name.to_owned()).stack_size(STACK);
    let ours = || {
        IS_OURS.set(true);
        body();
    };
    with_signals_blocked(|| builder.spawn(ours))
}

/// Runs what starts a thread, which inherits the mask. Those by which a thread is told of its own
/// faults stay open.
#[cfg(unix)]
fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> T {
    const OWN_FAULTS: [libc::c_int; 5] = [
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGFPE,
        libc::SIGILL,
        libc::SIGTRAP,
    ];
    // SAFETY: sets of zeroes are sets, and live through the calls that fill and read them.
    unsafe {
        let mut blocked: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut blocked);
        for signal in OWN_FAULTS {
            libc::sigdelset(&mut blocked, signal);
        }
        let changed = libc::pthread_sigmask(libc::SIG_BLOCK, &blocked, &mut before) == 0;
        let started = start();
        if changed {
            libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut());
        }
        started
    }
}

#[cfg(not(unix))]
fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> T {
    start()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn blocks(signal: libc::c_int) -> bool {
        // SAFETY: a set of zeroes is one, and lives through the call that fills it.
        unsafe {
            let mut set: libc::sigset_t = std::mem::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &mut set);
            libc::sigismember(&set, signal) == 1
        }
    }

    #[test]
    fn signals_are_blocked_on_it_and_on_nobody_else() {
        let before = blocks(libc::SIGUSR1);
        let checked = spawn("signals", || {
            assert!(blocks(libc::SIGUSR1) && blocks(libc::SIGALRM) && blocks(libc::SIGTERM));
            assert!(!blocks(libc::SIGSEGV));
        });
        checked.unwrap().join().unwrap();
        assert_eq!(blocks(libc::SIGUSR1), before);
    }
}
