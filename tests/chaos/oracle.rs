//! The oracle: is this the answer to that ticket?
//!
//! It knows what one worker did to one target. A register is written by one worker only, so its
//! value is the last one confirmed, or one whose write ended UNKNOWN: that may have run, and may
//! still run later. Anything else is a wrong reply. A write that was NOT_SENT or REFUSED leaves
//! no trace here, so its value turning up is a wrong reply too.

use std::time::Duration;

use crate::answer::{Answer, Fate, Outcome, brief};
use crate::findings::Fault;
use crate::ticket::{Expect, Step, value};

/// What a worker knows of what it did to a target.
pub struct Memory {
    /// Whether the server keeps its data when it is killed.
    lasts: bool,
    /// Whether the client under test may send any write again: a confirmed one may then run once
    /// more, later.
    at_least_once: bool,
    pub registers: Vec<Register>,
    /// The highest value seen of each shared counter.
    counters: Vec<i64>,
    /// The last value seen of each pair, and the first half of a transaction being judged.
    pairs: Vec<(i64, i64)>,
}

/// A key that only one worker writes.
pub struct Register {
    pub key: String,
    /// The generation last written, whatever became of it.
    pub written: u64,
    confirmed: Option<u64>,
    perhaps: Vec<u64>,
}

/// The server counts blocking time in its own ticks.
const EARLY: Duration = Duration::from_millis(20);

impl Memory {
    pub fn new(lasts: bool, registers: Vec<Register>, counters: usize, pairs: usize) -> Self {
        Self {
            lasts,
            at_least_once: false,
            registers,
            counters: vec![0; counters],
            pairs: vec![(0, 0); pairs],
        }
    }

    pub fn at_least_once(self) -> Self {
        Self {
            at_least_once: true,
            ..self
        }
    }

    /// What is wrong with the answer, if anything; `elapsed` is how long the call took.
    pub fn judge(
        &self,
        step: &Step,
        answer: &Answer,
        elapsed: Duration,
    ) -> Result<(), (Fault, String)> {
        self.compare(step, answer, elapsed)
            .map_err(|why| match (&step.expect, answer) {
                (Expect::Once, Answer::Integer(2..)) => (Fault::DoubleExecution, why),
                // Of a pipeline that was sent again, a read finds what its first copy wrote later.
                (Expect::Generation { register }, Answer::Text(got))
                    if self.at_least_once && self.registers[*register].wrote(got) =>
                {
                    (Fault::DoubleExecution, why)
                }
                _ => (Fault::WrongReply, why),
            })
    }

    fn compare(&self, step: &Step, answer: &Answer, elapsed: Duration) -> Result<(), String> {
        let is_right = match (&step.expect, answer) {
            (Expect::Text(text), Answer::Text(got)) => text == got,
            (Expect::Stored { .. } | Expect::Marked, Answer::Text(got)) => got == b"OK",
            (Expect::Generation { register }, answer) => {
                return self.registers[*register].judge(answer, self.lasts);
            }
            (Expect::Once, Answer::Integer(number)) => *number == 1,
            (Expect::Above { counter }, Answer::Integer(number)) => {
                *number > self.counters[*counter]
            }
            (Expect::Half { pair, first: true }, Answer::Integer(number)) => {
                *number > self.pairs[*pair].0
            }
            (Expect::Half { pair, first: false }, Answer::Integer(number)) => {
                *number == self.pairs[*pair].1
            }
            (Expect::Pushed { .. }, Answer::Integer(length)) => *length > 0,
            (Expect::Popped { block, .. }, Answer::Nil) => elapsed + EARLY >= *block,
            (Expect::Popped { list, .. }, Answer::Array(items)) => is_element(*list, items),
            (Expect::Deleted, Answer::Integer(number)) => (0..=1).contains(number),
            _ => false,
        };
        match is_right {
            true => Ok(()),
            false => Err(format!("{:?} was answered {}", step.expect, answer.show())),
        }
    }

    /// Takes note of what became of a step.
    pub fn learn(&mut self, step: &Step, fate: &Fate) {
        match (&step.expect, fate) {
            (
                Expect::Stored {
                    register,
                    generation,
                },
                fate,
            ) => {
                let register = &mut self.registers[*register];
                register.learn(*generation, fate);
                if self.at_least_once {
                    register.perhaps.push(*generation);
                }
            }
            (Expect::Above { counter }, Fate::Answered(Answer::Integer(number))) => {
                self.counters[*counter] = *number;
            }
            (Expect::Half { pair, first: true }, Fate::Answered(Answer::Integer(number))) => {
                self.pairs[*pair].1 = *number;
            }
            (Expect::Half { pair, first: false }, Fate::Answered(Answer::Integer(number))) => {
                self.pairs[*pair].0 = *number;
            }
            _ => {}
        }
    }
}

impl Register {
    pub fn new(key: String) -> Self {
        Self {
            key,
            written: 0,
            confirmed: None,
            perhaps: Vec::new(),
        }
    }

    fn learn(&mut self, generation: u64, fate: &Fate) {
        match fate {
            Fate::Answered(_) => self.confirmed = Some(generation),
            Fate::Failed(Outcome::Unknown) => self.perhaps.push(generation),
            Fate::Failed(Outcome::NotSent | Outcome::Refused) => {}
        }
    }

    fn judge(&self, answer: &Answer, lasts: bool) -> Result<(), String> {
        let Answer::Text(got) = answer else {
            let may_be_missing = self.confirmed.is_none() || !lasts;
            return match answer {
                Answer::Nil if may_be_missing => Ok(()),
                other => Err(format!("GET {} was answered {}", self.key, other.show())),
            };
        };
        let generation = self.generation_of(got).ok_or_else(|| {
            let got = brief(got);
            format!(
                "GET {} was answered what was never written there: \"{got}\"",
                self.key
            )
        })?;
        if self.confirmed == Some(generation) || self.perhaps.contains(&generation) {
            return Ok(());
        }
        Err(format!(
            "GET {} was answered generation {generation}; it may be {:?} or, of unknown outcome, {:?}",
            self.key, self.confirmed, self.perhaps
        ))
    }

    fn wrote(&self, got: &[u8]) -> bool {
        self.generation_of(got).is_some_and(|it| it <= self.written)
    }

    /// Which generation this value is, if it is one of this key's, whole and unharmed.
    fn generation_of(&self, got: &[u8]) -> Option<u64> {
        let rest = got.strip_prefix(self.key.as_bytes())?.strip_prefix(b"=")?;
        let digits = rest.split(|byte| *byte == b';').next()?;
        let generation = std::str::from_utf8(digits).ok()?.parse().ok()?;
        (got == value(&self.key, generation)).then_some(generation)
    }
}

/// Elements name their list: "list:2|5.1041".
fn is_element(list: usize, items: &[Answer]) -> bool {
    let name = format!("list:{list}");
    let prefix = format!("{name}|");
    match items {
        [Answer::Text(key), Answer::Text(element)] => {
            *key == name.as_bytes() && element.starts_with(prefix.as_bytes())
        }
        _ => false,
    }
}
