//! Finds the row of a command in a table of hashes that the compiler computes.
//!
//! Every command passes here, so a find is one hash over the name, one slot and one comparison.
//! The hash drops the bit that tells lower from upper case; the comparison decides.

use super::table::ROWS;
use super::{Command, Flags, state};

/// Slots of the table: a power of two, over twice the number of rows to keep chains short.
const SLOTS: usize = 1024;
/// No name is longer, so that a huge argument is not hashed to learn that it is no name.
const LONGEST: usize = 32;
/// Stands between a container and its subcommand.
const BAR: u8 = b'|';

const COUNT: usize = ROWS.len();
static COMMANDS: [Command; COUNT] = commands();
/// Number of the row plus 1; 0 is free. A row whose slot is taken has the next free one.
static INDEX: [u16; SLOTS] = index();

const _: () = assert!(COUNT * 2 < SLOTS);

/// Every known command, sorted by name.
pub fn all() -> &'static [Command] {
    &COMMANDS
}

/// The row that the arguments of a call mean: of the subcommand, where the first names a
/// container and the second one of its subcommands, else of the command. Case does not matter.
pub fn lookup<A: AsRef<[u8]>>(args: &[A]) -> Option<&'static Command> {
    let command = find(args.first()?.as_ref(), None)?;
    match args.get(1) {
        Some(sub) if command.flags.contains(Flags::CONTAINER) => {
            find(args[0].as_ref(), Some(sub.as_ref())).or(Some(command))
        }
        _ => Some(command),
    }
}

/// The row of a command, or of a subcommand of a container. Case does not matter.
pub fn find(name: &[u8], sub: Option<&[u8]>) -> Option<&'static Command> {
    if name.len() > LONGEST {
        return None;
    }
    let mut slot = hash(name);
    if let Some(sub) = sub {
        if sub.len() > LONGEST {
            return None;
        }
        slot = extend(extend(slot, &[BAR]), sub);
    }
    loop {
        let number = INDEX[slot_of(slot)];
        let command = COMMANDS.get(usize::from(number).wrapping_sub(1))?;
        if names(command, name, sub) {
            return Some(command);
        }
        slot = slot.wrapping_add(STEP);
    }
}

fn names(command: &Command, name: &[u8], sub: Option<&[u8]>) -> bool {
    let known = command.name.as_bytes();
    let Some(sub) = sub else {
        return known.eq_ignore_ascii_case(name);
    };
    known.len() == name.len() + 1 + sub.len()
        && known[name.len()] == BAR
        && known[..name.len()].eq_ignore_ascii_case(name)
        && known[name.len() + 1..].eq_ignore_ascii_case(sub)
}

/// The slot is read from the upper bits, which every byte of the name has mixed.
const SHIFT: u32 = u32::BITS - SLOTS.trailing_zeros();
/// What brings a hash to the next slot.
const STEP: u32 = 1 << SHIFT;

const fn slot_of(hash: u32) -> usize {
    (hash >> SHIFT) as usize
}

/// FNV-1a without the bit of the case.
const fn hash(bytes: &[u8]) -> u32 {
    extend(0x811c_9dc5, bytes)
}

const fn extend(mut hash: u32, bytes: &[u8]) -> u32 {
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ (bytes[at] & !0x20) as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

/// The rows with the flags that follow from this library's own rules.
const fn commands() -> [Command; COUNT] {
    let mut all = ROWS;
    let mut at = 0;
    while at < COUNT {
        all[at].flags = state::derived(all[at].name, all[at].flags);
        at += 1;
    }
    all
}

const fn index() -> [u16; SLOTS] {
    let mut index = [0; SLOTS];
    let mut row = 0;
    while row < COUNT {
        let mut slot = hash(ROWS[row].name.as_bytes());
        while index[slot_of(slot)] != 0 {
            slot = slot.wrapping_add(STEP);
        }
        row += 1;
        index[slot_of(slot)] = row as u16;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_in_any_case() {
        for command in all() {
            let upper: Vec<&str> = command.name.split('|').collect();
            let lower: Vec<String> = upper.iter().map(|part| part.to_lowercase()).collect();
            assert_eq!(lookup(&upper), Some(command));
            assert_eq!(lookup(&lower), Some(command));
        }
    }

    #[test]
    fn the_table_is_sorted_and_without_doubles() {
        assert!(all().is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn chains_are_short() {
        let mut longest = 0;
        let mut chain = 0;
        for slot in INDEX.iter().chain(&INDEX) {
            chain = if *slot == 0 { 0 } else { chain + 1 };
            longest = longest.max(chain);
        }
        assert!(longest <= 16, "{longest} slots in a row are taken");
    }

    #[test]
    fn what_is_no_command_is_not_found() {
        let huge = vec![b'G'; 1 << 20];
        for name in [
            &b""[..],
            b"NOSUCH",
            b"GE",
            b"GETT",
            b"G\x05T",
            b"CLIENT REPLY",
            b"CONFIG|GET ",
            &huge,
        ] {
            assert_eq!(lookup(&[name]), None, "{}", name.escape_ascii());
        }
        assert_eq!(lookup::<&[u8]>(&[]), None);
    }

    #[test]
    fn a_container_stands_in_for_a_subcommand_that_is_not_known() {
        let name = |args: &[&str]| lookup(args).map(|command| command.name);
        assert_eq!(name(&["config", "get", "x"]), Some("CONFIG|GET"));
        assert_eq!(name(&["CONFIG", "nosuch"]), Some("CONFIG"));
        assert_eq!(name(&["CONFIG"]), Some("CONFIG"));
        assert_eq!(name(&["GET", "config"]), Some("GET"));
        let huge = "x".repeat(1 << 20);
        assert_eq!(name(&["CONFIG", &huge]), Some("CONFIG"));
    }
}
