//! Which real servers there are: the system's own, and newer ones fetched for the tests.
//!
//! `fetch-servers.sh` beside this file fetches them. The system's redis-server is required; of
//! the others the tests take what is there and say what is missing.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, Once};

/// A kind of server, by what a test wants of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// The system's redis-server.
    Redis,
    /// The newest Valkey that can be fetched.
    NewestValkey,
    /// The newest Redis that can be fetched.
    NewestRedis,
    /// The newest there is: Valkey, else Redis, else the system's.
    Newest,
}

impl Flavour {
    /// Every server that is there, each once.
    pub fn all_available() -> Vec<Self> {
        let newer = [Self::NewestValkey, Self::NewestRedis];
        let mut all = vec![Self::Redis];
        all.extend(newer.into_iter().filter(|flavour| flavour.is_available()));
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

    /// Whether its version is at least `major.minor`.
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
            Self::Newest => [Self::NewestValkey, Self::NewestRedis]
                .into_iter()
                .find(|flavour| flavour.is_available())
                .unwrap_or(Self::Redis),
            other => other,
        }
    }

    fn fetched(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::NewestValkey => Some(("valkey", "9.1.2")),
            Self::NewestRedis => Some(("redis", "8.2.3")),
            Self::Redis | Self::Newest => None,
        }
    }
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
        for flavour in [Flavour::NewestValkey, Flavour::NewestRedis] {
            let (name, version) = flavour.fetched().unwrap();
            let there = flavour.is_available();
            let remark = if there { "" } else { " MISSING" };
            line += &format!(", {name} {version}{remark}");
            missing |= !there;
        }
        if missing {
            line += " (tests/support/fetch-servers.sh fetches it)";
        }
        let _ = writeln!(std::io::stderr(), "{line}");
    });
}
