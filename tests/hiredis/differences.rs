//! Where we differ from hiredis on purpose, and how each case is told from a mistake.

use crate::{End, Outcome};

/// The list; it does not grow without a reason that can be written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// Attributes belong to the value behind them here; hiredis takes them for a reply or an item.
    Attributes,
    /// A push inside a reply is lifted out here; hiredis takes it for one of the items.
    PushInside,
    /// Streamed texts and aggregates (`$?` `;` `*?` `.`) and errors with a length (`!`): hiredis
    /// knows none of them.
    UnknownTypes,
    /// `+5`, `007` and `-0`: the protocol allows a plus sign, and what is a number is taken here;
    /// hiredis wants the one shortest spelling. Of big numbers it takes one without digits.
    NumberSpelling,
    /// hiredis does not look at the two bytes behind a text, so a wrong length shifts what follows;
    /// here they must be CR LF.
    TextEnd,
    /// One of the two refuses at once what the other refuses only when the line is complete; or a
    /// size above our limits, for which hiredis waits.
    RefusedSooner,
    /// hiredis takes a length of -1 as null for maps, sets, pushes and verbatim texts too; the
    /// protocol has it for `$` and `*`.
    NullLength,
    /// `+inf`, doubles too large or too small for 64 bits (infinite or 0 here) and very long ones:
    /// hiredis refuses them.
    DoubleSpelling,
    /// hiredis takes `#T`, `#F`, and a NUL for false.
    BooleanSpelling,
    /// A lone CR or LF within a line is a byte like others here; hiredis refuses it.
    LoneLineBreak,
}

use Difference::*;

impl Difference {
    pub const ALL: [Self; 10] = [
        Attributes,
        PushInside,
        UnknownTypes,
        NumberSpelling,
        TextEnd,
        RefusedSooner,
        NullLength,
        DoubleSpelling,
        BooleanSpelling,
        LoneLineBreak,
    ];
}

/// A stream that both must refuse, or the explanation does not hold.
pub struct Doubt {
    pub bytes: Vec<u8>,
}

/// The difference that explains two outcomes which are not alike, with what is to be settled.
pub fn explain(
    bytes: &[u8],
    ours: &Outcome,
    theirs: &Outcome,
) -> Option<(Difference, Option<Doubt>)> {
    let from = ours.replies.iter().zip(&theirs.replies);
    let from = from.take_while(|(ours, theirs)| ours == theirs).count();
    let plain = by_structure(theirs, from)
        .or_else(|| by_their_refusal(bytes, ours, theirs, from))
        .or_else(|| by_our_refusal(bytes, ours, from));
    match plain {
        Some(difference) => Some((difference, None)),
        None => by_time(bytes, ours, theirs).map(|doubt| (RefusedSooner, doubt)),
    }
}

/// Their reading of the first reply that differs has an attribute, or a push among the items.
fn by_structure(theirs: &Outcome, from: usize) -> Option<Difference> {
    let values = match (theirs.replies.get(from), &theirs.end) {
        (Some((_, values)), _) => values,
        (None, End::Incomplete(values) | End::Refused { values, .. }) => values,
        (None, End::Complete) => return None,
    };
    if values.contains(" |") {
        return Some(Attributes);
    }
    values.trim_start().contains(" >").then_some(PushInside)
}

/// They refuse a line that we take.
fn by_their_refusal(
    bytes: &[u8],
    ours: &Outcome,
    theirs: &Outcome,
    from: usize,
) -> Option<Difference> {
    let End::Refused { stop, reason, .. } = &theirs.end else {
        return None;
    };
    if theirs.replies.len() > from || has_stopped(ours, *stop) {
        return None;
    }
    let line = line_at(bytes, *stop);
    let (marker, rest) = line.split_first()?;
    match reason.as_str() {
        "Bad integer value" if is_number(rest) => Some(NumberSpelling),
        "Bad bulk string length" | "Bad multi-bulk length" if rest == b"?" => Some(UnknownTypes),
        "Bad bulk string length" | "Bad multi-bulk length" if is_number(rest) => {
            Some(NumberSpelling)
        }
        "Bad bignum value" if rest.first() == Some(&b'+') => Some(NumberSpelling),
        "Bad double value" if is_odd_double(rest) => Some(DoubleSpelling),
        "Double value is too large" if rest.len() > 325 => Some(DoubleSpelling),
        "Bad simple string value" => Some(LoneLineBreak),
        _ if reason.ends_with("as reply type byte") && b"!;.".contains(marker) => {
            Some(UnknownTypes)
        }
        _ => None,
    }
}

/// We refuse a line that they take.
fn by_our_refusal(bytes: &[u8], ours: &Outcome, from: usize) -> Option<Difference> {
    let End::Refused { stop, reason, .. } = &ours.end else {
        return None;
    };
    if ours.replies.len() > from {
        return None;
    }
    let line = line_at(bytes, *stop);
    if reason.contains("a text does not end where its length says") {
        return Some(TextEnd);
    }
    match line {
        [b'%' | b'~' | b'>' | b'|' | b'=', b'-', b'1'] => Some(NullLength),
        [b'#', b'T' | b'F' | 0] => Some(BooleanSpelling),
        [b'('] | [b'(', b'-'] => Some(NumberSpelling),
        _ => None,
    }
}

/// One waits and the other has refused. Above a limit that is all there is to say; otherwise the
/// line, once it ends, must be refused by both.
fn by_time(bytes: &[u8], ours: &Outcome, theirs: &Outcome) -> Option<Option<Doubt>> {
    let (stop, is_limit) = match (&ours.end, &theirs.end) {
        (End::Refused { stop, reason, .. }, End::Incomplete(_)) => {
            (*stop, reason.starts_with("Limit"))
        }
        (End::Incomplete(_), End::Refused { stop, .. }) => (*stop, false),
        _ => return None,
    };
    if ours.replies != theirs.replies {
        return None;
    }
    // Where the head of an aggregate is refused, its length may still be missing.
    let tail: &[u8] = if line_at(bytes, stop).len() < 2 {
        b"1\r\n"
    } else {
        b"\r\n"
    };
    let doubt = Doubt {
        bytes: [&bytes[..stop], tail].concat(),
    };
    Some((!is_limit).then_some(doubt))
}

/// Whether it refused no more than the first `bytes`.
fn has_stopped(outcome: &Outcome, bytes: usize) -> bool {
    matches!(&outcome.end, End::Refused { stop, .. } if *stop <= bytes)
}

/// The line that a reader had seen last when it stopped, without its end.
fn line_at(bytes: &[u8], stop: usize) -> &[u8] {
    let seen = &bytes[..stop];
    let seen = seen.strip_suffix(b"\r\n").unwrap_or(seen);
    let start = seen.windows(2).rposition(|pair| pair == b"\r\n");
    &seen[start.map_or(0, |at| at + 2)..]
}

/// With a plus sign, or beyond what a double holds.
fn is_odd_double(text: &[u8]) -> bool {
    let value = str::from_utf8(text).map(str::parse::<f64>);
    let beyond = |value: f64| value.is_infinite() || value == 0.0;
    text.first() == Some(&b'+') || matches!(value, Ok(Ok(value)) if beyond(value))
}

/// Digits, perhaps with a sign.
fn is_number(text: &[u8]) -> bool {
    let digits = match text {
        [b'+' | b'-', digits @ ..] => digits,
        _ => text,
    };
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}
