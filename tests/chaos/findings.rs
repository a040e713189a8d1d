//! What was found wrong.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::part::Part;

/// A kind of thing that must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    WrongReply,
    DoubleExecution,
    /// A command that did not run left a trace, or one that did left none.
    WrongOutcome,
    /// A call failed without a cause, or slept without one.
    NoCause,
    Overrun,
    Leak,
    /// A forked child hung or died.
    Child,
}

impl Fault {
    pub const ALL: [Self; 7] = [
        Self::WrongReply,
        Self::DoubleExecution,
        Self::WrongOutcome,
        Self::NoCause,
        Self::Overrun,
        Self::Leak,
        Self::Child,
    ];

    /// The row of the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::WrongReply => "wrong replies",
            Self::DoubleExecution => "double executions",
            Self::WrongOutcome => "wrong outcomes",
            Self::NoCause => "failures without a cause",
            Self::Overrun => "deadlines overrun",
            Self::Leak => "leaks",
            Self::Child => "children that failed",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }
}

/// One of them, with what is known of it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Whose it is; of the process as a whole when there is none.
    pub part: Option<Part>,
    pub fault: Fault,
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = self.part.map_or("all", Part::name);
        write!(f, "{part}, {}: {}", self.fault.name(), self.text)
    }
}

/// All of a run's.
#[derive(Default)]
pub struct Findings {
    list: Mutex<Vec<Finding>>,
    /// Whether the first one ends the run.
    pub strict: bool,
    over: AtomicBool,
}

impl Findings {
    pub fn new(strict: bool) -> Self {
        Self {
            strict,
            ..Self::default()
        }
    }

    pub fn add(&self, part: Option<Part>, fault: Fault, text: String) {
        self.list().push(Finding { part, fault, text });
        self.over.fetch_or(self.strict, Ordering::Relaxed);
    }

    /// Whether enough is known.
    pub fn over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    pub fn take(&self) -> Vec<Finding> {
        std::mem::take(&mut *self.list())
    }

    fn list(&self) -> MutexGuard<'_, Vec<Finding>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
