//! How a thread falls asleep without missing what others leave for it: it says that it will, looks
//! once more, and only then sleeps. Who leaves something and finds it asleep has to wake it.

use crate::sys::sync::{AtomicBool, Ordering};

/// See the module.
pub(super) struct Doze(AtomicBool);

impl Default for Doze {
    fn default() -> Self {
        Self(AtomicBool::new(false))
    }
}

impl Doze {
    /// Falls asleep; `false` when there is something to do after all.
    pub fn begin(&self, has_work: impl FnOnce() -> bool) -> bool {
        self.0.store(true, Ordering::SeqCst);
        let sleeps = !has_work();
        if !sleeps {
            self.end();
        }
        sleeps
    }

    /// Is awake again.
    pub fn end(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    /// After something was left: whether the sleeper has to be woken, by whoever gets a yes.
    #[inline]
    pub fn must_wake(&self) -> bool {
        let (yes, no) = (true, false);
        self.0.load(Ordering::SeqCst)
            && self
                .0
                .compare_exchange(yes, no, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
    }
}

#[cfg(all(test, loom))]
mod models {
    use loom::sync::{Arc, Condvar, Mutex};
    use loom::thread;

    use super::*;

    #[derive(Default)]
    struct Desk {
        doze: Doze,
        work: Mutex<usize>,
        rung: Mutex<bool>,
        bell: Condvar,
    }

    impl Desk {
        fn has_work(&self) -> bool {
            let work = self.work.lock().unwrap();
            *work > 0
        }

        fn take_work(&self) -> usize {
            let mut work = self.work.lock().unwrap();
            std::mem::take(&mut *work)
        }

        fn ring(&self) {
            let mut rung = self.rung.lock().unwrap();
            *rung = true;
            drop(rung);
            self.bell.notify_one();
        }
    }

    #[test]
    fn nothing_that_is_left_is_slept_over() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let desk = Arc::new(Desk::default());
            let givers: Vec<_> = (0..2)
                .map(|_| {
                    let desk = Arc::clone(&desk);
                    thread::spawn(move || {
                        *desk.work.lock().unwrap() += 1;
                        if desk.doze.must_wake() {
                            desk.ring();
                        }
                    })
                })
                .collect();
            let mut done = 0;
            while done < 2 {
                done += desk.take_work();
                if done < 2 && desk.doze.begin(|| desk.has_work()) {
                    let mut rung = desk.rung.lock().unwrap();
                    while !*rung {
                        rung = desk.bell.wait(rung).unwrap();
                    }
                    *rung = false;
                    drop(rung);
                    desk.doze.end();
                }
            }
            for giver in givers {
                giver.join().unwrap();
            }
        });
    }
}
