//! How long a server may hold a command before it answers, read from the command's arguments.
//!
//! The caller waits for that time on top of its own timeout. An argument that the server will
//! refuse does not block: the error comes at once.

use super::Command;
use std::time::Duration;

/// How long the server may hold a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Block {
    /// It answers at once.
    #[default]
    No,
    /// At most this long.
    For(Duration),
    /// Until something happens.
    Forever,
}

impl Block {
    /// The longer of the two: what commands sent together may take is at least that.
    pub fn max(self, other: Self) -> Self {
        match (self, other) {
            (Self::Forever, _) | (_, Self::Forever) => Self::Forever,
            (Self::No, block) | (block, Self::No) => block,
            (Self::For(a), Self::For(b)) => Self::For(a.max(b)),
        }
    }
}

/// Where a command carries its block time.
#[derive(Clone, Copy)]
enum Place {
    LastSeconds,
    Seconds(usize),
    Millis(usize),
    OptionMillis,
}

/// The block time of a call of `command`.
pub(super) fn block<A: AsRef<[u8]>>(command: &Command, args: &[A]) -> Block {
    let at = |at: usize| args.get(at).map(AsRef::as_ref);
    let time = match place(command.name) {
        Some(Place::LastSeconds) => at(args.len().wrapping_sub(1)).and_then(seconds),
        Some(Place::Seconds(position)) => at(position).and_then(seconds),
        Some(Place::Millis(position)) => at(position).and_then(millis),
        Some(Place::OptionMillis) => option_block(args),
        None => None,
    };
    match time {
        None => Block::No,
        Some(Duration::ZERO) => Block::Forever,
        Some(time) => Block::For(time),
    }
}

fn place(name: &str) -> Option<Place> {
    match name {
        "BLPOP" | "BRPOP" | "BRPOPLPUSH" | "BLMOVE" | "BZPOPMIN" | "BZPOPMAX" => {
            Some(Place::LastSeconds)
        }
        "BLMPOP" | "BZMPOP" => Some(Place::Seconds(1)),
        "WAIT" => Some(Place::Millis(2)),
        "WAITAOF" => Some(Place::Millis(3)),
        "XREAD" | "XREADGROUP" => Some(Place::OptionMillis),
        _ => None,
    }
}

/// The last BLOCK before STREAMS. Names of a group or consumer may be spelled like an option.
fn option_block<A: AsRef<[u8]>>(args: &[A]) -> Option<Duration> {
    let mut found = None;
    let mut rest = args.get(1..)?;
    while let Some((option, after)) = rest.split_first() {
        let is = |word: &str| option.as_ref().eq_ignore_ascii_case(word.as_bytes());
        if is("STREAMS") {
            break;
        }
        if is("BLOCK") {
            found = Some(millis(after.first()?.as_ref())?);
        }
        let values = if is("GROUP") {
            2
        } else {
            usize::from(is("BLOCK") || is("COUNT") || is("CLAIM"))
        };
        rest = after.get(values..)?;
    }
    found
}

/// A fraction of a second too small for our clock still is no zero: zero would mean for ever.
fn seconds(arg: &[u8]) -> Option<Duration> {
    let seconds: f64 = std::str::from_utf8(arg).ok()?.parse().ok()?;
    let time = Duration::try_from_secs_f64(seconds).ok()?;
    let least = if seconds > 0.0 {
        Duration::from_nanos(1)
    } else {
        Duration::ZERO
    };
    Some(time.max(least))
}

fn millis(arg: &[u8]) -> Option<Duration> {
    let millis: i64 = std::str::from_utf8(arg).ok()?.parse().ok()?;
    u64::try_from(millis).ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::super::{Flags, all, lookup};
    use super::*;

    fn block_of(line: &str) -> Block {
        let args: Vec<&str> = line.split(' ').collect();
        block(lookup(&args).unwrap(), &args)
    }

    fn ms(millis: u64) -> Block {
        Block::For(Duration::from_millis(millis))
    }

    #[test]
    fn every_blocking_command_has_a_place_for_its_time() {
        for command in all() {
            let blocking = command.flags.contains(Flags::BLOCKING);
            assert_eq!(place(command.name).is_some(), blocking, "{}", command.name);
        }
    }

    #[test]
    fn times_are_read_where_they_stand() {
        for (line, expected) in [
            ("blpop a b 5", ms(5000)),
            ("BRPOP a 0.25", ms(250)),
            ("BRPOPLPUSH a b 1", ms(1000)),
            ("BLMOVE a b LEFT RIGHT 1e1", ms(10_000)),
            ("BZPOPMIN z 2", ms(2000)),
            ("BZPOPMAX z 2.5", ms(2500)),
            ("BLMPOP 3 2 a b LEFT", ms(3000)),
            ("BZMPOP 1.5 1 a MIN", ms(1500)),
            ("WAIT 1 700", ms(700)),
            ("WAITAOF 1 0 800", ms(800)),
            ("XREAD COUNT 2 block 90 STREAMS a 0", ms(90)),
            ("XREAD BLOCK 1 BLOCK 2 STREAMS a 0", ms(2)),
            ("XREADGROUP GROUP g c BLOCK 60 NOACK STREAMS a >", ms(60)),
            (
                "XREADGROUP GROUP BLOCK BLOCK CLAIM 7 BLOCK 8 STREAMS a >",
                ms(8),
            ),
        ] {
            assert_eq!(block_of(line), expected, "{line}");
        }
    }

    #[test]
    fn zero_is_for_ever() {
        for line in [
            "BLPOP a 0",
            "BLPOP a 0.0",
            "BLMPOP 0 1 a LEFT",
            "WAIT 1 0",
            "WAITAOF 0 0 0",
        ] {
            assert_eq!(block_of(line), Block::Forever, "{line}");
        }
        assert_eq!(block_of("XREAD BLOCK 0 STREAMS a $"), Block::Forever);
        assert_ne!(block_of("BLPOP a 1e-30"), Block::Forever);
    }

    #[test]
    fn what_the_server_refuses_or_answers_at_once_does_not_block() {
        for line in [
            "BLPOP",
            "BLPOP a b",
            "BLPOP a -1",
            "BLPOP a nan",
            "BLPOP a inf",
            "BLPOP a 1e300",
            "BLMPOP",
            "BZMPOP x 1 a MIN",
            "WAIT",
            "WAIT 1",
            "WAIT 1 -5",
            "WAIT 1 0.5",
            "WAITAOF 1 1",
            "XREAD",
            "XREAD STREAMS a 0",
            "XREAD STREAMS BLOCK 5",
            "XREAD BLOCK",
            "XREAD BLOCK x STREAMS a 0",
            "XREADGROUP GROUP BLOCK 5 STREAMS a >",
            "XREADGROUP GROUP",
            "LPOP a 5",
            "GET 5",
        ] {
            assert_eq!(block_of(line), Block::No, "{line}");
        }
    }

    #[test]
    fn the_longer_block_counts() {
        assert_eq!(ms(5).max(ms(7)), ms(7));
        assert_eq!(Block::No.max(ms(7)), ms(7));
        assert_eq!(ms(7).max(Block::No), ms(7));
        assert_eq!(ms(7).max(Block::Forever), Block::Forever);
    }
}
