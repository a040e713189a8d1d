//! What came of a call, whichever client made it.

use std::borrow::Cow;

/// A reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Nil,
    Integer(i64),
    Text(Vec<u8>),
    /// An error of the server's, as an item of a pipeline.
    Error(Vec<u8>),
    /// An error that the library put in place of an item that was not answered.
    Missing(Outcome),
    Array(Vec<Answer>),
    /// A kind that no command here answers.
    Odd(String),
}

impl Answer {
    /// Short, for people.
    pub fn show(&self) -> String {
        match self {
            Self::Nil => "nil".to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Text(bytes) => format!("\"{}\"", brief(bytes)),
            Self::Error(bytes) => format!("the error \"{}\"", brief(bytes)),
            Self::Missing(outcome) => format!("no answer, {outcome:?}"),
            Self::Array(items) => {
                let items: Vec<String> = items.iter().take(8).map(Self::show).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Odd(what) => what.clone(),
        }
    }
}

/// The beginning of a text.
pub fn brief(bytes: &[u8]) -> Cow<'_, str> {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]);
    match bytes.len() {
        0..=60 => shown,
        all => format!("{shown}... ({all} bytes)").into(),
    }
}

/// What became of a command that was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    NotSent,
    Refused,
    Unknown,
}

/// A failed call.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: i32,
    pub outcome: Outcome,
    pub attempts: i32,
    pub message: String,
}

/// A finished call.
pub struct Done {
    pub result: Result<Answer, Failure>,
    /// Of a pipeline that failed when bytes were out: an item for each command.
    pub partial: Option<Vec<Answer>>,
}

/// What became of one command of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    Answered(Answer),
    Failed(Outcome),
}

impl Done {
    /// The fate of each of the call's `count` commands; a pipeline's reply has an item for each.
    pub fn fates(self, count: usize, is_pipeline: bool) -> Result<Vec<Fate>, String> {
        let items = match (self.result, self.partial) {
            (Ok(answer), _) if !is_pipeline => return Ok(vec![fate(answer)]),
            // As a reply only hiredis has it.
            (Ok(Answer::Error(line)), _) if is_passing(&line) => {
                return Ok(vec![Fate::Failed(Outcome::Refused); count]);
            }
            (Ok(Answer::Array(items)), _) | (Err(_), Some(items)) => items,
            (Ok(other), _) => return Err(format!("a pipeline was answered {}", other.show())),
            (Err(failure), None) => return Ok(vec![Fate::Failed(failure.outcome); count]),
        };
        match items.len() == count {
            true => Ok(items.into_iter().map(fate).collect()),
            false => Err(format!("{count} commands, {} items", items.len())),
        }
    }
}

fn fate(answer: Answer) -> Fate {
    match answer {
        Answer::Missing(outcome) => Fate::Failed(outcome),
        Answer::Error(line) if is_passing(&line) => Fate::Failed(Outcome::Refused),
        answer => Fate::Answered(answer),
    }
}

/// Lines of a server that has not loaded its data yet.
fn is_passing(line: &[u8]) -> bool {
    line.starts_with(b"LOADING ") || line.starts_with(b"EXECABORT ")
}
