//! Numbers as RESP writes them, each ended by CR LF.

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
pub(super) fn double(text: &[u8]) -> Option<f64> {
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
        for broken in ["", "x", "1.2.3", "infinity", "0x10", "1 "] {
            assert_eq!(double(broken.as_bytes()), None, "{broken:?}");
        }
    }
}
