//! The line of callers who wait: first come, first served, and nothing handed over is lost.
//!
//! The line itself is only touched under the pool's lock. Whoever stops waiting, for whatever
//! reason, leaves under that lock too and thereby learns whether something was handed over before.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::net::{Park, lock};
use crate::sys::planted::Planted;
use crate::sys::sync::Mutex;

/// Those who wait for a `T`.
pub(super) struct Line<T> {
    waiters: VecDeque<Arc<Waiter<T>>>,
}

/// A place in the line.
pub(super) struct Waiter<T> {
    park: Arc<Park>,
    handed: Mutex<Option<T>>,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self {
            waiters: VecDeque::new(),
        }
    }
}

impl<T> Line<T> {
    /// Takes a place at the end.
    pub fn join(&mut self) -> Arc<Waiter<T>> {
        let waiter = Arc::new(Waiter {
            park: Arc::default(),
            handed: Mutex::new(None),
        });
        self.waiters.push_back(Arc::clone(&waiter));
        waiter
    }

    /// Hands over to the one who has waited longest and wakes that caller; gives `value` back when
    /// nobody waits.
    pub fn serve(&mut self, value: T) -> Option<T> {
        let Some(waiter) = self.waiters.pop_front() else {
            return Some(value);
        };
        *lock(&waiter.handed) = Some(value);
        if !Planted::LostWakeUp.is_on() {
            waiter.park.wake();
        }
        None
    }

    /// Gives the place up; answers what was handed over, if anything was.
    pub fn leave(&mut self, waiter: &Arc<Waiter<T>>) -> Option<T> {
        let handed = lock(&waiter.handed).take();
        if handed.is_none() {
            self.waiters.retain(|other| !Arc::ptr_eq(other, waiter));
        }
        handed
    }

    pub fn len(&self) -> usize {
        self.waiters.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }
}

impl<T> Waiter<T> {
    /// Where the caller sleeps.
    pub fn park(&self) -> &Arc<Park> {
        &self.park
    }
}

/// Every order of events, with a pool of bare slots around the line.
#[cfg(all(test, loom))]
mod models {
    use loom::thread;

    use super::*;
    use crate::deadline::{Deadline, Moment};

    /// A pool as the real one is: a free slot goes to the line first.
    #[derive(Default)]
    struct Slots {
        inner: Mutex<Inner>,
    }

    #[derive(Default)]
    struct Inner {
        free: usize,
        line: Line<()>,
    }

    impl Slots {
        fn take(&self, deadline: Deadline) -> bool {
            let waiter = {
                let mut inner = lock(&self.inner);
                if inner.line.is_empty() && inner.free > 0 {
                    inner.free -= 1;
                    return true;
                }
                inner.line.join()
            };
            waiter.park().wait(deadline);
            lock(&self.inner).line.leave(&waiter).is_some()
        }

        fn give(&self) {
            let mut inner = lock(&self.inner);
            if inner.line.serve(()).is_some() {
                inner.free += 1;
            }
        }
    }

    fn pool(free: usize) -> loom::sync::Arc<Slots> {
        let slots = Slots::default();
        lock(&slots.inner).free = free;
        loom::sync::Arc::new(slots)
    }

    #[test]
    fn every_waiter_is_woken() {
        loom::model(|| {
            let slots = pool(1);
            let users: Vec<_> = (0..2)
                .map(|_| {
                    let slots = slots.clone();
                    thread::spawn(move || {
                        assert!(slots.take(Deadline::never()));
                        slots.give();
                    })
                })
                .collect();
            for user in users {
                user.join().unwrap();
            }
            assert_eq!(lock(&slots.inner).free, 1);
        });
    }

    #[test]
    fn who_gives_up_loses_no_slot() {
        loom::model(|| {
            let slots = pool(0);
            let other = slots.clone();
            let impatient = thread::spawn(move || {
                if other.take(Deadline::from_millis(Moment::now(), 0)) {
                    other.give();
                }
            });
            slots.give();
            impatient.join().unwrap();
            let inner = lock(&slots.inner);
            assert_eq!((inner.free, inner.line.len()), (1, 0));
        });
    }

    #[test]
    fn nobody_overtakes_and_two_slots_serve_two() {
        loom::model(|| {
            let slots = pool(0);
            let patient: Vec<_> = (0..2)
                .map(|_| {
                    let slots = slots.clone();
                    thread::spawn(move || assert!(slots.take(Deadline::never())))
                })
                .collect();
            slots.give();
            slots.give();
            for one in patient {
                one.join().unwrap();
            }
            let inner = lock(&slots.inner);
            assert_eq!((inner.free, inner.line.len()), (0, 0));
        });
    }
}
