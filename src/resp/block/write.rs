//! The bytes of a command, written without looking at the room.

use std::ptr;

/// Writes how many arguments follow; answers where it ends.
///
/// # Safety
/// There is room for it at `at`.
#[inline(always)]
pub unsafe fn write_count(at: *mut u8, number: usize) -> *mut u8 {
    // SAFETY: as the caller promises.
    unsafe { head(at, b'*', number) }
}

/// Writes an argument; answers where it ends.
///
/// # Safety
/// There is room for it at `at`, with what stands around it.
#[inline(always)]
pub unsafe fn write_argument(at: *mut u8, arg: &[u8]) -> *mut u8 {
    // SAFETY: as the caller promises.
    unsafe { line_end(text(head(at, b'$', arg.len()), arg)) }
}

/// A marker and a number, with their line end; no byte more.
///
/// # Safety
/// There is room for them at `at`.
#[inline(always)]
unsafe fn head(at: *mut u8, marker: u8, number: usize) -> *mut u8 {
    // SAFETY: as the caller promises.
    unsafe {
        if number < 10 {
            let line = u32::from_le_bytes([marker, b'0', b'\r', b'\n']) + ((number as u32) << 8);
            at.cast::<u32>().write_unaligned(line.to_le());
            return at.add(4);
        }
        if number < 100 {
            let line = PAIRS[number] | u32::from(marker);
            at.cast::<u32>().write_unaligned(line.to_le());
            at.add(4).write(b'\n');
            return at.add(5);
        }
        at.write(marker);
        line_end(all_digits(at.add(1), number))
    }
}

/// Each number of two digits between a free byte and a carriage return.
static PAIRS: [u32; 100] = pairs();

const fn pairs() -> [u32; 100] {
    let mut pairs = [0; 100];
    let mut number = 0;
    while number < 100 {
        let (tens, ones) = (number as u8 / 10, number as u8 % 10);
        pairs[number] = u32::from_le_bytes([0, b'0' + tens, b'0' + ones, b'\r']);
        number += 1;
    }
    pairs
}

/// # Safety
/// There is room for twenty digits at `at`.
#[inline(never)]
unsafe fn all_digits(at: *mut u8, number: usize) -> *mut u8 {
    let mut text = [0u8; 20];
    let mut first = text.len();
    let mut rest = number;
    while rest > 0 {
        first -= 1;
        text[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let count = text.len() - first;
    // SAFETY: as the caller promises; a usize has at most twenty digits.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr().add(first), at, count);
        at.add(count)
    }
}

/// A text; one of up to 16 bytes as two words that may overlap.
///
/// # Safety
/// There is room for the text at `at`.
#[inline(always)]
pub(super) unsafe fn text(at: *mut u8, text: &[u8]) -> *mut u8 {
    let (from, length) = (text.as_ptr(), text.len());
    // SAFETY: as the caller promises; each read lies inside the text.
    unsafe {
        match length {
            8..=16 => {
                let (first, last) = (from.cast::<u64>(), from.add(length - 8).cast::<u64>());
                at.cast::<u64>().write_unaligned(first.read_unaligned());
                at.add(length - 8)
                    .cast::<u64>()
                    .write_unaligned(last.read_unaligned());
            }
            4..=7 => {
                let (first, last) = (from.cast::<u32>(), from.add(length - 4).cast::<u32>());
                at.cast::<u32>().write_unaligned(first.read_unaligned());
                at.add(length - 4)
                    .cast::<u32>()
                    .write_unaligned(last.read_unaligned());
            }
            0 => {}
            1..=3 => {
                at.write(from.read());
                at.add(length / 2).write(from.add(length / 2).read());
                at.add(length - 1).write(from.add(length - 1).read());
            }
            _ => ptr::copy_nonoverlapping(from, at, length),
        }
        at.add(length)
    }
}

/// # Safety
/// There is room for two bytes at `at`.
#[inline(always)]
unsafe fn line_end(at: *mut u8) -> *mut u8 {
    // SAFETY: as the caller promises.
    unsafe {
        at.cast::<[u8; 2]>().write_unaligned(*b"\r\n");
        at.add(2)
    }
}
