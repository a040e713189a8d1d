//! Its parser, which reads from what hands out pieces.

use std::ffi::{CStr, c_char};
use std::io::Read;
use std::slice;

use redis::{Parser, Value};

unsafe extern "C" {
    fn absent(format: *const c_char, ...) -> !;
}

struct Pieces<'a> {
    rest: &'a [u8],
    /// What is left of the piece at the front.
    left: usize,
    piece: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            self.left = self.piece.min(self.rest.len());
        }
        let count = self.left.min(into.len());
        let (now, later) = self.rest.split_at(count);
        into[..count].copy_from_slice(now);
        self.rest = later;
        self.left -= count;
        Ok(count)
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Int(_) => 1,
        Value::Okay => 2,
        Value::BulkString(text) => text.len(),
        Value::SimpleString(text) => text.len(),
        Value::Array(items) | Value::Set(items) => items.len(),
        Value::Map(pairs) => 2 * pairs.len(),
        _ => 0,
    }
}

/// The mode is all there is to remember: a parser ends with the bytes it was given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn parser_open(mode: *const c_char) -> *mut u8 {
    // SAFETY: as client.h says; the other text is NUL-terminated and has no format in it.
    unsafe {
        if CStr::from_ptr(mode) != c"feed" {
            absent(c"cannot be read into in place".as_ptr());
        }
    }
    Box::into_raw(Box::new(0))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn parser_pass(
    _: *mut u8,
    bytes: *const u8,
    length: usize,
    piece: usize,
) -> i64 {
    // SAFETY: as client.h says.
    let rest = unsafe { slice::from_raw_parts(bytes, length) };
    let mut pieces = Pieces {
        rest,
        left: 0,
        piece,
    };
    let mut parser = Parser::new();
    let mut sizes = 0;
    // At the end there is no value left, and that is an error.
    while let Ok(value) = parser.parse_value(&mut pieces) {
        sizes += size(&value);
    }
    if pieces.rest.is_empty() {
        sizes as i64
    } else {
        -1
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn parser_close(parser: *mut u8) {
    // SAFETY: it came from parser_open.
    drop(unsafe { Box::from_raw(parser) });
}
