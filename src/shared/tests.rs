//! What the hand-over of roles must not do to a reply, over a server that answers each command with
//! its own number.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::*;
use crate::connection::Received;
use crate::deadline::{Deadline, Moment};
use crate::error::{Code, Error, Outcome};
use crate::events::CloseReason;
use crate::net::lock;
use crate::options::{Config, InFlightConfig};
use crate::resp::{Decoder, Limits};
use crate::sys::poll::{Descriptor, Ready};

/// Where the number stands in a command of one digit.
const DIGIT: usize = 8;
const SIZE: usize = 11;
pub(super) const SHORT: Duration = Duration::from_millis(20);
/// Enough to do something first.
const SECOND: Duration = Duration::from_secs(1);
pub(super) const LONG: Duration = Duration::from_secs(20);

#[derive(Default)]
pub(super) struct Server {
    pub now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Default)]
pub(super) struct Now {
    pub answers: VecDeque<u8>,
    /// Commands that are not answered yet, and whether those to come are not.
    pub unanswered: VecDeque<u8>,
    pub silent: bool,
    /// Connections up to this number are never answered.
    dead: u64,
    /// The socket takes nothing, until an answer is taken.
    pub full: bool,
    /// Who has written is kept from coming back.
    pub keeps_writers: bool,
    pub writers: usize,
    /// Each command is answered twice.
    stutters: bool,
    pub connections: u64,
}

impl Server {
    pub fn change(&self, change: impl FnOnce(&mut Now)) {
        change(&mut lock(&self.now));
        self.changed.notify_all();
    }

    /// Answers what it was silent about.
    fn catch_up(&self) {
        self.change(|now| {
            now.silent = false;
            let late = std::mem::take(&mut now.unanswered);
            now.answers.extend(late);
        });
    }

    pub fn wait_until(&self, is_so: impl Fn(&Now) -> bool) {
        let mut now = lock(&self.now);
        while !is_so(&now) {
            now = self
                .changed
                .wait(now)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// One connection to it.
struct ToServer {
    server: Arc<Server>,
    number: u64,
}

impl ToServer {
    fn take(&self, now: &mut Now, into: &mut Vec<Reply>) {
        let mut decoder = Decoder::new(Limits::default());
        now.full = false;
        for digit in now.answers.drain(..) {
            decoder.feed(&[b':', digit, b'\r', b'\n']).unwrap();
            into.extend(decoder.next_reply().unwrap());
        }
    }
}

impl Line for ToServer {
    fn send_now(&self, bytes: &[u8]) -> Result<usize> {
        if lock(&self.server.now).full {
            return Ok(0);
        }
        let digits = bytes.chunks(SIZE).map(|command| command[DIGIT]);
        self.server.change(|now| {
            match now.silent || self.number <= now.dead {
                true => now.unanswered.extend(digits),
                false if now.stutters => {
                    let twice = digits.flat_map(|digit| [digit, digit]);
                    now.answers.extend(twice);
                }
                false => now.answers.extend(digits),
            }
            now.writers += 1;
        });
        self.server.wait_until(|now| !now.keeps_writers);
        Ok(bytes.len())
    }

    fn receive(&self, deadline: Deadline, into: &mut Vec<Reply>) -> Result<()> {
        let mut now = lock(&self.server.now);
        while now.answers.is_empty() {
            let left = deadline.remaining().unwrap_or(LONG);
            if left.is_zero() {
                return Err(Error::new(Code::Timeout, "no answer in time"));
            }
            let waited = self.server.changed.wait_timeout(now, left);
            now = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        self.take(&mut now, into);
        Ok(())
    }

    fn receive_now(&self, into: &mut Vec<Reply>) -> Result<Received> {
        let mut now = lock(&self.server.now);
        match now.answers.is_empty() {
            true => Ok(Received::Nothing),
            false => {
                self.take(&mut now, into);
                Ok(Received::Something)
            }
        }
    }

    fn wait(&self, read: bool, write: bool, deadline: Deadline) -> Result<Ready> {
        let mut now = lock(&self.server.now);
        loop {
            let ready = Ready {
                readable: read && !now.answers.is_empty(),
                writable: write && !now.full,
            };
            let left = deadline.remaining().unwrap_or(LONG);
            if ready != Ready::default() || left.is_zero() {
                return Ok(ready);
            }
            let waited = self.server.changed.wait_timeout(now, left);
            now = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn is_buffered(&self) -> bool {
        false
    }

    fn descriptor(&self) -> Descriptor {
        -1
    }

    fn shutdown(&self) {}
}

struct Network(Arc<Server>);

impl Source for Network {
    fn connect(&self, _: &Wait) -> Result<(Box<dyn Line>, u64)> {
        let server = Arc::clone(&self.0);
        server.change(|now| now.connections += 1);
        let number = lock(&server.now).connections;
        Ok((Box::new(ToServer { server, number }), number))
    }

    fn gone(&self, _: u64, _: CloseReason) {}

    fn node(&self) -> &str {
        "server"
    }
}

/// There are no tasks here.
pub(super) struct NoTask;

impl Task for NoTask {
    fn due(&self) -> u64 {
        u64::MAX
    }

    fn ended(&self) -> Option<Error> {
        None
    }

    fn settle(_: &mut Vec<Done<Self>>, _: &mut Vec<Again<Self>>) {}
}

pub(super) fn links<T: Task>(config: &Config) -> (Arc<Server>, Links<T>) {
    let server = Arc::<Server>::default();
    let links = Links::new(
        1,
        Box::new(Network(Arc::clone(&server))),
        Arc::new(Live::new(config)),
        Arc::default(),
        Arc::new(InFlight::new(config.in_flight)),
    );
    (server, links)
}

pub(super) fn ask<T: Task>(links: &Links<T>, number: u8, limit: Duration) -> Result<i64> {
    ask_until(links, number, limit, None)
}

/// The same with a cancel.
pub(super) fn ask_until<T: Task>(
    links: &Links<T>,
    number: u8,
    limit: Duration,
    cancel: Option<Arc<Cancel>>,
) -> Result<i64> {
    let wait = Wait {
        began: Moment::now(),
        deadline: Deadline::after(Moment::now(), Some(limit)),
        closing: Arc::clone(&links.hub.closing),
        cancel,
    };
    let digit = [b'0' + number];
    links.call(&[&digit], &wait).map(|reply| reply.integer())
}

pub(super) fn wait_for(mut is_so: impl FnMut() -> bool) {
    let until = Deadline::after(Moment::now(), Some(LONG));
    while !is_so() {
        assert!(!until.passed(), "it does not come about");
        thread::yield_now();
    }
}

/// A command that comes while the writer of the one before is on its way back is not sent before
/// the connection, idle by then, was probed: the probe would take its reply for a stranger's.
#[test]
fn what_is_added_to_an_idle_link_under_its_writer_waits_for_the_probe() {
    let mut config = Config::default();
    config.pool.check_after = Duration::ZERO;
    let (server, links) = links::<NoTask>(&config);
    let link = &links.hub.links[0];
    server.change(|now| now.keeps_writers = true);
    thread::scope(|scope| {
        let first = scope.spawn(|| ask(&links, 1, LONG));
        server.wait_until(|now| now.writers == 1);
        // Reads the first one's reply, and is out of time before it can write.
        let second = ask(&links, 2, SECOND);
        assert_eq!(second.unwrap_err().code(), Code::Timeout);
        assert!(link.lock().flight.is_empty() && link.lock().writing);
        let third = scope.spawn(|| ask(&links, 3, LONG));
        wait_for(|| !link.lock().flight.is_empty());
        server.change(|now| now.keeps_writers = false);
        assert_eq!(first.join().unwrap().unwrap(), 1);
        assert_eq!(third.join().unwrap().unwrap(), 3);
    });
}

/// Commands that were given up count until they are answered. Nobody reads while nobody waits, so
/// when they are as many as may be, who is refused has to.
#[test]
fn what_was_given_up_and_answered_makes_room() {
    let mut config = Config::default();
    config.in_flight = InFlightConfig {
        commands: 2,
        ..config.in_flight
    };
    let (server, links) = links::<NoTask>(&config);
    server.change(|now| now.silent = true);
    for number in 1..=2 {
        let error = ask(&links, number, SHORT).unwrap_err();
        assert_eq!(error.code(), Code::Timeout);
    }
    assert_eq!(ask(&links, 3, LONG).unwrap_err().code(), Code::Full);
    server.catch_up();
    assert_eq!(ask(&links, 4, LONG).unwrap(), 4);
    assert_eq!(lock(&server.now).connections, 1);
}

/// A server that will never answer them is left.
#[test]
fn what_was_given_up_on_a_silent_connection_makes_room() {
    let mut config = Config::default();
    config.in_flight = InFlightConfig {
        commands: 2,
        ..config.in_flight
    };
    config.timeout = Some(SHORT * 5);
    let (server, links) = links::<NoTask>(&config);
    server.change(|now| now.dead = 1);
    for number in 1..=2 {
        // Answered only if this thread was so slow that the connection was left by then.
        let _ = ask(&links, number, SHORT);
    }
    let is_full = |answer: &Result<i64>| answer.as_ref().is_err_and(|it| it.code() == Code::Full);
    let mut answer = Ok(0);
    wait_for(|| {
        answer = ask(&links, 3, LONG);
        !is_full(&answer)
    });
    assert_eq!(answer.unwrap(), 3);
    assert_eq!(lock(&server.now).connections, 2);
}

/// Links whose connection is made, and is given up after a short silence.
fn impatient_links() -> (Arc<Server>, Links<NoTask>) {
    let config = Config {
        timeout: Some(SECOND),
        ..Config::default()
    };
    let (server, links) = links(&config);
    assert_eq!(ask(&links, 9, LONG).unwrap(), 9);
    (server, links)
}

/// Out of time before it can read.
fn give_up_at_once(links: &Links<NoTask>, number: u8) {
    let out_of_time = ask(links, number, Duration::ZERO).unwrap_err();
    assert_eq!(out_of_time.code(), Code::Timeout);
}

/// Until its connection has been silent for too long.
fn wait_for_silence(links: &Links<NoTask>) {
    let heard = links.hub.links[0].lock().heard;
    wait_for(|| {
        thread::sleep(Duration::from_millis(1));
        links.hub.clock.now() - heard > 2 * SECOND.as_millis() as u64
    });
}

/// A reply that came while nobody read is not silence.
#[test]
fn a_link_on_which_an_answer_waits_to_be_read_is_kept() {
    let (server, links) = impatient_links();
    server.change(|now| now.silent = true);
    give_up_at_once(&links, 1);
    server.catch_up();
    wait_for_silence(&links);
    give_up_at_once(&links, 2);
    assert_eq!(ask(&links, 3, LONG).unwrap(), 3);
    assert_eq!(lock(&server.now).connections, 1);
}

/// Nothing is sent on a connection that was given up on and has been silent for long since.
#[test]
fn a_link_that_was_left_silent_is_made_anew_for_the_next_command() {
    let (server, links) = impatient_links();
    server.change(|now| now.dead = 1);
    give_up_at_once(&links, 1);
    wait_for_silence(&links);
    assert_eq!(ask(&links, 3, LONG).unwrap(), 3);
    assert_eq!(lock(&server.now).connections, 2);
}

/// A reply too many is not taken for one to a command that was not even sent.
#[test]
fn what_was_not_asked_for_answers_nothing() {
    let (server, links) = links::<NoTask>(&Config::default());
    let link = &links.hub.links[0];
    server.change(|now| (now.keeps_writers, now.stutters) = (true, true));
    thread::scope(|scope| {
        let first = scope.spawn(|| ask(&links, 1, LONG));
        server.wait_until(|now| now.writers == 1);
        // Reads while the first one is kept in its write.
        let second = ask(&links, 2, LONG);
        server.change(|now| now.keeps_writers = false);
        assert_eq!(first.join().unwrap().unwrap(), 1);
        let second = second.unwrap_err();
        assert_eq!(second.code(), Code::Protocol);
        assert_eq!(second.outcome(), Outcome::NotSent);
        assert!(link.lock().line.is_none());
    });
}
