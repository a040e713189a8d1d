//! URLs that name a server.

use std::time::Duration;

use super::*;

pub(super) fn good(url: &str) -> Config {
    parse(url.as_bytes(), None).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn tcp(host: &str, port: u16) -> Endpoint {
    Endpoint::Tcp {
        host: host.to_owned(),
        port,
    }
}

pub(super) fn refused(url: &[u8], code: Code) -> String {
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
fn tls_is_a_matter_of_the_scheme() {
    for (url, secure) in [
        ("redis://h", false),
        ("valkey://h", false),
        ("unix:///s", false),
        ("rediss://h", true),
        ("valkeys://h", true),
        ("REDISS://h", true),
    ] {
        assert_eq!(good(url).secure, secure, "{url}");
    }
    let config = good("rediss://h?tls.verify=chain&tls.ca_file=%2fca.pem&tls.min_version=1.3");
    assert!(config.tls.verify == crate::options::Verify::Chain);
    assert_eq!(config.tls.ca_file.as_deref(), Some("/ca.pem".as_ref()));
}
