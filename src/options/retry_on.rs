//! Which failures are worth another try: `retry.on`, a set of names and of servers' words.
//!
//! The set says what a failure is; whether the command may be sent again is another question,
//! answered by its outcome. Authentication is in no set: trying again locks accounts.

use super::parse::{Parsed, Refusal};
use crate::error::{Code, Error, is_word};

/// Failures that have a name, each in the default set.
const NAMES: &[(&str, Kind)] = &[
    ("resolve", Kind::Code(Code::Resolve)),
    ("connect", Kind::Code(Code::Connect)),
    ("disconnected", Kind::Code(Code::Disconnected)),
    ("timeout", Kind::Code(Code::Timeout)),
    ("readonly", Kind::Code(Code::ReadOnly)),
    ("loading", Kind::Code(Code::Loading)),
    ("maxclients", Kind::Code(Code::MaxClients)),
    ("clusterdown", Kind::Code(Code::ClusterDown)),
    ("tryagain", Kind::Word("TRYAGAIN")),
];

/// Said of what is refused though it is well formed.
const NO_AUTH: Refusal = Refusal::Because(
    "authentication is never tried again, since each try counts against the account",
);

enum Kind {
    Code(Code),
    Word(&'static str),
}

impl Kind {
    fn covers(&self, error: &Error) -> bool {
        match self {
            Kind::Code(code) => error.code() == *code,
            Kind::Word(word) => error.server_code() == *word,
        }
    }
}

/// A set of failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryOn {
    /// One bit for each row of `NAMES`.
    named: u32,
    /// First words of servers' error lines.
    words: Vec<String>,
}

impl Default for RetryOn {
    fn default() -> Self {
        Self {
            named: (1 << NAMES.len()) - 1,
            words: Vec::new(),
        }
    }
}

impl RetryOn {
    /// Reads names and words, separated by commas.
    pub(super) fn parse(value: &[u8]) -> Parsed<Self> {
        let mut set = Self {
            named: 0,
            words: Vec::new(),
        };
        for item in value.split(|byte| *byte == b',') {
            set.add(std::str::from_utf8(item).map_err(|_| Refusal::Form)?)?;
        }
        Ok(set)
    }

    fn add(&mut self, item: &str) -> Parsed<()> {
        if let Some(at) = NAMES.iter().position(|(name, _)| *name == item) {
            self.named |= 1 << at;
            return Ok(());
        }
        if matches!(item, "auth" | "WRONGPASS" | "NOAUTH" | "NOPERM") {
            return Err(NO_AUTH);
        }
        if !is_word(item.as_bytes()) {
            return Err(Refusal::Form);
        }
        self.words.push(item.to_owned());
        Ok(())
    }

    /// Whether the failure is one of the set.
    pub fn contains(&self, error: &Error) -> bool {
        if matches!(error.code(), Code::Auth | Code::NoPermission) {
            return false;
        }
        let mut named = NAMES.iter().enumerate();
        let word = error.server_code();
        named.any(|(at, (_, kind))| self.named & (1 << at) != 0 && kind.covers(error))
            || self.words.iter().any(|other| other == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::from_line;
    use crate::options::{Options, rows};

    fn set(value: &str) -> RetryOn {
        RetryOn::parse(value.as_bytes()).unwrap()
    }

    #[test]
    fn the_default_names_every_name() {
        let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        let row = rows().find(|row| row.name == "retry.on").unwrap();
        assert_eq!(row.default, names.join(","));
        assert_eq!(set(row.default), RetryOn::default());
        for name in names {
            assert!(row.accepted.contains(name), "{name}");
        }
    }

    #[test]
    fn each_name_covers_its_own_failure_alone() {
        let failures = [
            ("resolve", Error::new(Code::Resolve, "")),
            ("connect", Error::new(Code::Connect, "")),
            ("disconnected", Error::new(Code::Disconnected, "")),
            ("timeout", Error::new(Code::Timeout, "")),
            ("readonly", from_line(b"READONLY x")),
            ("loading", from_line(b"LOADING x")),
            (
                "maxclients",
                from_line(b"ERR max number of clients reached"),
            ),
            ("clusterdown", from_line(b"MASTERDOWN x")),
            ("tryagain", from_line(b"TRYAGAIN x")),
        ];
        assert_eq!(failures.len(), NAMES.len());
        for (name, _) in NAMES {
            for (of, error) in &failures {
                assert_eq!(set(name).contains(error), name == of, "{name} {of}");
            }
        }
    }

    #[test]
    fn a_word_covers_the_lines_that_open_with_it() {
        let on = set("BUSY,OOM,connect");
        assert!(on.contains(&from_line(b"BUSY Redis is busy")));
        assert!(on.contains(&from_line(b"OOM command not allowed")));
        assert!(on.contains(&Error::new(Code::Connect, "")));
        for line in ["BUSYGROUP x", "LOADING x", "ERR BUSY", "busy", ""] {
            assert!(!on.contains(&from_line(line.as_bytes())), "{line}");
        }
        assert!(!set("ERR").contains(&Error::new(Code::Connect, "")));
        assert_eq!(set("loading,loading"), set("loading"));
    }

    #[test]
    fn no_set_covers_authentication() {
        for item in ["auth", "WRONGPASS", "NOAUTH", "NOPERM"] {
            for value in [item.to_owned(), format!("connect,{item}")] {
                assert_eq!(RetryOn::parse(value.as_bytes()), Err(NO_AUTH), "{value}");
            }
        }
        let text = Options::new().set("retry.on", b"connect,auth");
        let text = text.unwrap_err().to_string();
        assert!(text.contains("\"connect,auth\" is refused"), "{text}");
        assert!(
            text.contains("authentication is never tried again"),
            "{text}"
        );
        // A password refused under the oldest servers opens with no word of its own.
        assert!(!set("ERR").contains(&from_line(b"ERR invalid password")));
    }

    #[test]
    fn a_set_is_names_and_words_between_single_commas() {
        let long = "X".repeat(33);
        for bad in [
            "",
            ",",
            "connect,",
            ",connect",
            "connect,,loading",
            "connect, loading",
            "Connect",
            "all",
            "none",
            "1",
            "BUSY ",
            "Busy",
            "B USY",
            "-BUSY",
            "conect",
            &long,
        ] {
            assert_eq!(RetryOn::parse(bad.as_bytes()), Err(Refusal::Form), "{bad}");
        }
        assert_eq!(RetryOn::parse(b"\xff"), Err(Refusal::Form));
    }
}
