//! The fault tools of the harness do what they promise: certificates, TLS ends, the proxy, black
//! holes, and the library that is loaded before the C library.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use openssl::ssl::{ShutdownState, SslConnector, SslFiletype, SslMethod, SslStream, SslVersion};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};
use support::{
    BlackHole, Fault, Identity, PATIENCE, Probe, Proxy, Scripted, Server, TempDir, acceptor_of,
    same_port, tls,
};

type Session = SslStream<TcpStream>;

/// What OpenSSL by itself makes of the server's end at `port`, looked for under `name`.
fn connect(port: u16, name: &str, client: Option<Identity>) -> Result<Session, String> {
    let mut builder = SslConnector::builder(SslMethod::tls()).unwrap();
    builder.set_ca_file(tls::file("ca.pem")).unwrap();
    if let Some(client) = client {
        builder
            .set_certificate_chain_file(client.certificate())
            .unwrap();
        builder
            .set_private_key_file(client.key(), SslFiletype::PEM)
            .unwrap();
    }
    let tcp = TcpStream::connect(("127.0.0.1", port)).unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    let connector = builder.build();
    connector
        .connect(name, tcp)
        .map_err(|error| error.to_string())
}

fn ping(session: &mut Session) -> std::io::Result<String> {
    session.write_all(b"*1\r\n$4\r\nPING\r\n")?;
    let mut pong = [0; 7];
    session.read_exact(&mut pong)?;
    Ok(String::from_utf8_lossy(&pong).into_owned())
}

fn pings(identity: Identity) -> Scripted {
    Scripted::tls(identity, |mut conn, _| {
        while conn.read_command().is_some() {
            conn.write(b"+PONG\r\n");
        }
    })
}

#[test]
fn each_certificate_is_good_or_bad_for_its_own_reason() {
    for (identity, name, wrong) in [
        (Identity::Server, "localhost", ""),
        (Identity::Server, "127.0.0.1", ""),
        (Identity::Server, "::1", ""),
        (Identity::Chained, "localhost", ""),
        (Identity::Loose, "localhost", ""),
        (Identity::NamesOnly, "localhost", ""),
        (Identity::Wildcard, "one.pool.test", ""),
        (Identity::WrongHost, "localhost", "ostname mismatch"),
        (Identity::NamesOnly, "127.0.0.1", "IP address mismatch"),
        (Identity::AddressAsName, "127.0.0.1", "IP address mismatch"),
        (Identity::Expired, "localhost", "has expired"),
        (Identity::NotYet, "localhost", "not yet valid"),
        (Identity::SelfSigned, "localhost", "self-signed certificate"),
        (Identity::Foreign, "localhost", "unable to get local issuer"),
        (Identity::Orphan, "localhost", "unable to get local issuer"),
        (
            Identity::ClientUseOnly,
            "localhost",
            "unsuitable certificate purpose",
        ),
    ] {
        let server = pings(identity);
        match connect(server.port(), name, None) {
            Ok(mut session) => {
                assert_eq!(wrong, "", "{identity:?} was taken for {name}");
                assert_eq!(ping(&mut session).unwrap(), "+PONG\r\n");
            }
            Err(error) => assert!(
                !wrong.is_empty() && error.replace("self signed", "self-signed").contains(wrong),
                "{identity:?} for {name}: {error}"
            ),
        }
    }
}

#[test]
fn a_real_server_speaks_tls_and_may_want_a_certificate() {
    let open = Server::start_tls(Identity::Server, &[]);
    assert_eq!(open.cli(&["PING"]), "PONG");
    let mut session = connect(open.tls_port(), "localhost", None).unwrap();
    assert_eq!(ping(&mut session).unwrap(), "+PONG\r\n");
    let locked = Server::start_tls(Identity::Chained, &["--tls-auth-clients", "yes"]);
    let knock = |client| {
        let session = connect(locked.tls_port(), "localhost", client);
        session.and_then(|mut session| ping(&mut session).map_err(|error| error.to_string()))
    };
    assert_eq!(knock(Some(Identity::Client)).unwrap(), "+PONG\r\n");
    assert_eq!(knock(Some(Identity::ChainedClient)).unwrap(), "+PONG\r\n");
    assert!(knock(None).is_err());
    assert!(knock(Some(Identity::ForeignClient)).is_err());
}

#[test]
fn a_locked_key_opens_with_its_password_only() {
    let key = std::fs::read(tls::file("client_locked.key")).unwrap();
    let opened = |password: &str| {
        openssl::pkey::PKey::private_key_from_pem_passphrase(&key, password.as_bytes()).is_ok()
    };
    assert!(opened(tls::KEY_PASSWORD) && !opened("another"));
}

#[test]
fn a_tls_script_says_goodbye_or_is_cut_off() {
    let server = Scripted::tls_with(
        acceptor_of(Identity::Server, SslVersion::TLS1_2),
        |mut conn, nth| {
            conn.tls().shake_hands().unwrap();
            let version = conn.tls().look(|ssl| ssl.version_str()).unwrap();
            conn.write(version.as_bytes());
            match nth {
                0 => conn.close(),
                _ => conn.cut(),
            }
        },
    );
    for goodbye in [true, false] {
        let mut said = Vec::new();
        let mut session = connect(server.port(), "localhost", None).unwrap();
        // An end unsaid is an error or just the end, as OpenSSL is set.
        let _ = session.read_to_end(&mut said);
        assert_eq!(said, b"TLSv1.2");
        let heard = session.get_shutdown().contains(ShutdownState::RECEIVED);
        assert_eq!(heard, goodbye);
    }
}

/// What comes through the proxy from a server that says ten letters, and how it ends.
fn through(fault: Fault) -> (String, Option<ErrorKind>) {
    let server = Scripted::tcp(|mut conn, _| {
        conn.read_bytes();
        conn.write(b"abcdefghij");
        conn.close();
    });
    let proxy = Proxy::start(server.port(), fault);
    let mut client = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(b"say").unwrap();
    let mut said = Vec::new();
    if let Fault::Stall(after) = fault {
        said.resize(after, 0);
        client.read_exact(&mut said).unwrap();
        let short = Duration::from_millis(300);
        client.set_read_timeout(Some(short)).unwrap();
    }
    let end = client.read_to_end(&mut said).err();
    (
        String::from_utf8(said).unwrap(),
        end.map(|error| error.kind()),
    )
}

#[test]
fn the_proxy_spoils_as_told() {
    for (fault, said, end) in [
        (Fault::None, "abcdefghij", None),
        (Fault::Chop(3), "abcdefghij", None),
        (Fault::Drip(Duration::from_millis(1)), "abcdefghij", None),
        (Fault::Flip(2), "absdefghij", None),
        (Fault::Fin(4), "abcd", None),
        (Fault::Reset(4), "abcd", Some(ErrorKind::ConnectionReset)),
        (Fault::Stall(4), "abcd", Some(ErrorKind::WouldBlock)),
        (Fault::Swallow(4), "abcd", None),
        (Fault::Delay(Duration::from_millis(1)), "abcdefghij", None),
    ] {
        assert_eq!(through(fault), (said.to_owned(), end), "{fault:?}");
    }
}

/// What a server hears through the proxy when the client says ten letters and no more.
fn heard(fault: Fault) -> Vec<u8> {
    let (heard, said) = std::sync::mpsc::channel();
    let server = Scripted::tcp(move |mut conn, _| {
        let mut all = Vec::new();
        loop {
            let bytes = conn.read_bytes();
            if bytes.is_empty() {
                break;
            }
            all.extend(bytes);
        }
        let _ = heard.send(all);
    });
    let proxy = Proxy::start(server.port(), Fault::None);
    proxy.set_forth(fault);
    let mut client = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    client.write_all(b"abcdefghij").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    said.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn the_proxy_spoils_what_the_client_says_too() {
    for (fault, said) in [
        (Fault::Chop(3), "abcdefghij"),
        (Fault::Swallow(4), "abcd"),
        (Fault::Fin(4), "abcd"),
        (Fault::Reset(4), "abcd"),
    ] {
        assert_eq!(heard(fault), said.as_bytes(), "{fault:?}");
    }
}

#[test]
fn a_proxy_refuses_for_a_while() {
    let server = Scripted::tcp(|mut conn, _| {
        while !conn.read_bytes().is_empty() {
            conn.write(b"a");
        }
    });
    let proxy = Proxy::start(server.port(), Fault::None);
    let connect = || TcpStream::connect(("127.0.0.1", proxy.port()));
    let ask = |stream: &mut TcpStream| {
        stream.write_all(b"say").unwrap();
        let mut said = [0];
        stream.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"a");
    };
    let mut before = connect().unwrap();
    ask(&mut before);
    for _ in 0..3 {
        proxy.refuse(true);
        support::wait_until("it refuses", || {
            connect().is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        });
        proxy.refuse(false);
        ask(&mut connect().unwrap());
    }
    ask(&mut before);
}

#[test]
fn a_stalled_proxy_goes_on_when_told() {
    let server = Scripted::tcp(|mut conn, _| {
        conn.read_bytes();
        conn.write(b"abcdefghij");
        conn.wait_closed();
    });
    let proxy = Proxy::start(server.port(), Fault::Stall(4));
    let mut client = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(b"say").unwrap();
    proxy.wait_passed(4);
    proxy.set(Fault::None);
    let mut said = [0; 10];
    client.read_exact(&mut said).unwrap();
    assert_eq!((&said, proxy.connections()), (b"abcdefghij", 1));
}

#[test]
fn a_black_hole_answers_nothing_and_a_dropped_listener_refuses() {
    let hole = BlackHole::on(TcpListener::bind("0.0.0.0:0").unwrap());
    for ip in [[127, 0, 0, 1], [127, 77, 3, 4]] {
        let address = SocketAddr::from((ip, hole.port()));
        let error = TcpStream::connect_timeout(&address, Duration::from_millis(100)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
    let listeners = same_port(&[[127, 0, 0, 2].into(), [127, 0, 0, 3].into()]).unwrap();
    let refuses = listeners[1].local_addr().unwrap();
    drop(listeners);
    let error = TcpStream::connect(refuses).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_full_unix_socket_answers_nothing() {
    let hole = BlackHole::unix();
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    socket.set_nonblocking(true).unwrap();
    let address = socket2::SockAddr::unix(hole.path()).unwrap();
    let error = socket.connect(&address).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

/// What the system's own tool finds for a name.
fn looked_up(probe: &Probe, name: &str, database: &str) -> Vec<String> {
    let directory = TempDir::new();
    let mut tool = Command::new("getent");
    tool.args([database, name]);
    probe.watch(&mut tool, &directory.path().join("trace"));
    let output = tool.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let first = |line: &str| line.split_whitespace().next().unwrap().to_owned();
    text.lines().map(first).collect()
}

#[test]
fn names_resolve_as_told() {
    let probe = Probe::new()
        .name("two.test", "::1,127.0.0.2")
        .name("slow.test", "sleep:1")
        .name("none.test", "none")
        .name("many.test", "many:10000");
    let found = looked_up(&probe, "two.test", "ahosts");
    assert_eq!(found, ["::1", "127.0.0.2"]);
    let found = looked_up(&probe, "two.test", "ahostsv4");
    assert_eq!(found, ["127.0.0.2"]);
    assert!(looked_up(&probe, "none.test", "ahosts").is_empty());
    let started = Instant::now();
    assert!(looked_up(&probe, "slow.test", "ahosts").is_empty());
    assert!(started.elapsed() >= Duration::from_secs(1));
    let many = looked_up(&probe, "many.test", "ahosts");
    assert_eq!((many.len(), &*many[0]), (10_000, "127.77.0.2"));
    let real = looked_up(&probe, "localhost", "ahosts");
    assert!(!real.is_empty());
}

#[test]
fn a_probe_tells_what_it_did_and_where_it_knocked() {
    let server = pong();
    let told = Probe::new().run(&server.url(), &["PING", "PING"]);
    told.answered("PONG");
    assert_eq!(told.steps.len(), 3);
    assert_eq!(told.addresses(), ["127.0.0.1"]);
    assert!(told.attempts[0].ended.is_some(), "{told:?}");
    assert_eq!(told.most_at_once(), 1);
    let nobody = format!("redis://127.0.0.1:{}", support::refusing_port());
    let told = Probe::new().run(&nobody, &["PING"]);
    assert_eq!(told.refusal().status, 202);
}

fn pong() -> Scripted {
    Scripted::tcp(|mut conn, _| {
        conn.answer_hello();
        while conn.read_command().is_some() {
            conn.write(b"+PONG\r\n");
        }
    })
}
