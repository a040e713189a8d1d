//! The connection that was given back last, taken and given back without the pool's lock.
//!
//! It is shut while that would not be right: callers wait, the pool is closed, an option asks for
//! more than taking the last one, or somebody with the lock looks at all connections. Whoever shuts
//! it looks into it afterwards, and whoever uses it looks afterwards whether it was shut: one of
//! the two sees the other, so that nobody overtakes a caller who waits, and nothing is left behind.

use crate::sys::slot::Slot;
use crate::sys::sync::{AtomicBool, Ordering};

/// See the module.
pub(super) struct Hot<T> {
    slot: Slot<T>,
    shut: AtomicBool,
}

impl<T> Hot<T> {
    /// An empty one, shut.
    pub fn new() -> Self {
        Self {
            slot: Slot::default(),
            shut: AtomicBool::new(true),
        }
    }

    /// What is there; `Err` when it was shut meanwhile, and the value belongs to somebody else.
    #[inline]
    pub fn take(&self) -> Option<Result<Box<T>, Box<T>>> {
        if self.shut.load(Ordering::SeqCst) {
            return None;
        }
        let value = self.slot.take()?;
        match self.shut.load(Ordering::SeqCst) {
            false => Some(Ok(value)),
            true => Some(Err(value)),
        }
    }

    /// Puts a value there. What could not stay has to be seen to under the lock: the value itself when it
    /// is shut, or what had been there for longer.
    #[inline]
    pub fn put(&self, value: Box<T>) -> Option<Box<T>> {
        if self.shut.load(Ordering::SeqCst) {
            return Some(value);
        }
        let displaced = self.slot.put(value);
        if displaced.is_none() && self.shut.load(Ordering::SeqCst) {
            return self.slot.take();
        }
        displaced
    }

    /// Shuts it, and takes out what is there. Under the lock.
    pub fn shut(&self) -> Option<Box<T>> {
        self.shut.store(true, Ordering::SeqCst);
        self.slot.take()
    }

    /// Opens it. Under the lock.
    pub fn open(&self) {
        self.shut.store(false, Ordering::SeqCst);
    }

    /// Whether something is there. Under the lock of a pool that is not shut it may be gone at once.
    pub fn is_full(&self) -> bool {
        self.slot.is_full()
    }
}

/// Every order of events, with a pool of bare values around it.
#[cfg(all(test, loom))]
mod models {
    use loom::sync::Arc;
    use loom::thread;

    use super::super::line::Line;
    use super::*;
    use crate::deadline::{Deadline, Moment};
    use crate::net::lock;
    use crate::sys::sync::Mutex;

    struct Values {
        hot: Hot<u8>,
        inner: Mutex<Inner>,
    }

    #[derive(Default)]
    struct Inner {
        idle: Vec<Box<u8>>,
        line: Line<Box<u8>>,
    }

    impl Values {
        /// One value, which is hot.
        fn one() -> Arc<Self> {
            let values = Self {
                hot: Hot::new(),
                inner: Mutex::new(Inner::default()),
            };
            values.give(Box::new(7));
            values.give(values.take(Deadline::never()).unwrap());
            Arc::new(values)
        }

        /// As the real pool does whatever it does under its lock.
        fn locked<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
            let mut inner = lock(&self.inner);
            inner.idle.extend(self.hot.shut());
            let done = work(&mut inner);
            while !inner.line.is_empty()
                && let Some(value) = inner.idle.pop()
            {
                inner.line.serve(value);
            }
            if inner.line.is_empty() {
                self.hot.open();
            }
            done
        }

        fn take(&self, deadline: Deadline) -> Option<Box<u8>> {
            match self.hot.take() {
                Some(Ok(value)) => return Some(value),
                Some(Err(value)) => self.locked(|inner| inner.idle.push(value)),
                None => {}
            }
            let waiter = match self.locked(|inner| match inner.line.is_empty() {
                true => inner.idle.pop().ok_or_else(|| inner.line.join()),
                false => Err(inner.line.join()),
            }) {
                Ok(value) => return Some(value),
                Err(waiter) => waiter,
            };
            waiter.park().wait(deadline);
            self.locked(|inner| inner.line.leave(&waiter))
        }

        fn give(&self, value: Box<u8>) {
            if let Some(value) = self.hot.put(value) {
                self.locked(|inner| inner.idle.push(value));
            }
        }

        fn count(&self) -> usize {
            self.locked(|inner| inner.idle.len())
        }
    }

    fn soon() -> Deadline {
        Deadline::from_millis(Moment::now(), 0)
    }

    #[test]
    fn two_take_turns_and_neither_is_forgotten() {
        loom::model(|| {
            let values = Values::one();
            let other = values.clone();
            let user = thread::spawn(move || {
                let value = other.take(Deadline::never()).unwrap();
                other.give(value);
            });
            let value = values.take(Deadline::never()).unwrap();
            values.give(value);
            user.join().unwrap();
            assert_eq!(values.count(), 1);
        });
    }

    #[test]
    fn who_gives_up_loses_no_value() {
        loom::model(|| {
            let values = Values::one();
            let value = values.take(soon()).unwrap();
            let other = values.clone();
            let impatient = thread::spawn(move || {
                if let Some(value) = other.take(soon()) {
                    other.give(value);
                }
            });
            values.give(value);
            impatient.join().unwrap();
            assert_eq!(values.count(), 1);
        });
    }

    #[test]
    fn nobody_overtakes_who_waits() {
        loom::model(|| {
            let values = Values::one();
            let value = values.take(soon()).unwrap();
            let waiter = values.locked(|inner| inner.line.join());
            let other = values.clone();
            let late = thread::spawn(move || other.take(soon()).is_none());
            values.give(value);
            assert!(late.join().unwrap());
            assert!(values.locked(|inner| inner.line.leave(&waiter)).is_some());
        });
    }
}
