//! What COMMAND of a server before 7.0 tells in another way than the table has it.

use crate::support::Flavour;
use crate::{FLAGS, Row, listed};
use redisclient::command::{Command, Flags, all};

/// Before 7.0 COMMAND has one row for a command with all of its subcommands.
pub fn tells_subcommands(flavour: Flavour) -> bool {
    flavour.at_least(7, 0)
}

/// What only servers before 7.0 have: STRALGO, the words of HTTP that they refuse, and more
/// arguments for a command of their developers.
pub fn is_gone(name: &str) -> bool {
    ["STRALGO", "HOST:", "POST", "PFDEBUG"].contains(&name)
}

/// Whether a row of such a server stands in the table as the rows of subcommands; these then are
/// at least as careful, taken together.
pub fn is_spread(name: &str, row: &Row) -> bool {
    if !listed(name).is_some_and(|known| known.flags.contains(Flags::CONTAINER)) {
        return false;
    }
    let prefix = format!("{name}|");
    let subcommands: Vec<&Command> = all()
        .iter()
        .filter(|it| it.name.starts_with(&prefix))
        .collect();
    assert!(!subcommands.is_empty(), "{name} has no subcommands");
    for (word, _, flag) in FLAGS {
        let told = row.flags.iter().any(|told| told == word);
        let careful = [Flags::WRITE, Flags::BLOCKING].contains(&flag);
        let has = subcommands.iter().any(|it| it.flags.contains(flag));
        assert!(
            has || !careful || !told,
            "no subcommand of {name} is {word}"
        );
    }
    true
}
