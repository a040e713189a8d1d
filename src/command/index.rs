//! Finds the row of a command in a table of hashes that the compiler computes.
//!
//! Every command passes here: a find is one hash over a few words, one slot, one comparison. Short
//! names have a table of their own, where it is one word.

use super::name::{Name, Short};
use super::table::COMMANDS;
use super::{Command, Flags};

/// Slots of the table: a power of two, many times the number of rows, so that chains are short.
const SLOTS: usize = 2048;
/// Stands between a container and its subcommand.
const BAR: u8 = b'|';

const COUNT: usize = COMMANDS.len();
/// The name of each row's command and subcommand, as they are compared.
static NAMES: [[Name; 2]; COUNT] = names();
/// Number of the row plus 1; 0 is free. A row whose slot is taken has the next free one.
static INDEX: [u16; SLOTS] = index();

const _: () = assert!(COUNT * 4 < SLOTS);

/// Slots of the table of short names.
const SHORTS: usize = 1024;
/// The rows of the commands whose names fit into one word: what nearly every call asks for.
static SHORT: [(Short, u16); SHORTS] = shorts();

/// Every known command, sorted by name.
pub fn all() -> &'static [Command] {
    &COMMANDS
}

/// The row that the arguments of a call mean: of the subcommand, where the first names a
/// container and the second one of its subcommands, else of the command. Case does not matter.
pub fn lookup<A: AsRef<[u8]>>(args: &[A]) -> Option<&'static Command> {
    let name = args.first()?.as_ref();
    let command = find_command(name)?;
    match args.get(1) {
        Some(sub) if command.flags.contains(Flags::CONTAINER) => {
            find(name, Some(sub.as_ref())).or(Some(command))
        }
        _ => Some(command),
    }
}

/// The row of a command, not of a subcommand.
#[inline(always)]
pub(super) fn find_command(name: &[u8]) -> Option<&'static Command> {
    match Short::of(name) {
        Some(short) => short.find(),
        None => find(name, None),
    }
}

impl Short {
    /// The row of the command of this name.
    #[inline(always)]
    fn find(self) -> Option<&'static Command> {
        let mut slot = self.slot();
        loop {
            let (name, row) = SHORT[slot];
            if name == self {
                return COMMANDS.get(usize::from(row));
            }
            if name == Self::NONE {
                return None;
            }
            slot = (slot + 1) % SHORTS;
        }
    }

    /// The upper bits of the hash are mixed best.
    const fn slot(self) -> usize {
        (self.hash() >> (u64::BITS - SHORTS.trailing_zeros())) as usize
    }
}

/// The row of a command, or of a subcommand of a container. Case does not matter.
pub fn find(name: &[u8], sub: Option<&[u8]>) -> Option<&'static Command> {
    match sub {
        None => probe([Name::of(name)?, Name::NONE]),
        Some(sub) => probe([Name::of(name)?, Name::of(sub)?]),
    }
}

/// Walks a chain to the row that is wanted, or to a free slot. Inlined, so that what compares
/// subcommands is not in the way of a plain command.
#[inline(always)]
fn probe(wanted: [Name; 2]) -> Option<&'static Command> {
    let mut slot = first_slot(wanted);
    loop {
        let row = usize::from(INDEX[slot]).wrapping_sub(1);
        if *NAMES.get(row)? == wanted {
            return COMMANDS.get(row);
        }
        slot = next_slot(slot);
    }
}

/// The upper bits of the hash are mixed best.
const fn first_slot([name, sub]: [Name; 2]) -> usize {
    (name.hash(sub) >> (u64::BITS - SLOTS.trailing_zeros())) as usize
}

const fn next_slot(slot: usize) -> usize {
    (slot + 1) % SLOTS
}

const fn shorts() -> [(Short, u16); SHORTS] {
    let mut shorts = [(Short::NONE, 0); SHORTS];
    let mut row = 0;
    while row < COUNT {
        let [_, sub] = NAMES[row];
        if let Some(name) = Short::of(COMMANDS[row].name.as_bytes())
            && sub.is_none()
        {
            let mut slot = name.slot();
            while !shorts[slot].0.is_none() {
                slot = (slot + 1) % SHORTS;
            }
            shorts[slot] = (name, row as u16);
        }
        row += 1;
    }
    shorts
}

const fn names() -> [[Name; 2]; COUNT] {
    let mut names = [[Name::NONE; 2]; COUNT];
    let mut row = 0;
    while row < COUNT {
        names[row] = split(COMMANDS[row].name.as_bytes());
        row += 1;
    }
    names
}

const fn index() -> [u16; SLOTS] {
    let mut index = [0; SLOTS];
    let mut row = 0;
    while row < COUNT {
        let mut slot = first_slot(NAMES[row]);
        while index[slot] != 0 {
            slot = next_slot(slot);
        }
        row += 1;
        index[slot] = row as u16;
    }
    index
}

/// The name of a row's command and of its subcommand.
const fn split(known: &[u8]) -> [Name; 2] {
    let mut bar = 0;
    while bar < known.len() && known[bar] != BAR {
        bar += 1;
    }
    let (name, rest) = known.split_at(bar);
    let sub = match rest {
        [BAR, sub @ ..] => Name::of(sub),
        _ => Some(Name::NONE),
    };
    match (Name::of(name), sub) {
        (Some(name), Some(sub)) => [name, sub],
        _ => panic!("a name of the table is empty or longer than Name::LONGEST"),
    }
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
            b"ACL|CAT",
            b"GET\0",
            b"GET\0\0\0",
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
