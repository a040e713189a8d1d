//! Numbers as decimal text, without memory: the shortest that reads back as the same number.
//!
//! Doubles look as Python writes them, so that a value has one text whoever stored it: `0.1`,
//! `1.0`, `1e+21`, `1e-07`, `inf`, `nan`, `-0.0`.

use std::fmt::{self, Write};

/// No text of a number is longer.
const LONGEST: usize = 32;

/// A number's text.
pub struct Decimal {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Decimal {
    const EMPTY: Self = Self {
        bytes: [0; LONGEST],
        length: 0,
    };

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl Write for Decimal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// An integer's text.
pub fn integer(value: i64) -> Decimal {
    written(format_args!("{value}"))
}

/// A double's text.
pub fn double(value: f64) -> Decimal {
    if !value.is_finite() {
        return written(format_args!("{}", special(value)));
    }
    let decimal = shortest(value);
    let text = decimal.as_str();
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return written(format_args!("{mantissa}e{sign}{:02}", exponent.abs()));
    }
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    plain(sign, first, rest, exponent)
}

/// The fewest digits that read back as `value`, as `d.ddde-7`; of several, those nearest to it, and
/// of two as near the even ones.
fn shortest(value: f64) -> Decimal {
    let shortest = written(format_args!("{value:e}"));
    let digits = shortest.as_str().split('e').next().unwrap_or_default();
    let behind = digits.split_once('.').map_or(0, |(_, behind)| behind.len());
    // Rust goes up where two are as near, which takes as many digits as a double can tell apart.
    if behind < 15 {
        return shortest;
    }
    let even = written(format_args!("{value:.behind$e}"));
    match even.as_str().parse() {
        Ok(read) if value == read => even,
        _ => shortest,
    }
}

/// `first.rest` times ten to the `exponent`, with a point and at least one digit behind it.
fn plain(sign: &str, first: &str, rest: &str, exponent: i32) -> Decimal {
    let places = exponent.unsigned_abs() as usize;
    if exponent < 0 {
        return written(format_args!("{sign}0.{:0>places$}{rest}", first));
    }
    match rest.split_at_checked(places) {
        Some((whole, "")) => written(format_args!("{sign}{first}{whole}.0")),
        Some((whole, part)) => written(format_args!("{sign}{first}{whole}.{part}")),
        None => written(format_args!("{sign}{first}{rest:0<places$}.0")),
    }
}

fn special(value: f64) -> &'static str {
    match value {
        f64::INFINITY => "inf",
        f64::NEG_INFINITY => "-inf",
        _ => "nan",
    }
}

fn written(text: fmt::Arguments<'_>) -> Decimal {
    let mut decimal = Decimal::EMPTY;
    // Every text fits.
    let _ = decimal.write_fmt(text);
    decimal
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};

    #[test]
    fn integers_to_their_limits() {
        for value in [0, 1, -1, 10, i64::MAX, i64::MIN] {
            assert_eq!(integer(value).as_str(), value.to_string());
        }
        assert_eq!(integer(i64::MIN).as_str(), "-9223372036854775808");
    }

    #[test]
    fn doubles_look_as_python_writes_them() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (100.0, "100.0"),
            (123456789.0, "123456789.0"),
            (2.0 / 3.0, "0.6666666666666666"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (-1e16, "-1e+16"),
            (9999999999999998.0, "9999999999999998.0"),
            (9007199254740993.0, "9007199254740992.0"),
            (12345678901234567890.0, "1.2345678901234567e+19"),
            (1e21, "1e+21"),
            (1e22, "1e+22"),
            (1e23, "1e+23"),
            (1e100, "1e+100"),
            (0.001, "0.001"),
            (0.0001, "0.0001"),
            (0.00012345, "0.00012345"),
            (0.00001, "1e-05"),
            (-0.000012345, "-1.2345e-05"),
            (1e-7, "1e-07"),
            (1e-10, "1e-10"),
            (6632827120354249.0 / 4.0, "1658206780088562.2"),
            (2f64.powi(-44), "5.684341886080802e-14"),
            (5e-324, "5e-324"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (2.225073858507201e-308, "2.225073858507201e-308"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::MIN, "-1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
            (-f64::NAN, "nan"),
        ] {
            assert_eq!(double(value).as_str(), expected);
        }
    }

    /// Bits of every magnitude, neighbours of powers of two and ten, short decimals and fractions.
    fn many() -> Vec<f64> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut values: Vec<f64> = (0..20_000).map(|_| f64::from_bits(random())).collect();
        let powers = (-1074..1024).map(|exponent| 2f64.powi(exponent));
        let tens = (-323..309).filter_map(|exponent| format!("1e{exponent}").parse().ok());
        for power in powers.chain(tens) {
            values.extend([power, power.next_up(), power.next_down()]);
        }
        for _ in 0..10_000 {
            values.push((random() % 1_000_000) as f64 / 10f64.powi((random() % 12) as i32));
            values.push((random() >> (random() % 64)) as f64);
            // Two shortest texts may be as near.
            values.push((random() >> 4) as f64 / 2f64.powi((random() % 16) as i32));
        }
        values
    }

    #[test]
    fn every_double_reads_back_and_is_what_python_writes() {
        let values = many();
        let mut written = String::new();
        for value in &values {
            let decimal = double(*value);
            let text = decimal.as_str();
            let back: f64 = text.parse().unwrap();
            assert!(
                back.to_bits() == value.to_bits() || value.is_nan(),
                "{text}"
            );
            written += text;
            written.push('\n');
        }
        match by_python(&values) {
            Some(python) => assert!(written == python, "{}", difference(&written, &python)),
            None => eprintln!("NOT RUN: python3 is missing"),
        }
    }

    fn difference(ours: &str, theirs: &str) -> String {
        let pair = ours.lines().zip(theirs.lines()).find(|(a, b)| a != b);
        format!("ours and Python's: {pair:?}")
    }

    fn by_python(values: &[f64]) -> Option<String> {
        let program = "import struct, sys\n\
                       for (value,) in struct.iter_unpack('<d', sys.stdin.buffer.read()):\n \
                       print(repr(value))";
        let mut python = Command::new("python3");
        python.args(["-c", program]);
        let python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut python = python.ok()?;
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        python.stdin.take().unwrap().write_all(&bytes).unwrap();
        let mut said = String::new();
        python
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert!(python.wait().unwrap().success());
        Some(said)
    }
}
