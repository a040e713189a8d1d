//! The life of one completion queue: what is submitted to it, and how it ends.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use redisclient::ffi::status::{REDISCLIENT_EFULL, REDISCLIENT_OK};

use crate::answer::Done;
use crate::call::{Made, limit};
use crate::consumer::{Consumer, Style};
use crate::findings::Fault;
use crate::note::{Note, Told};
use crate::part::Part;
use crate::queue::{By, Queue, refused};
use crate::random::Random;
use crate::station::{Lane, Pending, Station, locked};
use crate::subject::Handle;
use crate::ticket::Expect;

const SUBMITTERS: u64 = 2;
/// `crate::clerk::ENDS`.
const AFTER_FREE: usize = 3;
/// A submit waits for nobody.
const SUBMIT: Duration = Duration::from_millis(250);

pub struct Round<'r, 'a> {
    pub station: &'r Station<'a>,
    pub handle: Arc<Handle>,
    pub queue: Queue,
    pub style: Style,
    pub told: Arc<Told>,
    pub pending: Mutex<HashMap<u64, Pending>>,
    notes: Mutex<Vec<Arc<Note>>>,
    stop: AtomicBool,
    random: Random,
}

/// How a queue ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// When nothing is under way any more.
    UsedUp,
    /// With commands under way.
    Freed,
    /// By one of its own callbacks.
    FreedByCallback,
}

impl<'r, 'a> Round<'r, 'a> {
    pub fn new(station: &'r Station<'a>, handle: Arc<Handle>, random: &mut Random) -> Self {
        Self {
            queue: Queue::open(&handle),
            station,
            handle,
            style: *random.pick(&[Style::Drain, Style::Next, Style::Dispatch, Style::Poll]),
            told: Arc::default(),
            pending: Mutex::default(),
            notes: Mutex::default(),
            stop: AtomicBool::new(false),
            random: Random::new(random.next(), 0),
        }
    }

    pub fn run(self) {
        let mut random = self.random.clone();
        let end = match (random.below(6), self.style) {
            (0..=2, _) => End::UsedUp,
            (3, Style::Dispatch | Style::Poll) => End::FreedByCallback,
            _ => End::Freed,
        };
        let until = Instant::now() + random.millis(50, 1200);
        let mut consumer = Consumer::new(&self, &mut random);
        self.station.target.show(Some(self.queue));
        std::thread::scope(|scope| {
            for number in 0..SUBMITTERS {
                let random = Random::new(random.next(), number);
                scope.spawn(|| self.submit_all(random));
            }
            while !consumer.is_closed() && Instant::now() < until && !self.station.world.over() {
                consumer.consume();
            }
            self.stop.store(true, Ordering::Relaxed);
        });
        if end == End::UsedUp || consumer.is_closed() {
            consumer.use_up();
        }
        self.free(end, consumer.returned);
        self.check_notes();
        let left = std::mem::take(&mut *locked(&self.pending));
        let mut clerk = self.station.clerk();
        clerk.tally.mark("queues freed", 1);
        let given_up = "commands given up with their queue";
        clerk.tally.mark(given_up, left.len() as u64);
        drop(clerk);
        self.station.forget(left);
    }

    fn submit_all(&self, mut random: Random) {
        let stopped = || self.stop.load(Ordering::Relaxed);
        while !stopped() {
            self.station.world.keep_hush(Part::Queue, stopped);
            for _ in 0..random.between(1, 8) {
                match self.station.take_lane() {
                    Some(lane) if !stopped() => self.submit(lane, &mut random),
                    Some(lane) => self.station.give_back(lane),
                    None => break,
                }
            }
            std::thread::sleep(Duration::from_micros(random.between(2_000, 20_000)));
        }
    }

    fn submit(&self, mut lane: Lane, random: &mut Random) {
        let station = self.station;
        let job = lane
            .inventor
            .command(0, station.target.lasts, &mut lane.memory);
        let calm = station.world.calm_at(Instant::now());
        let (manner, cancelled) = lane.inventor.manner(&job, calm);
        let shot = cancelled.map(|pause| station.world.trigger.after(pause));
        let tag = station.tag();
        let by = self.style.by(random);
        let note = (by == By::Callback).then(|| self.note(tag));
        let note = note.map_or(std::ptr::null(), |note| Arc::as_ptr(&note));
        let traits = &self.handle.traits;
        let blocks = matches!(job.steps[0].expect, Expect::Popped { .. });
        let started = Instant::now();
        let args = job.steps[0].args.clone();
        let made = Made {
            started,
            ended: started,
            limit: limit(&job, manner, traits.timeout),
            // Commands that may block are limited by pool.max, too.
            narrow: traits.is_narrow() || blocks,
            handle: Some(Arc::clone(&self.handle)),
            shot: shot.clone(),
        };
        locked(&self.pending).insert(tag, Pending { lane, job, made });
        let queue = self.queue;
        let status = queue.submit(by, (tag, note), &args, manner, shot.as_deref());
        let ended = Instant::now();
        if ended - started > SUBMIT
            && ended - started > SUBMIT + 3 * station.world.machine.lost(started, ended)
        {
            let text = format!("a submit took {:?}", ended - started);
            station.clerk().find(Fault::Overrun, &text);
        }
        if status != REDISCLIENT_OK {
            self.was_refused(tag, status, ended);
        }
    }

    fn note(&self, tag: u64) -> Arc<Note> {
        let note = Arc::new(Note::new(tag, &self.told));
        locked(&self.notes).push(Arc::clone(&note));
        note
    }

    fn was_refused(&self, tag: u64, status: i32, ended: Instant) {
        let note = locked(&self.notes)
            .iter()
            .find(|note| note.tag == tag)
            .cloned();
        if let Some(note) = note {
            note.was_refused.store(true, Ordering::Relaxed);
        }
        let Some(pending) = locked(&self.pending).remove(&tag) else {
            let text = format!("tag {tag} was completed, though submit answered {status}");
            self.station.clerk().find(Fault::WrongReply, &text);
            return;
        };
        self.station.settle(pending, ended, refused(status));
        if status == REDISCLIENT_EFULL {
            self.station
                .clerk()
                .tally
                .mark("submits refused as full", 1);
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Frees the queue, whatever is under way. Nobody has looked into it since then.
    fn free(&self, end: End, since: Instant) {
        // Not while a child is forked with it.
        self.station.target.show(None);
        if end == End::FreedByCallback {
            self.told.doom(self.queue);
            self.station.clerk().was_away(since);
            self.queue.dispatch(100);
            let spared = self.told.spare().is_some();
            for (tag, done, ended) in self.told.take() {
                self.came(tag, done, ended);
            }
            if !spared {
                return;
            }
        }
        let began = Instant::now();
        self.queue.free();
        let ended = Instant::now();
        self.station.clerk().check_end(AFTER_FREE, began, ended);
    }

    /// A completion.
    pub fn came(&self, tag: u64, done: Done, ended: Instant) {
        let pending = locked(&self.pending).remove(&tag);
        match pending {
            Some(pending) => self.station.settle(pending, ended, done),
            None => {
                let text = format!("a completion of tag {tag}, which is not under way: twice?");
                self.station.clerk().find(Fault::WrongReply, &text);
            }
        }
    }

    /// The queue is freed: every callback's data were destroyed once by now, and it ran once unless
    /// it was given up.
    fn check_notes(&self) {
        let astray = self.told.astray.load(Ordering::SeqCst);
        if astray > 0 {
            let text = format!("{astray} callbacks ran on a thread that did not dispatch");
            self.station.clerk().find(Fault::WrongReply, &text);
        }
        for note in locked(&self.notes).drain(..) {
            let given_up = locked(&self.pending).contains_key(&note.tag);
            let was_refused = note.was_refused.load(Ordering::Relaxed);
            let expected = match (was_refused, given_up) {
                (true, _) => (0, 0),
                (false, true) => (0, 1),
                (false, false) => (1, 1),
            };
            let counts = note.counts();
            if counts != expected {
                let text = format!(
                    "tag {}: called and destroyed {counts:?} times, not {expected:?}",
                    note.tag
                );
                self.station.clerk().find(Fault::WrongReply, &text);
                // It may yet be called.
                std::mem::forget(note);
            }
        }
    }
}
