//! What a server says of commands that this library's table does not have: asked once for each
//! name, and remembered, also when the server does not know it or does not say.
//!
//! The memory is bounded and belongs to one process. Its lock is never held during I/O, so two
//! callers may ask the same at once. A failure on the way is no answer and is not remembered.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;

use super::told::{Row, row};
use super::{attempt, name_of, printable_name};
use crate::command::{Access, Keys, RequestPolicy, ResponsePolicy, Span};
use crate::error::{Code, Error, Result};
use crate::net::{Wait, lock};
use crate::pool::Pool;
use crate::resp::Node;
use crate::sys::sync::Mutex;

/// Names that are remembered; the one asked for longest ago goes first.
const REMEMBERED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);
/// No command has a longer name; a longer one is not asked for.
const LONGEST_NAME: usize = 128;

/// See the module.
#[derive(Default)]
pub(super) struct Known {
    /// Made when the first answer comes.
    answers: Mutex<Option<LruCache<Box<[u8]>, Answer>>>,
}

/// What the server said of a name.
#[derive(Clone)]
enum Answer {
    Row(Arc<Row>),
    /// It does not know the name.
    Nothing,
    /// It does not say: it is not permitted, or too old.
    Refused,
}

impl Known {
    /// Whether the server says that the command of a call only reads. Not saying is a no.
    pub(super) fn reads(&self, pool: &Pool, args: &[&[u8]], wait: &Wait) -> Result<bool> {
        match self.answer(pool, args, wait)? {
            Answer::Row(row) => Ok(row.of(args).reads),
            Answer::Nothing | Answer::Refused => Ok(false),
        }
    }

    /// The policies of a call's command in a cluster.
    pub(super) fn policies(
        &self,
        pool: &Pool,
        args: &[&[u8]],
        wait: &Wait,
    ) -> Result<(RequestPolicy, ResponsePolicy)> {
        Ok(self.row(pool, args, wait)?.of(args).policies)
    }

    /// The keys of a call.
    pub(super) fn keys(&self, pool: &Pool, args: &[&[u8]], wait: &Wait) -> Result<Keys> {
        let row = self.row(pool, args, wait)?;
        let row = row.of(args);
        if !row.movable {
            let span = row.span(args.len()).ok_or_else(|| refused(args))?;
            return Ok(span.into_iter().collect());
        }
        let question: Vec<&[u8]> = [&b"COMMAND"[..], b"GETKEYS"]
            .into_iter()
            .chain(args.iter().copied())
            .collect();
        match attempt(pool, &question, &wait.again()) {
            Ok(names) => positions(args, names.items(), row.access()),
            Err(error) if error.detail().contains("no key arguments") => Ok(Keys::default()),
            Err(error) if error.detail().contains("Invalid") => Err(refused(args)),
            Err(error) => Err(error),
        }
    }

    fn row(&self, pool: &Pool, args: &[&[u8]], wait: &Wait) -> Result<Arc<Row>> {
        match self.answer(pool, args, wait)? {
            Answer::Row(row) => Ok(row),
            Answer::Nothing => Err(Error::new(
                Code::Invalid,
                format!(
                    "neither this library nor the server knows the command {}",
                    printable_name(args)
                ),
            )),
            Answer::Refused => Err(Error::new(
                Code::NoPermission,
                format!(
                    "this library does not know the command {}, and the server does not answer \
                     COMMAND INFO: permit it, or give a route with the call",
                    printable_name(args)
                ),
            )),
        }
    }

    fn answer(&self, pool: &Pool, args: &[&[u8]], wait: &Wait) -> Result<Answer> {
        let name = name_of(args);
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Ok(Answer::Nothing);
        }
        let upper = name.to_ascii_uppercase().into_boxed_slice();
        let remembered = lock(&self.answers)
            .as_mut()
            .and_then(|answers| answers.get(&upper).cloned());
        if let Some(answer) = remembered {
            return Ok(answer);
        }
        let answer = ask(pool, name, wait)?;
        lock(&self.answers)
            .get_or_insert_with(|| LruCache::new(REMEMBERED))
            .put(upper, answer.clone());
        Ok(answer)
    }
}

/// Asks for one name.
fn ask(pool: &Pool, name: &[u8], wait: &Wait) -> Result<Answer> {
    match attempt(pool, &[b"COMMAND", b"INFO", name], wait) {
        Ok(reply) => Ok(match reply.items().first().and_then(row) {
            Some(row) => Answer::Row(Arc::new(row)),
            None => Answer::Nothing,
        }),
        Err(error) if is_final(&error) => Ok(Answer::Refused),
        Err(error) => Err(error),
    }
}

/// Whether the server would say the same again: it does not permit COMMAND, or does not have it.
fn is_final(error: &Error) -> bool {
    error.code() == Code::NoPermission || error.detail().starts_with("ERR unknown ")
}

/// Where the names that GETKEYS told stand among the arguments. Equal arguments are as good as
/// one another: they have the same slot, and are the same key.
fn positions(args: &[&[u8]], names: &[Node], access: Access) -> Result<Keys> {
    let places = args.iter().enumerate().skip(1).rev();
    let places: HashMap<&[u8], usize> = places.map(|(at, arg)| (*arg, at)).collect();
    let place = |name: &Node| {
        let at = places.get(name.text()).copied();
        let at = at.ok_or_else(|| {
            let detail = "COMMAND GETKEYS answered a key that is none of the arguments";
            Error::new(Code::Protocol, detail)
        })?;
        Ok(Span::one(at, access))
    };
    names.iter().map(place).collect()
}

/// The server would refuse the call, for the number of its arguments or for what they say.
fn refused(args: &[&[u8]]) -> Error {
    Error::new(
        Code::Invalid,
        format!("the arguments are not what {} takes", printable_name(args)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remember(known: &Known, name: &str, answer: Answer) {
        let mut answers = lock(&known.answers);
        let answers = answers.get_or_insert_with(|| LruCache::new(REMEMBERED));
        answers.put(name.as_bytes().into(), answer);
    }

    #[test]
    fn the_memory_is_bounded() {
        let known = Known::default();
        for number in 0..1000 {
            remember(&known, &format!("C{number}"), Answer::Nothing);
        }
        let answers = lock(&known.answers);
        assert_eq!(answers.as_ref().map(LruCache::len), Some(256));
    }

    #[test]
    fn only_a_final_refusal_is_an_answer() {
        use crate::error::from_line;
        for (line, expected) in [
            (
                "NOPERM this user has no permissions to run the 'command|info' command",
                true,
            ),
            (
                "ERR unknown command `COMMAND`, with args beginning with: `INFO`",
                true,
            ),
            (
                "ERR Unknown subcommand or wrong number of arguments for 'INFO'",
                false,
            ),
            ("LOADING Redis is loading the dataset in memory", false),
            ("BUSY Redis is busy running a script", false),
            ("ERR max number of clients reached", false),
        ] {
            assert_eq!(is_final(&from_line(line.as_bytes())), expected, "{line}");
        }
    }
}
