//! URLs that are refused, what the refusal says and hides, and random bytes.

use std::time::Duration;

use super::tests::{good, refused};
use super::*;

#[test]
fn schemes() {
    for scheme in [
        "redis+sentinel",
        "rediss+sentinel",
        "valkey+sentinel",
        "valkeys+sentinel",
        "redis+cluster",
        "rediss+cluster",
        "valkey+cluster",
        "valkeys+cluster",
        "REDISS+CLUSTER",
    ] {
        let text = refused(format!("{scheme}://h").as_bytes(), Code::Option);
        assert!(text.contains("not supported in this version"), "{text}");
        assert!(text.contains(&scheme.to_lowercase()), "{text}");
        let url = format!("{scheme}://h");
        assert_eq!(is_topology(url.as_bytes()), scheme.contains('+'));
    }
    assert!(!is_topology(b"redis://h") && !is_topology(b"") && !is_topology(b"redis+cluster"));
    for bad in [
        "",
        "redis",
        "redis:",
        "redis:/",
        "redis:foo",
        "redis:/h",
        "http://h",
        "://h",
        "//h",
        "localhost:6379",
        " redis://h",
        "redis ://h",
        "redisss://h",
        "redis+unix:///s",
        "tcp://h",
        "hunter2://h",
    ] {
        let text = refused(bad.as_bytes(), Code::Invalid);
        assert!(
            ["redis://", "valkey://", "unix://"]
                .iter()
                .all(|s| text.contains(s)),
            "{text}"
        );
        assert!(!text.contains("hunter2"));
    }
}

#[test]
fn malformed_urls_say_what_is_wrong() {
    for (url, says) in [
        ("redis://h:0", "port"),
        ("redis://h:65536", "port"),
        ("redis://h:x", "port"),
        ("redis://h:-1", "port"),
        ("redis://h: 1", "port"),
        ("redis://[::1]x", "port"),
        ("redis://[::1]:x", "port"),
        ("redis://h:1:2", "several colons"),
        ("redis://::1", "brackets"),
        ("redis://fe80::1/0", "brackets"),
        ("redis://[::1", "bracket"),
        ("redis://[h]", "IPv6"),
        ("redis://[]", "IPv6"),
        ("redis://[::1%25]", "IPv6"),
        ("redis://[::1%25a/b]", "bracket"),
        ("redis://[::1%25a%20b]", "IPv6"),
        ("redis://h%00", "character"),
        ("redis://h\0", "character"),
        ("redis://a b", "character"),
        ("redis://h\n", "character"),
        ("redis://a%2Fb", "character"),
        ("redis://a,b", "several hosts"),
        ("redis://h%ff", "UTF-8"),
        ("redis://%ff:p@h", "UTF-8"),
        ("redis://h%", "%25"),
        ("redis://h%2", "%25"),
        ("redis://h%zz", "%25"),
        ("redis://:%@h", "%25"),
        ("redis://u%1:p@h", "%25"),
        ("redis://h/%", "%25"),
        ("redis://h?db=%", "%25"),
        ("redis://h?%=1", "%25"),
        ("redis://h/0#x", "fragment"),
        ("redis://h#", "fragment"),
        ("redis://h?db=1#x", "fragment"),
    ] {
        let text = refused(url.as_bytes(), Code::Invalid);
        assert!(text.contains(says), "{url:?}: {text}");
    }
}

#[test]
fn query_keys() {
    let config = good("redis://h?timeout_ms=1500&pool%2emax=7&client_name=a%2Bb&retry.unsafe=yes");
    assert_eq!(config.timeout, Some(Duration::from_millis(1500)));
    assert_eq!((config.pool.max, config.client_name.as_str()), (7, "a+b"));
    assert!(config.retry.replay_unknown);
    for (url, says) in [
        ("redis://h?", "is empty"),
        ("redis://h?=1", "is empty"),
        ("redis://h?db=1&", "is empty"),
        ("redis://h?&db=1", "is empty"),
        ("redis://h?db", "db has an empty value, it takes a number"),
        ("redis://h?db=", "db has an empty value"),
        ("redis://h?password=", "password has an empty value"),
        ("redis://h?username=", "username has an empty value"),
        ("redis://h?tls.verify=", "has an empty value, it takes full"),
        ("redis://h?db=1&db=1", "db is given twice"),
        ("redis://h?db=1&%64b=2", "db is given twice"),
        (
            "redis://h?db=x",
            "\"x\" is refused, it takes a number from 0",
        ),
        ("redis://h?db=1=2", "\"1=2\""),
        ("redis://h?timeout_ms=0", "from 1, or -1"),
        ("redis://h?pool.max=0", "from 1"),
        ("redis://h?pool.mx=1", "pool.max"),
        ("redis://h?socket_timeout=5", "timeout_ms, in milliseconds"),
        ("redis://h?DB=1", "\"DB\" is unknown"),
        (
            "redis://h?tls.verify=none",
            "tls.verify has no use without TLS: write rediss://",
        ),
        ("redis://h?tls.ocsp=staple", "not supported"),
        ("unix:///s?tls.verify=none", "no use in a unix:// URL"),
        ("unix:///s?tcp.bind=::1", "no use in a unix:// URL"),
        ("redis://h?mode=pooled", "exclusive or shared"),
        ("redis://h?db=1;timeout_ms=2", "\"1;timeout_ms=2\""),
    ] {
        let text = refused(url.as_bytes(), Code::Option);
        assert!(
            text.contains("URL key") && text.contains(says),
            "{url}: {text}"
        );
    }
}

#[test]
fn no_message_shows_a_part_of_the_password() {
    for url in [
        "redis://user:hunter2@h:x",
        "redis://:hunter2@[h]",
        "redis://:hunter2%@h",
        "redis://:hunter2@h/x",
        "redis://:hunter2@h?x=1",
        "redis://:hunter2@h#x",
        "redis://:a/hunter2@h",
        "redis://:a?hunter2@h",
        "redis://:a#hunter2@h",
        "redis://:1/hunter2@h",
        "redis://:1?hunter2=a@h",
        "redis://:1?db=hunter2@h",
        "redis://u:p@w/hunter2@h",
        "redis://:hunter2",
        "redis://user:hunter2",
        "rediss+sentinel://:hunter2@h",
        "redis+cluster://:hunter2@h",
        "unix://:a?hunter2@/s",
        "unix://:hunter2@s",
        "hunter2",
        "hunter2:hunter2@h",
        "redis://hunter2%ff@h",
    ] {
        let error = parse(url.as_bytes(), None)
            .err()
            .unwrap_or_else(|| panic!("accepted {url}"));
        assert!(!error.to_string().contains("hunter2"), "{url}: {error}");
    }
    assert!(refused(b"redis://:a/b@h", Code::Invalid).contains("%2F"));
    assert!(refused(b"redis://h?client_name=a@b&db=x", Code::Option).contains("%40"));
    assert!(refused(b"redis+cluster://:a/b@h", Code::Option).contains("not supported"));
}

#[test]
fn random_bytes_never_panic() {
    let mut random = super::super::random(0xfeed_beef_dead_cafe);
    let pieces: &[&[u8]] = &[
        b"redis://",
        b"unix://",
        b"valkey://",
        b"@",
        b":",
        b"/",
        b"?",
        b"#",
        b"&",
        b"=",
        b"%",
        b"%41",
        b"%ff",
        b"[",
        b"]",
        b"[::1]",
        b"db",
        b"pool.max",
        b"password",
        b"hunter2",
        b"6379",
        b"1",
        b"\0",
        b"\xff",
        b"\n",
        b"h",
    ];
    let mut accepted = 0;
    for round in 0..20_000u32 {
        let mut url = Vec::new();
        if round % 8 != 0 {
            url.extend_from_slice(pieces[random() as usize % 3]);
        }
        for _ in 0..random() % 12 {
            match random() % 8 {
                0 => url.push(random() as u8),
                _ => url.extend_from_slice(pieces[random() as usize % pieces.len()]),
            }
        }
        match parse(&url, None) {
            Ok(_) => accepted += 1,
            Err(error) => {
                assert!(matches!(error.code(), Code::Invalid | Code::Option));
                assert!(error.to_string().chars().all(|c| !c.is_control()));
            }
        }
        is_topology(&url);
    }
    assert!(accepted > 100, "the pieces make too few URLs: {accepted}");
}
