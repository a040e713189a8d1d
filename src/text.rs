//! Words and bytes: which version comes first, what of foreign bytes may stand in a message.

pub mod decimal;

use std::cmp::Ordering;
use std::fmt::Write;

use crate::error::{Code, Error, Result};

/// The name this library gives itself to servers.
pub const LIBRARY: &str = "redisclient";

/// The version of this library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const CUT: &str = "...";

/// Foreign bytes fit for a message: invalid UTF-8 replaced, control characters escaped, and no
/// more than `most` characters, the last three of them dots when something was cut.
pub fn printable(bytes: &[u8], most: usize) -> String {
    // A character is at most four bytes, so what lies beyond can never be shown.
    let window = &bytes[..bytes.len().min(most.saturating_mul(4).saturating_add(4))];
    let mut shown = String::new();
    let mut count = 0;
    let mut keep = 0;
    for char in String::from_utf8_lossy(window).chars() {
        let start = shown.len();
        if char.is_control() || is_invisible(char) {
            let _ = write!(shown, "{}", char.escape_default());
        } else {
            shown.push(char);
        }
        count += shown[start..].chars().count();
        if count > most {
            shown.truncate(keep);
            shown.push_str(&CUT[..CUT.len().min(most)]);
            return shown;
        }
        if count + CUT.len() <= most {
            keep = shown.len();
        }
    }
    shown
}

/// Text as a JSON string, in its quotes.
pub fn json(text: &str) -> String {
    let mut quoted = String::from('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            '\0'..='\x1f' | '\x7f' => {
                let _ = write!(quoted, "\\u{:04x}", char as u32);
            }
            _ => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

/// Characters that reorder or hide their neighbours in a terminal or log.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Bytes as text, unchanged; `what` names them in the refusal.
pub fn utf8<'a>(what: &str, bytes: &'a [u8]) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Error::new(
            Code::Invalid,
            format!("{what} is not UTF-8: its byte {at} does not belong there"),
        )
    })
}

/// Orders two versions: numbers part by part, missing parts as zero, a pre-release
/// ("7.4.0-rc1") before its release; build metadata ("+...") says nothing about order.
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    let (a, a_pre) = split_release(a);
    let (b, b_pre) = split_release(b);
    let parts = a.split('.').count().max(b.split('.').count());
    let padded = |version| {
        str::split(version, '.')
            .chain(std::iter::repeat("0"))
            .take(parts)
    };
    let release = padded(a)
        .zip(padded(b))
        .map(|(a, b)| compare_digits(a, b))
        .find(|order| order.is_ne());
    release.unwrap_or_else(|| match (a_pre.is_empty(), b_pre.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => compare_runs(a_pre, b_pre),
    })
}

/// The leading numbers and dots, and the pre-release after them.
fn split_release(version: &str) -> (&str, &str) {
    let version = version.split('+').next().unwrap_or_default().trim();
    let end = version
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(version.len());
    let (release, pre) = version.split_at(end);
    (release.trim_end_matches('.'), pre.trim_start_matches('-'))
}

/// Digits of any length by their value.
fn compare_digits(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Runs of digits by value, the text between them by its bytes: "rc9" before "rc10".
fn compare_runs(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() && !b.is_empty() {
        let (a_run, a_rest) = split_run(a);
        let (b_run, b_rest) = split_run(b);
        let numbers = [a_run, b_run]
            .iter()
            .all(|run| run.as_bytes()[0].is_ascii_digit());
        let order = if numbers {
            compare_digits(a_run, b_run)
        } else {
            a_run.cmp(b_run)
        };
        if order.is_ne() {
            return order;
        }
        (a, b) = (a_rest, b_rest);
    }
    a.len().cmp(&b.len())
}

fn split_run(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits);
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_escapes_what_would_end_or_break_a_string() {
        assert_eq!(json("host:6379"), "\"host:6379\"");
        assert_eq!(
            json("/a \"b\" \\ \n\u{e9}"),
            "\"/a \\\"b\\\" \\\\ \\u000a\u{e9}\""
        );
    }

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        let rising = [
            "0",
            "6.2.14",
            "7.0-rc1",
            "7.0",
            "7.0.15",
            "7.4.0-alpha",
            "7.4.0-rc",
            "7.4.0-rc1",
            "7.4.0-rc9",
            "7.4.0-rc10",
            "7.4.0",
            "7.10",
            "255.255.255",
            "99999999999999999999999",
        ];
        for (i, a) in rising.iter().enumerate() {
            for (j, b) in rising.iter().enumerate() {
                assert_eq!(compare_versions(a, b), i.cmp(&j), "{a} and {b}");
            }
        }
    }

    #[test]
    fn versions_that_say_the_same_are_equal() {
        for (a, b) in [
            ("7", "7.0.0"),
            ("7.04", "7.4"),
            ("7.4.0+build5", "7.4.0"),
            ("", "0"),
            ("7.4.", "7.4"),
            ("7.4.0rc1", "7.4.0-rc1"),
            (" 8.0 ", "8.0"),
            ("7..1", "7.0.1"),
        ] {
            assert_eq!(compare_versions(a, b), Ordering::Equal, "{a} and {b}");
        }
    }

    #[test]
    fn foreign_bytes_are_made_harmless() {
        assert_eq!(printable(b"plain", 9), "plain");
        assert_eq!(printable("gr\u{fc}n".as_bytes(), 9), "gr\u{fc}n");
        assert_eq!(
            printable(b"a\r\nb\0\x1b[31m", 99),
            "a\\r\\nb\\u{0}\\u{1b}[31m"
        );
        assert_eq!(printable(b"\xff", 9), "\u{fffd}");
        assert_eq!(printable("a\u{202e}b".as_bytes(), 99), "a\\u{202e}b");
        assert_eq!(printable(b"", 0), "");
    }

    #[test]
    fn long_text_is_cut_to_its_limit() {
        assert_eq!(printable(b"1234567890", 10), "1234567890");
        assert_eq!(printable(b"12345678901", 10), "1234567...");
        assert_eq!(printable(b"12345", 2), "..");
        assert_eq!(printable(b"1234567\n\n", 10), "1234567...");
        let endless = vec![b'x'; 1 << 20];
        for most in 0..50 {
            assert_eq!(printable(&endless, most).len(), most);
        }
        let wide = "\u{1f600}".repeat(100);
        assert_eq!(printable(wide.as_bytes(), 10).chars().count(), 10);
        assert_eq!(printable(&[b'\n'; 100], 10).len(), 9);
    }

    #[test]
    fn text_that_is_not_utf8_is_named() {
        assert_eq!(utf8("host", b"caf\xc3\xa9").ok(), Some("caf\u{e9}"));
        let error = utf8("the host", b"ab\xff").unwrap_err();
        assert_eq!(error.code(), Code::Invalid);
        assert!(
            error
                .to_string()
                .contains("the host is not UTF-8: its byte 2")
        );
    }
}
