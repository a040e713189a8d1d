//! Calls made up by a seeded generator: well-formed ones, with options in any order, and ones
//! that went wrong in a place or two.

use redisclient::command::{Begin, Command, Find};

/// The arguments of a call, its name first.
pub type Vector = Vec<Vec<u8>>;

/// Numbers of keys that no call can have, or that are not written as numbers are.
const ODD_NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "99",
    "1x",
    "+2",
    " 1",
    "01",
    "1.0",
    "",
    "two",
    "2147483647",
    "4294967297",
    "9223372036854775807",
    "99999999999999999999",
];

/// Words that mean something to one command or another.
const WORDS: [&str; 22] = [
    "STORE",
    "storedist",
    "KEYS",
    "STREAMS",
    "streams",
    "GET",
    "SET",
    "INCRBY",
    "OVERFLOW",
    "BY",
    "LIMIT",
    "COUNT",
    "BLOCK",
    "GROUP",
    "NOACK",
    "AUTH",
    "auth2",
    "COPY",
    "WEIGHTS",
    "m",
    "",
    "0",
];

/// Options with their values: an underscore stands for a value of any kind.
fn options(name: &str) -> &'static [&'static str] {
    match name {
        "SORT" | "SORT_RO" => &[
            "BY _",
            "LIMIT _ _",
            "GET _",
            "ASC",
            "ALPHA",
            "STORE _",
            "store _",
        ],
        "MIGRATE" => &[
            "COPY",
            "REPLACE",
            "AUTH _",
            "AUTH2 _ _",
            "KEYS",
            "keys _ _ _",
        ],
        "GEORADIUS" | "GEORADIUSBYMEMBER" => &[
            "WITHDIST",
            "COUNT _",
            "ASC",
            "STORE _",
            "STOREDIST _",
            "storedist _",
        ],
        "XREAD" => &[
            "COUNT _",
            "BLOCK _",
            "STREAMS _ _",
            "streams _ _ _ _",
            "STREAMS _ _ _",
        ],
        "XREADGROUP" => &[
            "GROUP _ _",
            "COUNT _",
            "block _",
            "NOACK",
            "STREAMS _ _",
            "streams _ _ _ _",
        ],
        "SET" => &["NX", "EX _", "GET", "get", "KEEPTTL", "IFEQ _"],
        "BITFIELD" => &[
            "GET _ _",
            "get _ _",
            "SET _ _ _",
            "INCRBY _ _ _",
            "OVERFLOW _",
        ],
        _ => &["WEIGHTS _ _", "LIMIT _", "COUNT _", "_"],
    }
}

/// The generator: a seed gives the same calls on every machine.
pub struct Generator {
    state: u64,
    made: usize,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed,
            made: 0,
        }
    }

    /// One call of a command.
    pub fn vector(&mut self, command: &Command) -> Vector {
        let mut vector = self.well_formed(command);
        if self.one_in(3) {
            for _ in 0..=self.below(2) {
                self.spoil(&mut vector, command.name.split('|').count());
            }
        }
        vector
    }

    fn well_formed(&mut self, command: &Command) -> Vector {
        let mut vector: Vector = command
            .name
            .split('|')
            .map(|part| self.name(part))
            .collect();
        let arity = usize::from(command.arity.unsigned_abs());
        for spec in command.specs {
            if let (Begin::At(at), Find::Count { step, .. }) = (spec.begin, spec.find) {
                self.fill(&mut vector, usize::from(at));
                let count = 1 + self.below(4);
                vector.push(count.to_string().into_bytes());
                self.fill(&mut vector, usize::from(at) + 1 + count * usize::from(step));
            }
        }
        if command.name == "MIGRATE" {
            self.fill(&mut vector, 3);
            let single = if self.one_in(2) {
                self.fresh()
            } else {
                Vec::new()
            };
            vector.push(single);
            self.fill(&mut vector, 6);
        }
        let stops = match command.name {
            "XREAD" | "XREADGROUP" => vector.len(),
            "GEORADIUS" | "GEORADIUSBYMEMBER" => arity,
            _ if command.arity < 0 => arity,
            _ => {
                self.fill(&mut vector, arity);
                return vector;
            }
        };
        self.fill(&mut vector, stops);
        for _ in 0..self.below(5) {
            self.option(&mut vector, options(command.name));
        }
        if command.name.starts_with("XREAD") && self.one_in(2) {
            self.option(&mut vector, &["STREAMS _ _", "streams _ _ _ _"]);
        }
        self.fill(&mut vector, arity);
        vector
    }

    fn option(&mut self, vector: &mut Vector, options: &[&str]) {
        for part in options[self.below(options.len())].split(' ') {
            let argument = if part == "_" {
                self.value()
            } else {
                part.as_bytes().to_vec()
            };
            vector.push(argument);
        }
    }

    /// Arguments until there are so many.
    fn fill(&mut self, vector: &mut Vector, length: usize) {
        while vector.len() < length {
            let fresh = self.fresh();
            vector.push(fresh);
        }
    }

    /// One thing goes wrong behind the name.
    fn spoil(&mut self, vector: &mut Vector, name: usize) {
        let at = name + self.below(vector.len() + 1 - name);
        let odd = ODD_NUMBERS[self.below(ODD_NUMBERS.len())].as_bytes();
        match self.below(6) {
            0 => vector.insert(at, odd.to_vec()),
            1 => vector.insert(at, WORDS[self.below(WORDS.len())].into()),
            2 => vector.truncate(at),
            3 if at < vector.len() => drop(vector.remove(at)),
            4 if at < vector.len() => vector[at] = odd.to_vec(),
            _ => {
                // The number of keys is what goes wrong most easily.
                let mut arguments = vector.iter_mut().skip(name);
                let number = arguments.find(|argument| argument.len() == 1);
                if let Some(number) = number {
                    *number = odd.to_vec();
                }
            }
        }
    }

    /// A value of an option: mostly new, sometimes spelled like an option.
    fn value(&mut self) -> Vec<u8> {
        match self.one_in(5) {
            true => WORDS[self.below(WORDS.len())].into(),
            false => self.fresh(),
        }
    }

    /// An argument that no other is equal to, some with bytes that are no text.
    fn fresh(&mut self) -> Vec<u8> {
        self.made += 1;
        let mut argument = format!("arg{}", self.made).into_bytes();
        if self.one_in(8) {
            argument.extend(b"\r\n\0\xff");
        }
        argument
    }

    fn name(&mut self, part: &str) -> Vec<u8> {
        match self.one_in(2) {
            true => part.to_lowercase().into_bytes(),
            false => part.into(),
        }
    }

    fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    /// A number below `end`, by xorshift.
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % end
    }
}
