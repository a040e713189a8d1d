//! The harness of the integration tests does what it promises.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use support::raw::{RawClient, encode};
use support::{Flavour, PATIENCE, Scripted, Server, wait_until};

fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn alive(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn every_flavour_answers_over_both_sockets() {
    for flavour in Flavour::all_available() {
        let server = Server::start(flavour, &["--maxclients", "77"]);
        assert_eq!(server.cli(&["PING"]), "PONG");
        assert_eq!(
            server.cli(&["CONFIG", "GET", "maxclients"]),
            "maxclients\n77"
        );
        assert_eq!(server.cli(&["NOSUCH"]).split(' ').next(), Some("(error)"));
        let field = format!("{}_version", flavour.name());
        assert_eq!(server.info("server", &field), flavour.version());
        assert_eq!(server.info("server", "tcp_port"), server.port().to_string());
        let mut tcp = connect(server.port()).unwrap();
        tcp.write_all(b"*1\r\n$4\r\nPING\r\n").unwrap();
        let mut pong = [0; 7];
        tcp.read_exact(&mut pong).unwrap();
        assert_eq!(&pong, b"+PONG\r\n");
        let debug = server.cli(&["DEBUG", "SLEEP", "0"]);
        assert_eq!(debug, "OK", "{}", flavour.version());
    }
}

#[test]
fn newest_is_at_least_the_systems() {
    assert!(Flavour::Newest.at_least(7, 0));
    assert!(Flavour::all_available().contains(&Flavour::Redis));
}

const CHOICE: &str = "REDISCLIENT_TEST_SERVER";

#[test]
fn the_everyday_server_is_the_one_that_the_environment_names() {
    let server = Server::start(Flavour::Redis, &[]);
    let is_valkey = !server.info("server", "valkey_version").is_empty();
    let name = if is_valkey { "valkey" } else { "redis" };
    let version = server.info("server", &format!("{name}_version"));
    let wanted = std::env::var(CHOICE).unwrap_or_default();
    let wanted = if wanted.is_empty() { "redis-" } else { &wanted };
    assert!(format!("{name}-{version}").starts_with(wanted), "{wanted}");
}

#[test]
fn a_choice_that_cannot_be_met_does_not_pass_on_another_server() {
    let mut run = std::process::Command::new(std::env::current_exe().unwrap());
    run.args(["--exact", "a_password_is_no_obstacle"]);
    let output = run.env(CHOICE, "redis-1.0").output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("takes one of redis-6.2, "), "{said}");
}

#[test]
fn nothing_is_left_after_a_drop_or_a_panic() {
    for panics in [false, true] {
        let (tell, told) = std::sync::mpsc::channel();
        let run = std::thread::spawn(move || {
            let server = Server::start(Flavour::Redis, &[]);
            tell.send((server.pid(), server.directory().to_owned()))
                .unwrap();
            assert!(!panics, "on purpose");
        });
        let (pid, directory) = told.recv().unwrap();
        assert_eq!(run.join().is_err(), panics);
        assert!(!alive(pid));
        assert!(!directory.exists());
    }
}

#[test]
fn a_server_outlives_the_thread_that_started_it() {
    let start = || Server::start(Flavour::Redis, &[]);
    let server = std::thread::spawn(start).join().unwrap();
    assert_eq!(server.cli(&["PING"]), "PONG");
}

#[test]
fn a_password_is_no_obstacle() {
    let server = Server::start(Flavour::Redis, &["--requirepass", "s3cret"]);
    assert_eq!(server.cli(&["SET", "k", "v"]), "OK");
}

#[test]
fn a_killed_server_refuses_and_comes_back_empty() {
    let server = Server::start(Flavour::Redis, &[]);
    server.cli(&["SET", "k", "v"]);
    server.kill();
    let refused = connect(server.port()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    server.restart();
    assert_eq!(server.cli(&["GET", "k"]), "(nil)");
    assert!(connect(server.port()).is_ok());
}

#[test]
fn a_paused_server_is_silent_until_resumed() {
    let server = Server::start(Flavour::Redis, &[]);
    let mut tcp = connect(server.port()).unwrap();
    server.pause();
    let status = format!("/proc/{}/status", server.pid());
    wait_until("the process is stopped", || {
        std::fs::read_to_string(&status)
            .unwrap()
            .contains("T (stopped)")
    });
    tcp.write_all(b"PING\r\n").unwrap();
    tcp.set_nonblocking(true).unwrap();
    let silent = tcp.read(&mut [0; 7]).unwrap_err();
    assert_eq!(silent.kind(), ErrorKind::WouldBlock);
    tcp.set_nonblocking(false).unwrap();
    server.resume();
    let mut pong = [0; 7];
    tcp.read_exact(&mut pong).unwrap();
    assert_eq!(&pong, b"+PONG\r\n");
}

#[test]
fn a_script_answers_the_handshake_and_records() {
    let fake = Scripted::tcp(|mut conn, nth| {
        conn.answer_hello();
        while let Some(command) = conn.read_command() {
            assert_eq!(command, [b"GET".to_vec(), b"k".to_vec()]);
            conn.write(format!(":{nth}\r\n").as_bytes());
        }
    });
    for nth in 0..2 {
        let mut client = connect(fake.port()).unwrap();
        let mut sent = encode(&[b"hello", b"3"]);
        sent.extend(encode(&[b"CLIENT", b"SETINFO", b"LIB-NAME", b"x"]));
        client.write_all(&sent).unwrap();
        client.write_all(&encode(&[b"SELECT", b"1"])).unwrap();
        client.write_all(&encode(&[b"GET", b"k"])).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("%7\r\n$6\r\nserver\r\n"), "{answer}");
        assert!(answer.contains("proto\r\n:3\r\n"), "{answer}");
        assert!(
            answer.ends_with(&format!("*0\r\n+OK\r\n+OK\r\n:{nth}\r\n")),
            "{answer}"
        );
    }
    assert_eq!(fake.connections(), 2);
    assert_eq!(fake.commands().len(), 8);
    assert_eq!(fake.count("get"), 2);
    fake.wait_for("HELLO", 2);
}

#[test]
fn a_script_can_close_and_reset() {
    let fake = Scripted::tcp(|mut conn, nth| match nth {
        0 => {
            assert_eq!(conn.read_bytes(), b"GET / HTTP/1.0\r\n\r\n");
            conn.close();
        }
        _ => {
            conn.read_bytes();
            conn.reset();
        }
    });
    let ends = [(); 2].map(|()| {
        let mut client = connect(fake.port()).unwrap();
        client.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        client.read(&mut [0]).map_err(|error| error.kind())
    });
    assert_eq!(ends, [Ok(0), Err(ErrorKind::ConnectionReset)]);
}

#[test]
fn a_script_waits_for_the_client_to_go() {
    let fake = Scripted::unix(|mut conn, _| {
        while let Some(command) = conn.read_command() {
            if command[0] == b"QUIT" {
                conn.wait_closed();
            } else {
                conn.write(b"+OK\r\n");
            }
        }
    });
    let path = fake.url().replace("unix://", "");
    let mut client = RawClient::connect(path.as_ref()).unwrap();
    let answer = client.call(&[b"SET", b"k", b"v"]).unwrap();
    assert_eq!(answer.text(), "OK");
    drop(client);
    assert_eq!(fake.connections(), 1);
}

#[test]
fn dropping_a_script_ends_its_connections() {
    let fake = Scripted::tcp(|mut conn, _| while conn.read_command().is_some() {});
    let mut client = connect(fake.port()).unwrap();
    wait_until("the connection is accepted", || fake.connections() == 1);
    drop(fake);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_script_that_panics_fails_the_test() {
    let fake = Scripted::tcp(|_, _| panic!("on purpose"));
    let mut client = connect(fake.port()).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    let dropping = std::panic::AssertUnwindSafe(|| drop(fake));
    assert!(std::panic::catch_unwind(dropping).is_err());
}
