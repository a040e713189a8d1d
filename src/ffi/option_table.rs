//! The table of options, for programs that show, check or complete option names.

use std::ffi::{CStr, c_char};

use super::status::{REDISCLIENT_OPTION_SECRET, REDISCLIENT_OPTION_SUPPORTED};
use crate::options::{Row, Support, Texts, rows};

/// One text of the option at `index`.
fn text_at(index: usize, text: impl FnOnce(&'static Texts) -> &'static CStr) -> *const c_char {
    let row = rows().nth(index);
    row.map_or(std::ptr::null(), |row| text(&row.texts).as_ptr())
}

/// How many options there are, those included that this version does not support.
///
/// They are counted from 0; their order may differ between versions. The texts are static: never
/// freed, valid for ever. Any thread, for this and the functions below.
#[unsafe(no_mangle)]
pub extern "C" fn redisclient_option_count() -> usize {
    rows().count()
}

/// The name of an option, as `redisclient_options_set` and a URL's query take it; NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn redisclient_option_name(index: usize) -> *const c_char {
    text_at(index, |texts| texts.name)
}

/// What an option is when it is not set, as it would be written; "" for none, NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn redisclient_option_default(index: usize) -> *const c_char {
    text_at(index, |texts| texts.default)
}

/// What an option takes, to follow the words "it takes"; "" when it is not supported, NULL past the
/// end.
#[unsafe(no_mangle)]
pub extern "C" fn redisclient_option_accepted(index: usize) -> *const c_char {
    text_at(index, |texts| texts.accepted)
}

/// What an option does, in a sentence without its full stop; NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn redisclient_option_doc(index: usize) -> *const c_char {
    text_at(index, |texts| texts.doc)
}

/// REDISCLIENT_OPTION_SECRET, REDISCLIENT_OPTION_SUPPORTED, both or neither; 0 past the end. Ignore
/// bits that you do not know.
#[unsafe(no_mangle)]
pub extern "C" fn redisclient_option_flags(index: usize) -> u32 {
    rows().nth(index).map_or(0, flags)
}

fn flags(row: &Row) -> u32 {
    let mut flags = 0;
    if row.secret {
        flags |= REDISCLIENT_OPTION_SECRET;
    }
    if matches!(row.support, Support::Built(_)) {
        flags |= REDISCLIENT_OPTION_SUPPORTED;
    }
    flags
}
