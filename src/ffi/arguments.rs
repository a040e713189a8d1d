//! Argument vectors as C passes them, checked and borrowed as slices.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

use super::null;
use crate::error::{Code, Error, Result};

/// Vectors up to this length need no memory.
const INLINE: usize = 16;

/// Room for a command's arguments. The usual vector fits into it; it lives on the stack and is never
/// moved.
pub struct Arguments<'a> {
    inline: [MaybeUninit<&'a [u8]>; INLINE],
    heap: Vec<&'a [u8]>,
}

impl<'a> Arguments<'a> {
    /// Room with nothing in it.
    pub fn room() -> Self {
        Self {
            inline: [const { MaybeUninit::uninit() }; INLINE],
            heap: Vec::new(),
        }
    }

    /// Reads `argc` pointers with their lengths, or NUL-terminated texts when `lengths` is NULL.
    ///
    /// # Safety
    /// As the C API says: the arrays hold `argc` entries and each argument its length.
    #[inline(always)]
    pub unsafe fn read(
        &mut self,
        argc: usize,
        argv: *const *const c_char,
        lengths: *const usize,
    ) -> Result<&[&'a [u8]]> {
        check_count(argc)?;
        if argv.is_null() {
            return Err(null("argv"));
        }
        let mut total = 0usize;
        let read = if lengths.is_null() {
            self.collect(argc, |index| {
                // SAFETY: the array holds `argc` pointers to NUL-terminated texts.
                let argument =
                    unsafe { text(argv.add(index).read(), "an argument without length") };
                let argument = argument?.to_bytes();
                total = total.saturating_add(argument.len());
                Ok(argument)
            })
        } else {
            self.collect(argc, |index| {
                // SAFETY: the arrays hold `argc` pointers and lengths, and the argument that many bytes.
                let (pointer, length) =
                    unsafe { (argv.add(index).read(), lengths.add(index).read()) };
                total = total.saturating_add(length);
                // SAFETY: as above.
                unsafe { bytes(pointer, length, "an argument") }
            })
        };
        let read = read?;
        check_total(Some(total))?;
        Ok(read)
    }

    /// Reads arguments that stand end to end at `data`.
    ///
    /// # Safety
    /// As the C API says: `lengths` holds `argc` entries and `data` exactly their sum.
    pub unsafe fn read_packed(
        &mut self,
        argc: usize,
        data: *const c_char,
        lengths: *const usize,
    ) -> Result<&[&'a [u8]]> {
        check_count(argc)?;
        if lengths.is_null() {
            return Err(null("lengths"));
        }
        // SAFETY: the array holds `argc` lengths.
        let lengths = unsafe { std::slice::from_raw_parts(lengths, argc) };
        let sum = lengths
            .iter()
            .try_fold(0usize, |sum, length| sum.checked_add(*length));
        let sum = check_total(sum)?;
        // SAFETY: the buffer holds the sum of the lengths.
        let data = unsafe { bytes(data, sum, "bytes") }?;
        self.split(data, lengths)
    }

    /// Arguments that stand end to end in `data`, which holds the sum of `lengths`.
    pub fn split(&mut self, data: &'a [u8], lengths: &[usize]) -> Result<&[&'a [u8]]> {
        if lengths.is_empty() {
            let detail = "no arguments: a command has a name";
            return Err(Error::new(Code::Invalid, detail));
        }
        let mut rest = data;
        self.collect(lengths.len(), |index| {
            let (argument, after) = rest.split_at(lengths[index]);
            rest = after;
            Ok(argument)
        })
    }

    #[inline(always)]
    fn collect(
        &mut self,
        argc: usize,
        mut each: impl FnMut(usize) -> Result<&'a [u8]>,
    ) -> Result<&[&'a [u8]]> {
        if argc > INLINE {
            return self.collect_many(argc, each);
        }
        for (index, place) in self.inline.iter_mut().take(argc).enumerate() {
            place.write(each(index)?);
        }
        // SAFETY: the first `argc` places were written just now.
        Ok(unsafe { std::slice::from_raw_parts(self.inline.as_ptr().cast(), argc) })
    }

    #[inline(never)]
    fn collect_many(
        &mut self,
        argc: usize,
        mut each: impl FnMut(usize) -> Result<&'a [u8]>,
    ) -> Result<&[&'a [u8]]> {
        let reserved = self.heap.try_reserve_exact(argc);
        reserved.map_err(|_| Error::no_memory(argc.saturating_mul(size_of::<&[u8]>())))?;
        let places = self.heap.spare_capacity_mut().iter_mut().take(argc);
        for (index, place) in places.enumerate() {
            place.write(each(index)?);
        }
        // SAFETY: so many were written just now.
        unsafe { self.heap.set_len(argc) };
        Ok(&self.heap)
    }
}

/// The arguments of a command that is to be sent: its name must not be empty.
#[inline]
pub fn named<'r, 'a>(arguments: &'r [&'a [u8]]) -> Result<&'r [&'a [u8]]> {
    match arguments {
        [b"", ..] => Err(Error::new(Code::Invalid, "the command name is empty")),
        _ => Ok(arguments),
    }
}

#[inline]
fn check_count(argc: usize) -> Result<()> {
    if argc == 0 {
        return Err(no_arguments());
    }
    check_total(argc.checked_mul(size_of::<usize>())).map(drop)
}

#[inline]
fn check_total(total: Option<usize>) -> Result<usize> {
    match total {
        Some(total) if total <= isize::MAX as usize => Ok(total),
        _ => Err(too_long()),
    }
}

#[cold]
fn no_arguments() -> Error {
    Error::new(Code::Invalid, "argc is 0: a command has a name")
}

#[cold]
fn too_long() -> Error {
    let detail = "a length, or their sum, is above PTRDIFF_MAX";
    Error::new(Code::Invalid, detail)
}

/// Borrows `length` bytes; NULL with length 0 is empty.
///
/// # Safety
/// `data` is NULL or holds `length` bytes that outlive the borrow.
#[inline]
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
