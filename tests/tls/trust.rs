//! TLS: whom a client trusts and under which name, and what it says when it refuses.

use std::sync::Mutex;

use crate::support::client::{
    answer_pings, open_trusting, path, pings, refused, refused_trusting, run, try_open, under,
    welcomed, welcomed_trusting,
};
use crate::support::{Identity, Probe, Scripted, Server, tls};
use openssl::ssl::NameType;
use redisclient::client::CallOptions;
use redisclient::error::{Code, Outcome, Phase};
use redisclient::resp::Kind;

#[test]
fn a_real_server_is_verified_under_each_of_its_names() {
    let server = Server::start_tls(Identity::Server, &[]);
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        for protocol in ["auto", "2", "3"] {
            let url = format!(
                "rediss://{host}:{}/3?protocol={protocol}",
                server.tls_port()
            );
            let client = match try_open(&url, &[("tls.ca_file", &path("ca.pem"))]) {
                Ok(client) => client,
                Err(error) if host == "[::1]" && error.code() == Code::Connect => {
                    eprintln!("NOT RUN: this machine has no IPv6");
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            let run = |args: &[&[u8]]| client.execute(args, &CallOptions::default()).unwrap();
            run(&[b"DEL", b"h"]);
            assert_eq!(run(&[b"HSET", b"h", b"a", b"1"]).integer(), 1);
            let kind = match protocol {
                "2" => Kind::Array,
                _ => Kind::Map,
            };
            assert_eq!(run(&[b"HGETALL", b"h"]).kind(), kind);
            assert_eq!(client.counts().idle, 1);
        }
    }
}

#[test]
fn the_scheme_has_a_second_spelling() {
    let server = pings(Identity::Server);
    let url = server.url().replace("rediss://", "valkeys://");
    welcomed_trusting(&url, &[]);
}

#[test]
fn trusted_certificates_come_from_a_file_a_directory_or_memory() {
    let server = pings(Identity::Server);
    let text = tls::pem("ca.pem");
    for (option, value) in [
        ("tls.ca_file", path("ca.pem")),
        ("tls.ca_file", path("both_ca.pem")),
        ("tls.ca_path", path("hashed")),
        ("tls.ca_pem", text),
    ] {
        welcomed(&server.url(), &[(option, &value)]);
    }
    let other = tls::pem("foreign_ca.pem");
    welcomed(
        &server.url(),
        &[("tls.ca_pem", &other), ("tls.ca_file", &path("ca.pem"))],
    );
    // As keys of a URL, too.
    welcomed(
        &format!("{}?tls.ca_path={}", server.url(), path("hashed")),
        &[],
    );
}

#[test]
fn the_systems_store_is_used_until_another_is_named() {
    let server = pings(Identity::Server);
    let system = || Probe::new().env("SSL_CERT_FILE", tls::file("ca.pem"));
    system().run(&server.url(), &["PING"]).answered("PONG");
    let alone = Probe::new().run(&server.url(), &["PING"]);
    assert_eq!(alone.refusal().status, 205, "{alone:?}");
    for (option, file) in [("tls.ca_file", "foreign_ca.pem"), ("tls.ca_path", "nobody")] {
        let url = format!("{}?{option}={}", server.url(), path(file));
        let told = system().run(&url, &["PING"]);
        assert_eq!(told.refusal().status, 205, "{told:?}");
    }
}

#[test]
fn a_refused_certificate_says_which_check_failed_and_what_it_is_for() {
    for (identity, host, parts) in [
        (
            Identity::WrongHost,
            "localhost",
            ["localhost", "elsewhere.test"],
        ),
        (Identity::NamesOnly, "127.0.0.1", ["127.0.0.1", "localhost"]),
        (Identity::AddressAsName, "127.0.0.1", ["127.0.0.1", "name"]),
        (Identity::Expired, "localhost", ["expired", "2020"]),
        (Identity::NotYet, "localhost", ["not yet valid", "2090"]),
        (
            Identity::SelfSigned,
            "localhost",
            ["self-signed", "localhost"],
        ),
        (
            Identity::Foreign,
            "localhost",
            ["issuer", "Test foreign_ca"],
        ),
        (
            Identity::Orphan,
            "localhost",
            ["issuer", "Test intermediate"],
        ),
        (
            Identity::ClientUseOnly,
            "localhost",
            ["purpose", "localhost"],
        ),
    ] {
        let server = pings(identity);
        let error = refused_trusting(&under(host, &server), &[]);
        assert_eq!(error.code(), Code::Certificate, "{identity:?}: {error}");
        assert_eq!(error.phase(), Some(Phase::Tls));
        assert!(!error.retryable());
        let text = error.to_string().replace("self signed", "self-signed");
        let subject = format!("Test {identity:?}");
        for part in [subject.as_str(), parts[0], parts[1], "GMT"] {
            assert!(text.contains(part), "{identity:?}: no {part:?} in: {text}");
        }
    }
}

#[test]
fn a_refused_certificate_is_not_asked_for_again() {
    let server = pings(Identity::WrongHost);
    let set = [("retry.base_ms", "1"), ("lazy", "yes")];
    let client = open_trusting(&server.url(), &set);
    let error = run(&client, "GET k").unwrap_err();
    assert_eq!((error.code(), error.attempts()), (Code::Certificate, 1));
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert_eq!(server.connections(), 1);
}

#[test]
fn chain_leaves_the_name_out_and_none_everything() {
    for (identity, chain) in [
        (Identity::WrongHost, true),
        (Identity::Chained, true),
        (Identity::Expired, false),
        (Identity::Foreign, false),
        (Identity::SelfSigned, false),
        (Identity::ClientUseOnly, false),
    ] {
        let server = pings(identity);
        let url = server.url();
        match chain {
            true => welcomed_trusting(&url, &[("tls.verify", "chain")]),
            false => {
                let error = refused_trusting(&url, &[("tls.verify", "chain")]);
                assert_eq!(error.code(), Code::Certificate, "{identity:?}: {error}");
            }
        }
        welcomed(&url, &[("tls.verify", "none")]);
    }
    let error = refused("rediss://localhost:1?tls.verify=off", &[]);
    assert_eq!(error.code(), Code::Option);
    assert!(error.to_string().contains("tls.verify") && error.to_string().contains("full"));
}

#[test]
fn an_intermediate_in_the_servers_file_completes_the_chain() {
    let server = Server::start_tls(Identity::Chained, &[]);
    welcomed(&server.url_tls(), &[]);
}

#[test]
fn another_name_than_the_hosts_can_be_verified() {
    let server = pings(Identity::WrongHost);
    welcomed_trusting(&server.url(), &[("tls.server_name", "elsewhere.test")]);
    welcomed_trusting(&server.url(), &[("tls.server_name", "ELSEWHERE.test")]);
    let wild = pings(Identity::Wildcard);
    welcomed_trusting(&wild.url(), &[("tls.server_name", "one.pool.test")]);
    for name in ["pool.test", "a.b.pool.test", "elsewhere.test", "127.0.0.1"] {
        let error = refused_trusting(&wild.url(), &[("tls.server_name", name)]);
        assert_eq!(error.code(), Code::Certificate, "{name}: {error}");
        assert!(error.to_string().contains("*.pool.test"), "{error}");
    }
    let names = pings(Identity::NamesOnly);
    for name in ["localhost", "localhost."] {
        welcomed_trusting(&names.url(), &[("tls.server_name", name)]);
    }
    let error = refused_trusting(
        &under("localhost", &names),
        &[("tls.server_name", "127.0.0.1")],
    );
    assert_eq!(error.code(), Code::Certificate, "{error}");
}

#[test]
fn a_server_is_asked_for_by_name_but_never_by_address() {
    static ASKED: Mutex<Vec<Option<String>>> = Mutex::new(Vec::new());
    let server = Scripted::tls(Identity::Server, |conn, _| {
        let name = conn.tls().look(|ssl| {
            let name = ssl.servername(NameType::HOST_NAME);
            name.map(str::to_owned)
        });
        ASKED.lock().unwrap().push(name.unwrap());
        answer_pings(conn);
    });
    welcomed_trusting(&under("localhost", &server), &[]);
    welcomed_trusting(&server.url(), &[]);
    welcomed_trusting(&server.url(), &[("tls.server_name", "localhost")]);
    welcomed_trusting(&under("localhost", &server), &[("tls.server_name", "::1")]);
    let other = [
        ("tls.verify", "none"),
        ("tls.server_name", "elsewhere.test"),
    ];
    welcomed(&server.url(), &other);
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(
        *ASKED.lock().unwrap(),
        [
            named("localhost"),
            None,
            named("localhost"),
            None,
            named("elsewhere.test")
        ]
    );
}

#[test]
fn verify_flags_change_what_is_accepted() {
    let loose = pings(Identity::Loose);
    welcomed_trusting(&loose.url(), &[]);
    let error = refused_trusting(&loose.url(), &[("tls.verify_flags", "strict")]);
    assert_eq!(error.code(), Code::Certificate, "{error}");
    assert!(error.to_string().contains("Key Identifier"), "{error}");
    let good = pings(Identity::Server);
    welcomed_trusting(&good.url(), &[("tls.verify_flags", "strict")]);
    let chained = pings(Identity::Chained);
    let end = path("intermediate.pem");
    let error = refused(&chained.url(), &[("tls.ca_file", &end)]);
    assert_eq!(error.code(), Code::Certificate, "{error}");
    for flags in ["partial_chain", "strict,partial_chain"] {
        welcomed(
            &chained.url(),
            &[("tls.ca_file", &end), ("tls.verify_flags", flags)],
        );
    }
    let error = refused("rediss://localhost:1?tls.verify_flags=strict,lax", &[]);
    assert_eq!(error.code(), Code::Option, "{error}");
}
