//! The decoder beside hiredis's: the same streams of RESP2 and RESP3, whole, cut short and
//! damaged, must be taken, awaited or refused alike, with the same values and the same bytes used.
//!
//! Where the two differ on purpose stands in `hiredis/differences.rs`; anything else fails. The
//! sources of hiredis are fetched by `support/fetch-peers.sh`; nothing of them is in this project.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at a failure"
)]

#[path = "hiredis/differences.rs"]
mod differences;
#[path = "hiredis/ours.rs"]
mod ours;
#[path = "hiredis/peer.rs"]
mod peer;
#[path = "hiredis/streams.rs"]
mod streams;
mod support;

use std::collections::BTreeMap;

use differences::{Difference, Doubt, explain};
use peer::Peer;
use streams::Streams;

const SEED: u64 = 20_260_801;
const STREAMS: usize = 100_000;

/// What became of a stream.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// All bytes used so far, and the values in the order of the wire, for each reply.
    pub replies: Vec<(usize, String)>,
    /// And then.
    pub end: End,
}

/// How a stream ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum End {
    /// With the last reply.
    #[default]
    Complete,
    /// Within a reply; the values of it that are known, where they are told.
    Incomplete(String),
    /// Refused.
    Refused {
        /// How many bytes it took to see that.
        stop: usize,
        /// The values of the reply that was begun, where they are told.
        values: String,
        /// Why.
        reason: String,
    },
}

#[test]
fn streams_are_read_as_hiredis_reads_them() {
    let Some(peer) = Peer::build() else { return };
    let mut generator = Streams::new(SEED);
    let streams: Vec<Vec<u8>> = (0..STREAMS).map(|_| generator.any()).collect();
    let theirs = peer.read(&streams);
    let mut alike = BTreeMap::new();
    let mut seen = BTreeMap::new();
    let mut doubts = Vec::new();
    for (bytes, theirs) in streams.iter().zip(&theirs) {
        let ours = ours::read(bytes);
        if is_alike(&ours, theirs) {
            *alike.entry(name(&ours.end)).or_insert(0) += 1;
            continue;
        }
        let (difference, doubt) = explain(bytes, &ours, theirs).unwrap_or_else(|| {
            panic!(
                "a new difference: {}\nours   {ours:?}\nhiredis {theirs:?}",
                bytes.escape_ascii()
            )
        });
        *seen.entry(difference).or_insert(0) += 1;
        doubts.extend(doubt);
    }
    settle(&peer, &doubts);
    println!("alike: {alike:?}\ndifferent: {seen:?}");
    assert!(
        alike.values().all(|count| *count > STREAMS / 20),
        "{alike:?}"
    );
    assert!(alike.values().sum::<usize>() > STREAMS * 3 / 4, "{alike:?}");
    let all: Vec<Difference> = Difference::ALL.to_vec();
    assert_eq!(
        seen.into_keys().collect::<Vec<_>>(),
        all,
        "not all of the list are seen"
    );
}

/// Attributes and pushes inside replies, which hiredis takes for items: without the attributes,
/// and with the pushes before the reply, it must see what we see.
#[test]
fn attributes_and_pushes_aside_nothing_differs() {
    let Some(peer) = Peer::build() else { return };
    let mut generator = Streams::new(SEED + 1);
    let pairs: Vec<streams::Twins> = (0..STREAMS / 5).map(|_| generator.with_twin()).collect();
    let plain: Vec<Vec<u8>> = pairs.iter().map(|twins| twins.plain.clone()).collect();
    for (twins, theirs) in pairs.iter().zip(peer.read(&plain)) {
        let values = |outcome: &Outcome| -> Vec<String> {
            outcome
                .replies
                .iter()
                .map(|(_, values)| values.clone())
                .collect()
        };
        let ours = ours::read_without_attributes(&twins.full);
        assert_eq!(
            values(&ours),
            values(&theirs),
            "{}",
            twins.full.escape_ascii()
        );
        assert_eq!(ours.end, End::Complete);
    }
}

fn is_alike(ours: &Outcome, theirs: &Outcome) -> bool {
    ours.replies == theirs.replies && name(&ours.end) == name(&theirs.end)
}

fn name(end: &End) -> &'static str {
    match end {
        End::Complete => "complete",
        End::Incomplete(_) => "incomplete",
        End::Refused { .. } => "refused",
    }
}

/// What one refuses while the other still waits must be refused by both in the end.
fn settle(peer: &Peer, doubts: &[Doubt]) {
    let bytes: Vec<Vec<u8>> = doubts.iter().map(|doubt| doubt.bytes.clone()).collect();
    for (doubt, theirs) in doubts.iter().zip(peer.read(&bytes)) {
        let shown = doubt.bytes.escape_ascii();
        let ours = ours::read(&doubt.bytes);
        assert_eq!(name(&theirs.end), "refused", "{shown}: hiredis takes it");
        assert_eq!(name(&ours.end), "refused", "{shown}: we take it");
    }
}
