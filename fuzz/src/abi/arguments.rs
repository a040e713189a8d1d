//! Argument vectors and texts as a C program passes them, odd ones included.

use std::ffi::{CString, c_char};
use std::ptr;

use super::super::input::Input;

/// Lengths that no memory has: refused before anything is read.
const IMPOSSIBLE: [usize; 4] = [
    usize::MAX,
    isize::MAX as usize + 1,
    usize::MAX - 7,
    1 << 63 | 8,
];

/// An argument vector with what it points to.
pub struct Vector {
    /// Number of arguments, as claimed.
    pub argc: usize,
    argv: Vec<*const c_char>,
    lengths: Vec<usize>,
    packed: Vec<u8>,
    odd: u8,
    _texts: Vec<CString>,
}

impl Vector {
    /// Arguments with and without length, empty, NULL, or of impossible length.
    pub fn read(input: &mut Input<'_>) -> Self {
        let odd = input.byte();
        let count = input.below(20);
        let mut made = Self {
            argc: count,
            argv: Vec::new(),
            lengths: Vec::new(),
            packed: Vec::new(),
            odd,
            _texts: Vec::new(),
        };
        for index in 0..count {
            // NUL-terminated, as it may be read without its length.
            let bytes = input
                .text()
                .split(|byte| *byte == 0)
                .next()
                .unwrap_or_default();
            let text = CString::new(bytes).unwrap();
            made.argv.push(text.as_ptr());
            made.lengths.push(bytes.len());
            made.packed.extend_from_slice(bytes);
            made._texts.push(text);
            let null = usize::from(odd >> 4) == index;
            match odd & 7 {
                1 if null => made.argv[index] = ptr::null(),
                2 if null => (made.argv[index], made.lengths[index]) = (ptr::null(), 0),
                3 if null => made.lengths[index] = IMPOSSIBLE[index % IMPOSSIBLE.len()],
                _ => {}
            }
        }
        if odd & 7 == 4 {
            made.argc = IMPOSSIBLE[count % IMPOSSIBLE.len()];
        }
        made
    }

    /// The array of pointers; NULL now and then.
    pub fn argv(&self) -> *const *const c_char {
        match self.odd & 7 {
            5 => ptr::null(),
            _ => self.argv.as_ptr(),
        }
    }

    /// The array of lengths, or NULL for texts that end with a NUL.
    pub fn lengths(&self) -> *const usize {
        match self.odd & 8 {
            8 => ptr::null(),
            _ => self.lengths.as_ptr(),
        }
    }

    /// The arguments end to end; NULL now and then.
    pub fn packed(&self) -> *const c_char {
        match self.odd & 7 {
            5 => ptr::null(),
            _ => self.packed.as_ptr().cast(),
        }
    }

    /// Whether it is a command: arguments that are there, with a name.
    pub fn is_command(&self) -> bool {
        let whole = self.argc > 0 && matches!(self.odd & 7, 0 | 6 | 7);
        whole && self.lengths[0] > 0
    }
}

/// A text that ends with a NUL, or NULL.
pub struct Text(Option<CString>);

impl Text {
    /// The next text of the input, to its first NUL; NULL in place of one odd text.
    pub fn read(input: &mut Input<'_>) -> Self {
        let bytes = input.text();
        let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        Self((bytes != b"NULL").then(|| CString::new(bytes).unwrap()))
    }

    /// As C passes it.
    pub fn pointer(&self) -> *const c_char {
        self.0.as_ref().map_or(ptr::null(), |text| text.as_ptr())
    }
}

/// Bytes with their length, or NULL with any, or a length that no memory has.
pub fn bytes(input: &mut Input<'_>) -> (*const c_char, usize) {
    let odd = input.byte();
    let text = match odd & 0x80 {
        0 => input.text(),
        // Long ones are for replies that do not fit into 255 bytes.
        _ => input.take(usize::from(odd & 0x7f) * 64),
    };
    match odd & 0x7f {
        1 => (ptr::null(), text.len()),
        2 => (
            text.as_ptr().cast(),
            IMPOSSIBLE[text.len() % IMPOSSIBLE.len()],
        ),
        _ => (text.as_ptr().cast(), text.len()),
    }
}
