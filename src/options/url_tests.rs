//! URLs that name a server, URLs that do not, and random bytes.

use std::time::Duration;

use super::*;

fn good(url: &str) -> Config {
    parse(url.as_bytes(), None).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn tcp(host: &str, port: u16) -> Endpoint {
    Endpoint::Tcp {
        host: host.to_owned(),
        port,
    }
}

fn refused(url: &[u8], code: Code) -> String {
    match parse(url, None) {
        Ok(_) => panic!("accepted: {}", text::printable(url, 200)),
        Err(error) => {
            assert_eq!(error.code(), code, "{}: {error}", text::printable(url, 200));
            error.to_string()
        }
    }
}

fn user(config: &Config) -> (&str, Option<&[u8]>) {
    (
        &config.username,
        config.password.as_ref().map(Secret::expose),
    )
}

#[test]
fn host_and_port() {
    for (url, host, port) in [
        ("redis://example.org", "example.org", 6379),
        ("redis://example.org/", "example.org", 6379),
        ("redis://example.org:1", "example.org", 1),
        ("redis://example.org:65535/0", "example.org", 65535),
        ("redis://example.org:/0", "example.org", 6379),
        ("valkey://127.0.0.1:7000", "127.0.0.1", 7000),
        ("REDIS://h", "h", 6379),
        ("ReDiS://H", "H", 6379),
        ("redis://", "localhost", 6379),
        ("redis://:7000", "localhost", 7000),
        ("redis:///3", "localhost", 6379),
        ("redis://[::1]", "::1", 6379),
        ("redis://[::1]:7000/1", "::1", 7000),
        ("redis://[fe80::1%25eth0]:7000", "fe80::1%eth0", 7000),
        ("redis://u:p@[::1]:7000", "::1", 7000),
        ("redis://my%2Dhost", "my-host", 6379),
        ("redis://b\u{fc}cher.example", "b\u{fc}cher.example", 6379),
    ] {
        assert_eq!(good(url).endpoint, tcp(host, port), "{url}");
    }
}

#[test]
fn a_url_alone_leaves_every_default() {
    assert!(good("redis://localhost:6379") == Config::default());
}

#[test]
fn user_and_password() {
    let none: Option<&[u8]> = None;
    for (url, name, password) in [
        ("redis://h", "", none),
        ("redis://@h", "", none),
        ("redis://:@h", "", none),
        ("redis://:pw@h", "", Some(b"pw".as_slice())),
        ("redis://u:pw@h", "u", Some(b"pw")),
        ("redis://u@h", "u", Some(b"")),
        ("redis://u:@h", "u", Some(b"")),
        ("redis://u:a:b@h", "u", Some(b"a:b")),
        ("redis://u:p@w@h", "u", Some(b"p@w")),
        ("redis://u%3Ax:%40%2F%3F%23%25@h", "u:x", Some(b"@/?#%")),
        ("redis://u:%2520@h", "u", Some(b"%20")),
        ("redis://u:a+b@h", "u", Some(b"a+b")),
        ("redis://u:%ff%00@h", "u", Some(b"\xff\0")),
        ("redis://h?username=u&password=%70w", "u", Some(b"pw")),
        ("redis://u:pw@h?username=x&password=y", "u", Some(b"pw")),
        ("redis://:pw@h?username=x&password=y", "x", Some(b"pw")),
        ("unix://u:pw@/s", "u", Some(b"pw")),
    ] {
        assert_eq!(user(&good(url)), (name, password), "{url}");
    }
    let raw = parse(b"redis://u:\xff@h", None).ok().unwrap();
    assert_eq!(user(&raw), ("u", Some(b"\xff".as_slice())));
}

#[test]
fn database() {
    for (url, db) in [
        ("redis://h", 0),
        ("redis://h/", 0),
        ("redis://h/0", 0),
        ("redis://h/15", 15),
        ("redis://h/%31", 1),
        ("redis://h/2147483647", 2_147_483_647),
        ("redis://h?db=3", 3),
        ("redis://h/?db=3", 3),
        ("redis://h/1?db=3", 3),
        ("redis://h/1?db=0", 0),
        ("unix:///s?db=4", 4),
    ] {
        assert_eq!(good(url).db, db, "{url}");
    }
    for bad in [
        "/1/2",
        "/a",
        "/1/",
        "//",
        "//1",
        "/-1",
        "/+1",
        "/1 ",
        "/2147483648",
        "/0x1",
        "/1%00",
        "/1\n",
    ] {
        for url in [format!("redis://h{bad}"), format!("redis://h{bad}?db=1")] {
            assert!(
                refused(url.as_bytes(), Code::Option).contains("/N"),
                "{url}"
            );
        }
    }
}

#[test]
#[cfg(unix)]
fn socket_paths() {
    use std::os::unix::ffi::OsStrExt;
    for (url, path) in [
        (
            b"unix:///run/redis.sock".as_slice(),
            b"/run/redis.sock".as_slice(),
        ),
        (b"UNIX:///a%20b", b"/a b"),
        (b"unix:///a%2520", b"/a%20"),
        (b"unix:///caf\xe9", b"/caf\xe9"),
        (b"unix:///%FF%fe", b"/\xff\xfe"),
        (b"unix:///a:b@c?db=1", b"/a:b@c"),
        (b"unix:///a%3Fb%23c", b"/a?b#c"),
        (b"unix://:pw@/a", b"/a"),
    ] {
        let config = parse(url, None).unwrap_or_else(|error| panic!("{error}"));
        let Endpoint::Unix(got) = config.endpoint else {
            panic!("not a socket");
        };
        assert_eq!(got.as_os_str().as_bytes(), path);
    }
    let longest = format!("unix:///{}", "x".repeat(SOCKET_PATH - 2));
    good(&longest);
    let text = refused(format!("{longest}x").as_bytes(), Code::Invalid);
    assert!(text.contains(&format!("{SOCKET_PATH} bytes")), "{text}");
    assert!(
        text.contains(&format!("at most {}", SOCKET_PATH - 1)),
        "{text}"
    );
    let encoded = format!("unix:///{}", "%78".repeat(SOCKET_PATH - 2));
    good(&encoded);
    for bad in [
        "unix://",
        "unix:///",
        "unix://run/redis.sock",
        "unix://h:1/s",
        "unix://u@",
        "unix://?db=1",
    ] {
        assert!(
            refused(bad.as_bytes(), Code::Invalid).contains("three slashes"),
            "{bad}"
        );
    }
    assert!(refused(b"unix:///a%00b", Code::Invalid).contains("NUL"));
    assert!(refused(b"unix:///a\0b", Code::Invalid).contains("NUL"));
}

#[test]
fn schemes() {
    for scheme in [
        "rediss",
        "valkeys",
        "redis+sentinel",
        "rediss+sentinel",
        "valkey+sentinel",
        "valkeys+sentinel",
        "redis+cluster",
        "rediss+cluster",
        "valkey+cluster",
        "valkeys+cluster",
        "REDISS",
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
        ("redis://h?tls.verify=", "not supported"),
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
        ("redis://h?tls.verify=none", "not supported"),
        ("redis://h?mode=shared", "not supported"),
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
fn the_url_wins_over_options() {
    let mut options = Options::new();
    for (name, value) in [
        ("db", "5"),
        ("username", "o"),
        ("password", "secret"),
        ("pool.max", "9"),
        ("timeout_ms", "1"),
    ] {
        options.set(name, value.as_bytes()).unwrap();
    }
    let with = |url: &str| parse(url.as_bytes(), Some(&options)).ok().unwrap();
    let config = with("redis://h?timeout_ms=2");
    assert_eq!((config.db, config.pool.max), (5, 9));
    assert_eq!(config.timeout, Some(Duration::from_millis(2)));
    assert_eq!(user(&config), ("o", Some(b"secret".as_slice())));
    let config = with("redis://u:pw@h/0");
    assert_eq!(
        (config.db, user(&config)),
        (0, ("u", Some(b"pw".as_slice())))
    );
    assert_eq!(
        user(&with("redis://:@h")),
        ("o", Some(b"secret".as_slice()))
    );
    assert_eq!(
        user(&with("redis://h?password=q")),
        ("o", Some(b"q".as_slice()))
    );
    assert_eq!(with("redis://h?db=6").db, 6);
    assert!(options.config().db == 5 && options.config().timeout == Some(Duration::from_millis(1)));
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
        "rediss://:hunter2@h",
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
