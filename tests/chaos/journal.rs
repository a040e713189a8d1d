//! What a worker did, written down for the audit at the end: a file of short lines.
//!
//! A forked child writes one too, so that all processes are accounted for together.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Result, Write};
use std::path::{Path, PathBuf};

use crate::answer::{Answer, Fate, Outcome};
use crate::ticket::{Expect, Step};

pub struct Journal {
    out: BufWriter<File>,
}

/// A line of it. The first field says whether the server keeps its data.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A write that makes a key of its own 1.
    Once(bool, String, Ended),
    /// INCR of a shared counter, and the value it came to.
    Count(usize, Option<i64>, Ended),
    /// A transaction on a pair of counters.
    Pair(String, Ended),
    /// LPUSH of an element.
    Push(String, Ended),
    /// BLPOP, and the element it brought.
    Pop(usize, Option<String>, Ended),
}

/// How a command ended, as far as the server's data are concerned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ended {
    Done,
    /// Not sent, or refused: it has not run.
    NotRun,
    Unknown,
}

impl Ended {
    fn of(fate: &Fate) -> Self {
        match fate {
            Fate::Answered(_) => Self::Done,
            Fate::Failed(Outcome::NotSent | Outcome::Refused) => Self::NotRun,
            Fate::Failed(Outcome::Unknown) => Self::Unknown,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Done => 'd',
            Self::NotRun => 'n',
            Self::Unknown => 'u',
        }
    }

    fn read(word: &str) -> Option<Self> {
        let all = [Self::Done, Self::NotRun, Self::Unknown];
        all.into_iter().find(|it| word == it.letter().to_string())
    }
}

impl Journal {
    pub fn create(path: &Path) -> Self {
        let file = File::create(path).expect("a journal");
        Self {
            out: BufWriter::new(file),
        }
    }

    /// Notes what the audit has to know of a step.
    pub fn note(&mut self, step: &Step, fate: &Fate, lasts: bool) {
        let ended = Ended::of(fate).letter();
        let word = |at: usize| String::from_utf8_lossy(&step.args[at]).into_owned();
        let line = match (&step.expect, fate) {
            (Expect::Once | Expect::Marked, _) => {
                format!("once {} {ended} {}", u8::from(lasts), word(1))
            }
            (Expect::Above { counter }, Fate::Answered(Answer::Integer(number))) => {
                format!("count {counter} {ended} {number}")
            }
            (Expect::Above { counter }, _) => format!("count {counter} {ended}"),
            (Expect::Half { first: true, .. }, _) => format!("pair {ended} {}", word(1)),
            (Expect::Pushed { .. }, _) => format!("push {ended} {}", word(2)),
            (Expect::Popped { list, .. }, Fate::Answered(Answer::Array(items))) => match &items[..]
            {
                [_, Answer::Text(element)] => {
                    format!("pop {list} {ended} {}", String::from_utf8_lossy(element))
                }
                _ => return,
            },
            (Expect::Popped { list, .. }, _) => format!("pop {list} {ended}"),
            _ => return,
        };
        self.line(&line);
    }

    /// Any other line: `read` hands it out as it is.
    pub fn line(&mut self, line: &str) {
        writeln!(self.out, "{line}").expect("write the journal");
    }

    pub fn finish(mut self) {
        self.out.flush().expect("write the journal");
    }
}

/// The facts of a journal, and its other lines.
pub fn read(path: &Path, mut fact: impl FnMut(Fact), mut other: impl FnMut(&str)) -> Result<()> {
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        match parse(&line) {
            Some(it) => fact(it),
            None => other(&line),
        }
    }
    Ok(())
}

fn parse(line: &str) -> Option<Fact> {
    let words: Vec<&str> = line.split(' ').collect();
    Some(match words[..] {
        ["once", lasts, ended, key] => Fact::Once(lasts == "1", key.into(), Ended::read(ended)?),
        ["count", counter, ended, number] => Fact::Count(
            counter.parse().ok()?,
            Some(number.parse().ok()?),
            Ended::read(ended)?,
        ),
        ["count", counter, ended] => Fact::Count(counter.parse().ok()?, None, Ended::read(ended)?),
        ["pair", ended, key] => Fact::Pair(key.into(), Ended::read(ended)?),
        ["push", ended, element] => Fact::Push(element.into(), Ended::read(ended)?),
        ["pop", list, ended, element] => Fact::Pop(
            list.parse().ok()?,
            Some(element.into()),
            Ended::read(ended)?,
        ),
        ["pop", list, ended] => Fact::Pop(list.parse().ok()?, None, Ended::read(ended)?),
        _ => return None,
    })
}

/// The journals in a directory.
pub fn all(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("the journals");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
