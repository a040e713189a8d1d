//! The addresses of a host tried until one answers (RFC 8305): a second attempt joins the first
//! after 250 ms, never more than two are under way, a failure lets the next begin at once, the
//! first success wins and the other is closed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::connect::failure;
use super::descriptors::Descriptors;
use super::failures::Failures;
use super::stream::Stream;
use super::tcp::Attempt;
#[cfg(any(target_os = "linux", target_os = "android"))]
use super::tcp::connect_alone;
use super::wake::Wait;
use crate::deadline::{Deadline, Moment};
use crate::error::{Code, Error, Result};
use crate::options::{AddressOrder, TcpConfig};
use crate::sys::poll::{self, Interest, Ready};

/// Time between the starts of two attempts (RFC 8305, section 8).
const STAGGER: Duration = Duration::from_millis(250);
/// An attempt's part where there is no limit for all of them.
const UNHURRIED: Duration = Duration::from_secs(10);
/// No attempt is given up sooner, however many addresses wait.
const SHORTEST: Duration = Duration::from_millis(500);

/// Tries the addresses in the given order; answers, too, whether the socket's calls are still to be
/// made to wait.
pub(super) fn connect_any(
    host: &str,
    addresses: Vec<SocketAddr>,
    config: &TcpConfig,
    table: Option<&Arc<Descriptors>>,
    wait: &Wait,
) -> Result<(Stream, bool)> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let [address] = addresses[..] {
        return Ok((connect_alone(address, config, table, wait)?, false));
    }
    let lanes = match config.order {
        AddressOrder::Staggered => 2,
        AddressOrder::InOrder | AddressOrder::Random => 1,
    };
    let race = Race {
        failures: Failures::new(host, addresses.len()),
        waiting: addresses.into_iter(),
        running: Vec::with_capacity(lanes),
        lanes,
        next_start: Moment::now(),
        config,
        table,
        wait,
    };
    Ok((race.run()?, true))
}

struct Race<'a> {
    failures: Failures<'a>,
    waiting: std::vec::IntoIter<SocketAddr>,
    running: Vec<Attempt>,
    lanes: usize,
    /// When another attempt may join the running ones.
    next_start: Moment,
    config: &'a TcpConfig,
    table: Option<&'a Arc<Descriptors>>,
    wait: &'a Wait,
}

impl Race<'_> {
    fn run(mut self) -> Result<Stream> {
        loop {
            self.wait.check()?;
            self.give_up_overdue();
            self.start();
            if self.running.is_empty() {
                return Err(self.failures.all_failed());
            }
            let ready = self.poll()?;
            self.wait.check()?;
            if let Some(index) = self.winner(ready) {
                let attempt = self.running.swap_remove(index);
                return Ok(Stream::new(attempt.socket));
            }
            if self.wait.deadline.passed() {
                return Err(self.out_of_time());
            }
        }
    }

    /// Starts attempts while there is room for them and it is time.
    fn start(&mut self) {
        while self.running.len() < self.lanes {
            let now = Moment::now();
            if !self.running.is_empty() && now < self.next_start {
                return;
            }
            let until = self.share(now);
            let Some(address) = self.waiting.next() else {
                return;
            };
            self.next_start = now + STAGGER;
            match Attempt::begin(address, self.config, self.table, self.wait, until) {
                Ok(attempt) => self.running.push(attempt),
                Err(error) => {
                    self.note(error);
                    self.next_start = now;
                }
            }
        }
    }

    /// An attempt's part of the time left, so that every address has its turn; the last has it all.
    fn share(&self, now: Moment) -> Deadline {
        let turns = self.waiting.len().div_ceil(self.lanes);
        match self.wait.deadline.remaining_at(now) {
            Some(left) if turns > 1 => {
                let share = left / u32::try_from(turns).unwrap_or(u32::MAX);
                Deadline::after(now, Some(share.max(SHORTEST)))
            }
            None if turns > 1 => Deadline::after(now, Some(UNHURRIED)),
            _ => Deadline::never(),
        }
    }

    fn give_up_overdue(&mut self) {
        if self.waiting.len() == 0 {
            return;
        }
        let overdue = |attempt: &Attempt| attempt.until.passed();
        while let Some(index) = self.running.iter().position(overdue) {
            let attempt = self.running.swap_remove(index);
            self.note(silent(attempt.address));
        }
    }

    /// Waits until an attempt is decided, or it is time for something else.
    fn poll(&self) -> Result<[Ready; 2]> {
        let mut until = self.wait.deadline;
        if self.waiting.len() > 0 {
            for attempt in &self.running {
                until = until.min(attempt.until);
            }
            if self.running.len() < self.lanes {
                until = until.min(Deadline::at(self.next_start));
            }
        }
        let interest = |attempt: &Attempt| Interest {
            fd: attempt.socket.descriptor(),
            read: false,
            write: true,
        };
        let ready = match &self.running[..] {
            [first, second, ..] => poll::wait_any([interest(first), interest(second)], until),
            [first] => {
                poll::wait_any([interest(first)], until).map(|[ready]| [ready, Ready::default()])
            }
            [] => Ok([Ready::default(); 2]),
        };
        ready.map_err(|error| failure("cannot wait for the connection", &error))
    }

    /// The first attempt that succeeded; those that failed are noted and leave.
    fn winner(&mut self, ready: [Ready; 2]) -> Option<usize> {
        for index in (0..self.running.len()).rev() {
            if !ready[index].writable {
                continue;
            }
            match self.running[index].outcome() {
                Ok(()) => return Some(index),
                Err(error) => {
                    self.running.swap_remove(index);
                    self.note(error);
                    self.next_start = Moment::now();
                }
            }
        }
        None
    }

    fn note(&mut self, error: Error) {
        self.failures.note(error);
    }

    fn out_of_time(mut self) -> Error {
        for attempt in std::mem::take(&mut self.running) {
            self.note(silent(attempt.address));
        }
        self.failures.out_of_time()
    }
}

pub(super) fn silent(address: SocketAddr) -> Error {
    let detail = format!("{address} did not accept the connection in time");
    Error::new(Code::Timeout, detail)
}
