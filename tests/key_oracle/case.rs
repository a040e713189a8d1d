//! One call, and what this library and a server say of its keys.

use crate::support::Flavour;
use crate::support::raw::Value;
use crate::vectors::Vector;
use redisclient::command::{Access, Command, Keys, KeysError, keys};

/// How a server says that its command has no keys in this call.
const REFUSALS: [&str; 5] = [
    "The command has no key arguments",
    "Invalid arguments specified for command",
    "Invalid number of arguments specified for command",
    "wrong number of arguments for 'command|getkeys' command",
    "wrong number of arguments for 'command|getkeysandflags' command",
];

/// A call to make up an opinion of.
pub struct Call {
    pub command: &'static Command,
    /// How many arguments the server takes.
    pub arity: i64,
    pub args: Vector,
}

/// A call with both opinions.
pub struct Case {
    pub server: Flavour,
    pub command: &'static Command,
    pub arity: i64,
    pub args: Vector,
    pub ours: Result<Keys, KeysError>,
    pub theirs: Vec<Vec<u8>>,
    /// How the server says that each is used; None where it is too old to say.
    pub uses: Option<Vec<Access>>,
    /// Why the server names no key.
    pub error: String,
}

impl Case {
    /// `names` is GETKEYS's answer, `uses` that of GETKEYSANDFLAGS.
    pub fn new(server: Flavour, call: Call, names: &Value, uses: Option<&Value>) -> Self {
        let (theirs, error) = names_of(names);
        let uses = uses.map(pairs_of);
        if let Some((with_uses, _)) = &uses {
            assert_eq!(*with_uses, theirs, "the server does not agree with itself");
        }
        Self {
            server,
            command: call.command,
            arity: call.arity,
            ours: keys(&call.args),
            args: call.args,
            theirs,
            uses: uses.map(|(_, uses)| uses),
            error,
        }
    }

    pub fn agrees(&self) -> bool {
        self.same_names()
            && self
                .uses
                .as_ref()
                .is_none_or(|uses| *uses == self.our_uses())
    }

    /// Servers before 7.0 name a destination last.
    pub fn same_names(&self) -> bool {
        let (mut ours, mut theirs) = (self.our_names(), self.theirs.clone());
        if !self.server.at_least(7, 0) {
            ours.sort();
            theirs.sort();
        }
        ours == theirs
    }

    /// Whether both say the same of the keys' uses when these words are left out.
    pub fn same_uses_but(&self, left_out: &[Access]) -> bool {
        let without = |uses: &[Access]| -> Vec<Vec<&str>> {
            let left = |word: &&str| {
                let access = Access::of_word(word).unwrap();
                !left_out.contains(&access)
            };
            let words = |access: &Access| access.words().filter(left).collect();
            uses.iter().map(words).collect()
        };
        let theirs = self.uses.as_deref().unwrap_or_default();
        without(&self.our_uses()) == without(theirs)
    }

    pub fn describe(&self) -> String {
        let args: Vec<String> = self
            .args
            .iter()
            .map(|arg| format!("\"{}\"", arg.escape_ascii()))
            .collect();
        let theirs: Vec<String> = self
            .theirs
            .iter()
            .map(|name| name.escape_ascii().to_string())
            .collect();
        let uses = self.uses.as_deref().unwrap_or_default();
        let uses: Vec<Vec<&str>> = uses.iter().map(|access| access.words().collect()).collect();
        format!(
            "{}: ours {:?}, theirs {theirs:?} {uses:?} {}",
            args.join(" "),
            self.ours,
            self.error
        )
    }

    fn our_names(&self) -> Vec<Vec<u8>> {
        let keys = self.ours.iter().flat_map(Keys::iter);
        keys.map(|key| self.args[key.position].clone()).collect()
    }

    fn our_uses(&self) -> Vec<Access> {
        let keys = self.ours.iter().flat_map(Keys::iter);
        keys.map(|key| key.access).collect()
    }
}

/// The keys, or the refusal.
fn names_of(told: &Value) -> (Vec<Vec<u8>>, String) {
    match told {
        Value::Array(names) => (names.iter().map(bytes).collect(), String::new()),
        Value::Error(line) if REFUSALS.iter().any(|known| line.contains(known)) => {
            (Vec::new(), line.clone())
        }
        other => panic!("an odd answer to COMMAND GETKEYS: {other:?}"),
    }
}

/// The keys and their uses; none where the server refuses.
fn pairs_of(told: &Value) -> (Vec<Vec<u8>>, Vec<Access>) {
    let Value::Array(pairs) = told else {
        return (names_of(told).0, Vec::new());
    };
    let pair = |pair: &Value| (bytes(&pair.items()[0]), access(&pair.items()[1]));
    pairs.iter().map(pair).unzip()
}

fn access(told: &Value) -> Access {
    let words = told.items().iter().map(Value::text);
    words.fold(Access::NONE, |access, word| {
        access.union(Access::of_word(&word).expect("a known word"))
    })
}

fn bytes(told: &Value) -> Vec<u8> {
    match told {
        Value::Bulk(bytes) => bytes.clone(),
        other => panic!("not a name: {other:?}"),
    }
}
