//! The keys of a call: which of its arguments they are, and how it uses each.
//!
//! The specifications of the table find them, or an own procedure where those do not tell all.
//! What the server would refuse is an error, or has no keys.

use super::procedure::Procedure;
use super::{Access, Command, Flags, Keys, lookup};

/// Why the table cannot say the keys of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// The table does not have the command; a server may know it.
    #[error("the command is not in this library's table")]
    Unknown,
    /// Too few arguments, or too many.
    #[error("the command does not take so many arguments")]
    Arity,
    /// A number of keys that does not fit, a word that is missing, and the like.
    #[error("the arguments are not what the command takes")]
    Malformed,
}

/// The keys of a call, by the table.
pub fn keys<A: AsRef<[u8]>>(args: &[A]) -> Result<Keys, KeysError> {
    lookup(args).ok_or(KeysError::Unknown)?.keys(args)
}

/// The arguments that say to which shard a call belongs: its keys and its sharded channels.
pub fn routing_keys<A: AsRef<[u8]>>(args: &[A]) -> Result<Keys, KeysError> {
    let command = lookup(args).ok_or(KeysError::Unknown)?;
    let mut keys = command.keys(args)?;
    let specs = command.specs.iter();
    for spec in specs.filter(|spec| spec.access.contains(Access::NOT_KEY)) {
        // An unsubscription may name no channel, and then means all of its connection.
        if let Ok(Some(span)) = spec.span(args) {
            keys.push(span);
        }
    }
    Ok(keys)
}

impl Command {
    /// The keys of a call of this command, whose name (or both, with a subcommand) begin `args`.
    pub fn keys<A: AsRef<[u8]>>(&self, args: &[A]) -> Result<Keys, KeysError> {
        if !self.admits(args.len()) {
            return Err(KeysError::Arity);
        }
        match self.procedure {
            Procedure::None => self.keys_by_specs(args),
            own => own.keys(args),
        }
    }

    /// Whether a call may have so many arguments, its name included.
    pub fn admits(&self, count: usize) -> bool {
        let arity = usize::from(self.arity.unsigned_abs());
        count == arity || self.arity < 0 && count > arity
    }

    fn keys_by_specs<A: AsRef<[u8]>>(&self, args: &[A]) -> Result<Keys, KeysError> {
        let mut keys = Keys::default();
        for spec in self.specs {
            if spec.access.contains(Access::NOT_KEY) {
                continue;
            }
            let Some(span) = spec.span(args)? else {
                continue;
            };
            if span.count == 0 && !self.flags.contains(Flags::NO_MANDATORY_KEYS) {
                return Err(KeysError::Malformed);
            }
            keys.push(span);
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::super::all;
    use super::*;

    fn args(line: &str) -> Vec<&str> {
        line.split(' ').collect()
    }

    fn names<'a>(keys: &Keys, args: &[&'a str]) -> Vec<&'a str> {
        keys.iter().map(|key| args[key.position]).collect()
    }

    #[test]
    fn keys_stand_where_the_specifications_say() {
        for (line, expected) in [
            ("GET a", "a"),
            ("mset a 1 b 2 c 3", "a b c"),
            ("BLPOP a b 5", "a b"),
            ("OBJECT ENCODING a", "a"),
            ("xgroup create a g $", "a"),
            ("LMPOP 2 a b LEFT", "a b"),
            ("BZMPOP 0 1 a MIN", "a"),
            ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", "d a b"),
            ("MSETEX 2 a 1 b 2 EX 5", "a b"),
            ("EVAL s 2 a b c", "a b"),
            ("FCALL_RO f 1 a b", "a"),
            ("RENAME a b", "a b"),
            ("BITOP AND d a b", "d a b"),
            ("PFMERGE d", "d"),
            ("PFMERGE d a", "d a"),
        ] {
            let args = args(line);
            assert_eq!(names(&keys(&args).unwrap(), &args).join(" "), expected);
        }
    }

    #[test]
    fn commands_without_keys_have_none() {
        for line in [
            "PING",
            "CONFIG GET maxmemory",
            "OBJECT HELP",
            "OBJECT NOSUCH a",
            "PUBLISH c m",
            "SPUBLISH c m",
            "SSUBSCRIBE c",
            "EVAL s 0",
            "EVAL s 0 a",
        ] {
            assert!(keys(&args(line)).unwrap().is_empty(), "{line}");
        }
    }

    #[test]
    fn what_the_server_refuses_is_an_error() {
        for (line, error) in [
            ("NOSUCH a", KeysError::Unknown),
            ("GET", KeysError::Arity),
            ("GET a b", KeysError::Arity),
            ("BLPOP a", KeysError::Arity),
            ("ZUNION 0 a", KeysError::Malformed),
            ("ZUNIONSTORE d 0 a", KeysError::Malformed),
            ("ZUNION 3 a b", KeysError::Malformed),
            ("ZUNION -1 a", KeysError::Malformed),
            ("ZUNION 9223372036854775807 a", KeysError::Malformed),
            ("EVAL s 99999999999999999999 a", KeysError::Malformed),
            ("EVAL s x a", KeysError::Malformed),
            ("VADD", KeysError::Malformed),
        ] {
            assert_eq!(keys(&args(line)), Err(error), "{line}");
        }
        assert_eq!(keys::<&[u8]>(&[]), Err(KeysError::Unknown));
    }

    #[test]
    fn sharded_channels_route_but_are_no_keys() {
        for (line, expected) in [
            ("SSUBSCRIBE a b", "a b"),
            ("SPUBLISH a m", "a"),
            ("SUNSUBSCRIBE", ""),
            ("SUBSCRIBE a b", ""),
            ("GET a", "a"),
        ] {
            let args = args(line);
            let found = routing_keys(&args).unwrap();
            assert_eq!(names(&found, &args).join(" "), expected, "{line}");
        }
    }

    #[test]
    fn any_few_words_after_any_name_never_panic() {
        let words = ["", "0", "1", "2", "-1", "KEYS", "STORE", "STREAMS", "GET"];
        for command in all() {
            let name: Vec<&str> = command.name.split('|').collect();
            for number in 0..words.len().pow(3) {
                let tail = [number % 9, number / 9 % 9, number / 81].map(|at| words[at]);
                let args: Vec<&str> = name.iter().chain(&tail).copied().collect();
                for args in (0..=args.len()).map(|length| &args[..length]) {
                    let found = routing_keys(args).unwrap_or_default();
                    assert!(found.iter().all(|key| key.position < args.len()));
                }
            }
        }
    }
}
