//! The servers that a C program is given, as arguments "name=url". Each function starts them, calls
//! `run` with the arguments, and checks afterwards what only the server can tell.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub use crate::controlled_servers::{breaking, controlled};
pub use crate::fault_servers::{crumbling, interrupted, keeping, obeying, resetting, three_ways};
use crate::support::{Conn, Flavour, Identity, Scripted, Server, refusing_port, tls, wait_until};

pub fn named(name: &str, value: &str) -> String {
    format!("{name}={value}")
}

pub fn urls(server: &Server) -> Vec<String> {
    vec![
        named("url", &server.url_unix()),
        named("tcp", &server.url_tcp()),
    ]
}

pub fn nobody() -> String {
    named("nobody", &format!("redis://127.0.0.1:{}", refusing_port()))
}

/// No server.
pub fn none(run: impl FnOnce(&[String])) {
    run(&[]);
}

/// The system's own server, by Unix socket and by TCP, and a port where nobody listens.
pub fn real(run: impl FnOnce(&[String])) {
    let server = Server::start(Flavour::Redis, &[]);
    let mut arguments = urls(&server);
    arguments.push(nobody());
    run(&arguments);
}

/// As `real`, with the newest server there is.
pub fn newest(run: impl FnOnce(&[String])) {
    let server = Server::start(Flavour::Newest, &[]);
    let mut arguments = urls(&server);
    arguments.push(nobody());
    run(&arguments);
}

/// As `real`, and a server with a password.
pub fn adoptable(run: impl FnOnce(&[String])) {
    let server = Server::start(Flavour::Redis, &[]);
    let locked = Server::start(Flavour::Redis, &["--requirepass", "right"]);
    let mut arguments = urls(&server);
    arguments.push(named("locked", &locked.url_tcp()));
    run(&arguments);
}

/// The TLS port by its address: the thread that looks a name up is never waited for, and memcheck
/// reports what it holds when the program ends before it. And with time, for cryptography under
/// memcheck on a busy machine takes some.
fn by_tls(server: &Server) -> String {
    let port = server.tls_port();
    format!("rediss://127.0.0.1:{port}?connect_timeout_ms=300000&timeout_ms=300000")
}

/// As `by_tls`, of a client that trusts the server.
fn trusting(server: &Server) -> String {
    let ca = tls::file("ca.pem");
    format!("{}&tls.ca_file={}", by_tls(server), ca.display())
}

/// TLS servers: one that is good, one under another name, one that wants a certificate; and the
/// files that go with them.
pub fn secure(run: impl FnOnce(&[String])) {
    let good = Server::start_tls(Identity::Server, &[]);
    let other = Server::start_tls(Identity::WrongHost, &[]);
    let strict = Server::start_tls(Identity::Chained, &["--tls-auth-clients", "yes"]);
    // TLS 1.2 refuses a client within the handshake, 1.3 after it.
    let old = ["--tls-auth-clients", "yes", "--tls-protocols", "TLSv1.2"];
    let strict_old = Server::start_tls(Identity::Server, &old);
    let mute = Scripted::tcp(|mut conn, _| conn.wait_closed());
    let quick = format!("rediss://127.0.0.1:{}?connect_timeout_ms=300", mute.port());
    let file = |name: &str| tls::file(name).to_string_lossy().into_owned();
    run(&[
        named("tls", &by_tls(&good)),
        named("trusted", &trusting(&good)),
        named("wrong_host", &by_tls(&other)),
        named("strict_server", &by_tls(&strict)),
        named("strict_old_server", &by_tls(&strict_old)),
        named("plain_as_tls", &quick),
        named("ca", &file("ca.pem")),
        named("cert", &file("Client.pem")),
        named("key", &file("Client.key")),
        named("locked_key", &file("client_locked.key")),
        named("password", tls::KEY_PASSWORD),
    ]);
}

/// Three servers that the program shuts down.
pub fn doomed(run: impl FnOnce(&[String])) {
    let first = Server::start(Flavour::Redis, &[]);
    let second = Server::start(Flavour::Redis, &[]);
    let third = Server::start_tls(Identity::Server, &[]);
    run(&[
        named("doomed_tcp", &first.url_tcp()),
        named("doomed_unix", &second.url_unix()),
        named("doomed_tls", &trusting(&third)),
    ]);
}

/// Servers that end in the middle of a pipeline.
pub fn cutting(run: impl FnOnce(&[String])) {
    let read = |conn: &mut Conn, count: usize| {
        conn.answer_hello();
        for _ in 0..count {
            conn.read_command();
        }
    };
    let two = Scripted::tcp(move |mut conn, _| {
        read(&mut conn, 5);
        conn.write(b":1\r\n-ERR scripted\r\n");
        conn.close();
    });
    let queued = Scripted::tcp(move |mut conn, _| {
        read(&mut conn, 5);
        conn.write(b"+OK\r\n+QUEUED\r\n");
        conn.close();
    });
    let silent = Scripted::unix(move |mut conn, _| {
        read(&mut conn, 3);
        conn.write(b":1\r\n");
        conn.wait_closed();
    });
    let little = Scripted::tcp(move |mut conn, _| {
        read(&mut conn, 1);
        conn.reset();
    });
    let first = Scripted::tcp(move |mut conn, nth| {
        read(&mut conn, 3);
        if nth > 0 {
            conn.write(b":7\r\n:7\r\n:7\r\n");
            conn.wait_closed();
        }
    });
    run(&[
        named("two_of_five", &two.url()),
        named("queued_then_end", &queued.url()),
        named("one_then_silence", &silent.url()),
        named("reads_little", &little.url()),
        named("first_cut", &first.url()),
        nobody(),
    ]);
    assert_eq!(two.count("INCR"), 5, "writes that may have run came again");
    assert_eq!(queued.count("EXEC"), 1, "a transaction came again");
    assert_eq!(
        silent.count("INCR"),
        3,
        "writes that may have run came again"
    );
    assert_eq!(first.connections(), 2, "reads were sent again once");
}

/// Answers every command of a client by `answer`, after the handshake.
fn obliging(answer: impl Fn(&[Vec<u8>]) -> Vec<u8> + Send + Sync + 'static) -> Scripted {
    Scripted::tcp(move |mut conn, _| {
        conn.answer_hello();
        while let Some(command) = conn.read_command() {
            conn.write(&answer(&command));
        }
    })
}

/// A real server, one that is loading for ever, one that is busy the first two times it is
/// asked, and nobody.
pub fn passing(run: impl FnOnce(&[String])) {
    let real = Server::start(Flavour::Redis, &[]);
    let loading = obliging(|command| match command[0].as_slice() {
        b"PING" => b"+PONG\r\n".to_vec(),
        _ => b"-LOADING Redis is loading the dataset in memory\r\n".to_vec(),
    });
    let asked = AtomicUsize::new(0);
    let busy = obliging(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => b"-BUSY Redis is busy running a script.\r\n".to_vec(),
        _ => b"+done\r\n".to_vec(),
    });
    let mut arguments = urls(&real);
    arguments.push(named("loading", &loading.url()));
    arguments.push(named("busy", &busy.url()));
    arguments.push(nobody());
    run(&arguments);
}

/// Says `words` before it is asked anything, and goes.
fn speaks_first(words: &'static [u8]) -> Scripted {
    Scripted::tcp(move |mut conn, _| {
        conn.write(words);
        conn.close();
    })
}

/// Answers by name of the command, the handshake included.
fn answers(hello: &'static [u8], client: &'static [u8]) -> Scripted {
    Scripted::tcp(move |mut conn, _| {
        while let Some(command) = conn.read_command() {
            let name = command[0].to_ascii_uppercase();
            conn.write(match name.as_slice() {
                b"HELLO" => hello,
                b"CLIENT" => client,
                b"PING" => b"+PONG\r\n",
                _ => b"+OK\r\n",
            });
        }
    })
}

/// What else may stand behind an address: a locked server, and what is none.
pub fn odd(run: impl FnOnce(&[String])) {
    let real = Server::start(Flavour::Redis, &[]);
    let locked = Server::start(Flavour::Redis, &["--requirepass", "the right/word"]);
    let http = Scripted::tcp(|mut conn, _| {
        conn.read_bytes();
        conn.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        conn.close();
    });
    let hangs_up = Scripted::tcp(|mut conn, _| {
        conn.read_command();
        conn.close();
    });
    let mute = Scripted::tcp(|mut conn, _| conn.wait_closed());
    let loading = b"-LOADING Redis is loading the dataset in memory\r\n";
    let once = [
        ("http", http),
        ("ssh", speaks_first(b"SSH-2.0-OpenSSH_9.2\r\n")),
        (
            "denied",
            speaks_first(b"-DENIED Redis is running in protected mode\r\n"),
        ),
        (
            "full",
            speaks_first(b"-ERR max number of clients reached\r\n"),
        ),
        ("loading", answers(loading, loading)),
        ("hangs_up", hangs_up),
        ("mute", mute),
        (
            "old",
            answers(
                b"-ERR unknown command `HELLO`\r\n",
                b"-ERR unknown subcommand\r\n",
            ),
        ),
        (
            "no_proto",
            answers(b"-NOPROTO unsupported protocol version\r\n", b"+OK\r\n"),
        ),
        ("pushes_first", pushes_first()),
        (
            "refuses_extras",
            answers(HELLO, b"-NOPERM no permission to run 'client'\r\n"),
        ),
    ];
    let talkative = obliging(|command| {
        let mark = String::from_utf8_lossy(&command[1]);
        format!("${}\r\n{mark}\r\n+EXTRA\r\n", mark.len()).into_bytes()
    });
    let mut arguments = urls(&real);
    arguments.push(nobody());
    arguments.push(named(
        "locked_host",
        &format!("127.0.0.1:{}", locked.port()),
    ));
    arguments.push(named("talkative", &talkative.url()));
    arguments.extend(once.iter().map(|(name, server)| named(name, &server.url())));
    run(&arguments);
    assert_eq!(
        locked.info("errorstats", "errorstat_WRONGPASS"),
        "count=2",
        "each password is shown once"
    );
    for (name, server) in once {
        assert_eq!(server.connections(), 1, "how often {name} was connected to");
    }
}

const HELLO: &[u8] = b"%2\r\n$5\r\nproto\r\n:3\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n";

fn pushes_first() -> Scripted {
    Scripted::tcp(|mut conn, _| {
        conn.write(b">2\r\n+early\r\n+bird\r\n");
        conn.answer_hello();
        while conn.read_command().is_some() {
            conn.write(b">1\r\n+again\r\n+PONG\r\n");
        }
    })
}

/// A real server, and scripted ones for what it cannot be made to do to a single connection.
pub fn by_hand(run: impl FnOnce(&[String])) {
    let real = Server::start(Flavour::Redis, &[]);
    let halves = Scripted::tcp(|mut conn, _| {
        conn.answer_hello();
        conn.read_command();
        conn.write(b"$11\r\nboth ");
        conn.read_command();
        conn.write(b"halves\r\n+SECOND\r\n");
        conn.wait_closed();
    });
    let bye = Scripted::tcp(|mut conn, _| {
        conn.answer_hello();
        conn.read_command();
        conn.write(b"+last words\r\n");
        conn.close();
    });
    let repeats = Scripted::tcp(|mut conn, _| {
        let word = conn.read_command().unwrap().remove(0);
        conn.write(&[b"+", word.as_slice(), b"\r\n"].concat());
        conn.wait_closed();
    });
    let second_came = AtomicBool::new(false);
    let late = Scripted::tcp(move |mut conn, nth| {
        conn.answer_hello();
        second_came.fetch_or(nth > 0, Ordering::SeqCst);
        if nth == 0 {
            wait_until("the second connection came", || {
                second_came.load(Ordering::SeqCst)
            });
            let command = conn.read_command().unwrap();
            conn.write(format!(":{}\r\n", command[1].len()).as_bytes());
        }
        conn.wait_closed();
    });
    let mut arguments = urls(&real);
    arguments.push(named("halves", &halves.url()));
    arguments.push(named("says_bye", &bye.url()));
    arguments.push(named("repeats", &repeats.url()));
    arguments.push(named("reads_late", &late.url()));
    run(&arguments);
}
