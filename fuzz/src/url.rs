//! URLs: any bytes, and a password in its place.
//!
//! Nothing panics; no message shows the password, wherever its separators push it; what is
//! understood can be written as a URL again and means the same.

use std::fmt::Write;

use redisclient::error::Error;
use redisclient::options::{Config, Endpoint, url};

use super::input::Input;

const SCHEMES: [&str; 8] = [
    "redis",
    "rediss",
    "valkey",
    "valkeys",
    "unix",
    "REDIS",
    "redis+sentinel",
    "rediss+cluster",
];

/// Stands in the middle of the password.
const TOKEN: &[u8] = b"Zr9-s3cr3t-Xq";

/// The first byte chooses between the rest as a URL and parts to build one of.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() {
        b'b'..=b'z' => whole(input.all()),
        _ => with_password(&mut input),
    }
}

fn whole(text: &[u8]) {
    match url::parse(text, None) {
        Ok(config) => come_back(&config, !text.contains(&b'?')),
        Err(error) => expect_clean(&error),
    }
    let _ = url::is_topology(text);
}

fn with_password(input: &mut Input<'_>) {
    let scheme = SCHEMES[input.below(SCHEMES.len())];
    let (user, before, after) = (input.text(), input.text(), input.text());
    let tail = input.all();
    if holds(tail, TOKEN) {
        // Behind the password it is none: a key that is not known is shown.
        return;
    }
    let parts = [
        scheme.as_bytes(),
        b"://",
        user,
        b":",
        before,
        TOKEN,
        after,
        b"@",
        tail,
    ];
    match url::parse(&parts.concat(), None) {
        Ok(config) => come_back(&config, false),
        Err(error) => {
            expect_clean(&error);
            let text = error.to_string();
            assert!(
                !holds(text.as_bytes(), TOKEN),
                "the password is shown: {text}"
            );
        }
    }
}

/// A message is one line for people.
fn expect_clean(error: &Error) {
    let text = error.to_string();
    assert!(
        !text.is_empty() && !text.contains(char::is_control),
        "{text:?}"
    );
}

/// The URL of a configuration describes the same place and user; without other keys, the same all.
fn come_back(config: &Config, no_keys: bool) {
    let text = render(config);
    let again = url::parse(text.as_bytes(), None).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(again.endpoint, config.endpoint, "{text}");
    assert_eq!(again.username, config.username, "{text}");
    assert!(again.password == config.password, "{text}");
    assert_eq!(again.secure, config.secure, "{text}");
    let has_db = matches!(config.endpoint, Endpoint::Tcp { .. });
    assert!(!has_db || again.db == config.db, "{text}");
    assert!(!no_keys || again == *config, "{text}");
}

fn render(config: &Config) -> String {
    let user = match &config.password {
        Some(password) => format!(
            "{}:{}@",
            encode(config.username.as_bytes()),
            encode(password.expose())
        ),
        None => String::new(),
    };
    match &config.endpoint {
        Endpoint::Unix(path) => {
            let path = encode(path.as_os_str().as_encoded_bytes());
            format!("unix://{user}{}", path.replace("%2F", "/"))
        }
        Endpoint::Tcp { host, port } => {
            let scheme = if config.secure { "rediss" } else { "redis" };
            let host = match host.contains(':') {
                true => format!("[{}]", encode(host.as_bytes())),
                false => encode(host.as_bytes()),
            };
            format!("{scheme}://{user}{host}:{port}/{}", config.db)
        }
    }
}

/// Everything but letters and digits as `%XX`.
fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(*byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
