//! The last command looked up: who sends the same one over and over asks the table once.

use super::{Flags, Nature, find, nature};

/// Remembers the nature of one command, if that follows from its name alone.
#[derive(Default)]
pub struct Recent {
    /// Its name as it was spelled; 0 is none.
    name: u64,
    length: usize,
    nature: Option<Nature>,
}

impl Recent {
    /// The same as `command::nature`.
    #[inline]
    pub fn nature(&mut self, args: &[&[u8]]) -> Nature {
        let name = args.first().copied().unwrap_or_default();
        let word = pack(name);
        match self.nature {
            Some(known) if word == self.name && name.len() == self.length => known,
            _ => self.look_up(args, (word, name.len())),
        }
    }

    #[inline(never)]
    fn look_up(&mut self, args: &[&[u8]], (name, length): (u64, usize)) -> Nature {
        let found = nature(args);
        let command = args.first().and_then(|name| find(name, None));
        let is_plain = command.is_some_and(|command| {
            let flags = command.flags;
            !flags.contains(Flags::CONTAINER) && !flags.contains(Flags::BLOCKING)
        });
        if is_plain && name != 0 {
            (self.name, self.length) = (name, length);
            self.nature = Some(found);
        }
        found
    }
}

/// Up to eight bytes in a word, overlapping; 0 for other lengths.
#[inline(always)]
fn pack(name: &[u8]) -> u64 {
    match (name.len(), name.first_chunk::<4>(), name.last_chunk::<4>()) {
        (4..=8, Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        (3, ..) => u64::from_le_bytes([name[0], name[1], name[2], 0, 0, 0, 0, 0]),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::all;
    use super::*;

    #[test]
    fn whatever_came_before_it_says_what_the_table_says() {
        let lines = [
            "GET k",
            "get k",
            "SET k v",
            "GET k",
            "GETT k",
            "SELECT 1",
            "SELECT 1",
            "CONFIG GET x",
            "CONFIG SET x y",
            "XREAD STREAMS s 0",
            "XREAD BLOCK 5 STREAMS s 0",
            "BLPOP k 1",
            "BLPOP k 2",
            "NOSUCH",
            "NOSUCH",
            "AB",
            "G",
            "",
            "GET k",
            "EVAL x 0",
            "PEXPIREAT k 1",
            "PEXPIREAT k 2",
            "ZRANGEBYLEX k a b",
            "GET\0 k",
            "GET",
        ];
        let mut recent = Recent::default();
        for first in lines {
            for second in lines {
                for line in [first, second, second] {
                    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
                    assert_eq!(recent.nature(&args), nature(&args), "{line} after {first}");
                }
            }
        }
        let none: [&[u8]; 0] = [];
        assert_eq!(recent.nature(&none), nature(&none));
    }

    #[test]
    fn no_two_commands_are_taken_for_each_other() {
        let mut recent = Recent::default();
        for _ in 0..2 {
            for command in all() {
                let args: Vec<&[u8]> = command.name.split('|').map(str::as_bytes).collect();
                for _ in 0..2 {
                    assert_eq!(recent.nature(&args), nature(&args), "{}", command.name);
                }
            }
        }
    }
}
