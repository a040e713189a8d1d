//! A URL and options put together: where the server is, and everything else in one `Config`.
//!
//! `redis://user:password@host:port/db?key=value` (`rediss://` for TLS) or `unix://user:password@/path?key=value`.
//! The URL wins over options; a part that is not understood is refused, never skipped. No message
//! shows user, password, host or path: a misplaced separator puts a password anywhere.

use zeroize::Zeroizing;

use super::builder::{Options, empty_in_url};
use super::config::{Config, DEFAULT_PORT, Endpoint, Secret};
use super::parse::{self, number, small};
use super::split::{Parts, Scheme, invalid};
use crate::error::{Code, Error, Result};
use crate::text;

/// Bytes that a socket address holds for a path, its final NUL included.
const SOCKET_PATH: usize = match cfg!(any(target_os = "linux", target_os = "android", windows)) {
    true => 108,
    false => 104,
};

/// Said in place of a message that might show a part of a password.
const MISPLACED: &str = "the URL has an @ after its host: write @ as %40, and in a user or \
                         password / as %2F, ? as %3F and # as %23";

/// The configuration that `url` and `options` describe.
///
/// `Code::Invalid` when the URL is malformed, `Code::Option` when a key or value in it is refused.
pub fn parse(url: &[u8], options: Option<&Options>) -> Result<Config> {
    let parts = Parts::split(url)?;
    if !parts.scheme.is_built() {
        let scheme = parts.scheme.name;
        let text = format!("{scheme}:// URLs are not supported in this version");
        return Err(Error::new(Code::Option, text));
    }
    configure(&parts, options).map_err(|error| match parts.is_misplaced() {
        true => Error::new(error.code(), MISPLACED),
        false => error,
    })
}

/// Whether the URL asks for a cluster or for sentinels, where one connection does not do.
pub fn is_topology(url: &[u8]) -> bool {
    Scheme::of(url).is_ok_and(|(scheme, _)| scheme.is_topology())
}

fn configure(parts: &Parts<'_>, options: Option<&Options>) -> Result<Config> {
    if parts.has_fragment {
        return Err(invalid("the URL has a fragment: write # as %23"));
    }
    let mut options = options.cloned().unwrap_or_default();
    let keys = apply_query(&mut options, parts.query)?;
    refuse_idle_keys(&keys, parts.scheme)?;
    let mut config = options.into_config();
    config.secure = parts.scheme.is_tls();
    if parts.scheme.is_unix() {
        config.endpoint = unix_endpoint(parts)?;
    } else {
        config.endpoint = tcp_endpoint(parts.host)?;
        let db = database(parts.path)?;
        if !keys.contains(&"db") {
            config.db = db.unwrap_or(config.db);
        }
    }
    apply_user(&mut config, parts.user)?;
    complete(&mut config);
    Ok(config)
}

/// The configuration that options alone describe, for a connection that is there already.
pub fn without_url(options: Option<&Options>) -> Config {
    let mut config = options.cloned().unwrap_or_default().into_config();
    complete(&mut config);
    config
}

fn complete(config: &mut Config) {
    if !config.username.is_empty() && config.password.is_none() {
        // A user that needs no password still has to say who it is.
        config.password = Some(Secret::new(Vec::new()));
    }
}

/// Sets the options of the query and answers which they were.
fn apply_query(options: &mut Options, query: Option<&[u8]>) -> Result<Vec<&'static str>> {
    let mut keys = Vec::new();
    for pair in query
        .into_iter()
        .flat_map(|query| query.split(|b| *b == b'&'))
    {
        let equals = pair.iter().position(|b| *b == b'=');
        let (key, value) = pair.split_at(equals.unwrap_or(pair.len()));
        let key = decode("a key of the URL's query", key)?;
        let value = decode(
            "a value of the URL's query",
            value.get(1..).unwrap_or_default(),
        )?;
        let row = options.check_key(&key)?;
        if keys.contains(&row.name) {
            let text = format!("URL key {} is given twice: it takes one value", row.name);
            return Err(Error::new(Code::Option, text));
        }
        if value.is_empty() {
            return Err(empty_in_url(row));
        }
        options.assign("URL key", &key, &value)?;
        keys.push(row.name);
    }
    Ok(keys)
}

/// A key that the scheme has no use for is a mistake about the scheme.
fn refuse_idle_keys(keys: &[&str], scheme: Scheme) -> Result<()> {
    let idle = |key: &&&str| {
        key.starts_with("tls.") && !scheme.is_tls() || key.starts_with("tcp.") && scheme.is_unix()
    };
    let Some(key) = keys.iter().find(idle) else {
        return Ok(());
    };
    let use_for = match scheme.is_unix() {
        true => "no use in a unix:// URL",
        false => "no use without TLS: write rediss://",
    };
    let text = format!("URL key {key} has {use_for}");
    Err(Error::new(Code::Option, text))
}

/// The path of a TCP URL is nothing, `/`, or `/N`.
fn database(path: &[u8]) -> Result<Option<u32>> {
    let path = decode("the URL's path", path)?;
    let digits = path.strip_prefix(b"/").unwrap_or_default();
    if digits.is_empty() {
        return Ok(None);
    }
    let db = small(digits, 0).map_err(|_| {
        let text = "the URL's path is the database: /N, with N from 0 to 2147483647";
        Error::new(Code::Option, text)
    })?;
    Ok(Some(db))
}

/// User and password before the host; what is empty there leaves the option as it is.
fn apply_user(config: &mut Config, user: Option<&[u8]>) -> Result<()> {
    let user = user.unwrap_or_default();
    let colon = user.iter().position(|b| *b == b':');
    let (name, password) = user.split_at(colon.unwrap_or(user.len()));
    let name = decode("the URL's user", name)?;
    let mut password = decode("the URL's password", password.get(1..).unwrap_or_default())?;
    if !name.is_empty() {
        config.username = text::utf8("the URL's user", &name)?.to_owned();
    }
    if !password.is_empty() {
        config.password = Some(Secret::new(std::mem::take(&mut *password)));
    }
    Ok(())
}

fn tcp_endpoint(authority: &[u8]) -> Result<Endpoint> {
    let (host, port) = split_port(authority)?;
    let host = match host
        .strip_prefix(b"[")
        .and_then(|host| host.strip_suffix(b"]"))
    {
        Some(literal) => ipv6(literal)?,
        None => host_name(host)?,
    };
    Ok(Endpoint::Tcp { host, port })
}

/// Divides at the colon behind the host, which for IPv6 is behind the bracket.
fn split_port(authority: &[u8]) -> Result<(&[u8], u16)> {
    let end = match authority.first() {
        Some(b'[') => authority.iter().position(|b| *b == b']').map(|at| at + 1),
        _ => authority
            .iter()
            .position(|b| *b == b':')
            .or(Some(authority.len())),
    };
    let end = end.ok_or_else(|| invalid("the URL's host opens a bracket that nothing closes"))?;
    let (host, rest) = authority.split_at(end);
    let port = match rest {
        [] | [b':'] => return Ok((host, DEFAULT_PORT)),
        [b':', port @ ..] => number(port, 1, u64::from(u16::MAX)).ok(),
        _ => None,
    };
    match port.and_then(|port| u16::try_from(port).ok()) {
        Some(port) => Ok((host, port)),
        None if !host.starts_with(b"[") && rest[1..].contains(&b':') => Err(invalid(
            "the URL's host has several colons: an IPv6 address stands in brackets, [::1]:6379",
        )),
        None => Err(invalid(
            "the URL's port is a number from 1 to 65535, behind the host and a colon",
        )),
    }
}

fn host_name(host: &[u8]) -> Result<String> {
    if host.is_empty() {
        return Ok("localhost".to_owned());
    }
    let host = decode("the URL's host", host)?;
    let host = text::utf8("the URL's host", &host)?;
    if host.contains(',') {
        return Err(invalid(
            "the URL names several hosts: this scheme takes one",
        ));
    }
    let unfit = |c: char| c.is_control() || c.is_whitespace() || "[]/?#@\\".contains(c);
    if host.contains(unfit) || host.contains(':') && !is_ipv6(host) {
        return Err(invalid(
            "the URL's host has a character that no host name or address has",
        ));
    }
    Ok(host.to_owned())
}

/// An address from between brackets, with the zone that a link-local one needs.
fn ipv6(literal: &[u8]) -> Result<String> {
    let literal = decode("the URL's host", literal)?;
    let literal = text::utf8("the URL's host", &literal)?;
    match is_ipv6(literal) {
        true => Ok(literal.to_owned()),
        false => Err(invalid(
            "the URL's host in brackets is an IPv6 address: [::1] or [fe80::1%25eth0]",
        )),
    }
}

/// Whether it is an address of this family, perhaps with a zone.
fn is_ipv6(literal: &str) -> bool {
    let (address, zone) = literal.split_once('%').unwrap_or((literal, "0"));
    let named = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_address = address.parse::<std::net::Ipv6Addr>().is_ok();
    is_address && !zone.is_empty() && zone.chars().all(named)
}

fn unix_endpoint(parts: &Parts<'_>) -> Result<Endpoint> {
    if !parts.host.is_empty() || parts.path.len() < 2 {
        return Err(invalid(
            "a unix URL has three slashes and a path: unix:///run/redis.sock",
        ));
    }
    let path = decode("the URL's path", parts.path)?;
    if path.contains(&0) {
        return Err(invalid("the URL's socket path has a NUL byte"));
    }
    if path.len() >= SOCKET_PATH {
        return Err(invalid(&format!(
            "the URL's socket path has {} bytes: the system takes at most {}",
            path.len(),
            SOCKET_PATH - 1
        )));
    }
    let path = parse::path(&path).map_err(|_| invalid("the URL's socket path is not UTF-8"))?;
    Ok(Endpoint::Unix(path))
}

/// Percent-decodes once; the bytes are wiped when dropped, as any of them may be a secret.
fn decode(what: &str, encoded: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    if memchr::memchr(b'%', encoded).is_none() {
        return Ok(Zeroizing::new(encoded.to_vec()));
    }
    let mut escapes = encoded.iter().enumerate().filter(|(_, b)| **b == b'%');
    let whole = |at: usize| {
        let digits = encoded.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !escapes.all(|(at, _)| whole(at)) {
        let text = format!("{what} has a % without two hexadecimal digits: write % as %25");
        return Err(invalid(&text));
    }
    let mut decoded = Zeroizing::new(Vec::with_capacity(encoded.len()));
    decoded.extend(percent_encoding::percent_decode(encoded));
    Ok(decoded)
}

#[cfg(test)]
#[path = "url_refusal_tests.rs"]
mod refusal_tests;
#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
