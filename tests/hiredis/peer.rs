//! hiredis's reader as a program, compiled from its fetched sources and `peer.c`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::TempDir;
use crate::{End, Outcome};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Where `fetch-peers.sh` puts them.
const SOURCES: &str = "hiredis-3.5.0";

/// The program and where it lies.
pub struct Peer {
    directory: TempDir,
}

impl Peer {
    /// Compiles it; `None`, said loudly, without its sources.
    pub fn build() -> Option<Self> {
        let sources = sources();
        if !sources.join("read.c").is_file() {
            // Not through a macro: those are silenced in tests that pass.
            let _ = writeln!(
                std::io::stderr(),
                "NOT RUN: the comparison with hiredis: its sources are not at {}; \
                 tests/support/fetch-peers.sh fetches them",
                sources.display()
            );
            return None;
        }
        let directory = TempDir::new();
        let mut compiler = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
        compiler.args(["-std=gnu11", "-O1", "-w", "-DNDEBUG", "-o"]);
        compiler.arg(directory.path().join("peer"));
        compiler.arg("-I").arg(&sources);
        compiler.arg(Path::new(ROOT).join("tests/hiredis/peer.c"));
        compiler.args(["read.c", "sds.c", "alloc.c"].map(|name| sources.join(name)));
        let output = compiler.arg("-lm").output().expect("a C compiler");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}");
        Some(Self { directory })
    }

    /// What it makes of each stream.
    pub fn read(&self, streams: &[Vec<u8>]) -> Vec<Outcome> {
        let path = self.directory.path().join("streams");
        let mut input = Vec::new();
        for stream in streams {
            input.extend_from_slice(&u32::try_from(stream.len()).unwrap().to_le_bytes());
            input.extend_from_slice(stream);
        }
        std::fs::write(&path, input).unwrap();
        let mut program = Command::new(self.directory.path().join("peer"));
        program
            .stdin(File::open(&path).unwrap())
            .stderr(Stdio::inherit());
        let output = program.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let outcomes: Vec<Outcome> = text.lines().map(outcome).collect();
        let died = streams
            .get(outcomes.len())
            .map(|it| it.escape_ascii().to_string());
        assert!(output.status.success(), "{}, after {died:?}", output.status);
        assert_eq!(outcomes.len(), streams.len());
        outcomes
    }
}

fn sources() -> PathBuf {
    let peers = std::env::var_os("REDISCLIENT_PEERS").map(PathBuf::from);
    peers
        .unwrap_or_else(|| Path::new(ROOT).join(".cache/peers"))
        .join(SOURCES)
}

/// Reads a line of its output.
fn outcome(line: &str) -> Outcome {
    let (replies, end) = line.rsplit_once('\t').unwrap_or(("", line));
    Outcome {
        replies: replies
            .split('\t')
            .filter(|it| !it.is_empty())
            .map(reply)
            .collect(),
        end: parse_end(end),
    }
}

fn reply(text: &str) -> (usize, String) {
    let text = text.strip_prefix("R ").expect("a reply");
    let at = text.find(' ').expect("values");
    (text[..at].parse().unwrap(), text[at..].to_owned())
}

fn parse_end(text: &str) -> End {
    match text.split_at(1) {
        ("C", _) => End::Complete,
        ("I", values) => End::Incomplete(values.to_owned()),
        (_, refused) => {
            let (place, reason) = refused[1..].split_once('!').expect("a reason");
            let at = place.find(' ').unwrap_or(place.len());
            End::Refused {
                stop: place[..at].parse().unwrap(),
                values: place[at..].to_owned(),
                reason: reason.to_owned(),
            }
        }
    }
}
