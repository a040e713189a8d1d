//! What is counted: commands by kind and fate, replies checked, the worst times.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::answer::{Fate, Outcome};

/// Of one worker, or of many.
#[derive(Default)]
pub struct Tally {
    /// Commands by kind: answered, refused, not sent, unknown.
    pub commands: BTreeMap<String, [u64; 4]>,
    pub calls: u64,
    pub checked: u64,
    /// What else is counted.
    pub marks: BTreeMap<String, u64>,
    /// How long after its deadline a call ended, how long after its cancel, its client's close, its
    /// queue's freeing; the worst of each.
    pub worst: [Duration; 4],
    /// The same less the time that the machine kept threads from running.
    pub net: [Duration; 4],
}

impl Tally {
    pub fn count(&mut self, kind: &str, fate: &Fate) {
        let column = match fate {
            Fate::Answered(_) => 0,
            Fate::Failed(Outcome::Refused) => 1,
            Fate::Failed(Outcome::NotSent) => 2,
            Fate::Failed(Outcome::Unknown) => 3,
        };
        if !self.commands.contains_key(kind) {
            self.commands.insert(kind.to_owned(), [0; 4]);
        }
        if let Some(row) = self.commands.get_mut(kind) {
            row[column] += 1;
        }
        self.checked += u64::from(column == 0);
    }

    /// So many more of something.
    pub fn mark(&mut self, name: &str, count: u64) {
        *self.marks.entry(name.to_owned()).or_default() += count;
    }

    /// As lines of a journal.
    pub fn lines(&self) -> Vec<String> {
        let times = |of: [Duration; 4]| of.map(|time| time.as_micros().to_string()).join(" ");
        let mut lines = vec![
            format!("calls {} {}", self.calls, self.checked),
            format!("worst {} {}", times(self.worst), times(self.net)),
        ];
        for (kind, [a, b, c, d]) in &self.commands {
            lines.push(format!("tally {a} {b} {c} {d} {kind}"));
        }
        let marks = self.marks.iter();
        lines.extend(marks.map(|(name, count)| format!("mark {count} {name}")));
        lines
    }

    /// Adds such a line; false for any other.
    pub fn add_line(&mut self, line: &str) -> bool {
        // The last of a tally is a name that may have spaces.
        let words: Vec<&str> = match line.split(' ').next() {
            Some("tally") => line.splitn(6, ' ').collect(),
            Some("mark") => line.splitn(3, ' ').collect(),
            _ => line.split(' ').collect(),
        };
        let number = |at: usize| words.get(at).and_then(|it| it.parse::<u64>().ok());
        match words[..] {
            ["calls", ..] => {
                self.calls += number(1).unwrap_or(0);
                self.checked += number(2).unwrap_or(0);
            }
            ["worst", ..] => {
                let all = self.worst.iter_mut().chain(&mut self.net);
                for (at, worst) in all.enumerate() {
                    let time = Duration::from_micros(number(at + 1).unwrap_or(0));
                    *worst = time.max(*worst);
                }
            }
            ["tally", _, _, _, _, kind] => {
                let row = self.commands.entry(kind.to_owned()).or_default();
                for (at, count) in row.iter_mut().enumerate() {
                    *count += number(at + 1).unwrap_or(0);
                }
            }
            ["mark", _, name] => self.mark(name, number(1).unwrap_or(0)),
            _ => return false,
        }
        true
    }
}
