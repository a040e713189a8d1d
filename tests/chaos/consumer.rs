//! Takes out of a completion queue what has ended, in one of the ways that there are.

use std::time::{Duration, Instant};

use redisclient::ffi::status::REDISCLIENT_ECLOSED;

use crate::answer::Done;
use crate::findings::Fault;
use crate::queue::{By, Event, Queue};
use crate::random::Random;
use crate::round::Round;
use crate::station::locked;

/// How a queue is consumed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Style {
    Drain,
    Next,
    Dispatch,
    /// By poll on its descriptor, and then all three.
    Poll,
}

impl Style {
    /// A way to submit what is consumed so.
    pub fn by(self, random: &mut Random) -> By {
        *match self {
            Self::Drain | Self::Next => random.pick(&[By::Tag, By::Packed]),
            Self::Dispatch => &By::Callback,
            Self::Poll => random.pick(&[By::Tag, By::Packed, By::Callback]),
        }
    }
}

/// What has not come so long after the end never will.
const STANDSTILL: Duration = Duration::from_secs(20);
/// Every completion is there so long after a queue has said that it is closed.
const CLOSED: Duration = Duration::from_millis(250);

pub struct Consumer<'c, 'r, 'a> {
    round: &'c Round<'r, 'a>,
    random: Random,
    listens: bool,
    /// When it last came back from the queue.
    pub returned: Instant,
    /// When the queue said that its client is closed and nothing is under way.
    closed: Option<Instant>,
    /// CLOSED events.
    farewells: u32,
}

impl<'c, 'r, 'a> Consumer<'c, 'r, 'a> {
    pub fn new(round: &'c Round<'r, 'a>, random: &mut Random) -> Self {
        round.told.consume_here();
        let listens = round.style == Style::Next && random.chance(30);
        if listens {
            round.queue.listen();
        }
        Self {
            round,
            random: Random::new(random.next(), 1),
            listens,
            returned: Instant::now(),
            closed: None,
            farewells: 0,
        }
    }

    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Waits for something, for a while, and takes it.
    pub fn consume(&mut self) {
        let timeout = *self.random.pick(&[5, 20, 100, 600]);
        match self.round.style {
            Style::Drain => drop(self.drain(timeout)),
            Style::Next => drop(self.next(timeout)),
            Style::Dispatch => drop(self.dispatch(timeout)),
            Style::Poll => self.poll(timeout),
        }
    }

    /// Looks into the queue, no longer than it is told. What it did since it last came back is not
    /// the queue's to answer for.
    fn look<T>(&mut self, timeout: i32, look: impl FnOnce(Queue) -> T) -> T {
        let station = self.round.station;
        station.clerk().was_away(self.returned);
        let due = Instant::now() + Duration::from_millis(timeout as u64);
        let came = look(self.round.queue);
        self.returned = Instant::now();
        if timeout > 0 {
            station.clerk().check_end(0, due, self.returned);
        }
        came
    }

    /// Takes until nothing is under way, and looks whether the queue then says so.
    pub fn use_up(&mut self) {
        let until = Instant::now() + STANDSTILL;
        loop {
            let now = Instant::now();
            // What is there by now is no finding, however late this thread comes to look.
            while self.closed.is_some() && self.take_all() > 0 {}
            let left = locked(&self.round.pending).len();
            if left == 0 {
                break;
            }
            let late = self.closed.filter(|closed| now > *closed + CLOSED);
            let lost = |since| self.round.station.world.machine.lost(since, now);
            if late.is_some_and(|closed| now > closed + CLOSED + 3 * lost(closed)) || now > until {
                let text = format!("{left} completions do not come; closed: {}", late.is_some());
                self.find(Fault::NoCause, &text);
                return;
            }
            match self.closed {
                Some(_) => std::thread::sleep(Duration::from_millis(1)),
                None => self.consume(),
            }
        }
        self.check_silence();
    }

    /// All was taken: nothing waits, but that the client was closed.
    fn check_silence(&mut self) {
        let readable = self.is_readable(0);
        let took = self.take_all();
        let said_closed = self.closed.is_some();
        if said_closed {
            while self.next(0) {}
            if self.farewells != 1 || self.next(0) {
                let text = format!("{} CLOSED events, not 1", self.farewells);
                self.find(Fault::WrongReply, &text);
            }
            if self.is_readable(0) {
                self.find(Fault::WrongReply, "readable though nothing can come");
            }
        } else if (readable || took > 0) && !self.listens && !self.may_be_closed() {
            self.find(Fault::WrongReply, "readable though all was taken");
        }
    }

    fn may_be_closed(&self) -> bool {
        self.round.handle.closing.get().is_some()
    }

    /// Takes what is there, in every way; how much.
    fn take_all(&mut self) -> usize {
        self.dispatch(0) + self.drain(0) + usize::from(self.next(0))
    }

    fn poll(&mut self, timeout: i32) {
        if self.is_readable(timeout) && self.take_all() == 0 {
            self.find(Fault::WrongReply, "readable though nothing waits");
        }
    }

    fn is_readable(&mut self, timeout: i32) -> bool {
        self.look(timeout, |queue| queue.is_readable(timeout))
    }

    fn drain(&mut self, timeout: i32) -> usize {
        let capacity = self.random.between(1, 64) as usize;
        match self.look(timeout, |queue| queue.drain(capacity, timeout)) {
            Ok(list) => {
                let (count, ended) = (list.len(), self.returned);
                for (tag, done) in list {
                    self.came(tag, done, ended);
                }
                count
            }
            Err(status) => self.failed(status),
        }
    }

    fn next(&mut self, timeout: i32) -> bool {
        match self.look(timeout, |queue| queue.next(timeout)) {
            None => return false,
            Some(Event::Completion(tag, done)) => self.came(tag, done, self.returned),
            Some(Event::Closed) => {
                self.farewells += 1;
                self.failed(REDISCLIENT_ECLOSED);
            }
            Some(Event::Other(kind)) if !self.listens => {
                let text = format!("an event of kind {kind}, which nobody asked for");
                self.find(Fault::WrongReply, &text);
            }
            Some(Event::Other(_)) => {}
        }
        true
    }

    fn dispatch(&mut self, timeout: i32) -> usize {
        let ran = self.look(timeout, |queue| queue.dispatch(timeout));
        let told = self.round.told.take();
        let count = told.len();
        if ran >= 0 && ran as usize != count {
            let text = format!("dispatch answered {ran}, {count} callbacks ran");
            self.find(Fault::WrongReply, &text);
        }
        for (tag, done, ended) in told {
            self.came(tag, done, ended);
        }
        match ran {
            0.. => count,
            failed => count + self.failed(-failed),
        }
    }

    fn came(&mut self, tag: u64, done: Done, ended: Instant) {
        if done
            .result
            .as_ref()
            .is_err_and(|it| it.code == REDISCLIENT_ECLOSED)
        {
            let mut clerk = self.round.station.clerk();
            clerk.tally.mark("completions with ECLOSED", 1);
        }
        self.round.came(tag, done, ended);
    }

    fn failed(&mut self, status: i32) -> usize {
        if status != REDISCLIENT_ECLOSED || !self.may_be_closed() {
            self.find(Fault::NoCause, &format!("the consumer was told {status}"));
        }
        self.closed.get_or_insert_with(Instant::now);
        0
    }

    fn find(&self, fault: Fault, text: &str) {
        let style = self.round.style;
        let text = format!("consumed by {style:?}: {text}");
        self.round.station.clerk().find(fault, &text);
    }
}
