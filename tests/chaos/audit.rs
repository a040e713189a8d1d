//! The end of a run: what the server holds must be what the outcomes say, no more and no less.
//!
//! - A key that only one write makes 1 holds that after success, nothing when it did not run, one
//!   of the two when the outcome is UNKNOWN; 2 is an INCR that ran twice.
//! - A shared counter stands between the successes and the successes with the UNKNOWN ones, and
//!   no two callers were given the same value of it.
//! - The two counters of a pair are equal: a transaction runs as a whole.
//! - Each element was pushed by somebody, and popped once at most; one that is gone though nobody
//!   was given it is accounted for by a BLPOP that ended UNKNOWN.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::findings::{Fault, Findings};
use crate::invent::{ALL_COUNTERS, ALL_LISTS, COUNTERS, LISTS};
use crate::journal::{self, Ended, Fact};
use crate::part::Part;
use crate::support::Server;
use crate::support::raw::{RawClient, Value};
use crate::tally::Tally;

/// How much is asked at once.
const CHUNK: usize = 500;

/// What the journals say, put together.
#[derive(Default)]
struct Account {
    once: [HashMap<String, (Part, Ended)>; 2],
    counters: [Counter; ALL_COUNTERS],
    pairs: HashMap<String, (Part, Range)>,
    pushes: HashMap<String, Ended>,
    pops: Vec<String>,
    unknown_pops: [u64; ALL_LISTS],
    tallies: [Tally; 3],
}

#[derive(Default)]
struct Counter {
    range: Range,
    values: Vec<i64>,
}

/// How often something ran at least, and how often it may have run beyond.
#[derive(Clone, Copy, Default, Debug)]
struct Range {
    done: i64,
    unknown: i64,
}

impl Range {
    fn add(&mut self, ended: Ended) {
        match ended {
            Ended::Done => self.done += 1,
            Ended::Unknown => self.unknown += 1,
            Ended::NotRun => {}
        }
    }

    fn judge(self, holds: i64) -> Option<Fault> {
        match holds {
            _ if holds < self.done => Some(Fault::WrongOutcome),
            _ if holds > self.done + self.unknown => Some(Fault::DoubleExecution),
            _ => None,
        }
    }
}

/// Reads the journals, compares, and answers what was counted.
pub fn audit(
    journals: &Path,
    lasting: &Server,
    passing: &Server,
    findings: &Findings,
) -> [Tally; 3] {
    let account = Account::read(journals);
    for (lasts, server) in [(true, lasting), (false, passing)] {
        account.check_once(&mut Ledger::open(server), lasts, findings);
    }
    let mut ledger = Ledger::open(lasting);
    account.check_counters(&mut ledger, findings);
    account.check_pairs(&mut ledger, findings);
    account.check_lists(&mut ledger, findings);
    account.tallies
}

impl Account {
    fn read(journals: &Path) -> Self {
        let mut account = Self::default();
        let mut tallies = <[Tally; 3]>::default();
        for path in journal::all(journals) {
            let part = Cell::new(Part::Exclusive);
            journal::read(
                &path,
                |fact| account.add(part.get(), fact),
                |line| match line.strip_prefix("part ").and_then(Part::named) {
                    Some(named) => part.set(named),
                    None => drop(tallies[part.get() as usize].add_line(line)),
                },
            )
            .expect("read a journal");
        }
        account.tallies = tallies;
        account
    }

    fn add(&mut self, part: Part, fact: Fact) {
        match fact {
            Fact::Once(lasts, key, ended) => {
                self.once[usize::from(lasts)].insert(key, (part, ended));
            }
            Fact::Count(counter, value, ended) => {
                self.counters[counter].range.add(ended);
                self.counters[counter].values.extend(value);
            }
            Fact::Pair(key, ended) => {
                let pair = self.pairs.entry(key).or_insert((part, Range::default()));
                pair.1.add(ended);
            }
            Fact::Push(element, ended) => {
                self.pushes.insert(element, ended);
            }
            Fact::Pop(_, Some(element), _) => self.pops.push(element),
            Fact::Pop(list, None, ended) => {
                self.unknown_pops[list] += u64::from(ended == Ended::Unknown);
            }
        }
    }

    /// A server that comes back empty can only show what ran too often or should not have run.
    fn check_once(&self, ledger: &mut Ledger, lasts: bool, findings: &Findings) {
        let once = &self.once[usize::from(lasts)];
        let keys: Vec<&str> = once.keys().map(String::as_str).collect();
        for (key, holds) in keys.iter().zip(ledger.numbers(&keys)) {
            let (part, ended) = once[*key];
            let fault = match (holds, ended) {
                (2.., _) => Fault::DoubleExecution,
                (1, Ended::NotRun) => Fault::WrongOutcome,
                (0, Ended::Done) if lasts => Fault::WrongOutcome,
                _ => continue,
            };
            findings.add(
                Some(part),
                fault,
                format!("the write of {key} ended {ended:?}, the key holds {holds}"),
            );
        }
    }

    fn check_counters(&self, ledger: &mut Ledger, findings: &Findings) {
        for (number, Counter { range, values }) in self.counters.iter().enumerate() {
            let key = format!("count:{number}");
            let part = Part::ALL.get(number / COUNTERS).copied();
            let holds = ledger.numbers(&[&key])[0];
            if let Some(fault) = range.judge(holds) {
                findings.add(
                    part,
                    fault,
                    format!("{key} holds {holds}, the outcomes say {range:?}"),
                );
            }
            let mut seen = HashSet::new();
            for value in values.iter().filter(|value| !seen.insert(**value)) {
                let text = format!("two INCR {key} were answered {value}");
                findings.add(part, Fault::WrongReply, text);
            }
        }
    }

    fn check_pairs(&self, ledger: &mut Ledger, findings: &Findings) {
        for (key, (part, range)) in &self.pairs {
            let part = Some(*part);
            let twin = format!("{key}:twin");
            let holds = ledger.numbers(&[key, &twin]);
            if holds[0] != holds[1] {
                let text = format!("half a transaction ran: {key} and its twin hold {holds:?}");
                findings.add(part, Fault::WrongOutcome, text);
            }
            if let Some(fault) = range.judge(holds[0]) {
                let text = format!("{key} holds {}, the outcomes say {range:?}", holds[0]);
                findings.add(part, fault, text);
            }
        }
    }

    fn check_lists(&self, ledger: &mut Ledger, findings: &Findings) {
        let left: Vec<String> = (0..ALL_LISTS).flat_map(|list| ledger.list(list)).collect();
        let mut seen = HashSet::new();
        for element in self.pops.iter().chain(&left) {
            let fault = match self.pushes.get(element) {
                _ if !seen.insert(element.as_str()) => Fault::DoubleExecution,
                None => Fault::WrongReply,
                Some(Ended::NotRun) => Fault::WrongOutcome,
                Some(_) => continue,
            };
            let text = format!("{element} was popped, or is left, twice or without a push");
            findings.add(of_list(list_of(element)), fault, text);
        }
        let mut lost = [0; ALL_LISTS];
        for (element, ended) in &self.pushes {
            if *ended == Ended::Done && !seen.contains(element.as_str()) {
                lost[list_of(element)] += 1;
            }
        }
        for (list, (lost, unknown)) in lost.iter().zip(self.unknown_pops).enumerate() {
            if *lost > unknown {
                let text = format!("list {list} lost {lost} elements to {unknown} unknown BLPOPs");
                findings.add(of_list(list), Fault::WrongOutcome, text);
            }
        }
    }
}

/// "list:2|5.1041" is of list 2.
fn list_of(element: &str) -> usize {
    let digits = element
        .strip_prefix("list:")
        .and_then(|it| it.split('|').next());
    digits.and_then(|it| it.parse().ok()).unwrap_or(0)
}

/// Whose list it is.
fn of_list(list: usize) -> Option<Part> {
    Part::ALL.get(list / LISTS).copied()
}

/// What a server holds, asked for without the library under test.
struct Ledger(RawClient);

impl Ledger {
    fn open(server: &Server) -> Self {
        Self(RawClient::connect(&server.socket()).expect("connect to the server's socket"))
    }

    /// The values of counters; 0 for those that are not there.
    fn numbers(&mut self, keys: &[&str]) -> Vec<i64> {
        let mut numbers = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(CHUNK) {
            let mut args: Vec<&[u8]> = vec![b"MGET"];
            args.extend(chunk.iter().map(|key| key.as_bytes()));
            let reply = self.0.call(&args).expect("an answer of the server");
            numbers.extend(reply.items().iter().map(|item| match item {
                Value::Nil => 0,
                other => other.text().parse().expect("a number"),
            }));
        }
        numbers
    }

    fn list(&mut self, list: usize) -> Vec<String> {
        let key = format!("list:{list}");
        let reply = self.0.call(&[b"LRANGE", key.as_bytes(), b"0", b"-1"]);
        let reply = reply.expect("an answer of the server");
        reply.items().iter().map(Value::text).collect()
    }
}
