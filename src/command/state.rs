//! Commands that change how later commands on the same connection are answered.
//!
//! On a connection that callers share, such a command would make somebody else's reply wrong. It
//! is refused there, and the refusal names what to use instead. The few other facts that servers do
//! not tell stand here too: what is harmless, and what runs a script.

use super::name::equal;
use super::{Command, Flags};

const OWN: &str = "a connection of its own (redisclient_connection_open)";
const DB: &str = "the option db, or a connection of its own (redisclient_connection_open)";
const ATOMIC: &str = "an atomic pipeline (redisclient_pipeline_atomic)";

/// Each such command with what to use instead.
const STATEFUL: [(&str, &str); 27] = [
    ("SELECT", DB),
    ("MULTI", ATOMIC),
    ("EXEC", ATOMIC),
    ("DISCARD", ATOMIC),
    ("WATCH", OWN),
    ("UNWATCH", OWN),
    ("SUBSCRIBE", OWN),
    ("PSUBSCRIBE", OWN),
    ("SSUBSCRIBE", OWN),
    ("UNSUBSCRIBE", OWN),
    ("PUNSUBSCRIBE", OWN),
    ("SUNSUBSCRIBE", OWN),
    ("MONITOR", OWN),
    ("SYNC", OWN),
    ("PSYNC", OWN),
    ("CLIENT|REPLY", OWN),
    ("CLIENT|TRACKING", OWN),
    ("CLIENT|CACHING", OWN),
    ("CLIENT|NO-TOUCH", OWN),
    ("SCRIPT|DEBUG", OWN),
    ("RESET", OWN),
    ("QUIT", "redisclient_close"),
    ("HELLO", "the options protocol, username and password"),
    ("AUTH", "the options username and password"),
    ("ASKING", OWN),
    ("READONLY", OWN),
    ("READWRITE", OWN),
];

/// Changes nothing and is not flagged as reading.
const HARMLESS: [&str; 3] = ["PING", "ECHO", "TIME"];

/// Runs what somebody wrote, which may write and then fail with any line. The kinds that only read
/// are not of these.
const SCRIPTS: [&str; 3] = ["EVAL", "EVALSHA", "FCALL"];

/// What to use instead of `command` on a shared connection; "" when it is welcome there.
pub fn handle_for(command: &Command) -> &'static str {
    let stateful = STATEFUL.iter().find(|(name, _)| *name == command.name);
    stateful.map_or("", |(_, handle)| handle)
}

/// The flags that a server gives, and those that follow.
pub(super) const fn derived(name: &str, flags: Flags) -> Flags {
    let mut flags = flags;
    let mut at = 0;
    while at < STATEFUL.len() {
        if equal(name, STATEFUL[at].0) {
            flags = flags.union(Flags::CHANGES_STATE);
        }
        at += 1;
    }
    if listed(name, &HARMLESS) {
        flags = flags.union(Flags::REPLAYABLE);
    }
    if listed(name, &SCRIPTS) {
        flags = flags.union(Flags::SCRIPT);
    }
    if flags.contains(Flags::READONLY) {
        flags = flags.union(Flags::REPLAYABLE);
    }
    flags
}

const fn listed(name: &str, names: &[&str]) -> bool {
    let mut at = 0;
    while at < names.len() {
        if equal(name, names[at]) {
            return true;
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::{all, lookup};
    use super::*;

    /// The commands that a client must refuse, written out anew.
    const REFUSED: &str = "SELECT MULTI EXEC DISCARD WATCH UNWATCH SUBSCRIBE PSUBSCRIBE SSUBSCRIBE \
        UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR SYNC PSYNC CLIENT|REPLY CLIENT|TRACKING \
        CLIENT|CACHING CLIENT|NO-TOUCH SCRIPT|DEBUG RESET QUIT HELLO AUTH ASKING READONLY READWRITE";

    #[test]
    fn exactly_these_change_state() {
        let mut expected: Vec<&str> = REFUSED.split_whitespace().collect();
        expected.sort_unstable();
        let flagged = all()
            .iter()
            .filter(|command| command.flags.contains(Flags::CHANGES_STATE));
        let flagged: Vec<&str> = flagged.map(|command| command.name).collect();
        assert_eq!(flagged, expected);
        assert_eq!(STATEFUL.len(), expected.len());
    }

    #[test]
    fn each_is_known_in_mixed_case_and_names_a_handle() {
        for name in REFUSED.split_whitespace() {
            let mixed: String = name
                .char_indices()
                .map(|(at, c)| {
                    if at % 2 == 0 {
                        c.to_ascii_lowercase()
                    } else {
                        c
                    }
                })
                .collect();
            let mut args: Vec<&str> = mixed.split('|').collect();
            args.push("argument");
            let command = lookup(&args).unwrap();
            assert!(command.flags.contains(Flags::CHANGES_STATE), "{mixed}");
            assert!(!handle_for(command).is_empty(), "{mixed}");
        }
    }

    #[test]
    fn others_are_welcome() {
        for args in [
            ["GET", "k"],
            ["CLIENT", "ID"],
            ["SCRIPT", "LOAD"],
            ["CLIENT", "x"],
        ] {
            let command = lookup(&args).unwrap();
            assert!(!command.flags.contains(Flags::CHANGES_STATE), "{args:?}");
            assert_eq!(handle_for(command), "");
        }
    }

    #[test]
    fn every_script_that_may_write_is_known_for_one() {
        let flagged = all()
            .iter()
            .filter(|command| command.flags.contains(Flags::SCRIPT));
        let flagged: Vec<&str> = flagged.map(|command| command.name).collect();
        assert_eq!(flagged, SCRIPTS);
        let reads = ["EVAL_RO", "EVALSHA_RO", "FCALL_RO"];
        for name in reads {
            assert!(lookup(&[name]).unwrap().flags.contains(Flags::READONLY));
        }
    }

    #[test]
    fn reads_and_harmless_commands_may_be_replayed_and_writes_never() {
        for command in all() {
            let reads = command.flags.contains(Flags::READONLY);
            let harmless = HARMLESS.contains(&command.name);
            assert_eq!(
                command.flags.contains(Flags::REPLAYABLE),
                reads || harmless,
                "{}",
                command.name
            );
            let writes = command.flags.contains(Flags::WRITE);
            assert!(
                !(writes && command.flags.contains(Flags::REPLAYABLE)),
                "{}",
                command.name
            );
        }
        assert!(lookup(&["ping"]).unwrap().flags.contains(Flags::REPLAYABLE));
    }
}
