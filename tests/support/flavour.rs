//! Which real servers there are: the system's own, and older and newer ones fetched for the tests.
//!
//! `fetch-servers.sh` beside this file fetches them. The system's redis-server is required; of
//! the others the tests take what is there and say what is missing. `REDISCLIENT_TEST_SERVER`
//! puts one of them in the place of the system's: `redis-6.2`, `valkey-8.1` and so on.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, Once};

/// A kind of server, by what a test wants of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// The everyday server: the system's redis-server, unless the environment names another.
    Redis,
    /// The system's redis-server, for what the fetched ones were built without: TLS.
    System,
    /// Redis 6.2: before CLIENT SETINFO, sharded channels, and subcommands in COMMAND.
    OldestRedis,
    /// The newest Redis that can be fetched.
    NewestRedis,
    /// Valkey of the series before the newest.
    OlderValkey,
    /// The newest Valkey that can be fetched.
    NewestValkey,
    /// The newest there is: Valkey, else Redis, else the everyday server.
    Newest,
}

const FETCHED: [Flavour; 4] = [
    Flavour::OldestRedis,
    Flavour::NewestRedis,
    Flavour::OlderValkey,
    Flavour::NewestValkey,
];

const CHOICE: &str = "REDISCLIENT_TEST_SERVER";

impl Flavour {
    /// Every server that is there, each once, the everyday one first.
    pub fn all_available() -> Vec<Self> {
        let others = FETCHED.into_iter().filter(|flavour| *flavour != everyday());
        let mut all = vec![Self::Redis];
        all.extend(others.filter(|flavour| flavour.is_available()));
        all
    }

    /// Whether its server is there.
    pub fn is_available(self) -> bool {
        self.fetched()
            .is_none_or(|(name, version)| cached(name, version).exists())
    }

    /// "redis" or "valkey".
    pub fn name(self) -> &'static str {
        self.resolve().fetched().map_or("redis", |(name, _)| name)
    }

    /// "7.0.15", as the server itself says.
    pub fn version(self) -> String {
        static KNOWN: Mutex<Option<HashMap<PathBuf, String>>> = Mutex::new(None);
        let binary = self.binary();
        let mut known = KNOWN.lock().unwrap();
        let known = known.get_or_insert_default();
        known
            .entry(binary.clone())
            .or_insert_with(|| ask_version(&binary))
            .clone()
    }

    /// Whether its version is at least `major.minor`; Valkey counts on from Redis 7.2.
    pub fn at_least(self, major: u32, minor: u32) -> bool {
        let version = self.version();
        let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (major, minor)
    }

    /// The program to run.
    pub fn binary(self) -> PathBuf {
        announce();
        match self.resolve().fetched() {
            Some((name, version)) => cached(name, version),
            None => PathBuf::from("redis-server"),
        }
    }

    fn resolve(self) -> Self {
        match self {
            Self::Redis => everyday(),
            Self::Newest => [Self::NewestValkey, Self::NewestRedis]
                .into_iter()
                .find(|flavour| flavour.is_available())
                .unwrap_or_else(everyday),
            other => other,
        }
    }

    /// Name and version of what `fetch-servers.sh` brings.
    fn fetched(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::OldestRedis => Some(("redis", "6.2.14")),
            Self::NewestRedis => Some(("redis", "8.2.3")),
            Self::OlderValkey => Some(("valkey", "8.1.8")),
            Self::NewestValkey => Some(("valkey", "9.1.2")),
            Self::Redis | Self::System | Self::Newest => None,
        }
    }

    /// What the environment calls it: "redis-6.2".
    fn label(self) -> String {
        let (name, version) = self.fetched().unwrap();
        let (series, _) = version.rsplit_once('.').unwrap();
        format!("{name}-{series}")
    }
}

/// What stands for `Redis`. A choice that cannot be met ends the test: it must not pass unnoticed
/// on another server.
fn everyday() -> Flavour {
    let Some(wanted) = std::env::var_os(CHOICE).filter(|wanted| !wanted.is_empty()) else {
        return Flavour::System;
    };
    let found = FETCHED.into_iter().find(|it| *it.label() == *wanted);
    let found = found.unwrap_or_else(|| {
        let known = FETCHED.map(Flavour::label).join(", ");
        panic!("{CHOICE} is {}: it takes one of {known}", wanted.display())
    });
    assert!(
        found.is_available(),
        "{CHOICE} names a server that is not there: run tests/support/fetch-servers.sh"
    );
    found
}

fn cached(name: &str, version: &str) -> PathBuf {
    let home = std::env::var_os("REDISCLIENT_SERVERS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/servers"),
        PathBuf::from,
    );
    home.join(format!("{name}-{version}"))
        .join(format!("{name}-server"))
}

fn ask_version(binary: &Path) -> String {
    let output = Command::new(binary).arg("--version").output();
    let output = output.unwrap_or_else(|error| {
        let hint =
            "install it (Debian package redis-server), or run tests/support/fetch-servers.sh";
        panic!("cannot run {}: {error}; {hint}", binary.display())
    });
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text
        .split(" v=")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    version
        .unwrap_or_else(|| panic!("no version in {text:?}"))
        .to_owned()
}

/// Says once, past the capture of the test runner, which servers this run has.
fn announce() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut line = format!("servers: redis {}", ask_version(Path::new("redis-server")));
        let mut missing = false;
        for flavour in FETCHED {
            let (name, version) = flavour.fetched().unwrap();
            let there = flavour.is_available();
            let remark = if there { "" } else { " MISSING" };
            line += &format!(", {name} {version}{remark}");
            missing |= !there;
        }
        if missing {
            line += " (tests/support/fetch-servers.sh fetches it)";
        }
        let everyday = everyday();
        if everyday != Flavour::System {
            line += &format!("; everyday server: {}", everyday.label());
        }
        let _ = writeln!(std::io::stderr(), "{line}");
    });
}
