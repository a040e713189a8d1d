//! What the tests of this directory share: limits, and the time at which something fails.

use std::time::{Duration, Instant};

use crate::support::{Identity, Proxy, Server};
use openssl::ssl::SslVersion;
use redisclient::client::{CallOptions, Limit};
use redisclient::deadline::{Deadline, Moment};
use redisclient::error::Error;

/// The limit of waits that are to end in vain.
pub const LIMIT: Duration = Duration::from_secs(2);
/// How much later than promised something may happen on a busy machine.
pub const SLACK: Duration = Duration::from_secs(10);
/// `LIMIT` for connecting.
pub const SHORT: (&str, &str) = ("connect_timeout_ms", "2000");
/// Nothing is tried again.
pub const ONCE: (&str, &str) = ("retry.count", "0");
/// Opened without connecting.
pub const LAZY: (&str, &str) = ("lazy", "yes");

/// Both versions, as redis-server and as OpenSSL calls them.
pub const VERSIONS: [(&str, SslVersion); 2] = [
    ("TLSv1.2", SslVersion::TLS1_2),
    ("TLSv1.3", SslVersion::TLS1_3),
];

/// A real server that speaks one version only.
pub fn server_of(version: &str) -> Server {
    Server::start_tls(Identity::Server, &["--tls-protocols", version])
}

/// The TLS URL of a proxy.
pub fn through(proxy: &Proxy) -> String {
    format!("rediss://127.0.0.1:{}", proxy.port())
}

/// Checks that `act` fails, and when.
pub fn fails_at<T>(limit: Duration, act: impl FnOnce() -> Result<T, Error>) -> Error {
    let started = Instant::now();
    let error = act().err().expect("a failure");
    let took = started.elapsed();
    assert!(took >= limit && took < limit + SLACK, "{took:?}: {error}");
    error
}

/// A call with a deadline of its own.
pub fn within(limit: Duration) -> CallOptions {
    CallOptions {
        limit: Limit::For(limit),
        ..CallOptions::default()
    }
}

/// A call that has all the time a loaded machine may need.
pub fn patient() -> CallOptions {
    within(Duration::from_secs(60))
}

/// So many milliseconds from now.
pub fn soon(millis: i64) -> Deadline {
    Deadline::from_millis(Moment::now(), millis)
}

/// Bytes that repeat nowhere soon, so that a lost or doubled piece shows.
pub fn noise(size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..size).map(next).collect()
}
