//! The one table of options: name, default, what it takes, what it does, and who applies it.
//!
//! Parsing, messages, URL keys and OPTIONS.md all come from it. Its rows stand in `built` and,
//! for names that later versions will use, in `planned`.

use super::built::BUILT;
use super::config::Config;
use super::parse::Parsed;
use super::planned::PLANNED;

/// One option.
pub struct Row {
    /// Its name, in options and in a URL's query.
    pub name: &'static str,
    /// The default as it would be written; "" for none.
    pub default: &'static str,
    /// What it takes, to complete the sentence "it takes ...".
    pub accepted: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// Whether it does anything in this version.
    pub support: Support,
}

/// Whether an option does anything in this version.
#[derive(Clone, Copy)]
pub enum Support {
    /// Yes: this puts a value into the configuration, or leaves it as it was.
    Built(fn(&mut Config, &[u8]) -> Parsed<()>),
    /// No, and only the value that states the default is accepted.
    Only(&'static str),
    /// No; every value is refused.
    NotBuilt,
}

/// All options, those that do something first.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    BUILT.iter().chain(PLANNED)
}

/// The option of that name.
pub fn find(name: &[u8]) -> Option<&'static Row> {
    rows().find(|row| row.name.as_bytes() == name)
}

pub(super) const fn built(
    name: &'static str,
    default: &'static str,
    accepted: &'static str,
    doc: &'static str,
    apply: fn(&mut Config, &[u8]) -> Parsed<()>,
) -> Row {
    let (secret, support) = (false, Support::Built(apply));
    Row {
        name,
        default,
        accepted,
        doc,
        secret,
        support,
    }
}

pub(super) const fn only(name: &'static str, default: &'static str, doc: &'static str) -> Row {
    let (secret, support) = (false, Support::Only(default));
    Row {
        name,
        default,
        accepted: default,
        doc,
        secret,
        support,
    }
}

pub(super) const fn not_built(name: &'static str, default: &'static str, doc: &'static str) -> Row {
    let (secret, support) = (false, Support::NotBuilt);
    Row {
        name,
        default,
        accepted: "",
        doc,
        secret,
        support,
    }
}

pub(super) const fn secret(row: Row) -> Row {
    Row {
        secret: true,
        ..row
    }
}
