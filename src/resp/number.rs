//! Numbers as RESP writes them, each ended by CR LF.

/// So many digits make a number that a double holds exactly.
const EXACT: u32 = 15;

/// What was found where a number should stand.
#[derive(Debug, PartialEq)]
pub(super) enum Number {
    /// The value and the position behind its line.
    Value(i64, usize),
    /// The line has not arrived whole.
    Partial,
    /// More than 64 bits.
    Overflow,
    /// Not a number.
    Malformed,
}

/// Reads `[+-]digits CR LF` at `at`.
pub(super) fn integer(bytes: &[u8], at: usize) -> Number {
    let (negative, first) = match bytes.get(at) {
        Some(b'-') => (true, at + 1),
        Some(b'+') => (false, at + 1),
        _ => (false, at),
    };
    let mut end = first;
    let mut value: u64 = 0;
    while let Some(digit) = bytes.get(end).map(|byte| byte.wrapping_sub(b'0'))
        && digit <= 9
    {
        if end - first < 19 {
            value = value * 10 + u64::from(digit);
        } else if value > 0 || end - first > 64 {
            return Number::Overflow;
        } else {
            value = u64::from(digit);
        }
        end += 1;
    }
    match (bytes.get(end), bytes.get(end + 1)) {
        (None, _) => return Number::Partial,
        (Some(b'\r'), None) if end > first => return Number::Partial,
        (Some(b'\r'), Some(b'\n')) if end > first => {}
        _ => return Number::Malformed,
    }
    let signed = if negative {
        0i64.checked_sub_unsigned(value)
    } else {
        i64::try_from(value).ok()
    };
    match signed {
        Some(value) => Number::Value(value, end + 2),
        None => Number::Overflow,
    }
}

/// Reads a double's text.
#[inline]
pub(super) fn double(text: &[u8]) -> Option<f64> {
    plain_double(text).or_else(|| any_double(text))
}

/// Digits that are exact as a double, over a power of ten that is: so is the rounding of the two.
#[inline(always)]
fn plain_double(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (mut value, mut count, mut divisor, mut is_fraction) = (0u64, 0, 1u64, false);
    for byte in digits {
        match byte.wrapping_sub(b'0') {
            digit @ ..=9 if count < EXACT => {
                value = value * 10 + u64::from(digit);
                divisor *= if is_fraction { 10 } else { 1 };
                count += 1;
            }
            _ if *byte == b'.' && !is_fraction => is_fraction = true,
            _ => return None,
        }
    }
    let value = value as f64 / divisor as f64;
    (count > 0).then_some(if negative { -value } else { value })
}

#[inline(never)]
fn any_double(text: &[u8]) -> Option<f64> {
    let unsigned = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    let named = unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"nan");
    let allowed = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    if !named && !text.iter().all(allowed) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_to_their_limits() {
        let read = |text: &str| integer(text.as_bytes(), 0);
        assert_eq!(read("0\r\n"), Number::Value(0, 3));
        assert_eq!(read("-1\r\n"), Number::Value(-1, 4));
        assert_eq!(read("+12\r\n"), Number::Value(12, 5));
        assert_eq!(read("9223372036854775807\r\n"), Number::Value(i64::MAX, 21));
        assert_eq!(
            read("-9223372036854775808\r\n"),
            Number::Value(i64::MIN, 22)
        );
        assert_eq!(read("9223372036854775808\r\n"), Number::Overflow);
        assert_eq!(read("-9223372036854775809\r\n"), Number::Overflow);
        assert_eq!(read("99999999999999999999\r\n"), Number::Overflow);
    }

    #[test]
    fn integers_in_pieces_and_broken() {
        let read = |text: &str| integer(text.as_bytes(), 0);
        for partial in ["", "-", "1", "12\r"] {
            assert_eq!(read(partial), Number::Partial, "{partial:?}");
        }
        for broken in ["\r\n", "-\r\n", "1x", "1\rx", "x", "1 \r\n", "--1\r\n"] {
            assert_eq!(read(broken), Number::Malformed, "{broken:?}");
        }
    }

    #[test]
    fn doubles_of_every_form() {
        assert_eq!(double(b"3.25"), Some(3.25));
        assert_eq!(double(b"-1e-7"), Some(-1e-7));
        assert_eq!(double(b"10"), Some(10.0));
        assert_eq!(double(b"-inf"), Some(f64::NEG_INFINITY));
        assert!(double(b"nan").unwrap().is_nan());
        assert!(double(b"-nan").unwrap().is_nan());
        for text in [
            "0.1",
            "-0",
            "1.",
            ".5",
            "123456789012.345",
            "0.000000000000001",
        ] {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(
                double(text.as_bytes()).unwrap().to_bits(),
                expected.to_bits()
            );
        }
        for broken in ["", "x", ".", "-", "1.2.3", "infinity", "0x10", "1 "] {
            assert_eq!(double(broken.as_bytes()), None, "{broken:?}");
        }
    }
}
