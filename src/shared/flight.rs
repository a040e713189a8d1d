//! Commands under way on one link, in the order in which their replies come.
//!
//! Who gives up leaves an entry without owner: its late reply is taken off and dropped, so that the
//! next reply still goes to the next command.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Task;
use super::caller::Caller;

/// Room for so many commands is kept.
const KEPT: usize = 16_384;

/// See the module.
pub(super) struct Flight<T> {
    entries: VecDeque<Entry<T>>,
    last: u64,
    callers: usize,
    tasks: usize,
    /// No task is due earlier.
    due: u64,
}

/// A command, and who waits for its reply.
pub(super) struct Entry<T> {
    ticket: u64,
    /// Where its bytes begin and end.
    pub begin: u64,
    pub end: u64,
    pub owner: Owner<T>,
}

impl<T> Entry<T> {
    /// How many bytes it has.
    pub fn size(&self) -> usize {
        (self.end - self.begin) as usize
    }
}

/// Who waits for a reply.
pub(super) enum Owner<T> {
    /// A thread.
    Caller(Arc<Caller>),
    /// Nobody's thread.
    Task(T),
    /// Somebody who gave up.
    Nobody,
}

impl<T> Default for Flight<T> {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            last: 0,
            callers: 0,
            tasks: 0,
            due: u64::MAX,
        }
    }
}

impl<T: Task> Flight<T> {
    /// Adds a command behind all others; answers its ticket.
    pub fn push(&mut self, (begin, end): (u64, u64), owner: Owner<T>) -> u64 {
        match &owner {
            Owner::Caller(_) => self.callers += 1,
            Owner::Task(task) => {
                self.tasks += 1;
                self.due = self.due.min(task.due());
            }
            Owner::Nobody => {}
        }
        self.last += 1;
        self.entries.push_back(Entry {
            ticket: self.last,
            begin,
            end,
            owner,
        });
        self.last
    }

    /// The command that the next reply belongs to; none when the oldest was not taken to be written.
    pub fn pop_before(&mut self, taken: u64) -> Option<Entry<T>> {
        match self.oldest()? < taken {
            true => self.pop(),
            false => None,
        }
    }

    /// The oldest command.
    pub fn pop(&mut self) -> Option<Entry<T>> {
        let entry = self.entries.pop_front()?;
        match &entry.owner {
            Owner::Caller(_) => self.callers -= 1,
            Owner::Task(_) => self.tasks -= 1,
            Owner::Nobody => {}
        }
        Some(entry)
    }

    /// Keeps no more memory than there is use for, once a crowd has gone.
    pub fn rest(&mut self) {
        if self.entries.is_empty() && self.entries.capacity() > KEPT {
            self.entries = VecDeque::new();
        }
    }

    /// Takes the owner off a command that stays under way.
    pub fn orphan(&mut self, ticket: u64) {
        if let Some(index) = self.index(ticket) {
            self.orphan_at(index);
        }
    }

    fn orphan_at(&mut self, index: usize) -> Owner<T> {
        let owner = std::mem::replace(&mut self.entries[index].owner, Owner::Nobody);
        match &owner {
            Owner::Caller(_) => self.callers -= 1,
            Owner::Task(_) => self.tasks -= 1,
            Owner::Nobody => {}
        }
        owner
    }

    /// Takes a command out whose bytes will not be written; those behind it move up. Answers where
    /// the bytes are.
    pub fn remove(&mut self, ticket: u64) -> Option<(u64, u64)> {
        let index = self.index(ticket)?;
        self.orphan_at(index);
        let entry = self.entries.remove(index)?;
        let size = entry.end - entry.begin;
        for later in self.entries.range_mut(index..) {
            later.begin -= size;
            later.end -= size;
        }
        Some((entry.begin, entry.end))
    }

    /// Forgets a command though its reply will come: a planted fault.
    pub fn forget(&mut self, ticket: u64) {
        if let Some(index) = self.index(ticket) {
            self.orphan_at(index);
            self.entries.remove(index);
        }
    }

    /// Whether a command was taken to be written, `taken` being where the rest begins.
    pub fn is_sent(&self, ticket: u64, taken: u64) -> bool {
        let index = self.index(ticket);
        index.is_some_and(|index| self.entries[index].begin < taken)
    }

    fn index(&self, ticket: u64) -> Option<usize> {
        self.entries
            .binary_search_by_key(&ticket, |entry| entry.ticket)
            .ok()
    }

    /// Takes out those that nobody waits for and that begin at `from` or later: their bytes will not be
    /// written, those behind them move up. Answers where the bytes are.
    pub fn remove_given_up(&mut self, from: u64) -> Vec<(u64, u64)> {
        let (mut removed, mut size) = (Vec::new(), 0);
        self.entries.retain_mut(|entry| {
            let is_gone = entry.begin >= from && matches!(entry.owner, Owner::Nobody);
            if is_gone {
                removed.push((entry.begin, entry.end));
                size += entry.end - entry.begin;
            } else {
                entry.begin -= size;
                entry.end -= size;
            }
            !is_gone
        });
        removed
    }

    /// Takes the tasks out that `is_wanted` wants, with the places of their bytes; their entries stay.
    pub fn take_tasks(&mut self, mut is_wanted: impl FnMut(&T) -> bool) -> Vec<((u64, u64), T)> {
        let mut taken = Vec::new();
        self.due = u64::MAX;
        for index in 0..self.entries.len() {
            let Owner::Task(task) = &self.entries[index].owner else {
                continue;
            };
            if !is_wanted(task) {
                self.due = self.due.min(task.due());
                continue;
            }
            let place = (self.entries[index].begin, self.entries[index].end);
            if let Owner::Task(task) = self.orphan_at(index) {
                taken.push((place, task));
            }
        }
        taken
    }

    /// Where the bytes of the oldest command begin.
    pub fn oldest(&self) -> Option<u64> {
        self.entries.front().map(|entry| entry.begin)
    }

    /// Whether nobody waits for the oldest command any more.
    pub fn is_oldest_given_up(&self) -> bool {
        let oldest = self.entries.front();
        oldest.is_some_and(|entry| matches!(entry.owner, Owner::Nobody))
    }

    /// The thread that has waited longest, but for one.
    pub fn first_caller(&self, except: Option<&Arc<Caller>>) -> Option<&Arc<Caller>> {
        if self.callers == 0 {
            return None;
        }
        let is_another =
            |caller: &Arc<Caller>| except.is_none_or(|except| !Arc::ptr_eq(caller, except));
        self.entries.iter().find_map(|entry| match &entry.owner {
            Owner::Caller(caller) => Some(caller).filter(|caller| is_another(caller)),
            _ => None,
        })
    }

    /// How many commands there are, those that were given up too.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many tasks wait.
    pub fn tasks(&self) -> usize {
        self.tasks
    }

    /// Whether anybody waits.
    pub fn is_awaited(&self) -> bool {
        self.callers + self.tasks > 0
    }

    /// No task is due earlier.
    pub fn due(&self) -> u64 {
        self.due
    }
}
