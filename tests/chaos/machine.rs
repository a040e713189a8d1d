//! What the machine itself does to the times that are measured, and what the process holds.
//!
//! On each processor a metronome sleeps for a moment over and over; when it sleeps too long, so
//! did everybody there. On a busy or shared machine that is a matter of course.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Runs until it is dropped.
pub struct Machine {
    metronomes: Vec<Arc<Metronome>>,
}

struct Metronome {
    beats: Mutex<Beats>,
    stop: AtomicBool,
}

/// Stretches of time that were lost, the last ones.
pub struct Beats {
    last: Instant,
    lost: VecDeque<(Instant, Instant)>,
}

const BEAT: Duration = Duration::from_millis(5);
/// So much later a sleeper usually wakes up.
const USUAL: Duration = Duration::from_millis(2);
const KEPT: usize = 20_000;

impl Machine {
    pub fn start() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let start = |processor| {
            let metronome = Arc::new(Metronome::new());
            let own = Arc::clone(&metronome);
            std::thread::spawn(move || own.run(processor));
            metronome
        };
        Self {
            metronomes: (0..processors).map(start).collect(),
        }
    }

    /// How much time was lost between two moments, on the processor that lost most.
    pub fn lost(&self, from: Instant, until: Instant) -> Duration {
        let each = self.metronomes.iter().map(|it| it.lost(from, until));
        each.max().unwrap_or_default()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        for metronome in &self.metronomes {
            metronome.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Metronome {
    fn new() -> Self {
        Self {
            beats: Mutex::default(),
            stop: AtomicBool::new(false),
        }
    }

    fn run(&self, processor: usize) {
        stay_on(processor);
        // From one beat to the next, so that it is late too where it does not sleep.
        let mut now = self.beats().last;
        while !self.stop.load(Ordering::Relaxed) {
            let due = now + BEAT;
            std::thread::sleep(BEAT);
            now = Instant::now();
            self.beats().note(due, now);
        }
    }

    fn lost(&self, from: Instant, until: Instant) -> Duration {
        // It may itself still be kept from telling.
        while self.beats().last <= until {
            std::thread::sleep(BEAT);
        }
        self.beats().lost(from, until)
    }

    fn beats(&self) -> MutexGuard<'_, Beats> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Beats {
    fn default() -> Self {
        Self {
            last: Instant::now(),
            lost: VecDeque::new(),
        }
    }
}

impl Beats {
    /// What was due then came now.
    pub fn note(&mut self, due: Instant, now: Instant) {
        self.last = now;
        if now.saturating_duration_since(due) > USUAL {
            self.lost.push_back((due, now));
            if self.lost.len() > KEPT {
                self.lost.pop_front();
            }
        }
    }

    /// How much was lost between two moments.
    pub fn lost(&self, from: Instant, until: Instant) -> Duration {
        // They are in order, and the last ones are asked for.
        let lost = self.lost.iter().rev().take_while(|(_, b)| *b > from);
        lost.map(|(a, b)| until.min(*b).saturating_duration_since(from.max(*a)))
            .sum()
    }
}

/// Binds this thread to a processor, if it may be.
fn stay_on(processor: usize) {
    // SAFETY: a set of bits of our own, large enough for every processor it knows.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor % libc::CPU_SETSIZE as usize, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set);
    }
}

/// What a process holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holdings {
    pub descriptors: usize,
    pub threads: usize,
}

impl Holdings {
    pub fn now() -> Self {
        Self {
            descriptors: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
        }
    }

    /// What there is beyond this, if it does not go away soon.
    pub fn left_over(self) -> Option<String> {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let now = Self::now();
            if now.descriptors <= self.descriptors && now.threads <= self.threads {
                return None;
            }
            if Instant::now() >= until {
                return Some(format!("before {self:?}, after {now:?}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn count(directory: &str) -> usize {
    std::fs::read_dir(directory).map_or(0, Iterator::count)
}

/// Resident memory in KiB.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
