//! Structs that C hands in with their size first, so that they can grow.
//!
//! A smaller size, where a field ends, means that the missing tail is zero; a larger one is accepted
//! when what this version does not know is zero.

use std::mem::MaybeUninit;

use crate::error::{Code, Error, Result};

/// No known or future struct is larger.
const LARGEST: usize = 4096;

/// A struct of the C API that begins with its size.
///
/// # Safety
/// It is `repr(C)`, its first field is a `usize`, any bytes that C may put into its fields, zeros
/// included, make one, and no size of `WHOLE` cuts a field.
pub(super) unsafe trait SizeFirst: Sized {
    /// What messages call it.
    const NAME: &'static str;
    /// How its size is set, for the message about a wrong one.
    const INIT: &'static str;
    /// The smaller sizes it may have; any other could end inside a pointer.
    const WHOLE: &'static [usize];

    /// An error about it.
    fn wrong(what: &str) -> Error {
        Error::new(Code::Invalid, format!("the {} {what}", Self::NAME))
    }
}

/// Copies a struct of whatever size into ours; it needs no alignment.
///
/// # Safety
/// `from` points to as many bytes as its first field says.
pub(super) unsafe fn copy<T: SizeFirst>(from: *const T) -> Result<T> {
    let from = from.cast::<u8>();
    // SAFETY: a size stands first.
    let size = unsafe { from.cast::<usize>().read_unaligned() };
    if size < size_of::<usize>() || size > LARGEST {
        return Err(T::wrong(&format!("has no valid size: use {}", T::INIT)));
    }
    let known = size.min(size_of::<T>());
    if known < size_of::<T>() && !T::WHOLE.contains(&known) {
        return Err(T::wrong("has a size that cuts a field"));
    }
    // SAFETY: the struct is as large as it says.
    let tail = unsafe { std::slice::from_raw_parts(from.add(known), size - known) };
    if tail.iter().any(|byte| *byte != 0) {
        return Err(T::wrong("says something that this version does not know"));
    }
    let mut ours = MaybeUninit::<T>::zeroed();
    // SAFETY: both are at least `known` bytes, and such bytes make a T.
    unsafe {
        std::ptr::copy_nonoverlapping(from, ours.as_mut_ptr().cast::<u8>(), known);
        Ok(ours.assume_init())
    }
}
