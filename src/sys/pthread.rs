//! A thread made by the system's own call.
//!
//! Std takes a lock of its own wherever a thread of its making ends. A child that is forked meanwhile
//! inherits it held: there every such thread would wait at its end for ever, and so would whoever
//! waits for the thread.

use std::ffi::CString;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a thread runs.
pub type Body = Box<dyn FnOnce() + Send>;

/// One that was started. Dropped, it is waited for if it has finished, and runs on by itself if not.
pub struct Thread {
    raw: libc::pthread_t,
    finished: Arc<AtomicBool>,
    let_go: bool,
}

// SAFETY: it is a name of the thread, which any thread may use.
unsafe impl Send for Thread {}
// SAFETY: as above; what ends its use takes it by value.
unsafe impl Sync for Thread {}

struct Start {
    name: CString,
    body: Body,
    finished: Arc<AtomicBool>,
}

impl Thread {
    /// Starts one with so many bytes of stack, named for debuggers.
    pub fn start(name: &str, stack: usize, body: Body) -> io::Result<Self> {
        let finished = Arc::<AtomicBool>::default();
        let start = Box::into_raw(Box::new(Start {
            name: CString::new(name).unwrap_or_default(),
            body,
            finished: Arc::clone(&finished),
        }));
        // SAFETY: attributes of zeroes are made ones by init and live until destroy; `start` goes to the
        // thread, which exists if the call answers 0, and is taken back otherwise.
        unsafe {
            let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
            let mut raw: libc::pthread_t = std::mem::zeroed();
            let mut failure = libc::pthread_attr_init(&mut attributes);
            if failure == 0 {
                // One that is refused leaves the system's own size, which is larger.
                libc::pthread_attr_setstacksize(&mut attributes, stack);
                failure = libc::pthread_create(&mut raw, &attributes, run, start.cast());
                libc::pthread_attr_destroy(&mut attributes);
            }
            if failure != 0 {
                drop(Box::from_raw(start));
                return Err(io::Error::from_raw_os_error(failure));
            }
            Ok(Self {
                raw,
                finished,
                let_go: false,
            })
        }
    }

    /// Whether it has done what it was to do.
    pub fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    /// Whether it is the thread that asks.
    pub fn is_here(&self) -> bool {
        // SAFETY: answers the name of this thread.
        self.raw == unsafe { libc::pthread_self() }
    }

    /// Waits until it has ended.
    pub fn join(mut self) {
        self.wait();
    }

    fn wait(&mut self) {
        self.let_go = true;
        // SAFETY: it is joined once, and not detached: both look at `let_go`, with nobody beside them.
        unsafe { libc::pthread_join(self.raw, std::ptr::null_mut()) };
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if self.let_go {
            return;
        }
        if self.is_finished() {
            return self.wait();
        }
        // SAFETY: it is neither joined nor detached so far, and nobody has it after this.
        unsafe { libc::pthread_detach(self.raw) };
    }
}

extern "C" fn run(start: *mut libc::c_void) -> *mut libc::c_void {
    // SAFETY: `Thread::start` made it, for this thread alone.
    let start = unsafe { Box::from_raw(start.cast::<Start>()) };
    let Start {
        name,
        body,
        finished,
    } = *start;
    #[cfg(target_os = "linux")]
    // SAFETY: this thread, and text that ends with a NUL.
    unsafe {
        libc::pthread_setname_np(libc::pthread_self(), name.as_ptr());
    }
    drop(name);
    // Nothing may unwind into the system; the panic was reported where it began.
    let _ = catch_unwind(AssertUnwindSafe(body));
    finished.store(true, Ordering::Release);
    std::ptr::null_mut()
}
