//! Tasks that wait to be sent again, and when the first of them has to be looked at: after a lost
//! connection together and in order, otherwise each for a time of its own.

use std::collections::VecDeque;

use super::{Again, Task};

/// See the module.
pub(super) struct Backlog<T> {
    /// For the link to be made anew, and until when; later tasks wait behind them.
    queue: VecDeque<Waiting<T>>,
    until: u64,
    /// Answered, each until its time.
    delayed: Vec<(u64, Waiting<T>)>,
    /// Neither is any of them due earlier, nor the time of one that was delayed over.
    due: u64,
}

/// A task with its command, not under way.
pub(super) struct Waiting<T> {
    pub task: T,
    pub bytes: Vec<u8>,
}

impl<T> Default for Backlog<T> {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            until: 0,
            delayed: Vec::new(),
            due: u64::MAX,
        }
    }
}

impl<T: Task> Backlog<T> {
    /// Whether no task waits for the link, so that another may go over it.
    pub fn is_clear(&self) -> bool {
        self.queue.is_empty()
    }

    /// One that came while others wait.
    pub fn push(&mut self, task: T, bytes: Vec<u8>) {
        self.due = self.due.min(task.due());
        self.queue.push_back(Waiting { task, bytes });
    }

    /// Those of a lost connection, before all others, until a time.
    pub fn put_back(&mut self, again: Vec<Again<T>>, until: u64) {
        // One pause for all, so that they stay in order.
        self.until = self.until.max(until);
        for again in again.into_iter().rev() {
            self.due = self.due.min(again.task.due());
            self.queue.push_front(Waiting::from(again));
        }
    }

    /// One that is tried again by itself, at a time.
    pub fn delay(&mut self, again: Again<T>, until: u64) {
        self.due = self.due.min(again.task.due()).min(until);
        self.delayed.push((until, Waiting::from(again)));
    }

    /// When something has to be done at the latest; `held` is whether none of the queue can start.
    pub fn due(&self, held: bool) -> u64 {
        match held || self.queue.is_empty() {
            true => self.due,
            false => self.due.min(self.until),
        }
    }

    /// Takes out what can start now; `held` as above.
    pub fn start(&mut self, now: u64, held: bool) -> Vec<Waiting<T>> {
        let mut ready: Vec<Waiting<T>> = match !held && self.until <= now {
            true => std::mem::take(&mut self.queue).into(),
            false => Vec::new(),
        };
        let delayed = self.delayed.extract_if(.., |(until, _)| *until <= now);
        ready.extend(delayed.map(|(_, waiting)| waiting));
        if !ready.is_empty() {
            self.recount();
        }
        ready
    }

    /// Takes tasks out, wherever they wait.
    pub fn take(&mut self, mut is_wanted: impl FnMut(&T) -> bool) -> Vec<Waiting<T>> {
        let (wanted, left): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.queue)
            .into_iter()
            .partition(|waiting| is_wanted(&waiting.task));
        self.queue = left;
        let delayed = self
            .delayed
            .extract_if(.., |(_, waiting)| is_wanted(&waiting.task));
        let delayed = delayed.map(|(_, waiting)| waiting);
        let wanted = wanted.into_iter().chain(delayed).collect();
        self.recount();
        wanted
    }

    fn recount(&mut self) {
        let queue = self.queue.iter().map(|waiting| waiting.task.due());
        let delayed = self
            .delayed
            .iter()
            .map(|(until, waiting)| waiting.task.due().min(*until));
        self.due = queue.chain(delayed).min().unwrap_or(u64::MAX);
    }
}

impl<T> From<Again<T>> for Waiting<T> {
    fn from(again: Again<T>) -> Self {
        Self {
            task: again.task,
            bytes: again.bytes,
        }
    }
}

#[cfg(all(test, not(loom)))]
#[allow(clippy::unwrap_used, reason = "a test ends at a failure")]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::shared::Done;
    use std::time::Duration;

    /// A task by the time it is due.
    #[derive(Debug, PartialEq)]
    struct Due(u64);

    impl Task for Due {
        fn due(&self) -> u64 {
            self.0
        }

        fn ended(&self) -> Option<Error> {
            None
        }

        fn settle(_: &mut Vec<Done<Self>>, _: &mut Vec<Again<Self>>) {}
    }

    fn again(due: u64) -> Again<Due> {
        Again {
            task: Due(due),
            bytes: Vec::new(),
            pause: Duration::ZERO,
            renew: false,
        }
    }

    fn dues(waiting: Vec<Waiting<Due>>) -> Vec<u64> {
        waiting.into_iter().map(|waiting| waiting.task.0).collect()
    }

    #[test]
    fn what_was_put_back_starts_first_and_together() {
        let mut backlog = Backlog::default();
        assert!(backlog.is_clear());
        backlog.push(Due(30), Vec::new());
        backlog.put_back(vec![again(50), again(40)], 20);
        assert!(!backlog.is_clear());
        assert_eq!(dues(backlog.start(19, false)), [0; 0]);
        assert_eq!(dues(backlog.start(20, true)), [0; 0]);
        assert_eq!(dues(backlog.start(20, false)), [50, 40, 30]);
        assert!(backlog.is_clear());
    }

    #[test]
    fn it_is_due_with_the_first_that_has_to_be_looked_at() {
        let mut backlog = Backlog::default();
        assert_eq!(backlog.due(false), u64::MAX);
        backlog.put_back(vec![again(70), again(60)], 50);
        assert_eq!((backlog.due(false), backlog.due(true)), (50, 60));
        backlog.push(Due(55), Vec::new());
        assert_eq!(backlog.due(true), 55);
        backlog.delay(again(90), 40);
        assert_eq!(backlog.due(true), 40);
        backlog.delay(again(30), 45);
        assert_eq!(backlog.due(true), 30);
        assert_eq!(dues(backlog.take(|task| task.0 == 30)), [30]);
        assert_eq!(backlog.due(true), 40);
        assert_eq!(dues(backlog.start(40, true)), [90]);
        assert_eq!(backlog.due(true), 55);
        assert_eq!(dues(backlog.take(|task| task.0 == 55)), [55]);
        assert_eq!(dues(backlog.start(50, false)), [70, 60]);
        assert_eq!(backlog.due(false), u64::MAX);
    }
}
