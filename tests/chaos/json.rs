//! As much of JSON as a report takes.

use std::fmt::Display;

pub fn object<N: AsRef<str>, V: Display>(members: impl IntoIterator<Item = (N, V)>) -> String {
    let members = members.into_iter();
    let members = members.map(|(name, value)| format!("{}: {value}", quoted(name.as_ref())));
    format!("{{{}}}", joined(members))
}

pub fn joined(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().collect::<Vec<_>>().join(", ")
}

pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            letter if letter < ' ' => quoted.push(' '),
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}
