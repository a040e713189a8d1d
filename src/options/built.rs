//! The options that do something.

use super::config::{BackoffKind, Protocol, Secret};
use super::parse::{self, Refusal};
use super::table::{Row, built, secret};

const MS: &str = "milliseconds as a plain number from 0";
const MS_OR_NEVER: &str = "milliseconds as a plain number from 0, or -1 for no limit";
const MS_ABOVE_0: &str = "milliseconds as a plain number from 1, or -1 for no limit";
const SIZE: &str = "a number from 1 to 9223372036854775807";
const YES_NO: &str = "yes or no";

/// In the order of the documentation.
pub(super) static BUILT: &[Row] = &[
    built(
        "username",
        "",
        "UTF-8 text",
        "ACL user; empty for the default user",
        |c, v| {
            c.username = parse::text(v)?;
            Ok(())
        },
    ),
    secret(built(
        "password",
        "",
        "any bytes",
        "Password; empty for none",
        |c, v| {
            c.password = (!v.is_empty()).then(|| Secret::new(v.to_vec()));
            Ok(())
        },
    )),
    built(
        "db",
        "0",
        "a number from 0 to 2147483647",
        "Database to SELECT",
        |c, v| {
            c.db = parse::small(v, 0)?;
            Ok(())
        },
    ),
    built(
        "protocol",
        "auto",
        "auto, 2 or 3",
        "RESP version; auto asks for 3 and takes 2 from a server without HELLO",
        |c, v| {
            c.protocol = match v {
                b"auto" => Protocol::Auto,
                b"2" => Protocol::Resp2,
                b"3" => Protocol::Resp3,
                _ => return Err(Refusal::Form),
            };
            Ok(())
        },
    ),
    built(
        "client_name",
        "",
        "printable ASCII without spaces",
        "Name for CLIENT SETNAME; empty for none",
        |c, v| {
            c.client_name = parse::graphic(v)?;
            Ok(())
        },
    ),
    built(
        "driver",
        "",
        "name_v1.2.3 of each library on top of this one, newest first, separated by `;`: names of a-z, 0-9, _ and - that start with a letter, versions of printable ASCII without spaces or brackets",
        "Upstream libraries for CLIENT SETINFO",
        |c, v| {
            c.driver = parse::driver(v)?;
            Ok(())
        },
    ),
    built(
        "handshake",
        "yes",
        YES_NO,
        "Whether to greet the server; with no, nothing is sent on connecting, and user, password, database and names are not used",
        |c, v| {
            c.handshake = parse::yes_no(v)?;
            Ok(())
        },
    ),
    built(
        "lazy",
        "no",
        YES_NO,
        "Whether open leaves connecting to the first command",
        |c, v| {
            c.lazy = parse::yes_no(v)?;
            Ok(())
        },
    ),
    built(
        "connect_timeout_ms",
        "5000",
        MS_ABOVE_0,
        "Limit for one connection: name look-up, connect and handshake",
        |c, v| {
            c.connect_timeout = parse::millis_or_never(v, 1)?;
            Ok(())
        },
    ),
    built(
        "timeout_ms",
        "5000",
        MS_ABOVE_0,
        "Limit for one command with everything it needs: queueing, connecting and retries too",
        |c, v| {
            c.timeout = parse::millis_or_never(v, 1)?;
            Ok(())
        },
    ),
    built(
        "health_check_ms",
        "0",
        MS,
        "A connection idle for longer is sent a PING before the next command; 0 is off",
        |c, v| {
            c.health_check = Some(parse::millis(v, 0)?).filter(|idle| !idle.is_zero());
            Ok(())
        },
    ),
    built(
        "pool.max",
        "100",
        "a number from 1 to 1048576",
        "Most connections at once",
        |c, v| {
            c.pool.max = parse::number(v, 1, 1 << 20)? as usize;
            Ok(())
        },
    ),
    built(
        "pool.wait_ms",
        "-1",
        MS_OR_NEVER,
        "How long a caller waits for a connection: -1 as long as its deadline, 0 not at all",
        |c, v| {
            c.pool.wait = parse::millis_or_never(v, 0)?;
            Ok(())
        },
    ),
    built(
        "pool.check_after_ms",
        "100",
        MS,
        "A connection unused for longer is probed before it is taken; 0 always",
        |c, v| {
            c.pool.check_after = parse::millis(v, 0)?;
            Ok(())
        },
    ),
    built(
        "retry.count",
        "10",
        "a number from 0 to 2147483647, or -1 for no limit",
        "Tries after the first, within the deadline",
        |c, v| {
            c.retry.count = match v {
                b"-1" => None,
                _ => Some(parse::small(v, 0)?),
            };
            Ok(())
        },
    ),
    built(
        "retry.unsafe",
        "no",
        YES_NO,
        "Whether to send again what may have run: at least once, where the default is at most once",
        |c, v| {
            c.retry.replay_unknown = parse::yes_no(v)?;
            Ok(())
        },
    ),
    built(
        "retry.backoff",
        "exponential_jitter",
        "exponential_jitter or none",
        "Formula of the pause before another try",
        |c, v| {
            c.retry.backoff.kind = match v {
                b"exponential_jitter" => BackoffKind::ExponentialJitter,
                b"none" => BackoffKind::None,
                b"constant"
                | b"exponential"
                | b"full_jitter"
                | b"equal_jitter"
                | b"decorrelated_jitter" => return Err(Refusal::NotBuilt),
                _ => return Err(Refusal::Form),
            };
            Ok(())
        },
    ),
    built(
        "retry.base_ms",
        "10",
        MS,
        "Unit of the first pause",
        |c, v| {
            c.retry.backoff.base = parse::millis(v, 0)?;
            Ok(())
        },
    ),
    built("retry.cap_ms", "1000", MS, "Longest pause", |c, v| {
        c.retry.backoff.cap = parse::millis(v, 0)?;
        Ok(())
    }),
    built(
        "limits.depth",
        "128",
        "a number from 1 to 2147483647",
        "Deepest nesting of one reply",
        |c, v| {
            c.limits.depth = parse::small(v, 1)? as usize;
            Ok(())
        },
    ),
    built(
        "limits.reply_bytes",
        "1073741824",
        SIZE,
        "Most bytes of one reply",
        |c, v| {
            c.limits.reply_bytes = parse::size(v)?;
            Ok(())
        },
    ),
    built(
        "limits.reply_items",
        "16777216",
        SIZE,
        "Most values in one reply",
        |c, v| {
            c.limits.reply_items = parse::size(v)?;
            Ok(())
        },
    ),
];
