//! A server's error line turned into an `Error`.
//!
//! Two tables say which code a line has: by its first word, and for the many meanings of `ERR` by
//! what follows. All else is a plain server error that keeps the server's own word.

use super::{Code, Error, Outcome};
use crate::text;

/// Longest part of a line that is kept, in characters.
const KEPT: usize = 512;

/// Longest first word that is taken for a code.
const LONGEST_WORD: usize = 32;

/// First words with a code of their own.
const WORDS: &[(&str, Code)] = &[
    ("WRONGPASS", Code::Auth),
    ("NOAUTH", Code::Auth),
    ("NOPERM", Code::NoPermission),
    ("NOSCRIPT", Code::NoScript),
    ("READONLY", Code::ReadOnly),
    ("LOADING", Code::Loading),
    ("EXECABORT", Code::ExecAbort),
    ("OOM", Code::ServerMemory),
    ("MOVED", Code::Cluster),
    ("ASK", Code::Cluster),
    ("TRYAGAIN", Code::Cluster),
    ("CROSSSLOT", Code::CrossSlot),
    ("CLUSTERDOWN", Code::ClusterDown),
    ("MASTERDOWN", Code::ClusterDown),
];

/// How the text after `ERR` may begin, in any case.
const ERR_TEXTS: &[(&str, Code)] = &[
    ("max number of clients", Code::MaxClients),
    ("invalid password", Code::Auth),
    ("wrong number of arguments for 'auth' command", Code::Auth),
    (
        "AUTH <password> called without any password configured",
        Code::Auth,
    ),
    ("Client sent AUTH, but no password is set", Code::Auth),
    ("problem with LDAP service", Code::Auth),
    // Managed proxies put ERR before the word of the server behind them.
    ("READONLY ", Code::ReadOnly),
];

/// Lines of servers that refuse a script before it could write: how they open, and what they say
/// then. Servers of different makers name themselves in the first.
const SPARING: &[(&str, &str)] = &[
    ("LOADING ", " is loading the dataset in memory"),
    ("CLUSTERDOWN The cluster is down", ""),
    ("CLUSTERDOWN Hash slot not served", ""),
    ("MASTERDOWN Link with MASTER is down", ""),
    (
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "",
    ),
    ("READONLY You can't write against a read only ", ""),
    ("ERR READONLY You can't write against a read only ", ""),
    ("ERR max number of clients ", "reached"),
];

/// What a server's error line, without its minus, means.
#[cold]
pub fn from_line(line: &[u8]) -> Error {
    let word = first_word(line);
    let code = match word {
        "ERR" => code_of_err(&line[word.len()..]),
        _ => code_of_word(word),
    };
    let error = Error::new(code, text::printable(line, KEPT))
        .with_outcome(Outcome::Refused)
        .with_server_code(word);
    let retryable = error.retryable() || is_passing(word, line);
    error.with_retryable(retryable)
}

/// Troubles that pass although their code says nothing of it: a slot on its way from one node to
/// another, and a directory service behind the server that does not answer.
fn is_passing(word: &str, line: &[u8]) -> bool {
    word == "TRYAGAIN" || line.starts_with(b"ERR problem with LDAP service")
}

/// The word in capitals that opens the line; "" when there is none.
fn first_word(line: &[u8]) -> &str {
    let end = line.iter().position(|b| *b == b' ').unwrap_or(line.len());
    let word = &line[..end.min(LONGEST_WORD + 1)];
    match std::str::from_utf8(word) {
        Ok(text) if is_word(word) => text,
        _ => "",
    }
}

/// Whether an error line may open with it as its code.
pub fn is_word(word: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"_-".contains(b);
    word.len() <= LONGEST_WORD
        && word.first().is_some_and(u8::is_ascii_uppercase)
        && word.iter().all(fits)
}

/// Whether a server says this of a script before the script could write.
///
/// A script fails with whatever line its author or its last command chose, perhaps after writing.
/// These lines are the servers' own, spoken before it starts; READONLY may also end it at its
/// first write.
pub fn spares_scripts(error: &Error) -> bool {
    let line = error.detail();
    SPARING.iter().any(|(opening, rest)| {
        let after = line.strip_prefix(opening);
        after.is_some_and(|after| after.contains(rest))
    })
}

fn code_of_word(word: &str) -> Code {
    let row = WORDS.iter().find(|(known, _)| *known == word);
    row.map_or(Code::Server, |(_, code)| *code)
}

fn code_of_err(rest: &[u8]) -> Code {
    let rest = rest.trim_ascii_start();
    let begins = |text: &str| {
        let start = rest.get(..text.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
    };
    let row = ERR_TEXTS.iter().find(|(text, _)| begins(text));
    row.map_or(Code::Server, |(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as servers send them, with code, first word, and whether trying later may help.
    #[rustfmt::skip]
    const LINES: &[(&str, Code, &str, bool)] = &[
        ("ERR max number of clients reached", Code::MaxClients, "ERR", true),
        ("ERR max number of clients + cluster connections reached", Code::MaxClients, "ERR", true),
        ("ERR invalid password", Code::Auth, "ERR", false),
        ("ERR wrong number of arguments for 'auth' command", Code::Auth, "ERR", false),
        ("ERR wrong number of arguments for 'AUTH' command", Code::Auth, "ERR", false),
        ("ERR Error loading the extension. Please check the server logs.", Code::Server, "ERR", false),
        ("ERR Error unloading module: no such module with that name", Code::Server, "ERR", false),
        ("ERR Error unloading module: operation not possible.", Code::Server, "ERR", false),
        ("ERR Error unloading module: the module exports one or more module-side data types, can't unload", Code::Server, "ERR", false),
        ("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?", Code::Auth, "ERR", false),
        ("ERR Client sent AUTH, but no password is set", Code::Auth, "ERR", false),
        ("ERR problem with LDAP service", Code::Auth, "ERR", true),
        ("ERR no such fieldset", Code::Server, "ERR", false),
        ("ERR unknown command 'HELLO'", Code::Server, "ERR", false),
        ("OOM command not allowed when used memory > 'maxmemory'.", Code::ServerMemory, "OOM", true),
        ("WRONGPASS invalid username-password pair or user is disabled.", Code::Auth, "WRONGPASS", false),
        ("NOAUTH Authentication required.", Code::Auth, "NOAUTH", false),
        ("NOPERM User x has no permissions to run the 'set' command", Code::NoPermission, "NOPERM", false),
        ("EXECABORT Transaction discarded because of previous errors.", Code::ExecAbort, "EXECABORT", false),
        ("LOADING Redis is loading the dataset in memory", Code::Loading, "LOADING", true),
        ("NOSCRIPT No matching script.", Code::NoScript, "NOSCRIPT", false),
        ("READONLY You can't write against a read only replica.", Code::ReadOnly, "READONLY", true),
        ("ERR READONLY You can't write against a read only replica.", Code::ReadOnly, "ERR", true),
        ("MOVED 3999 127.0.0.1:6381", Code::Cluster, "MOVED", false),
        ("ASK 3999 127.0.0.1:6381", Code::Cluster, "ASK", false),
        ("TRYAGAIN Multiple keys request during rehashing of slot", Code::Cluster, "TRYAGAIN", true),
        ("CLUSTERDOWN The cluster is down", Code::ClusterDown, "CLUSTERDOWN", true),
        ("CROSSSLOT Keys in request don't hash to the same slot", Code::CrossSlot, "CROSSSLOT", false),
        ("MASTERDOWN Link with MASTER is down", Code::ClusterDown, "MASTERDOWN", true),
        ("WRONGTYPE Operation against a key holding the wrong kind of value", Code::Server, "WRONGTYPE", false),
        ("BUSY Redis is busy running a script.", Code::Server, "BUSY", false),
        ("BUSYGROUP Consumer Group name already exists", Code::Server, "BUSYGROUP", false),
        ("NOGROUP No such key", Code::Server, "NOGROUP", false),
        ("MISCONF Redis is configured to save RDB snapshots", Code::Server, "MISCONF", false),
        ("UNKILLABLE Sorry the script already executed write commands", Code::Server, "UNKILLABLE", false),
        ("NOTBUSY No scripts in execution right now.", Code::Server, "NOTBUSY", false),
        ("NOREPLICAS Not enough good replicas to write.", Code::Server, "NOREPLICAS", false),
        ("NOPROTO unsupported protocol version", Code::Server, "NOPROTO", false),
        ("INPROG Failover already in progress.", Code::Server, "INPROG", false),
        ("DENIED Redis is running in protected mode", Code::Server, "DENIED", false),
    ];

    #[test]
    fn every_line_has_its_code() {
        for &(line, code, word, retryable) in LINES {
            let error = from_line(line.as_bytes());
            assert_eq!(error.code(), code, "{line}");
            assert_eq!(error.server_code(), word, "{line}");
            assert_eq!(error.retryable(), retryable, "{line}");
            assert_eq!(error.outcome(), Outcome::Refused);
            assert_eq!(error.detail(), line);
        }
    }

    #[test]
    fn a_word_or_text_counts_only_as_a_whole() {
        for line in [
            "READONLYX y",
            "readonly x",
            "XREADONLY",
            "ERR  nothing",
            "ERR READONLYX",
            "LOADING:",
        ] {
            assert_eq!(from_line(line.as_bytes()).code(), Code::Server, "{line}");
        }
        assert_eq!(from_line(b"LOADING").code(), Code::Loading);
        assert_eq!(from_line(b"ERR").code(), Code::Server);
    }

    #[test]
    fn a_line_without_a_code_has_no_server_code() {
        for line in [
            "",
            " ",
            "my own error",
            "Err x",
            "-ERR x",
            "\u{e9}RR x",
            "LOADING: x",
        ] {
            assert_eq!(from_line(line.as_bytes()).server_code(), "", "{line}");
        }
        let word = "X".repeat(LONGEST_WORD);
        assert_eq!(from_line(word.as_bytes()).server_code(), word);
        assert_eq!(from_line(format!("{word}X").as_bytes()).server_code(), "");
        assert_eq!(from_line(b"X1_Y-Z q").server_code(), "X1_Y-Z");
    }

    #[test]
    fn a_script_is_spared_by_the_servers_own_lines_alone() {
        for line in [
            "LOADING Redis is loading the dataset in memory",
            "LOADING Valkey is loading the dataset in memory",
            "CLUSTERDOWN The cluster is down",
            "CLUSTERDOWN The cluster is down and only accepts read commands",
            "CLUSTERDOWN Hash slot not served",
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "READONLY You can't write against a read only replica.",
            "READONLY You can't write against a read only slave.",
            "READONLY You can't write against a read only replica. script: 0a, on @user_script:1.",
            "ERR READONLY You can't write against a read only replica.",
            "ERR max number of clients reached",
            "ERR max number of clients + cluster connections reached",
        ] {
            assert!(spares_scripts(&from_line(line.as_bytes())), "{line}");
        }
        for line in [
            "LOADING the dice",
            "CLUSTERDOWN",
            "TRYAGAIN the lock is held",
            "READONLY",
            "READONLY mode",
            "OOM command not allowed when used memory > 'maxmemory'.",
            "NOREPLICAS Not enough good replicas to write.",
            "BUSY Redis is busy running a script.",
            "ERR Error running script: READONLY You can't write against a read only replica.",
            "",
        ] {
            assert!(!spares_scripts(&from_line(line.as_bytes())), "{line}");
        }
    }

    #[test]
    fn a_hostile_line_is_cut_and_escaped() {
        let mut line = b"ERR \x1b[2J\0\xff".to_vec();
        line.resize(1 << 20, b'x');
        let error = from_line(&line);
        assert_eq!(error.detail().chars().count(), KEPT);
        assert!(
            error
                .detail()
                .starts_with("ERR \\u{1b}[2J\\u{0}\u{fffd}xxx")
        );
    }
}
