//! Servers that do not do what they should, for the C programs about faults; as servers.rs.

use std::net::TcpListener;

use crate::servers::{named, nobody, urls};
use crate::support::{BlackHole, Conn, Fault, Identity, Proxy, Scripted, Server, tls};

/// What makes a client trust the tests' certificates.
fn trust(url: &str) -> String {
    format!("{url}?tls.ca_file={}", tls::file("ca.pem").display())
}

fn real() -> (Server, Vec<String>) {
    let server = Server::start_tls(Identity::Server, &[]);
    let mut arguments = urls(&server);
    arguments.push(named("tls", &server.url_tls()));
    (server, arguments)
}

/// A real server by Unix socket, TCP and TLS.
pub fn three_ways(run: impl FnOnce(&[String])) {
    let (_server, arguments) = real();
    run(&arguments);
}

/// A real server, also by TLS and through a proxy that gives its words byte by byte.
pub fn crumbling(run: impl FnOnce(&[String])) {
    let (server, mut arguments) = real();
    let proxy = Proxy::start(server.port(), Fault::Chop(1));
    let url = format!("redis://127.0.0.1:{}", proxy.port());
    arguments.push(named("slowly", &url));
    run(&arguments);
}

/// A real server, and one that says whatever it is told, or ten million of it.
pub fn obeying(run: impl FnOnce(&[String])) {
    let (_server, mut arguments) = real();
    let says = Scripted::tcp(|mut conn, _| {
        conn.answer_hello();
        while let Some(command) = conn.read_command() {
            match &command[0][..] {
                b"NEST" => {
                    let some = command[1].repeat(10_000);
                    // Until the client has had enough.
                    for _ in 0..1000 {
                        if !conn.tell(&some) {
                            return;
                        }
                    }
                }
                _ => conn.write(&command[1]),
            }
        }
    });
    arguments.push(named("says", &says.url()));
    run(&arguments);
}

/// Ends every connection by RST: right after the greeting, or in its middle.
pub fn resetting(run: impl FnOnce(&[String])) {
    let greets = |mut conn: Conn, _| {
        conn.answer_hello();
        conn.reset();
    };
    let hangs_up = |mut conn: Conn, nth| {
        if nth % 2 == 0 {
            conn.read_bytes();
            conn.write(b"%7\r\n");
        }
        conn.reset();
    };
    let all = [
        ("resets", Scripted::tcp(greets)),
        ("resets_unix", Scripted::unix(greets)),
        ("resets_tls", Scripted::tls(Identity::Server, greets)),
        ("hangs_up", Scripted::tcp(hangs_up)),
        ("hangs_up_unix", Scripted::unix(hangs_up)),
        ("hangs_up_tls", Scripted::tls(Identity::Server, hangs_up)),
    ];
    let reach = |server: &Scripted| match server.url().starts_with("rediss") {
        true => trust(&server.url()),
        false => server.url(),
    };
    let arguments: Vec<_> = all
        .iter()
        .map(|(name, it)| named(name, &reach(it)))
        .collect();
    run(&arguments);
}

/// A real server, also by name, and addresses that answer nothing.
pub fn interrupted(run: impl FnOnce(&[String])) {
    let (server, mut arguments) = real();
    let hole = BlackHole::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let unix_hole = BlackHole::unix();
    let path = unix_hole.path();
    arguments.extend([
        nobody(),
        named("by_name", &format!("redis://localhost:{}", server.port())),
        named("hole", &format!("redis://127.0.0.1:{}", hole.port())),
        named("unix_hole", &format!("unix://{}", path.display())),
    ]);
    run(&arguments);
}

/// One that keeps a client waiting in each phase of a call.
pub fn keeping(run: impl FnOnce(&[String])) {
    let (_server, mut arguments) = real();
    let hole = BlackHole::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let unix_hole = BlackHole::unix();
    let mute = Scripted::tcp(|mut conn, _| conn.wait_closed());
    let deaf = |mut conn: Conn, _| {
        conn.answer_hello();
        conn.hold();
    };
    let deaf = [
        Scripted::tcp(deaf),
        Scripted::unix(deaf),
        Scripted::tls(Identity::Server, deaf),
    ];
    let port = hole.port();
    arguments.extend([
        nobody(),
        named("hole", &format!("redis://127.0.0.1:{port}")),
        named(
            "unix_hole",
            &format!("unix://{}", unix_hole.path().display()),
        ),
        named("mute", &mute.url()),
        named(
            "mute_tls",
            &trust(&format!("rediss://127.0.0.1:{}", mute.port())),
        ),
        named("deaf", &deaf[0].url()),
        named("deaf_unix", &deaf[1].url()),
        named("deaf_tls", &trust(&deaf[2].url())),
    ]);
    run(&arguments);
}
