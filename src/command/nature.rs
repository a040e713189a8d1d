//! What the life of one call depends on: may it be repeated, may it be shared, may it block.

use super::index::find_command;
use super::{Block, Flags, blocking, lookup};

/// What a call's arguments say about how to treat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nature {
    /// The table has its command; of another only the server can say more.
    pub known: bool,
    /// It may be sent again though it may have run.
    pub replayable: bool,
    /// It changes how later commands on its connection are answered.
    pub changes_state: bool,
    /// It runs a script that may have written before it failed.
    pub script: bool,
    /// How long the server may hold it.
    pub block: Block,
}

/// Whether a call is of a known command that answers at once and changes nothing about its
/// connection. Subcommands are not looked at: what may have one is not called plain.
#[inline(always)]
pub fn is_plain(args: &[&[u8]]) -> bool {
    const SPECIAL: Flags = Flags::CHANGES_STATE
        .union(Flags::BLOCKING)
        .union(Flags::CONTAINER);
    let command = args.first().and_then(|name| find_command(name));
    command.is_some_and(|command| !command.flags.intersects(SPECIAL))
}

/// Reads the nature of a call. A command that is not known is neither replayable nor refused.
pub fn nature<A: AsRef<[u8]>>(args: &[A]) -> Nature {
    let Some(command) = lookup(args) else {
        return Nature {
            known: false,
            replayable: false,
            changes_state: false,
            script: false,
            block: Block::No,
        };
    };
    let block = if command.flags.contains(Flags::BLOCKING) {
        blocking::block(command, args)
    } else {
        Block::No
    };
    Nature {
        known: true,
        replayable: command.flags.contains(Flags::REPLAYABLE),
        changes_state: command.flags.contains(Flags::CHANGES_STATE),
        script: command.flags.contains(Flags::SCRIPT),
        block,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn facts(line: &str) -> (bool, bool) {
        let args: Vec<&str> = line.split(' ').collect();
        let nature = nature(&args);
        (nature.replayable, nature.changes_state)
    }

    #[test]
    fn reads_writes_and_state() {
        for (line, expected) in [
            ("get k", (true, false)),
            ("OBJECT ENCODING k", (true, false)),
            ("XINFO STREAM s", (true, false)),
            ("PING", (true, false)),
            ("Echo x", (true, false)),
            ("TIME", (true, false)),
            ("SET k v", (false, false)),
            ("GETEX k", (false, false)),
            ("EVAL x 0", (false, false)),
            ("PUBLISH c m", (false, false)),
            ("JSON.GET k", (false, false)),
            ("sElEcT 1", (false, true)),
            ("client rePLY OFF", (false, true)),
            ("CLIENT LIST", (false, false)),
        ] {
            assert_eq!(facts(line), expected, "{line}");
        }
    }

    #[test]
    fn scripts_that_may_write() {
        for line in ["eval x 0", "EVALSHA 0a 0", "Fcall f 0"] {
            let args: Vec<&str> = line.split(' ').collect();
            assert!(nature(&args).script, "{line}");
        }
        for line in [
            "EVAL_RO x 0",
            "FCALL_RO f 0",
            "SCRIPT LOAD x",
            "SET k v",
            "NOSUCH",
        ] {
            let args: Vec<&str> = line.split(' ').collect();
            assert!(!nature(&args).script, "{line}");
        }
    }

    #[test]
    fn what_is_plain_is_known_answers_at_once_and_leaves_its_connection_alone() {
        for line in [
            "get k",
            "SET k v",
            "PING",
            "hgetall k",
            "Fcall f 0",
            "ZRANGEBYSCORE",
        ] {
            let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            assert!(is_plain(&args), "{line}");
        }
        for command in super::super::all() {
            let args: Vec<&[u8]> = command.name.split('|').map(str::as_bytes).collect();
            if is_plain(&args) {
                let nature = nature(&args);
                assert!(nature.known && !nature.changes_state, "{}", command.name);
                assert!(!command.flags.contains(Flags::BLOCKING), "{}", command.name);
            }
        }
        for line in [
            "BLPOP k 0",
            "select 1",
            "CLIENT LIST",
            "NOSUCH",
            "",
            "GET\0 k",
        ] {
            let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            assert!(!is_plain(&args), "{line}");
        }
        assert!(!is_plain(&[]));
    }

    #[test]
    fn a_space_within_an_argument_makes_no_command() {
        let one = nature(&["CLIENT REPLY"]);
        assert!(!one.changes_state && !one.replayable);
        assert_eq!(nature::<&[u8]>(&[]), one);
    }

    #[test]
    fn a_read_may_block_too() {
        let read = nature(&["XREAD", "BLOCK", "9", "STREAMS", "s", "$"]);
        assert!(read.replayable);
        assert_eq!(read.block, Block::For(Duration::from_millis(9)));
    }
}
