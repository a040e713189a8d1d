//! `Options`: checked one by one as they are set, so that `open` has nothing left to refuse.

use std::borrow::Cow;

use super::config::Config;
use super::names;
use super::parse::Refusal;
use super::retry::{BackoffKind, CustomBackoff};
use super::table::{self, Row, Support};
use crate::error::{Code, Error, Result};
use crate::text;

/// Longest part of a refused value or name that a message shows.
const SHOWN: usize = 60;

/// A configuration in the making.
#[derive(Clone, Default)]
pub struct Options {
    config: Config,
    notices: Vec<String>,
}

impl Options {
    /// Every option at its default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one option; of two values for the same option the later counts.
    ///
    /// Refused with `Code::Option` and nothing changed when the name is unknown, the value is not
    /// what the option takes, or its part is not built.
    pub fn set(&mut self, name: impl AsRef<[u8]>, value: &[u8]) -> Result<()> {
        self.assign("option", name.as_ref(), value).map(|_| ())
    }

    /// Sets a formula of the caller's own, in place of the option `retry.backoff`.
    pub fn set_backoff(&mut self, formula: CustomBackoff) {
        self.config.retry.backoff.kind = BackoffKind::Custom(formula);
    }

    /// What has been set so far, with defaults for the rest. Its endpoint comes from a URL.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Renamed options that were set under their old names: one line each, however often set.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Options that stand as `config` has them.
    pub(super) fn of(config: Config) -> Self {
        Self {
            config,
            notices: Vec::new(),
        }
    }

    /// `set`, for what can be changed while a client is open.
    pub(super) fn change(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        let current = self.current_name(name, names::RENAMED);
        match table::find(&current) {
            Some(row) if !row.live => {
                let text = format!("option {} is fixed when the client is opened", row.name);
                Err(Error::new(Code::Option, text))
            }
            _ => self.set(name, value),
        }
    }

    /// The configuration, for good.
    pub(super) fn into_config(self) -> Config {
        self.config
    }

    /// `set`, for a `place` that the message names; answers which option it was.
    pub(super) fn assign(
        &mut self,
        place: &str,
        name: &[u8],
        value: &[u8],
    ) -> Result<&'static Row> {
        let name = self.current_name(name, names::RENAMED);
        let row = table::find(&name).ok_or_else(|| names::unknown(place, &name))?;
        let refusal = match row.support {
            Support::Built(apply) => match apply(&mut self.config, value) {
                Ok(()) => return Ok(row),
                Err(refusal) => refusal,
            },
            Support::Only(default) if default.as_bytes() == value => return Ok(row),
            Support::Only(_) | Support::NotBuilt => Refusal::NotBuilt,
        };
        Err(refused(place, row, value, refusal))
    }

    /// The option that a URL key names.
    pub(super) fn check_key(&mut self, key: &[u8]) -> Result<&'static Row> {
        let name = self.current_name(key, names::RENAMED);
        table::find(&name).ok_or_else(|| names::unknown("URL key", &name))
    }

    /// The name in use today; an old one is noted once.
    fn current_name<'a>(
        &mut self,
        name: &'a [u8],
        renamed: &[(&str, &'static str)],
    ) -> Cow<'a, [u8]> {
        let Some((old, new)) = renamed.iter().find(|(old, _)| old.as_bytes() == name) else {
            return Cow::Borrowed(name);
        };
        let notice = format!("option {old} is deprecated: use {new}");
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
        Cow::Borrowed(new.as_bytes())
    }
}

/// A URL says nothing by an empty value, though some options take one.
pub(super) fn empty_in_url(row: &Row) -> Error {
    let text = match row.support {
        Support::NotBuilt => format!("URL key {} is not supported in this version", row.name),
        _ => format!(
            "URL key {} has an empty value, it takes {}",
            row.name, row.accepted
        ),
    };
    Error::new(Code::Option, text)
}

/// A known option with a value that cannot be had; the value of a secret is not shown.
fn refused(place: &str, row: &Row, value: &[u8], refusal: Refusal) -> Error {
    let (name, accepted) = (row.name, row.accepted);
    let shown = match value {
        [] => "an empty value".to_owned(),
        _ if row.secret => "its value".to_owned(),
        _ => format!("\"{}\"", text::printable(value, SHOWN)),
    };
    let text = match (row.support, refusal) {
        (Support::NotBuilt, _) => format!("{place} {name} is not supported in this version"),
        (_, Refusal::NotBuilt) => {
            format!("{place} {name}: {shown} is not supported in this version, it takes {accepted}")
        }
        (_, Refusal::Form) => format!("{place} {name}: {shown} is refused, it takes {accepted}"),
        (_, Refusal::Because(why)) => {
            format!("{place} {name}: {shown} is refused: {why}; it takes {accepted}")
        }
    };
    Error::new(Code::Option, text)
}

#[cfg(test)]
#[path = "builder_tests.rs"]
mod tests;
