//! The one table of options: name, default, what it takes, what it does, and who applies it.
//!
//! Parsing, messages, URL keys and OPTIONS.md all come from it. Its rows stand in `built` and
//! `built_net` and, for names that later versions will use, in `planned`.

use std::ffi::CStr;

use super::built::BUILT;
use super::built_net::NETWORK;
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
    /// The four texts as C reads them.
    pub texts: Texts,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// Whether it can be changed while a client is open.
    pub live: bool,
    /// Whether it does anything in this version.
    pub support: Support,
}

/// The texts of a row, NUL-terminated.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Texts {
    pub name: &'static CStr,
    pub default: &'static CStr,
    pub accepted: &'static CStr,
    pub doc: &'static CStr,
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
    BUILT.iter().chain(NETWORK).chain(PLANNED)
}

/// The option of that name.
pub fn find(name: &[u8]) -> Option<&'static Row> {
    rows().find(|row| row.name.as_bytes() == name)
}

pub(super) const fn built(
    name: &'static CStr,
    default: &'static CStr,
    accepted: &'static CStr,
    doc: &'static CStr,
    apply: fn(&mut Config, &[u8]) -> Parsed<()>,
) -> Row {
    row([name, default, accepted, doc], Support::Built(apply))
}

pub(super) const fn only(name: &'static CStr, default: &'static CStr, doc: &'static CStr) -> Row {
    row([name, default, default, doc], Support::Only(text(default)))
}

pub(super) const fn not_built(
    name: &'static CStr,
    default: &'static CStr,
    doc: &'static CStr,
) -> Row {
    row([name, default, c"", doc], Support::NotBuilt)
}

pub(super) const fn secret(row: Row) -> Row {
    Row {
        secret: true,
        ..row
    }
}

pub(super) const fn live(row: Row) -> Row {
    Row { live: true, ..row }
}

const fn row(texts: [&'static CStr; 4], support: Support) -> Row {
    let [name, default, accepted, doc] = texts;
    Row {
        name: text(name),
        default: text(default),
        accepted: text(accepted),
        doc: text(doc),
        texts: Texts {
            name,
            default,
            accepted,
            doc,
        },
        secret: false,
        live: false,
        support,
    }
}

const fn text(text: &'static CStr) -> &'static str {
    match text.to_str() {
        Ok(text) => text,
        Err(_) => panic!("a text of the table is not UTF-8"),
    }
}
