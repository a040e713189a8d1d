//! What a run is told: CHAOS_DURATION in seconds, CHAOS_SEED, CHAOS_PEER.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::part::Part;

/// Whose client is driven.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Peer {
    /// This library, through its C functions.
    Ours,
    /// hiredis, as its users use it: the run then counts and does not judge.
    Hiredis,
}

impl Peer {
    /// Which parts of the run are for it.
    pub fn parts(self) -> &'static [Part] {
        match self {
            Self::Ours => &Part::ALL,
            Self::Hiredis => &[Part::Exclusive],
        }
    }
}

pub struct Settings {
    pub duration: Duration,
    pub seed: u64,
    pub peer: Peer,
}

/// Without being told anything, as in `cargo test`: short, and the same each time.
const SHORT: u64 = 6;
const USUAL_SEED: u64 = 1;

impl Settings {
    /// Panics when a variable is not what it may be.
    pub fn read() -> Self {
        let told = number("CHAOS_DURATION");
        let seed = match number("CHAOS_SEED") {
            Some(seed) => seed,
            None if told.is_none() => USUAL_SEED,
            None => clock(),
        };
        let peer = match std::env::var("CHAOS_PEER").as_deref() {
            Err(_) | Ok("" | "redisclient") => Peer::Ours,
            Ok("hiredis") => Peer::Hiredis,
            Ok(other) => panic!("CHAOS_PEER is redisclient or hiredis, not {other:?}"),
        };
        Self {
            duration: Duration::from_secs(told.unwrap_or(SHORT).max(1)),
            seed,
            peer,
        }
    }

    pub fn name(&self) -> &'static str {
        match self.peer {
            Peer::Ours => "libredisclient",
            Peer::Hiredis => "hiredis",
        }
    }

    /// Where the outcome goes for programs to read.
    pub fn json(&self) -> PathBuf {
        let name = match self.peer {
            Peer::Ours => "target/chaos.json",
            Peer::Hiredis => "target/chaos-hiredis.json",
        };
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{name} is a whole number, not {text:?}"),
    }
}

/// A seed that is short enough to be typed again.
fn clock() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(USUAL_SEED, |now| now.as_millis() as u64 % 1_000_000)
}
