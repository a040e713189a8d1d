//! Option values from text: plain decimal numbers, times in milliseconds, words.
//!
//! A value is refused without a text of its own: the table knows what the option takes.

use std::path::PathBuf;
use std::time::Duration;

/// Why a value was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not what the option takes.
    Form,
    /// A known value whose part is not built.
    NotBuilt,
    /// Well formed, and refused all the same: the text says why.
    Because(&'static str),
}

/// Outcome of parsing a value.
pub type Parsed<T> = Result<T, Refusal>;

/// Digits alone: no sign, space, unit or separator.
pub fn number(value: &[u8], least: u64, most: u64) -> Parsed<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Form);
    }
    let number = value.iter().try_fold(0u64, |sum, digit| {
        sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    });
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or(Refusal::Form)
}

/// A number up to 2,147,483,647, which every server and platform can hold.
pub fn small(value: &[u8], least: u64) -> Parsed<u32> {
    number(value, least, i32::MAX as u64).map(|number| number as u32)
}

/// A size in memory; beyond the address space counts as all of it.
pub fn size(value: &[u8]) -> Parsed<usize> {
    number(value, 1, i64::MAX as u64).map(|number| number.min(isize::MAX as u64) as usize)
}

/// Milliseconds.
pub fn millis(value: &[u8], least: u64) -> Parsed<Duration> {
    number(value, least, i64::MAX as u64).map(Duration::from_millis)
}

/// Milliseconds in a range.
pub fn millis_between(value: &[u8], least: u64, most: u64) -> Parsed<Duration> {
    number(value, least, most).map(Duration::from_millis)
}

/// Milliseconds, or -1 for no limit.
pub fn millis_or_never(value: &[u8], least: u64) -> Parsed<Option<Duration>> {
    match value {
        b"-1" => Ok(None),
        _ => millis(value, least).map(Some),
    }
}

/// `yes` or `no`.
pub fn yes_no(value: &[u8]) -> Parsed<bool> {
    match value {
        b"yes" => Ok(true),
        b"no" => Ok(false),
        _ => Err(Refusal::Form),
    }
}

/// UTF-8 text.
pub fn text(value: &[u8]) -> Parsed<String> {
    std::str::from_utf8(value)
        .map(str::to_owned)
        .map_err(|_| Refusal::Form)
}

/// A path: any bytes where the system takes them.
#[cfg(unix)]
pub fn path(value: &[u8]) -> Parsed<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Ok(PathBuf::from(std::ffi::OsStr::from_bytes(value)))
}

/// A path: UTF-8.
#[cfg(not(unix))]
pub fn path(value: &[u8]) -> Parsed<PathBuf> {
    text(value).map(PathBuf::from)
}

/// Printable ASCII without spaces: all that a server takes as a client name.
pub fn graphic(value: &[u8]) -> Parsed<String> {
    if !value.iter().all(u8::is_ascii_graphic) {
        return Err(Refusal::Form);
    }
    text(value)
}

/// `name_v1.2.3` of each upstream library, separated by `;`.
pub fn driver(value: &[u8]) -> Parsed<String> {
    let driver = graphic(value)?;
    if driver.is_empty() || driver.split(';').all(is_library) {
        Ok(driver)
    } else {
        Err(Refusal::Form)
    }
}

fn is_library(library: &str) -> bool {
    let Some((name, version)) = library.split_once("_v") else {
        return false;
    };
    let mut letters = name.bytes();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
        && !version.is_empty()
        && !version.contains(['(', ')', '[', ']', '{', '}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_digits_within_its_range() {
        assert_eq!(number(b"0", 0, 9), Ok(0));
        assert_eq!(number(b"007", 0, 9), Ok(7));
        assert_eq!(number(b"18446744073709551615", 0, u64::MAX), Ok(u64::MAX));
        for bad in [
            "",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1s",
            "1_000",
            "1,000",
            "0x1",
            "1e3",
            "1.0",
            "\u{661}",
            "18446744073709551616",
            "99999999999999999999999999",
        ] {
            assert_eq!(
                number(bad.as_bytes(), 0, u64::MAX),
                Err(Refusal::Form),
                "{bad}"
            );
        }
        assert_eq!(number(b"0", 1, 9), Err(Refusal::Form));
        assert_eq!(number(b"10", 1, 9), Err(Refusal::Form));
        assert_eq!(number(b"1\0", 1, 9), Err(Refusal::Form));
    }

    #[test]
    fn only_minus_one_is_never() {
        assert_eq!(millis_or_never(b"-1", 1), Ok(None));
        assert_eq!(millis_or_never(b"1", 1), Ok(Some(Duration::from_millis(1))));
        for bad in [
            "0",
            "-2",
            "-01",
            "--1",
            "-",
            "-1 ",
            "5s",
            "9223372036854775808",
        ] {
            assert_eq!(
                millis_or_never(bad.as_bytes(), 1),
                Err(Refusal::Form),
                "{bad}"
            );
        }
        let longest = millis_or_never(b"9223372036854775807", 1);
        assert_eq!(longest, Ok(Some(Duration::from_millis(i64::MAX as u64))));
    }

    #[test]
    fn words_are_exact() {
        assert_eq!(yes_no(b"yes"), Ok(true));
        assert_eq!(yes_no(b"no"), Ok(false));
        for bad in ["", "Yes", "true", "1", "no "] {
            assert_eq!(yes_no(bad.as_bytes()), Err(Refusal::Form), "{bad}");
        }
    }

    #[test]
    fn a_driver_names_library_and_version() {
        for good in ["", "django_v5.0", "a_v1;b-c_d_v2.0-rc1+x", "my_vlib_v1"] {
            assert_eq!(driver(good.as_bytes()).as_deref(), Ok(good));
        }
        for bad in [
            "django",
            "_v1",
            "Django_v1",
            "1a_v1",
            "a_v",
            "a_v1;",
            ";a_v1",
            "a_v1;;b_v2",
            "a_v1 b",
            "a_v1)",
            "a_v(1",
            "a_v[1",
            "a_v1}",
            "a.b_v1",
            "\u{e9}_v1",
            "a_v1\n",
        ] {
            assert_eq!(driver(bad.as_bytes()), Err(Refusal::Form), "{bad}");
        }
    }
}
