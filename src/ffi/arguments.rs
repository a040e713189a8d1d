//! Argument vectors as C passes them, checked and borrowed as slices.

use std::ffi::{CStr, c_char};

use super::null;
use crate::error::{Code, Error, Result};

/// Vectors up to this length need no memory.
const INLINE: usize = 16;

/// A command's arguments. The usual case is the large one: it lives on the stack on purpose.
#[allow(clippy::large_enum_variant)]
pub enum Arguments<'a> {
    /// Few.
    Inline([&'a [u8]; INLINE], usize),
    /// Many.
    Heap(Vec<&'a [u8]>),
}

impl<'a> Arguments<'a> {
    /// The arguments as slices.
    pub fn as_slice(&self) -> &[&'a [u8]] {
        match self {
            Arguments::Inline(slices, count) => &slices[..*count],
            Arguments::Heap(slices) => slices,
        }
    }

    /// Reads `argc` pointers with their lengths, or NUL-terminated texts when `lengths` is NULL.
    ///
    /// # Safety
    /// As the C API says: the arrays hold `argc` entries and each argument its length.
    pub unsafe fn read(
        argc: usize,
        argv: *const *const c_char,
        lengths: *const usize,
    ) -> Result<Self> {
        if argc == 0 {
            return Err(Error::new(Code::Invalid, "argc is 0: a command has a name"));
        }
        if argv.is_null() {
            return Err(null("argv"));
        }
        check_total(argc.checked_mul(size_of::<usize>()))?;
        let mut total = 0usize;
        Self::collect(argc, |index| {
            // SAFETY: the array holds `argc` pointers.
            let pointer = unsafe { argv.add(index).read() };
            let argument = if lengths.is_null() {
                // SAFETY: without lengths an argument is NUL-terminated.
                unsafe { text(pointer, "an argument without length") }?.to_bytes()
            } else {
                // SAFETY: the array holds `argc` lengths, and the argument that many bytes.
                unsafe { bytes(pointer, lengths.add(index).read(), "an argument") }?
            };
            total = check_total(total.checked_add(argument.len()))?;
            Ok(argument)
        })
    }

    /// Reads arguments that stand end to end at `data`.
    ///
    /// # Safety
    /// As the C API says: `lengths` holds `argc` entries and `data` exactly their sum.
    pub unsafe fn read_packed(
        argc: usize,
        data: *const c_char,
        lengths: *const usize,
    ) -> Result<Self> {
        if argc == 0 {
            return Err(Error::new(Code::Invalid, "argc is 0: a command has a name"));
        }
        if lengths.is_null() {
            return Err(null("lengths"));
        }
        check_total(argc.checked_mul(size_of::<usize>()))?;
        // SAFETY: the array holds `argc` lengths.
        let lengths = unsafe { std::slice::from_raw_parts(lengths, argc) };
        let sum = lengths
            .iter()
            .try_fold(0usize, |sum, length| sum.checked_add(*length));
        let sum = check_total(sum)?;
        // SAFETY: the buffer holds the sum of the lengths.
        let data = unsafe { bytes(data, sum, "bytes") }?;
        let mut rest = data;
        Self::collect(argc, |index| {
            let (argument, after) = rest.split_at(lengths[index]);
            rest = after;
            Ok(argument)
        })
    }

    fn collect(argc: usize, mut each: impl FnMut(usize) -> Result<&'a [u8]>) -> Result<Self> {
        let arguments = if argc <= INLINE {
            let mut slices = [&[][..]; INLINE];
            for (index, slice) in slices.iter_mut().take(argc).enumerate() {
                *slice = each(index)?;
            }
            Arguments::Inline(slices, argc)
        } else {
            let mut slices = Vec::new();
            slices
                .try_reserve_exact(argc)
                .map_err(|_| Error::no_memory(argc.saturating_mul(size_of::<&[u8]>())))?;
            for index in 0..argc {
                slices.push(each(index)?);
            }
            Arguments::Heap(slices)
        };
        Ok(arguments)
    }

    /// The arguments of a command that is to be sent: its name must not be empty.
    pub fn named(self) -> Result<Self> {
        match self.as_slice()[0] {
            b"" => Err(Error::new(Code::Invalid, "the command name is empty")),
            _ => Ok(self),
        }
    }
}

fn check_total(total: Option<usize>) -> Result<usize> {
    total
        .filter(|total| *total <= isize::MAX as usize)
        .ok_or_else(|| {
            Error::new(
                Code::Invalid,
                "a length, or their sum, is above PTRDIFF_MAX",
            )
        })
}

/// Borrows `length` bytes; NULL with length 0 is empty.
///
/// # Safety
/// `data` is NULL or holds `length` bytes that outlive the borrow.
pub(super) unsafe fn bytes<'a>(data: *const c_char, length: usize, what: &str) -> Result<&'a [u8]> {
    if length == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(null(what));
    }
    check_total(Some(length))?;
    // SAFETY: as the caller promises.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), length) })
}

/// Borrows a NUL-terminated text.
///
/// # Safety
/// `data` is NULL or NUL-terminated and outlives the borrow.
pub(super) unsafe fn text<'a>(data: *const c_char, what: &str) -> Result<&'a CStr> {
    if data.is_null() {
        return Err(null(what));
    }
    // SAFETY: as the caller promises.
    Ok(unsafe { CStr::from_ptr(data) })
}
