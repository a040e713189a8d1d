//! The options that do something.

use std::ffi::CStr;

use super::config::{Order, Protocol, Secret};
use super::parse::{self, Refusal};
use super::retry::BackoffKind;
use super::retry_on::RetryOn;
use super::table::{Row, built, live, secret};

const MS: &CStr = c"milliseconds as a plain number from 0";
const MS_OR_NEVER: &CStr = c"milliseconds as a plain number from 0, or -1 for no limit";
const MS_ABOVE_0: &CStr = c"milliseconds as a plain number from 1, or -1 for no limit";
const SIZE: &CStr = c"a number from 1 to 9223372036854775807";
const YES_NO: &CStr = c"yes or no";

/// In the order of the documentation.
pub(super) static BUILT: &[Row] = &[
    built(
        c"username",
        c"",
        c"UTF-8 text",
        c"ACL user; empty for the default user",
        |c, v| {
            c.username = parse::text(v)?;
            Ok(())
        },
    ),
    secret(built(
        c"password",
        c"",
        c"any bytes",
        c"Password; empty for none",
        |c, v| {
            c.password = (!v.is_empty()).then(|| Secret::new(v.to_vec()));
            Ok(())
        },
    )),
    built(
        c"db",
        c"0",
        c"a number from 0 to 2147483647",
        c"Database to SELECT",
        |c, v| {
            c.db = parse::small(v, 0)?;
            Ok(())
        },
    ),
    built(
        c"protocol",
        c"auto",
        c"auto, 2 or 3",
        c"RESP version; auto asks for 3 and takes 2 from a server without HELLO",
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
        c"client_name",
        c"",
        c"printable ASCII without spaces",
        c"Name for CLIENT SETNAME; empty for none",
        |c, v| {
            c.client_name = parse::graphic(v)?;
            Ok(())
        },
    ),
    built(
        c"driver",
        c"",
        c"name_v1.2.3 of each library on top of this one, newest first, separated by `;`: names of a-z, 0-9, _ and - that start with a letter, versions of printable ASCII without spaces or brackets",
        c"Upstream libraries for CLIENT SETINFO",
        |c, v| {
            c.driver = parse::driver(v)?;
            Ok(())
        },
    ),
    built(
        c"handshake",
        c"yes",
        YES_NO,
        c"Whether to greet the server; with no, nothing is sent on connecting, and user, password, database and names are not used",
        |c, v| {
            c.handshake = parse::yes_no(v)?;
            Ok(())
        },
    ),
    built(
        c"lazy",
        c"no",
        YES_NO,
        c"Whether open leaves connecting to the first command",
        |c, v| {
            c.lazy = parse::yes_no(v)?;
            Ok(())
        },
    ),
    live(built(
        c"connect_timeout_ms",
        c"5000",
        MS_ABOVE_0,
        c"Limit for one connection: name look-up, connect and handshake",
        |c, v| {
            c.connect_timeout = parse::millis_or_never(v, 1)?;
            Ok(())
        },
    )),
    live(built(
        c"timeout_ms",
        c"5000",
        MS_ABOVE_0,
        c"Limit for one command with everything it needs: queueing, connecting and retries too",
        |c, v| {
            c.timeout = parse::millis_or_never(v, 1)?;
            Ok(())
        },
    )),
    live(built(
        c"health_check_ms",
        c"0",
        MS,
        c"A connection idle for longer is sent a PING before the next command, a shared one is made anew; 0 is off",
        |c, v| {
            c.health_check = Some(parse::millis(v, 0)?).filter(|idle| !idle.is_zero());
            Ok(())
        },
    )),
    built(
        c"mode",
        c"exclusive",
        c"exclusive or shared",
        c"How connections are held: checked out of a pool by one caller at a time, or shared by all callers, whose commands are pipelined; blocking commands, pipelines, commands that are not known and those of 1 MiB and more take one of the pool in either mode",
        |c, v| {
            c.shared.is_on = match v {
                b"exclusive" => false,
                b"shared" => true,
                _ => return Err(Refusal::Form),
            };
            Ok(())
        },
    ),
    built(
        c"shared.links",
        c"1",
        c"a number from 1 to 1024",
        c"How many shared connections there are; queues use them in either mode",
        |c, v| {
            c.shared.links = parse::number(v, 1, 1024)? as usize;
            Ok(())
        },
    ),
    live(built(
        c"pool.max",
        c"100",
        c"a number from 1 to 1048576",
        c"Most connections at once",
        |c, v| {
            c.pool.max = parse::number(v, 1, 1 << 20)? as usize;
            Ok(())
        },
    )),
    live(built(
        c"pool.min",
        c"0",
        c"a number from 0 to 1048576, at most pool.max",
        c"Connections made at open unless it is lazy; idle expiry leaves so many",
        |c, v| {
            c.pool.min = parse::number(v, 0, 1 << 20)? as usize;
            Ok(())
        },
    )),
    live(built(
        c"pool.order",
        c"lifo",
        c"lifo or fifo",
        c"Which idle connection is taken: the one given back last, or first",
        |c, v| {
            c.pool.order = match v {
                b"lifo" => Order::Lifo,
                b"fifo" => Order::Fifo,
                _ => return Err(Refusal::Form),
            };
            Ok(())
        },
    )),
    live(built(
        c"pool.wait_ms",
        c"-1",
        MS_OR_NEVER,
        c"How long a caller waits for a connection: -1 as long as its deadline, 0 not at all",
        |c, v| {
            c.pool.wait = parse::millis_or_never(v, 0)?;
            Ok(())
        },
    )),
    live(built(
        c"pool.check_after_ms",
        c"100",
        MS,
        c"A connection unused for longer is probed before it is taken; 0 always",
        |c, v| {
            c.pool.check_after = parse::millis(v, 0)?;
            Ok(())
        },
    )),
    live(built(
        c"pool.max_idle_ms",
        c"0",
        MS,
        c"A connection unused for longer is closed when the pool is next used; 0 is off",
        |c, v| {
            c.pool.max_idle = Some(parse::millis(v, 0)?).filter(|idle| !idle.is_zero());
            Ok(())
        },
    )),
    live(built(
        c"pool.max_age_ms",
        c"0",
        MS,
        c"A connection made longer ago is closed instead of taken or kept; 0 is off",
        |c, v| {
            c.pool.max_age = Some(parse::millis(v, 0)?).filter(|age| !age.is_zero());
            Ok(())
        },
    )),
    live(built(
        c"retry.count",
        c"10",
        c"a number from 0 to 2147483647, or -1 for no limit",
        c"Tries after the first, within the deadline",
        |c, v| {
            c.retry.count = match v {
                b"-1" => None,
                _ => Some(parse::small(v, 0)?),
            };
            Ok(())
        },
    )),
    live(built(
        c"retry.on",
        c"resolve,connect,disconnected,timeout,readonly,loading,maxclients,clusterdown,tryagain",
        c"names separated by commas, of resolve, connect, disconnected, timeout, readonly, loading, maxclients, clusterdown and tryagain, and first words of servers' error lines in capitals such as BUSY, OOM or NOREPLICAS",
        c"Failures that are worth another try, if the command's outcome allows one; what EVAL, EVALSHA and FCALL fail with comes again only when the server spoke before the script could write, or when sending it twice was allowed by the call or by retry.unsafe",
        |c, v| {
            c.retry.on = RetryOn::parse(v)?;
            Ok(())
        },
    )),
    live(built(
        c"retry.unsafe",
        c"no",
        YES_NO,
        c"Whether to send again what may have run: at least once, where the default is at most once",
        |c, v| {
            c.retry.replay_unknown = parse::yes_no(v)?;
            Ok(())
        },
    )),
    live(built(
        c"retry.backoff",
        c"exponential_jitter",
        c"exponential_jitter, none, constant, exponential, full_jitter, equal_jitter or decorrelated_jitter",
        c"Formula of the pause before another try: with n failures so far and rand from 0 to 1, exponential is min(cap, base * 2^n), exponential_jitter min(cap, rand * base * 2^n), full_jitter rand times and equal_jitter between half and all of the exponential, decorrelated_jitter min(cap, between base and 3 times the pause before), constant the base; it takes the place of a function of redisclient_options_backoff",
        |c, v| {
            c.retry.backoff.kind = match v {
                b"none" => BackoffKind::None,
                b"constant" => BackoffKind::Constant,
                b"exponential" => BackoffKind::Exponential,
                b"exponential_jitter" => BackoffKind::ExponentialJitter,
                b"full_jitter" => BackoffKind::FullJitter,
                b"equal_jitter" => BackoffKind::EqualJitter,
                b"decorrelated_jitter" => BackoffKind::DecorrelatedJitter,
                _ => return Err(Refusal::Form),
            };
            Ok(())
        },
    )),
    live(built(
        c"retry.base_ms",
        c"10",
        MS,
        c"Unit of the first pause",
        |c, v| {
            c.retry.backoff.base = parse::millis(v, 0)?;
            Ok(())
        },
    )),
    live(built(
        c"retry.cap_ms",
        c"1000",
        MS,
        c"Longest pause, of every formula but constant",
        |c, v| {
            c.retry.backoff.cap = parse::millis(v, 0)?;
            Ok(())
        },
    )),
    built(
        c"circuit.failures",
        c"0",
        c"a number from 0 to 2147483647",
        c"Failures to reach the server, in a row, after which calls fail at once with ECIRCUIT; 0 is off",
        |c, v| {
            c.circuit.failures = parse::small(v, 0)?;
            Ok(())
        },
    ),
    built(
        c"circuit.open_ms",
        c"5000",
        MS,
        c"How long calls then fail at once, before one is let through to see",
        |c, v| {
            c.circuit.open = parse::millis(v, 0)?;
            Ok(())
        },
    ),
    built(
        c"limits.depth",
        c"128",
        c"a number from 1 to 2147483647",
        c"Deepest nesting of one reply",
        |c, v| {
            c.limits.depth = parse::small(v, 1)? as usize;
            Ok(())
        },
    ),
    built(
        c"limits.reply_bytes",
        c"1073741824",
        SIZE,
        c"Most bytes of one reply",
        |c, v| {
            c.limits.reply_bytes = parse::size(v)?;
            Ok(())
        },
    ),
    built(
        c"limits.reply_items",
        c"16777216",
        SIZE,
        c"Most values in one reply",
        |c, v| {
            c.limits.reply_items = parse::size(v)?;
            Ok(())
        },
    ),
    built(
        c"limits.in_flight",
        c"65536",
        SIZE,
        c"Most commands under way on queues and shared connections; on a queue until their completion is taken",
        |c, v| {
            c.in_flight.commands = parse::size(v)?;
            Ok(())
        },
    ),
    built(
        c"limits.in_flight_bytes",
        c"67108864",
        SIZE,
        c"Most bytes of such commands; on a queue their replies count too",
        |c, v| {
            c.in_flight.bytes = parse::size(v)?;
            Ok(())
        },
    ),
];
