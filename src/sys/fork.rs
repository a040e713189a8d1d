//! Telling parent and child apart after fork, without a system call per check.
//!
//! Fork handlers count: in a child the generations, in a parent its forks. The two counters, and whether
//! they count, are the library's only process-wide variables.
//! `PerProcess` holds what must not be shared with a child: the child gets a value of its own by
//! one atomic pointer, and neither locks nor drops what it inherited.

use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

static GENERATION: AtomicU64 = AtomicU64::new(1);
static FORKS: AtomicU64 = AtomicU64::new(0);

/// Counts forks from here on. Whatever keeps a generation stands beside a `PerProcess` made before.
fn watch() {
    #[cfg(unix)]
    {
        // Two who come first may both see it false: those handlers count by two. Whoever waited for
        // the other would wait for ever in a child that was forked meanwhile.
        static WATCHING: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
        unsafe extern "C" fn in_parent() {
            FORKS.fetch_add(1, Ordering::Relaxed);
        }
        unsafe extern "C" fn in_child() {
            GENERATION.fetch_add(1, Ordering::Relaxed);
        }
        if !WATCHING.load(Ordering::Acquire) {
            // SAFETY: a handler touches one atomic and nothing else; the library is never unloaded.
            unsafe { libc::pthread_atfork(Some(in_parent), Some(in_parent), Some(in_child)) };
            WATCHING.store(true, Ordering::Release);
        }
    }
}

/// A number that is another in each forked child.
#[inline]
pub fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// A number that grows before each fork and after it: while it stays the same, no child has inherited
/// what is made meanwhile.
pub fn forks() -> u64 {
    FORKS.load(Ordering::Relaxed)
}

/// A value of which each process has its own.
pub struct PerProcess<T> {
    current: AtomicPtr<Owned<T>>,
}

struct Owned<T> {
    generation: u64,
    value: T,
}

impl<T> PerProcess<T> {
    /// Starts with this process's value.
    pub fn new(value: T) -> Self {
        watch();
        Self {
            current: AtomicPtr::new(Self::boxed(value)),
        }
    }

    fn boxed(value: T) -> *mut Owned<T> {
        Box::into_raw(Box::new(Owned {
            generation: generation(),
            value,
        }))
    }

    /// This process's value; in a new child `make` builds it, given the one inherited, which it
    /// may look at but not lock.
    #[inline]
    pub fn get(&self, make: impl FnOnce(&T) -> T) -> &T {
        let current = self.current.load(Ordering::Acquire);
        // SAFETY: the pointer is replaced only in a child, where the old value is left for ever.
        let owned = unsafe { &*current };
        if owned.generation == generation() {
            return &owned.value;
        }
        self.replace(current, make(&owned.value))
    }

    #[cold]
    fn replace(&self, old: *mut Owned<T>, value: T) -> &T {
        let made = Self::boxed(value);
        let exchanged =
            self.current
                .compare_exchange(old, made, Ordering::AcqRel, Ordering::Acquire);
        let kept = match exchanged {
            Ok(_) => made,
            Err(other) => {
                // SAFETY: nobody else has seen this one.
                drop(unsafe { Box::from_raw(made) });
                other
            }
        };
        // SAFETY: as in `get`.
        unsafe { &(*kept).value }
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        let current = *self.current.get_mut();
        // SAFETY: the pointer is valid; a value inherited from the parent is left as it is.
        unsafe {
            if (*current).generation == generation() {
                drop(Box::from_raw(current));
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_child_gets_a_value_of_its_own() {
        let cell = PerProcess::new(String::from("parent"));
        let before = forks();
        // SAFETY: the child only computes and leaves at once.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let own = cell.get(|old| format!("child of {old}"));
            let code = i32::from(own != "child of parent");
            // SAFETY: ends the child without running the parent's exit handlers.
            unsafe { libc::_exit(code) };
        }
        let mut status = 0;
        // SAFETY: waits for the child just made.
        unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!(status, 0);
        assert_eq!(cell.get(|_| unreachable!()), "parent");
        assert!(forks() >= before + 2, "counted on both sides of the fork");
    }
}
