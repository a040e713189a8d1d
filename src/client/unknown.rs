//! Calls of commands that the table does not have, and questions about any call that the server
//! answers where the table cannot: where its keys are, and how a cluster wants it sent.

use std::cell::Cell;

use super::{CallOptions, Client, attempt, name_of, printable_name};
use crate::command::{self, Keys, KeysError, Nature, RequestPolicy, ResponsePolicy};
use crate::error::{Code, Error, Outcome, Result};
use crate::net::Wait;
use crate::pool::Pool;
use crate::resp::Reply;

impl Client {
    /// A command that the table does not have. When it may have run, the server is asked whether
    /// it only reads before it is sent again; it is taken for a write when the server says no, or
    /// does not say.
    pub(super) fn execute_unknown(
        &self,
        args: &[&[u8]],
        mut nature: Nature,
        options: &CallOptions,
    ) -> Result<Reply> {
        nature.replayable = true;
        let presumed = Cell::new(nature);
        let mut doubt: Option<Error> = None;
        self.persist(name_of(args), &presumed, options, |pool, wait| {
            let mut wait = wait.clone();
            if let Some(failure) = &doubt {
                // Asked in vain counts as tried in vain: the failure stays the same.
                let reads = self.state().known.reads(pool, args, &wait);
                if !matches!(reads, Ok(true)) {
                    nature.replayable = reads.is_err();
                    presumed.set(nature);
                    return Err(failure.clone());
                }
                wait = wait.again();
            }
            let tried = attempt(pool, args, &wait);
            doubt = tried.as_ref().err().cloned().filter(may_have_run);
            tried
        })
    }

    /// Where the keys of a call are: by the table, or, for a command that it does not have, by
    /// asking the server. What the server would refuse is an error, or has no keys.
    pub fn keys(&self, args: &[&[u8]], options: &CallOptions) -> Result<Keys> {
        match command::keys(args) {
            Err(KeysError::Unknown) => self.ask(args, options, |pool, wait| {
                self.state().known.keys(pool, args, wait)
            }),
            Err(error) => {
                let name = printable_name(args);
                Err(Error::new(Code::Invalid, format!("{name}: {error}")))
            }
            Ok(keys) => Ok(keys),
        }
    }

    /// Where a cluster wants a call sent, and what becomes of several replies: by the table, or
    /// by asking the server.
    pub fn policies(
        &self,
        args: &[&[u8]],
        options: &CallOptions,
    ) -> Result<(RequestPolicy, ResponsePolicy)> {
        match command::lookup(args) {
            Some(command) => Ok((command.request, command.response)),
            None => self.ask(args, options, |pool, wait| {
                self.state().known.policies(pool, args, wait)
            }),
        }
    }

    /// Asks the server about a command. Questions may be repeated.
    fn ask<T>(
        &self,
        args: &[&[u8]],
        options: &CallOptions,
        question: impl FnMut(&Pool, &Wait) -> Result<T>,
    ) -> Result<T> {
        let mut nature = command::nature::<&[u8]>(&[]);
        nature.replayable = true;
        self.persist(name_of(args), &Cell::new(nature), options, question)
    }
}

/// Whether the server may have done what it was asked.
fn may_have_run(error: &Error) -> bool {
    error.outcome() == Outcome::Unknown
}
