//! What goes over the wire before the first command, and what a new connection is like.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::time::{Duration, Instant};

use redisclient::client::{CallOptions, Client};
use redisclient::connection::Manual;
use redisclient::error::{Code, Error, Phase};
use redisclient::options;
use support::{Flavour, Scripted, Server};

fn open(url: &str) -> Result<Client, Error> {
    Client::open(options::url::parse(url.as_bytes(), None).unwrap())
}

fn ping(client: &Client) {
    let reply = client.execute(&[b"PING"], &CallOptions::default());
    reply.unwrap_or_else(|error| panic!("{error}"));
}

/// A server that answers HELLO 3 with a protocol, and everything else with OK.
fn greeter(proto: &'static str) -> Scripted {
    Scripted::tcp(move |mut conn, _| {
        while let Some(command) = conn.read_command() {
            match &command[0][..] {
                b"HELLO" => conn.write(format!("%1\r\n+proto\r\n:{proto}\r\n").as_bytes()),
                _ => conn.write(b"+OK\r\n"),
            };
        }
    })
}

fn seen(server: &Scripted) -> Vec<String> {
    let commands = server.commands();
    let text = |command: &Vec<Vec<u8>>| String::from_utf8_lossy(&command.join(&b' ')).into_owned();
    commands.iter().map(text).collect()
}

#[test]
fn the_greeting_in_its_order() {
    let server = greeter("3");
    let url = server.url().replace("redis://", "redis://user:p%20w@");
    let client = open(&format!("{url}/7?client_name=me&driver=web_v2%3Borm_v1"));
    ping(&client.unwrap_or_else(|error| panic!("{error}")));
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        seen(&server),
        [
            "HELLO 3 AUTH user p w SETNAME me",
            "CLIENT SETINFO LIB-NAME redisclient(web_v2;orm_v1)",
            &format!("CLIENT SETINFO LIB-VER {version}"),
            "SELECT 7",
            "PING",
        ]
    );
}

#[test]
fn a_password_alone_is_the_default_users() {
    let server = greeter("3");
    let client = open(&server.url().replace("redis://", "redis://:pw@"));
    ping(&client.unwrap_or_else(|error| panic!("{error}")));
    assert_eq!(seen(&server)[0], "HELLO 3 AUTH default pw");
}

#[test]
fn another_protocol_than_asked_for_is_refused() {
    for credentials in ["", ":pw@"] {
        let server = greeter("2");
        let url = server
            .url()
            .replace("redis://", &format!("redis://{credentials}"));
        let error = open(&url).err().unwrap();
        assert_eq!(error.code(), Code::Protocol, "{error}");
        assert_eq!(error.phase(), Some(Phase::Handshake));
    }
}

#[test]
fn forced_resp2_sends_no_hello_and_no_handshake_sends_nothing() {
    let server = greeter("3");
    ping(&open(&format!("{}?protocol=2", server.url())).unwrap());
    assert!(seen(&server).iter().all(|line| !line.starts_with("HELLO")));
    let server = greeter("3");
    ping(&open(&format!("{}?handshake=no", server.url())).unwrap());
    assert_eq!(seen(&server), ["PING"]);
}

#[test]
fn forced_resp3_says_what_an_old_server_lacks() {
    let server = Scripted::tcp(|mut conn, _| {
        while conn.read_command().is_some() {
            conn.write(b"-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `s3cret`, \r\n");
        }
    });
    let url = server.url().replace("redis://", "redis://:s3cret@");
    let error = open(&format!("{url}?protocol=3")).err().unwrap();
    assert_eq!(error.code(), Code::Protocol, "{error}");
    assert!(error.detail().contains("protocol=2"), "{error}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_password_that_a_server_echoes_is_not_shown() {
    let server = Scripted::tcp(|mut conn, _| {
        conn.read_command();
        conn.write(b"-ERR what is AUTH default s3cret supposed to mean\r\n");
        conn.wait_closed();
    });
    let error = open(&server.url().replace("redis://", "redis://:s3cret@"))
        .err()
        .unwrap();
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert!(error.to_string().contains("***"), "{error}");
}

#[test]
fn a_silent_server_ends_at_the_connect_timeout() {
    let server = Scripted::tcp(|mut conn, _| conn.wait_closed());
    let started = Instant::now();
    let error = open(&format!(
        "{}?connect_timeout_ms=120&timeout_ms=60000",
        server.url()
    ))
    .err()
    .unwrap();
    let elapsed = started.elapsed();
    assert_eq!(error.code(), Code::Timeout, "{error}");
    assert_eq!(error.phase(), Some(Phase::Handshake));
    assert!(elapsed >= Duration::from_millis(120) && elapsed < Duration::from_secs(20));
}

#[test]
fn the_last_connection_given_back_is_the_next_handed_out() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_unix()).unwrap_or_else(|error| panic!("{error}"));
    std::thread::scope(|scope| {
        let pop = scope.spawn(|| client.execute(&[b"BLPOP", b"k", b"0"], &CallOptions::default()));
        support::wait_until("the pop blocks", || {
            server.info("clients", "blocked_clients") == "1"
        });
        ping(&client);
        server.cli(&["RPUSH", "k", "v"]);
        pop.join().unwrap().unwrap();
    });
    assert_eq!(client.counts().idle, 2);
    let id = || {
        let reply = client.execute(&[b"CLIENT", b"ID"], &CallOptions::default());
        reply.unwrap_or_else(|error| panic!("{error}")).integer()
    };
    let first = id();
    assert!((0..5).all(|_| id() == first));
}

/// What the system says of the connection's socket, found by its peer's port.
#[cfg(target_os = "linux")]
#[allow(
    unsafe_code,
    reason = "getsockopt and fcntl on a descriptor of this process"
)]
#[test]
fn the_socket_is_kept_alive_and_not_inherited() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_tcp()).unwrap_or_else(|error| panic!("{error}"));
    ping(&client);
    let option = |descriptor, level, name| {
        let mut value: libc::c_int = -1;
        let mut size = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: a place for an int, and its size.
        unsafe { libc::getsockopt(descriptor, level, name, (&raw mut value).cast(), &mut size) };
        value
    };
    let peer_port = |descriptor| {
        // SAFETY: all zeroes is a socket address, and the size is its own.
        unsafe {
            let mut address: libc::sockaddr_in = std::mem::zeroed();
            let mut size = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            let found = libc::getpeername(descriptor, (&raw mut address).cast(), &mut size);
            let is_inet = i32::from(address.sin_family) == libc::AF_INET;
            (found == 0 && is_inet).then(|| u16::from_be(address.sin_port))
        }
    };
    let socket = (3..4096).find(|descriptor| peer_port(*descriptor) == Some(server.port()));
    let socket = socket.unwrap_or_else(|| panic!("no socket to port {}", server.port()));
    assert_eq!(option(socket, libc::IPPROTO_TCP, libc::TCP_NODELAY), 1);
    assert_eq!(option(socket, libc::SOL_SOCKET, libc::SO_KEEPALIVE), 1);
    assert_eq!(option(socket, libc::IPPROTO_TCP, libc::TCP_KEEPIDLE), 30);
    assert_eq!(option(socket, libc::IPPROTO_TCP, libc::TCP_KEEPINTVL), 5);
    assert_eq!(option(socket, libc::IPPROTO_TCP, libc::TCP_KEEPCNT), 3);
    // SAFETY: asks for flags only.
    let flags = unsafe { libc::fcntl(socket, libc::F_GETFD) };
    assert!(flags & libc::FD_CLOEXEC != 0);
}

/// A server that refuses the step of the greeting that begins with `step`.
fn refuses(step: &'static str, line: &'static str) -> Scripted {
    Scripted::tcp(move |mut conn, _| {
        while let Some(command) = conn.read_command() {
            let said = command.join(&b' ');
            if said.starts_with(step.as_bytes()) {
                conn.write(format!("-{line}\r\n").as_bytes());
            } else if said.starts_with(b"HELLO") {
                conn.write(b"%1\r\n+proto\r\n:3\r\n");
            } else {
                conn.write(b"+OK\r\n");
            }
        }
    })
}

#[test]
fn a_refused_password_name_or_database_fails_the_open_and_is_not_asked_again() {
    for (step, line, url, code) in [
        ("AUTH", "WRONGPASS no", ":pw@H?protocol=2", Code::Auth),
        ("HELLO", "WRONGPASS no", ":pw@H", Code::Auth),
        (
            "CLIENT SETNAME",
            "ERR bad name",
            "H?protocol=2&client_name=me",
            Code::Server,
        ),
        (
            "SELECT",
            "ERR DB index is out of range",
            "H/99",
            Code::Server,
        ),
        ("SELECT", "NOPERM no", "H/9?protocol=2", Code::NoPermission),
    ] {
        let server = refuses(step, line);
        let host = server.url().replace("redis://", "");
        let error = open(&format!("redis://{}", url.replace('H', &host)));
        let error = error.err().unwrap();
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(error.phase(), Some(Phase::Handshake), "{error}");
        assert!(error.to_string().contains(line), "{error}");
        assert!(!error.to_string().contains("pw"), "{error}");
        assert_eq!(server.connections(), 1, "{step}");
    }
}

#[test]
fn what_hello_answered_can_be_read() {
    for flavour in Flavour::all_available() {
        let server = Server::start(flavour, &[]);
        let config = options::url::parse(server.url_unix().as_bytes(), None).unwrap();
        let manual = Manual::open(config).unwrap_or_else(|error| panic!("{error}"));
        let hello = manual.hello().unwrap();
        let pairs = hello.items().chunks_exact(2);
        let version = pairs.clone().find(|pair| pair[0].text() == b"version");
        assert_eq!(version.unwrap()[1].text(), flavour.version().as_bytes());
    }
}
