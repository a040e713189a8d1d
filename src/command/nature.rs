//! What the life of one call depends on: may it be repeated, may it be shared, may it block.

use super::{Block, Flags, blocking, lookup};

/// What a call's arguments say about how to treat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nature {
    /// It may be sent again though it may have run.
    pub replayable: bool,
    /// It changes how later commands on its connection are answered.
    pub changes_state: bool,
    /// How long the server may hold it.
    pub block: Block,
}

/// Reads the nature of a call. A command that is not known is neither replayable nor refused.
pub fn nature<A: AsRef<[u8]>>(args: &[A]) -> Nature {
    let Some(command) = lookup(args) else {
        return Nature {
            replayable: false,
            changes_state: false,
            block: Block::No,
        };
    };
    let block = if command.flags.contains(Flags::BLOCKING) {
        blocking::block(command, args)
    } else {
        Block::No
    };
    Nature {
        replayable: command.flags.contains(Flags::REPLAYABLE),
        changes_state: command.flags.contains(Flags::CHANGES_STATE),
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
