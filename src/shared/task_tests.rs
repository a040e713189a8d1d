//! What may not become of tasks, whoever serves them.

use std::sync::{Arc, Mutex};
use std::thread;

use super::tests::{LONG, SHORT, Server, ask, links, wait_for};
use super::*;
use crate::deadline::Moment;
use crate::error::{Code, Error};
use crate::net::lock;
use crate::options::Config;

/// A task that does at each end of an attempt what its test wants, and notes the last one.
#[derive(Clone)]
struct Probe(Arc<Shared>);

#[derive(Default)]
struct Shared {
    ended: Mutex<Option<Result<Reply>>>,
    is_cancelled: std::sync::atomic::AtomicBool,
    /// Asked at the end of each attempt that may be repeated: after which pause it is.
    again: Mutex<Option<Judge>>,
}

type Judge = Box<dyn FnMut() -> Option<Duration> + Send>;

impl Probe {
    fn new(again: impl FnMut() -> Option<Duration> + Send + 'static) -> Self {
        let shared = Shared {
            again: Mutex::new(Some(Box::new(again))),
            ..Shared::default()
        };
        Self(Arc::new(shared))
    }

    fn has_ended(&self) -> bool {
        lock(&self.0.ended).is_some()
    }

    fn code(&self) -> Option<Code> {
        let ended = lock(&self.0.ended);
        ended.as_ref()?.as_ref().err().map(Error::code)
    }
}

impl Task for Probe {
    fn due(&self) -> u64 {
        u64::MAX
    }

    fn ended(&self) -> Option<Error> {
        let is_cancelled = self.0.is_cancelled.load(Ordering::SeqCst);
        is_cancelled.then(|| Error::new(Code::Cancelled, "cancelled"))
    }

    fn settle(done: &mut Vec<Done<Self>>, again: &mut Vec<Again<Self>>) {
        for done in done.drain(..) {
            let judge = lock(&done.task.0.again).take().filter(|_| done.may_repeat);
            if let Some(pause) = judge.and_then(|mut again| again()) {
                again.push(Again {
                    bytes: b"*1\r\n$1\r\n7\r\n".to_vec(),
                    task: done.task,
                    pause,
                    renew: false,
                });
            } else {
                assert!(lock(&done.task.0.ended).replace(done.result).is_none());
            }
        }
    }
}

fn never() -> Option<Duration> {
    None
}

fn submit(links: &Links<Probe>, number: u8, task: &Probe) {
    let digit = [b'0' + number];
    let taken = links.submit(0, &[&digit], task.clone());
    assert!(taken.is_ok());
}

fn end(links: &Links<Probe>) {
    links.hub.closing.fire();
    links.join();
}

/// The worker cannot poll this server, so a caller reads the task's reply with its own.
fn read_by_a_caller(server: &Server, links: &Links<Probe>, task: &Probe) {
    server.change(|now| now.silent = true);
    thread::scope(|scope| {
        let caller = scope.spawn(|| ask(links, 1, LONG));
        wait_for(|| links.hub.links[0].lock().reader.is_some());
        submit(links, 2, task);
        server.wait_until(|now| now.writers == 2);
        server.change(|now| {
            let late = std::mem::take(&mut now.unanswered);
            now.answers.extend(late);
        });
        assert_eq!(caller.join().unwrap().unwrap(), 1);
    });
}

/// The worker sleeps while a caller reads; what the caller finds to be tried again is the worker's.
#[test]
fn a_task_that_a_caller_read_is_tried_again() {
    let (server, links) = links::<Probe>(&Config::default());
    let task = Probe::new(|| Some(SHORT));
    read_by_a_caller(&server, &links, &task);
    wait_for(|| lock(&server.now).writers == 3);
    end(&links);
}

/// The worker ends tasks when the client is closed, and goes; those that are judged at that moment
/// come back to nobody.
#[test]
fn a_task_that_comes_back_after_the_worker_has_gone_is_ended() {
    let (_server, links) = links::<Probe>(&Config::default());
    let closing = Arc::clone(&links.hub.closing);
    let task = Probe::new(move || {
        closing.fire();
        Some(SHORT)
    });
    let link = &links.hub.links[0];
    // No worker runs: it has gone.
    let taken = link.submit(&links.hub, &[b"1"], task.clone());
    assert!(taken.is_ok());
    let _ = ask(&links, 2, LONG);
    assert_eq!(task.code(), Some(Code::Closed));
}

/// A cancel may be fired after it was asked and before the task is where the worker looks.
#[test]
fn a_task_that_was_cancelled_before_it_was_under_way_is_ended() {
    let (server, links) = links::<Probe>(&Config::default());
    server.change(|now| now.silent = true);
    let task = Probe::new(never);
    task.0.is_cancelled.store(true, Ordering::SeqCst);
    submit(&links, 1, &task);
    wait_for(|| task.has_ended());
    assert_eq!(task.code(), Some(Code::Cancelled));
    end(&links);
}

/// The worker may look for what was cancelled while a task is being judged, and nowhere to be seen.
#[test]
fn a_task_that_is_cancelled_while_it_is_judged_is_ended() {
    let (server, links) = links::<Probe>(&Config::default());
    let task = Probe::new(never);
    let shared = Arc::downgrade(&task.0);
    *lock(&task.0.again) = Some(Box::new(move || {
        shared.upgrade()?.is_cancelled.store(true, Ordering::SeqCst);
        Some(LONG * 2)
    }));
    read_by_a_caller(&server, &links, &task);
    wait_for(|| task.has_ended());
    assert_eq!(task.code(), Some(Code::Cancelled));
    end(&links);
}

/// While the socket is full, as many may wait as limits.in_flight allows.
#[test]
fn very_many_that_were_not_written_are_taken_back_at_once() {
    const MANY: usize = 65_536;
    let (server, links) = links::<Probe>(&Config::default());
    let link = &links.hub.links[0];
    server.change(|now| now.keeps_writers = true);
    thread::scope(|scope| {
        let first = scope.spawn(|| ask(&links, 1, LONG));
        server.wait_until(|now| now.writers == 1);
        let value = [0; 1000];
        let (kept, task) = (Probe::new(never), Probe::new(never));
        for number in 0..MANY {
            let task = if number == MANY / 2 { &kept } else { &task };
            let taken = link.submit(&links.hub, &[b"SET", &value], task.clone());
            assert!(taken.is_ok());
        }
        let started = Moment::now();
        let is_wanted = |it: &Probe| !Arc::ptr_eq(&it.0, &kept.0);
        assert_eq!(links.take_tasks(is_wanted).len(), MANY - 1);
        assert!(started.elapsed() < LONG);
        assert_eq!(link.lock().flight.tasks(), 1);
        assert_eq!(links.take_tasks(|_| true).len(), 1);
        server.change(|now| now.keeps_writers = false);
        assert_eq!(first.join().unwrap().unwrap(), 1);
    });
}
