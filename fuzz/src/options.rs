//! Options: names and values of any bytes.
//!
//! A refusal changes nothing, says why in one line and never shows a secret; a URL key takes what
//! the option takes, and means the same.

use std::fmt::Write;

use redisclient::error::Code;
use redisclient::options::{Options, Row, rows, url};

use super::input::Input;

/// Stands in the middle of every secret value.
const TOKEN: &[u8] = b"Zr9-s3cr3t-Xq";

/// Pairs of a name, by number or written out, and a value.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let all: Vec<&Row> = rows().collect();
    let mut options = Options::new();
    while !input.is_empty() {
        let row = all.get(usize::from(input.byte())).copied();
        let name = row.map_or_else(|| input.text(), |row| row.name.as_bytes());
        let value = input.text();
        set(&mut options, name, value);
        compare_with_url(name, value);
        if row.is_some_and(|row| row.secret) {
            keep_secret(name, value);
        }
    }
    let _ = url::parse(b"redis://localhost", Some(&options));
    let _ = url::without_url(Some(&options));
}

fn set(options: &mut Options, name: &[u8], value: &[u8]) {
    let before = options.config().clone();
    if let Err(error) = options.set(name, value) {
        assert_eq!(error.code(), Code::Option);
        assert!(*options.config() == before, "a refusal changed something");
        let text = error.to_string();
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(text.len() < 2000, "{text:?}");
    }
}

/// The value of a secret is in no message, nor is it when the name is misspelt.
fn keep_secret(name: &[u8], value: &[u8]) {
    let value = [value, TOKEN, value].concat();
    let misspelt = [name, b"s"].concat();
    for name in [name, &misspelt] {
        if let Err(error) = Options::new().set(name, &value) {
            let text = error.to_string();
            let shown = text
                .as_bytes()
                .windows(TOKEN.len())
                .any(|part| part == TOKEN);
            assert!(!shown, "a secret is shown: {text}");
        }
    }
}

/// The same through a URL that has a use for every option.
fn compare_with_url(name: &[u8], value: &[u8]) {
    let query = format!("rediss://h?{}={}", encode(name), encode(value));
    let through_url = url::parse(query.as_bytes(), None);
    let mut options = Options::new();
    let through_set = options.set(name, value);
    if value.is_empty() {
        return assert!(through_url.is_err(), "{query} has an empty value");
    }
    match (through_url, through_set) {
        (Ok(config), Ok(())) => {
            let same = url::parse(b"rediss://h", Some(&options)).unwrap();
            assert!(config == same, "{query} means something else");
        }
        (Err(error), Err(_)) => assert_eq!(error.code(), Code::Option, "{query}: {error}"),
        (Err(error), Ok(())) => panic!("only the URL key is refused: {query}: {error}"),
        (Ok(_), Err(error)) => panic!("only the option is refused: {query}: {error}"),
    }
}

fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "%{byte:02x}");
        out
    })
}
