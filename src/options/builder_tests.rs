//! Options set well and badly, by the table and by random bytes.

use std::time::Duration;

use super::super::config::Protocol;
use super::super::retry::BackoffKind;
use super::super::table::rows;
use super::*;

fn refusal(name: &str, value: &str) -> String {
    let mut options = Options::new();
    let error = options.set(name, value.as_bytes()).unwrap_err();
    assert_eq!(error.code(), Code::Option, "{name}={value}");
    assert!(options.config() == &Config::default(), "{name} changed");
    error.to_string()
}

fn with(pairs: &[(&str, &str)]) -> Config {
    let mut options = Options::new();
    for (name, value) in pairs {
        options.set(name, value.as_bytes()).unwrap();
    }
    options.into_config()
}

#[test]
fn the_defaults_of_the_table_are_those_of_the_configuration() {
    let altered = with(&[
        ("username", "u"),
        ("password", "p"),
        ("db", "1"),
        ("protocol", "3"),
        ("client_name", "n"),
        ("driver", "d_v1"),
        ("handshake", "no"),
        ("lazy", "yes"),
        ("connect_timeout_ms", "1"),
        ("timeout_ms", "1"),
        ("health_check_ms", "1"),
        ("mode", "shared"),
        ("shared.links", "2"),
        ("pool.max", "1"),
        ("pool.wait_ms", "1"),
        ("pool.check_after_ms", "1"),
        ("pool.min", "1"),
        ("pool.order", "fifo"),
        ("pool.max_idle_ms", "1"),
        ("pool.max_age_ms", "1"),
        ("retry.count", "1"),
        ("retry.on", "OOM"),
        ("retry.unsafe", "yes"),
        ("retry.backoff", "none"),
        ("retry.base_ms", "1"),
        ("retry.cap_ms", "1"),
        ("circuit.failures", "1"),
        ("circuit.open_ms", "1"),
        ("limits.depth", "1"),
        ("limits.reply_bytes", "1"),
        ("limits.reply_items", "1"),
        ("limits.in_flight", "1"),
        ("limits.in_flight_bytes", "1"),
        ("tcp.order", "random"),
        ("tcp.family", "ipv6"),
        ("tcp.bind", "::1"),
        ("tcp.keepalive", "no"),
        ("tcp.keepalive_idle_ms", "1"),
        ("tcp.keepalive_interval_ms", "1"),
        ("tcp.keepalive_probes", "1"),
        ("tls.verify", "none"),
        ("tls.verify_flags", "partial_chain,strict"),
        ("tls.ca_file", "a"),
        ("tls.ca_path", "b"),
        ("tls.ca_pem", "c"),
        ("tls.cert_file", "d"),
        ("tls.cert_pem", "e"),
        ("tls.key_file", "f"),
        ("tls.key_pem", "g"),
        ("tls.key_password", "h"),
        ("tls.server_name", "i"),
        ("tls.min_version", "1.3"),
        ("tls.ciphers", "j"),
    ]);
    let mut options = Options {
        config: altered,
        notices: Vec::new(),
    };
    for row in rows() {
        if let Support::Built(_) = row.support {
            let before = options.config.clone();
            options.set(row.name, row.default.as_bytes()).unwrap();
            assert!(options.config != before, "{} was not altered", row.name);
        }
    }
    assert!(options.config == Config::default());
}

#[test]
fn names_are_unique_and_none_is_foreign() {
    let mut names: Vec<_> = rows().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), rows().count());
    for name in names {
        assert!(!names::is_foreign(name), "{name}");
    }
}

#[test]
fn values_reach_the_configuration() {
    let config = with(&[
        ("username", "J\u{f6}rg"),
        ("password", "s\u{0}\u{ff}"),
        ("db", "2147483647"),
        ("protocol", "2"),
        ("health_check_ms", "30000"),
        ("timeout_ms", "-1"),
        ("pool.wait_ms", "0"),
        ("pool.check_after_ms", "0"),
        ("retry.count", "-1"),
        ("retry.backoff", "none"),
        ("connect_timeout_ms", "9223372036854775807"),
        ("limits.reply_bytes", "9223372036854775807"),
    ]);
    assert_eq!(config.username, "J\u{f6}rg");
    assert_eq!(config.password.unwrap().expose(), "s\u{0}\u{ff}".as_bytes());
    assert_eq!(
        (config.db, config.protocol),
        (i32::MAX as u32, Protocol::Resp2)
    );
    assert_eq!(config.health_check, Some(Duration::from_secs(30)));
    assert_eq!((config.timeout, config.retry.count), (None, None));
    assert_eq!(config.pool.wait, Some(Duration::ZERO));
    assert_eq!(config.pool.check_after, Duration::ZERO);
    assert_eq!(config.retry.backoff.kind, BackoffKind::None);
    assert_eq!(
        config.connect_timeout,
        Some(Duration::from_millis(i64::MAX as u64))
    );
    assert_eq!(config.limits.reply_bytes, isize::MAX as usize);
}

#[test]
fn every_formula_has_its_name() {
    use BackoffKind::*;
    for (name, kind) in [
        ("none", None),
        ("constant", Constant),
        ("exponential", Exponential),
        ("exponential_jitter", ExponentialJitter),
        ("full_jitter", FullJitter),
        ("equal_jitter", EqualJitter),
        ("decorrelated_jitter", DecorrelatedJitter),
    ] {
        assert_eq!(with(&[("retry.backoff", name)]).retry.backoff.kind, kind);
        let row = table::find(b"retry.backoff").unwrap();
        assert!(row.accepted.contains(name), "{name}");
    }
}

#[test]
fn the_later_value_counts_and_empty_text_takes_back() {
    assert_eq!(with(&[("db", "1"), ("db", "2")]).db, 2);
    let config = with(&[
        ("password", "p"),
        ("password", ""),
        ("client_name", "n"),
        ("client_name", ""),
    ]);
    assert!(config == Config::default());
}

#[test]
fn a_refusal_names_option_value_and_accepted_form() {
    assert_eq!(
        refusal("timeout_ms", "5s"),
        "option timeout_ms: \"5s\" is refused, it takes milliseconds as a plain number from 1, \
         or -1 for no limit"
    );
    assert!(refusal("db", "").contains("option db: an empty value is refused, it takes a number"));
    assert!(refusal("lazy", "true").contains("yes or no"));
    assert!(refusal("db", "1\n2").contains("\"1\\n2\""));
    for (name, value) in [
        ("db", "-1"),
        ("db", "2147483648"),
        ("db", "0x1"),
        ("protocol", "4"),
        ("protocol", "AUTO"),
        ("client_name", "a b"),
        ("client_name", "a\n"),
        ("client_name", "\u{e9}"),
        ("driver", "d"),
        ("handshake", "1"),
        ("connect_timeout_ms", "0"),
        ("timeout_ms", "0"),
        ("timeout_ms", "-2"),
        ("health_check_ms", "-1"),
        ("pool.max", "0"),
        ("pool.wait_ms", "-2"),
        ("pool.wait_ms", "9223372036854775808"),
        ("retry.count", "-2"),
        ("retry.backoff", "fast"),
        ("retry.on", "everything"),
        ("limits.depth", "0"),
        ("limits.reply_items", "1k"),
        ("retry.cap_ms", "1.5"),
    ] {
        let text = refusal(name, value);
        let accepted = table::find(name.as_bytes()).unwrap().accepted;
        assert!(text.contains(name) && text.contains(accepted), "{text}");
        assert!(text.contains("is refused"), "{text}");
    }
    let mut options = Options::new();
    assert!(options.set("username", b"\xff").is_err());
    assert!(options.set(b"\xff\xfe", b"1").is_err());
}

#[test]
fn what_is_not_built_is_refused_unless_it_states_the_default() {
    for row in rows() {
        let set = |value: &str| Options::new().set(row.name, value.as_bytes());
        match row.support {
            Support::Built(_) => continue,
            Support::Only(default) => set(default).unwrap(),
            Support::NotBuilt => {
                let text = set(row.default).unwrap_err().to_string();
                assert!(text.contains("not supported in this version"), "{text}");
            }
        }
        let text = set("hunter2").unwrap_err().to_string();
        assert!(
            text.contains(row.name) && text.contains("not supported in this version"),
            "{text}"
        );
        assert!(set("").is_err(), "{}", row.name);
    }
    Options::new().set("cache", b"no").unwrap();
    assert!(
        refusal("cache", "yes").contains("\"yes\" is not supported in this version, it takes no")
    );
}

#[test]
fn no_message_shows_a_secret() {
    for row in rows().filter(|row| row.secret) {
        let set = Options::new().set(row.name, b"hunter2");
        if let Err(error) = set {
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
    assert!(!refusal("passwd", "hunter2").contains("hunter2"));
    let secrets: Vec<_> = rows()
        .filter(|row| row.secret)
        .map(|row| row.name)
        .collect();
    assert_eq!(
        secrets,
        [
            "password",
            "tls.cert_pem",
            "tls.key_pem",
            "tls.key_password",
            "sentinel.password"
        ]
    );
}

#[test]
fn an_unknown_name_is_answered_with_close_ones() {
    for (wrong, right) in [
        ("pool.maxx", "pool.max"),
        ("Pool.Max", "pool.max"),
        ("pool-max", "pool.max"),
        ("max", "pool.max"),
        ("usrname", "username"),
        ("timeout-ms", "timeout_ms"),
        ("count", "retry.count"),
        ("clientname", "client_name"),
        ("passwrod", "password"),
        ("wait", "pool.wait_ms"),
    ] {
        let text = refusal(wrong, "1");
        assert!(text.contains(&format!("\"{wrong}\" is unknown")), "{text}");
        assert!(text.contains(right), "{text}");
    }
    assert!(refusal("", "1").contains("option is empty"));
    assert!(refusal("zzzzzzzzzzzz", "1").contains("OPTIONS.md"));
    assert!(refusal(&"x".repeat(100_000), "1").len() < 200);
    assert!(refusal("a\r\nb", "1").contains("a\\r\\nb"));
}

#[test]
fn names_of_another_client_are_answered_with_ours_and_its_unit() {
    for (theirs, ours) in [
        ("socket_timeout", "timeout_ms, in milliseconds"),
        (
            "socket_connect_timeout",
            "connect_timeout_ms, in milliseconds",
        ),
        ("max_connections", "pool.max"),
        ("health_check_interval", "health_check_ms, in milliseconds"),
        ("retry_on_timeout", "retry.count"),
        ("lib_name", "driver"),
        ("lib_version", "driver"),
        ("socket_keepalive", "tcp.keepalive"),
        ("socket_keepalive_options", "tcp.keepalive_idle_ms"),
    ] {
        let text = refusal(theirs, "5");
        assert!(text.contains(theirs) && text.contains(ours), "{text}");
    }
}

#[test]
fn a_renamed_option_works_and_is_noted_once() {
    let renamed = &[("max_sockets", "pool.max"), ("patience_ms", "timeout_ms")];
    let mut options = Options::new();
    for name in [
        "max_sockets",
        "db",
        "max_sockets",
        "patience_ms",
        "max_sockets",
    ] {
        let expected = renamed
            .iter()
            .find(|(old, _)| *old == name)
            .map_or(name, |(_, new)| new);
        assert_eq!(
            *options.current_name(name.as_bytes(), renamed),
            *expected.as_bytes()
        );
    }
    assert_eq!(
        options.notices(),
        [
            "option max_sockets is deprecated: use pool.max",
            "option patience_ms is deprecated: use timeout_ms"
        ]
    );
    for (old, new) in names::RENAMED {
        assert!(table::find(old.as_bytes()).is_none() && table::find(new.as_bytes()).is_some());
    }
}

#[test]
fn random_bytes_never_panic() {
    let mut random = super::super::random(0x0123_4567_89ab_cdef);
    let names: Vec<_> = rows().map(|row| row.name.as_bytes()).collect();
    for _ in 0..10_000 {
        let mut value: Vec<u8> = (0..random() % 12).map(|_| random() as u8).collect();
        if random().is_multiple_of(2) {
            value
                .iter_mut()
                .for_each(|b| *b = b"0123456789-_v;y "[*b as usize % 16]);
        }
        let name = match random() % 4 {
            0 => value.clone(),
            _ => names[random() as usize % names.len()].to_vec(),
        };
        let mut options = Options::new();
        if let Err(error) = options.set(&name, &value) {
            assert_eq!(error.code(), Code::Option);
            assert!(options.config == Config::default());
            assert!(error.to_string().chars().all(|c| !c.is_control()));
        }
    }
}
