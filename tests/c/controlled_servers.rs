//! Servers that a C program stops, kills and starts again while it runs, and fake ones that break a
//! shared link; as servers.rs.

use std::sync::Arc;

use crate::servers::{named, urls};
use crate::support::{Conn, Fault, Identity, Proxy, Scripted, Server};

/// A real server that keeps what it was told when it is killed, and one who is told what to do with
/// it: by ECHO of "pause", "resume", "kill" or "restart".
fn obeyed() -> (Arc<Server>, Scripted, Vec<String>) {
    // Written before each reply; without a sync, for whose end the server would put writing off.
    let kept = ["--appendonly", "yes", "--appendfsync", "no"];
    let server = Arc::new(Server::start_tls(Identity::Server, &kept));
    let ruled = Arc::clone(&server);
    let control = Scripted::tcp(move |mut conn, _| {
        conn.answer_hello();
        while let Some(command) = conn.read_command() {
            match &command[1][..] {
                b"pause" => ruled.pause(),
                b"resume" => ruled.resume(),
                b"kill" => ruled.kill(),
                b"restart" => ruled.restart(),
                other => panic!("told to {}", other.escape_ascii()),
            }
            conn.write(&bulk(&command[1]));
        }
    });
    let mut arguments = urls(&server);
    // Cryptography under memcheck on a busy machine takes its time.
    let patient = format!("{}&connect_timeout_ms=300000", server.url_tls());
    arguments.push(named("tls", &patient));
    arguments.push(named("control", &control.url()));
    (server, control, arguments)
}

fn bulk(text: &[u8]) -> Vec<u8> {
    let head = format!("${}\r\n", text.len());
    [head.as_bytes(), text, b"\r\n"].concat()
}

/// Answers commands as a server would that knows ECHO.
fn answer(conn: &mut Conn, more: &[u8]) {
    while let Some(command) = conn.read_command() {
        let reply = match &command[0][..] {
            b"ECHO" => bulk(&command[1]),
            b"PING" => b"+PONG\r\n".to_vec(),
            _ => b"+OK\r\n".to_vec(),
        };
        conn.write(&[&reply, more].concat());
    }
}

/// A server that obeys, and one whose first connection says nothing after the greeting.
pub fn controlled(run: impl FnOnce(&[String])) {
    let (_server, _control, mut arguments) = obeyed();
    let silent = Scripted::tcp(|mut conn, nth| {
        conn.answer_hello();
        match nth {
            0 => conn.wait_closed(),
            _ => answer(&mut conn, b""),
        }
    });
    arguments.push(named("silent", &silent.url()));
    run(&arguments);
}

/// A server that obeys, also in crumbs; one whose first connection answers eight commands with
/// nonsense; one that answers twice.
pub fn breaking(run: impl FnOnce(&[String])) {
    let (server, _control, mut arguments) = obeyed();
    let proxy = Proxy::start(server.port(), Fault::Chop(1));
    let garbage = Scripted::tcp(|mut conn, nth| {
        conn.answer_hello();
        if nth == 0 {
            for _ in 0..8 {
                conn.read_command();
            }
            conn.write(b"?this is not RESP\r\n");
            return conn.wait_closed();
        }
        answer(&mut conn, b"");
    });
    let talkative = Scripted::tcp(|mut conn, _| {
        conn.answer_hello();
        answer(&mut conn, b"+EXTRA\r\n");
    });
    let slowly = format!("redis://127.0.0.1:{}", proxy.port());
    arguments.push(named("slowly", &slowly));
    arguments.push(named("garbage", &garbage.url()));
    arguments.push(named("talkative", &talkative.url()));
    run(&arguments);
    assert_eq!(garbage.count("SET"), 8, "a write was sent twice");
}
