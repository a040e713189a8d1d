//! Help for who gets an option's name wrong: close names, the names of other clients, old names.

use super::table;
use crate::error::{Code, Error};
use crate::text;

/// Options renamed here: old name and present one. An old name keeps working and is noted.
pub const RENAMED: &[(&str, &str)] = &[];

/// Names that redis-py users bring along, and what to write instead.
const FOREIGN: &[(&str, &str)] = &[
    ("socket_timeout", "use timeout_ms, in milliseconds"),
    (
        "socket_connect_timeout",
        "use connect_timeout_ms, in milliseconds",
    ),
    (
        "timeout",
        "use timeout_ms for commands or pool.wait_ms for the pool, in milliseconds",
    ),
    (
        "health_check_interval",
        "use health_check_ms, in milliseconds",
    ),
    ("max_connections", "use pool.max"),
    ("retry", "use retry.count and retry.backoff"),
    ("retries", "use retry.count"),
    (
        "retry_on_timeout",
        "use retry.count and, to send writes again too, retry.unsafe",
    ),
    (
        "retry_on_error",
        "use retry.count, retry.on and, to send writes again too, retry.unsafe",
    ),
    ("lib_name", "use driver, as name_v1.2.3"),
    ("lib_version", "use driver, as name_v1.2.3"),
    ("driver_info", "use driver, as name_v1.2.3"),
    ("host", "write it into the URL"),
    ("port", "write it into the URL"),
    ("path", "write it into the URL, as unix:///path"),
    ("ssl", "use a rediss:// URL"),
    ("ssl_cert_reqs", "use tls.verify"),
    ("ssl_check_hostname", "use tls.verify"),
    ("ssl_ca_certs", "use tls.ca_file"),
    ("ssl_ca_path", "use tls.ca_path"),
    ("ssl_ca_data", "use tls.ca_pem"),
    ("ssl_certfile", "use tls.cert_file"),
    ("ssl_keyfile", "use tls.key_file"),
    ("ssl_password", "use tls.key_password"),
    ("ssl_min_version", "use tls.min_version"),
    ("ssl_ciphers", "use tls.ciphers"),
    (
        "socket_keepalive",
        "keepalive is on by default, see tcp.keepalive",
    ),
    (
        "socket_keepalive_options",
        "use tcp.keepalive_idle_ms, tcp.keepalive_interval_ms and tcp.keepalive_probes",
    ),
    (
        "socket_read_size",
        "there is no such setting: reads grow with the reply",
    ),
    (
        "decode_responses",
        "replies are bytes as the server sent them",
    ),
    ("encoding", "arguments and replies are bytes"),
    ("encoding_errors", "arguments and replies are bytes"),
];

/// The refusal of a name that is no option; the value set with it is not looked at.
pub fn unknown(place: &str, name: &[u8]) -> Error {
    let foreign = FOREIGN
        .iter()
        .find(|(foreign, _)| foreign.as_bytes() == name);
    let shown = match name {
        [] => "is empty".to_owned(),
        _ => format!("\"{}\" is unknown", text::printable(name, 40)),
    };
    let hint = match (foreign, closest(name).as_slice()) {
        (Some((_, advice)), _) => (*advice).to_owned(),
        (None, []) => "OPTIONS.md lists the names there are".to_owned(),
        (None, close) => format!("the closest names are {}", close.join(", ")),
    };
    Error::new(Code::Option, format!("{place} {shown}: {hint}"))
}

/// Up to three known names that a slip of the finger or a forgotten prefix away.
fn closest(name: &[u8]) -> Vec<&'static str> {
    const LONGEST: usize = 64;
    if name.is_empty() || name.len() > LONGEST {
        return Vec::new();
    }
    let name = normal(name);
    let mut close: Vec<(usize, &'static str)> = table::rows()
        .filter_map(|row| {
            let known = normal(row.name.as_bytes());
            let tail = known.rsplit(|b| *b == b'.').next().unwrap_or_default();
            let unit = tail.strip_suffix(b"_ms").unwrap_or(tail);
            let distance = match tail == name || unit == name {
                true => 0,
                false => distance(&name, &known),
            };
            (distance <= 1 + known.len() / 5).then_some((distance, row.name))
        })
        .collect();
    close.sort_by_key(|(distance, _)| *distance);
    close.into_iter().map(|(_, name)| name).take(3).collect()
}

/// Case and the choice of separator do not make a name different.
fn normal(name: &[u8]) -> Vec<u8> {
    let lower = |byte: &u8| match byte {
        b'-' => b'_',
        byte => byte.to_ascii_lowercase(),
    };
    name.iter().map(lower).collect()
}

/// Fewest single-byte insertions, deletions and replacements between two names (Levenshtein).
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
pub fn is_foreign(name: &str) -> bool {
    FOREIGN.iter().any(|(foreign, _)| *foreign == name)
}
