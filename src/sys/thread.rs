//! Threads of the library: no signal of the program is ever handled on them.
//!
//! A handler runs on any thread that does not block its signal; one that a program installs does not
//! expect a thread it never made.

use std::io;

#[cfg(unix)]
pub use super::pthread::Thread;
#[cfg(not(unix))]
pub use of_std::Thread;

thread_local! {
    /// Its address tells threads apart.
    static HERE: u8 = const { 0 };
}

/// A number that no other thread has while this one lives. Std's own handle would be allocated here in
/// a thread that std did not start, and stay for good in the main one.
pub fn here() -> usize {
    HERE.with(|here| std::ptr::from_ref(here).addr())
}

/// Starts a thread. Its stack is for code of ours, or of OpenSSL.
pub fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
    const STACK: usize = 512 << 10;
    with_signals_blocked(|| Thread::start(name, STACK, Box::new(body)))
}

/// Waits until all have ended, but for this one if it is among them.
pub fn join_others(threads: Vec<Thread>) {
    let others = threads.into_iter().filter(|thread| !thread.is_here());
    others.for_each(Thread::join);
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

/// Where there is no fork.
#[cfg(not(unix))]
mod of_std {
    use std::io;
    use std::thread::{Builder, JoinHandle, current};

    pub struct Thread(JoinHandle<()>);

    impl Thread {
        pub fn start(name: &str, stack: usize, body: Box<dyn FnOnce() + Send>) -> io::Result<Self> {
            let builder = Builder::new().name(name.to_owned()).stack_size(stack);
            builder.spawn(body).map(Self)
        }

        pub fn is_finished(&self) -> bool {
            self.0.is_finished()
        }

        pub fn is_here(&self) -> bool {
            self.0.thread().id() == current().id()
        }

        pub fn join(self) {
            let _ = self.0.join();
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

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
        let (sender, seen) = channel();
        let thread = spawn("signals", move || {
            let program = [libc::SIGUSR1, libc::SIGALRM, libc::SIGTERM];
            sender
                .send((program.map(blocks), blocks(libc::SIGSEGV)))
                .unwrap();
        });
        thread.unwrap().join();
        assert_eq!(seen.recv().unwrap(), ([true; 3], false));
        assert_eq!(blocks(libc::SIGUSR1), before);
    }

    #[test]
    fn a_panic_ends_it_and_nothing_else() {
        let (sender, here) = channel();
        let thread = spawn("panics", move || {
            sender.send(super::here()).unwrap();
            panic!("on purpose");
        })
        .unwrap();
        assert!(!thread.is_here());
        assert_ne!(here.recv().unwrap(), super::here());
        while !thread.is_finished() {
            std::thread::yield_now();
        }
        thread.join();
    }

    #[test]
    fn it_knows_itself_and_may_be_let_go() {
        let (handle, own) = channel::<Thread>();
        let (sender, is_here) = channel();
        let thread = spawn("itself", move || {
            sender.send(own.recv().unwrap().is_here()).unwrap();
        });
        handle.send(thread.unwrap()).unwrap();
        assert!(is_here.recv().unwrap());
    }
}
