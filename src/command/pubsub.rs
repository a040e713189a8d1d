//! Which arguments name channels or patterns. They are no keys: of these names only those of
//! sharded channels decide where a call is sent.

use super::keys::KeysError;
use super::{Access, Keys, Span, lookup};

/// Which arguments are names.
enum Names {
    None,
    One,
    From(usize),
}

/// The names of channels and patterns in a call; none where the command has nothing to do with
/// them.
pub fn channels<A: AsRef<[u8]>>(args: &[A]) -> Result<Keys, KeysError> {
    let command = lookup(args).ok_or(KeysError::Unknown)?;
    if !command.admits(args.len()) {
        return Err(KeysError::Arity);
    }
    let (first, count) = match names(command.name) {
        Names::None => return Ok(Keys::default()),
        Names::One => (1, 1),
        Names::From(first) => (first, args.len().saturating_sub(first)),
    };
    let span = Span {
        first,
        count,
        step: 1,
        access: Access::NOT_KEY,
    };
    Ok([span].into_iter().collect())
}

fn names(command: &str) -> Names {
    match command {
        "PUBLISH" | "SPUBLISH" => Names::One,
        "SUBSCRIBE" | "UNSUBSCRIBE" | "PSUBSCRIBE" | "PUNSUBSCRIBE" | "SSUBSCRIBE"
        | "SUNSUBSCRIBE" => Names::From(1),
        "PUBSUB|CHANNELS" | "PUBSUB|NUMSUB" | "PUBSUB|SHARDCHANNELS" | "PUBSUB|SHARDNUMSUB" => {
            Names::From(2)
        }
        _ => Names::None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Flags, all};
    use super::*;

    #[test]
    fn names_stand_behind_the_command() {
        for (line, expected) in [
            ("publish a m", "a"),
            ("SPUBLISH a m", "a"),
            ("SUBSCRIBE a b", "a b"),
            ("UNSUBSCRIBE", ""),
            ("UNSUBSCRIBE a", "a"),
            ("PSUBSCRIBE a* b*", "a* b*"),
            ("PUNSUBSCRIBE a*", "a*"),
            ("SSUBSCRIBE a b", "a b"),
            ("SUNSUBSCRIBE a", "a"),
            ("PUBSUB CHANNELS", ""),
            ("pubsub channels a*", "a*"),
            ("PUBSUB NUMSUB a b", "a b"),
            ("PUBSUB SHARDCHANNELS a*", "a*"),
            ("PUBSUB SHARDNUMSUB a b", "a b"),
            ("PUBSUB NUMPAT", ""),
            ("PUBSUB HELP", ""),
            ("GET a", ""),
        ] {
            let args: Vec<&str> = line.split(' ').collect();
            let found = channels(&args).unwrap();
            let names: Vec<&str> = found.iter().map(|key| args[key.position]).collect();
            assert_eq!(names.join(" "), expected, "{line}");
        }
        assert_eq!(channels(&["PUBLISH", "a"]), Err(KeysError::Arity));
        assert_eq!(channels(&["NOSUCH"]), Err(KeysError::Unknown));
    }

    #[test]
    fn every_command_of_publish_and_subscribe_is_known() {
        let nameless = ["PUBSUB|NUMPAT"];
        for command in all() {
            let theirs = command.flags.contains(Flags::PUBSUB);
            let named = !matches!(names(command.name), Names::None);
            let expected = theirs && !nameless.contains(&command.name);
            assert_eq!(named, expected, "{}", command.name);
        }
    }
}
