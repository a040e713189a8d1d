//! A completion queue at work: threads submit, one consumes, and then it is freed, used up or with
//! work under way; and another one takes its place.
//!
//! Each submitted command belongs to a lane, a caller that has one command under way at a time, so
//! the oracle knows what to expect as it does of a thread.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::answer::{Done, Fate, Outcome};
use crate::call::Made;
use crate::clerk::Clerk;
use crate::invent::Inventor;
use crate::oracle::Memory;
use crate::part::Part;
use crate::random::Random;
use crate::round::Round;
use crate::scene::Target;
use crate::ticket::Job;
use crate::worker::World;

pub struct Station<'a> {
    pub world: &'a World<'a>,
    pub target: &'a Target,
    pub clerk: Mutex<Clerk<'a>>,
    /// Lanes that have nothing under way.
    idle: Mutex<VecDeque<Lane>>,
    tags: AtomicU64,
    first: u32,
}

/// A caller.
pub struct Lane {
    pub inventor: Inventor,
    pub memory: Memory,
}

/// A command under way.
pub struct Pending {
    pub lane: Lane,
    pub job: Job,
    pub made: Made,
}

impl<'a> Station<'a> {
    /// Its lanes are callers number `first` and so on.
    pub fn new(world: &'a World<'a>, target: &'a Target, first: u32, lanes: u32) -> Self {
        let lane = |number: u32| {
            let random = Random::new(world.seed, 10_000 + u64::from(number));
            let mut inventor = Inventor::new(Part::Queue, number, random);
            let memory = inventor.memory(0, target.lasts);
            Lane { inventor, memory }
        };
        Self {
            world,
            target,
            clerk: Mutex::new(Clerk::new(world, Part::Queue, &format!("station-{first}"))),
            idle: Mutex::new((first..first + lanes).map(lane).collect()),
            tags: AtomicU64::new(u64::from(first) << 32),
            first,
        }
    }

    /// One queue after the other, until the world ends.
    pub fn run(self) {
        let mut random = Random::new(self.world.seed, 20_000 + u64::from(self.first));
        while !self.world.over() {
            match self.target.client() {
                Some(handle) => Round::new(&self, handle, &mut random).run(),
                None => return,
            }
        }
        let clerk = self.clerk.into_inner();
        clerk.unwrap_or_else(PoisonError::into_inner).finish();
    }

    pub fn clerk(&self) -> MutexGuard<'_, Clerk<'a>> {
        locked(&self.clerk)
    }

    pub fn take_lane(&self) -> Option<Lane> {
        locked(&self.idle).pop_front()
    }

    pub fn give_back(&self, lane: Lane) {
        locked(&self.idle).push_back(lane);
    }

    pub fn tag(&self) -> u64 {
        self.tags.fetch_add(1, Ordering::Relaxed)
    }

    /// What became of a command, which its lane learns.
    pub fn settle(&self, mut pending: Pending, ended: Instant, done: Done) {
        pending.made.ended = ended;
        let Pending { lane, job, made } = &mut pending;
        self.clerk()
            .settle(self.target, &mut lane.memory, job, made, done);
        self.give_back(pending.lane);
    }

    /// Commands of which nobody is told what became: their queue was freed.
    pub fn forget(&self, pending: HashMap<u64, Pending>) {
        let unknown = [Fate::Failed(Outcome::Unknown)];
        for mut pending in pending.into_values() {
            let Pending { lane, job, .. } = &mut pending;
            let lasts = self.target.lasts;
            self.clerk()
                .check_replies(lasts, &mut lane.memory, job, &unknown, Duration::ZERO);
            self.give_back(pending.lane);
        }
    }
}

pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
