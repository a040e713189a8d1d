//! Every order of events between callers of one link, over a server that answers each command with
//! its own number.

use std::sync::Arc;

use loom::sync::{Condvar, Mutex};
use loom::thread;

use super::link::Link;
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

#[derive(Default)]
struct Server {
    unanswered: Mutex<Vec<u8>>,
    came: Condvar,
}

struct ToServer(Arc<Server>);

impl Line for ToServer {
    fn send_now(&self, bytes: &[u8]) -> Result<usize> {
        assert!(bytes.len().is_multiple_of(SIZE));
        let numbers = bytes.chunks(SIZE).map(|command| command[DIGIT]);
        lock(&self.0.unanswered).extend(numbers);
        self.0.came.notify_all();
        Ok(bytes.len())
    }

    fn receive(&self, deadline: Deadline, into: &mut Vec<Reply>) -> Result<()> {
        let mut unanswered = lock(&self.0.unanswered);
        while unanswered.is_empty() {
            if deadline != Deadline::never() {
                return Err(Error::new(Code::Timeout, "no answer in time"));
            }
            unanswered = self.0.came.wait(unanswered).unwrap();
        }
        let mut decoder = Decoder::new(Limits::default());
        for digit in unanswered.drain(..) {
            decoder.feed(&[b':', digit, b'\r', b'\n']).unwrap();
            into.extend(decoder.next_reply().unwrap());
        }
        Ok(())
    }

    fn receive_now(&self, _: &mut Vec<Reply>) -> Result<Received> {
        Ok(Received::Nothing)
    }

    fn wait(&self, _: bool, _: bool, _: Deadline) -> Result<Ready> {
        unreachable!("it takes everything")
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
        Ok((Box::new(ToServer(Arc::clone(&self.0))), 1))
    }

    fn gone(&self, _: u64, _: CloseReason) {}

    fn node(&self) -> &str {
        "server"
    }
}

/// There are no tasks here.
struct NoTask;

impl Task for NoTask {
    fn due(&self) -> u64 {
        u64::MAX
    }

    fn ended(&self) -> Option<Error> {
        None
    }

    fn settle(_: &mut Vec<Done<Self>>, _: &mut Vec<Again<Self>>) {}
}

fn links() -> Arc<Links<NoTask>> {
    let most = InFlightConfig::default();
    Arc::new(Links::new(
        1,
        Box::new(Network(Arc::default())),
        Arc::new(Live::new(&Config::default())),
        Arc::default(),
        Arc::new(InFlight::new(most)),
    ))
}

fn ask(links: &Links<NoTask>, number: u8, deadline: Deadline) -> Result<i64> {
    let wait = Wait {
        began: Moment::now(),
        deadline,
        closing: Arc::clone(&links.hub.closing),
        cancel: None,
    };
    let digit = [b'0' + number];
    links.call(&[&digit], &wait).map(|reply| reply.integer())
}

fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(model);
}

fn is_at_rest(link: &Link<NoTask>) {
    let inner = link.lock();
    assert!(!inner.writing && !inner.reading && !inner.connecting);
    assert!(!inner.flight.is_awaited() && !inner.out.has_unsent());
}

#[test]
fn each_caller_gets_its_own_reply() {
    explore(|| {
        let links = links();
        let other = Arc::clone(&links);
        let caller = thread::spawn(move || ask(&other, 1, Deadline::never()).unwrap());
        assert_eq!(ask(&links, 2, Deadline::never()).unwrap(), 2);
        assert_eq!(caller.join().unwrap(), 1);
        is_at_rest(&links.hub.links[0]);
        assert_eq!(links.hub.in_flight.commands(), 0);
    });
}

#[test]
fn three_callers_hand_the_roles_on() {
    explore(|| {
        let links = links();
        let callers: Vec<_> = (1..3)
            .map(|number| {
                let links = Arc::clone(&links);
                thread::spawn(move || {
                    assert_eq!(
                        ask(&links, number, Deadline::never()).unwrap(),
                        i64::from(number)
                    );
                })
            })
            .collect();
        assert_eq!(ask(&links, 3, Deadline::never()).unwrap(), 3);
        for caller in callers {
            caller.join().unwrap();
        }
        is_at_rest(&links.hub.links[0]);
    });
}

#[test]
fn who_gives_up_takes_nobody_s_reply_along() {
    explore(|| {
        let links = links();
        let other = Arc::clone(&links);
        let hasty = thread::spawn(move || {
            let over = Deadline::at(Moment::now());
            match ask(&other, 1, over) {
                Ok(number) => assert_eq!(number, 1),
                Err(error) => assert_eq!(error.code(), Code::Timeout),
            }
        });
        for number in 2..4 {
            let answered = ask(&links, number, Deadline::never()).unwrap();
            assert_eq!(answered, i64::from(number));
        }
        hasty.join().unwrap();
        is_at_rest(&links.hub.links[0]);
    });
}

#[test]
fn what_was_not_sent_is_said_so() {
    explore(|| {
        let links = links();
        let over = Deadline::at(Moment::now());
        let error = ask(&links, 1, over).unwrap_err();
        assert_eq!(error.code(), Code::Timeout);
        // It connected, and its time was over before anything was written.
        assert_eq!(error.outcome(), Outcome::NotSent);
        assert_eq!(links.hub.in_flight.commands(), 0);
        assert_eq!(ask(&links, 2, Deadline::never()).unwrap(), 2);
    });
}
