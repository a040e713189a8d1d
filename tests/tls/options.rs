//! TLS: what a client shows of itself, which versions and ciphers it speaks, and options that
//! cannot be used.

use crate::support::client::{
    Set, answer_pings, open_trusting, path, pings, refused, refused_trusting, run, welcomed,
    welcomed_trusting,
};
use crate::support::{Identity, Scripted, Server, acceptor_of, tls};
use openssl::ssl::{SslVerifyMode, SslVersion};
use redisclient::error::Code;

#[test]
fn a_client_shows_its_certificate() {
    let server = Server::start_tls(Identity::Server, &["--tls-auth-clients", "yes"]);
    let url = server.url_tls();
    let [certificate, key] = ["Client.pem", "Client.key"].map(path);
    let [certificate_text, key_text] = ["Client.pem", "Client.key"].map(tls::pem);
    let both = format!("{key_text}{certificate_text}");
    let locked = path("client_locked.key");
    let [chained, chained_key] = ["ChainedClient.pem", "ChainedClient.key"].map(path);
    let password = ("tls.key_password", tls::KEY_PASSWORD);
    for set in [
        &[("tls.cert_file", &*certificate), ("tls.key_file", &*key)][..],
        &[
            ("tls.cert_pem", &*certificate_text),
            ("tls.key_pem", &*key_text),
        ],
        &[("tls.cert_pem", &*both)],
        &[
            ("tls.cert_file", &*certificate),
            ("tls.key_pem", &*key_text),
        ],
        &[
            ("tls.cert_file", &*certificate),
            ("tls.key_file", &*locked),
            password,
        ],
        &[
            ("tls.cert_file", &*chained),
            ("tls.key_file", &*chained_key),
        ],
    ] {
        welcomed(&url, set);
    }
}

#[test]
fn a_server_that_wants_another_certificate_is_understood_and_not_asked_again() {
    let server = Server::start_tls(
        Identity::Server,
        &["--tls-auth-clients", "yes", "--tls-protocols", "TLSv1.2"],
    );
    let [stranger, key] = ["ForeignClient.pem", "ForeignClient.key"].map(path);
    for set in [
        &[][..],
        &[("tls.cert_file", &*stranger), ("tls.key_file", &*key)],
    ] {
        let error = refused(&server.url_tls(), set);
        assert_eq!(error.code(), Code::Tls, "{error}");
        assert!(!error.retryable(), "{error}");
        let text = error.to_string();
        assert!(text.contains("client certificate"), "{text}");
        let lazy = [set, &[("lazy", "yes"), ("retry.base_ms", "1")]].concat();
        let client = open_trusting(&server.url_tls(), &lazy);
        let error = run(&client, "GET k").unwrap_err();
        assert_eq!((error.code(), error.attempts()), (Code::Tls, 1), "{error}");
    }
}

#[test]
fn versions_are_agreed_on_or_refused() {
    let spoken = |version| {
        Scripted::tls_with(acceptor_of(Identity::Server, version), |conn, _| {
            if conn.tls().shake_hands().is_ok() {
                answer_pings(conn);
            }
        })
    };
    let [old, new] = [SslVersion::TLS1_2, SslVersion::TLS1_3].map(spoken);
    welcomed_trusting(&old.url(), &[]);
    welcomed_trusting(&new.url(), &[]);
    welcomed_trusting(&new.url(), &[("tls.min_version", "1.3")]);
    let set = [
        ("tls.min_version", "1.3"),
        ("retry.base_ms", "1"),
        ("lazy", "yes"),
    ];
    let before = old.connections();
    let client = open_trusting(&old.url(), &set);
    let error = run(&client, "GET k").unwrap_err();
    assert_eq!((error.code(), error.attempts()), (Code::Tls, 1), "{error}");
    assert!(error.to_string().contains("version"), "{error}");
    assert_eq!(old.connections(), before + 1);
    let error = refused("rediss://localhost:1?tls.min_version=1.1", &[]);
    assert_eq!(error.code(), Code::Option, "{error}");
}

#[test]
fn ciphers_are_those_asked_for() {
    for (version, cipher) in [
        (SslVersion::TLS1_2, "ECDHE-ECDSA-AES256-GCM-SHA384"),
        (SslVersion::TLS1_2, "ECDHE-ECDSA-CHACHA20-POLY1305"),
        (SslVersion::TLS1_3, "TLS_CHACHA20_POLY1305_SHA256"),
        (SslVersion::TLS1_3, "TLS_AES_128_GCM_SHA256"),
    ] {
        let server = Scripted::tls_with(acceptor_of(Identity::Server, version), move |conn, _| {
            let used = conn
                .tls()
                .look(|ssl| ssl.current_cipher().map(|it| it.name()));
            assert_eq!(used.unwrap(), Some(cipher));
            answer_pings(conn);
        });
        welcomed_trusting(&server.url(), &[("tls.ciphers", cipher)]);
    }
    let mut picky = acceptor_of(Identity::Server, SslVersion::TLS1_2);
    picky
        .set_cipher_list("ECDHE-ECDSA-AES128-GCM-SHA256")
        .unwrap();
    let picky = Scripted::tls_with(picky, |conn, _| {
        assert!(conn.tls().shake_hands().is_err());
    });
    let other = ("tls.ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384");
    let error = refused_trusting(&picky.url(), &[other]);
    assert_eq!(error.code(), Code::Tls, "{error}");
    for wrong in ["NO-SUCH-CIPHER", "TLS_NO_SUCH"] {
        let error = refused(
            "rediss://localhost:1",
            &[("tls.ciphers", wrong), ("lazy", "yes")],
        );
        assert_eq!(error.code(), Code::Option, "{error}");
        assert!(error.to_string().contains("tls.ciphers"), "{error}");
    }
}

#[test]
fn what_cannot_be_used_is_named_at_open_and_nobody_is_asked() {
    let server = pings(Identity::Server);
    let [certificate, key, other] = ["Client.pem", "Client.key", "Server.key"].map(path);
    let [garbage, empty, locked] = ["garbage.pem", "empty.pem", "client_locked.key"].map(path);
    let directory = path("hashed");
    let [certificate_text, key_text] = ["Client.pem", "Client.key"].map(tls::pem);
    let wrong = ("tls.key_password", "canary-word");
    let own = ("tls.cert_file", &*certificate);
    let cases: &[(&Set, &[&str])] = &[
        (
            &[("tls.ca_file", "/no/such/file.pem")],
            &["tls.ca_file", "/no/such/file.pem", "No such file"],
        ),
        (
            &[("tls.ca_file", &directory)],
            &["tls.ca_file", "hashed", "irectory"],
        ),
        (
            &[("tls.ca_file", &garbage)],
            &["tls.ca_file", "garbage.pem"],
        ),
        (&[("tls.ca_file", &empty)], &["tls.ca_file", "empty.pem"]),
        (&[("tls.ca_file", &key)], &["tls.ca_file", "Client.key"]),
        (&[("tls.ca_pem", "nonsense")], &["tls.ca_pem"]),
        (
            &[("tls.ca_path", "/no/such/directory")],
            &["tls.ca_path", "/no/such/directory"],
        ),
        (
            &[("tls.ca_path", &certificate)],
            &["tls.ca_path", "Client.pem"],
        ),
        (
            &[
                ("tls.cert_file", "/no/such/file.pem"),
                ("tls.key_file", &key),
            ],
            &["tls.cert_file", "/no/such/file.pem"],
        ),
        (
            &[("tls.cert_file", &garbage), ("tls.key_file", &key)],
            &["tls.cert_file", "garbage.pem"],
        ),
        (
            &[own, ("tls.key_file", &other)],
            &["tls.key_file", "Server.key", "certificate"],
        ),
        (
            &[own, ("tls.key_file", &garbage)],
            &["tls.key_file", "garbage.pem"],
        ),
        (&[own, ("tls.key_pem", "nonsense")], &["tls.key_pem"]),
        (&[own], &["tls.cert_file", "key"]),
        (
            &[own, ("tls.key_file", &locked), wrong],
            &["tls.key_file", "client_locked.key", "tls.key_password"],
        ),
        (
            &[own, ("tls.key_file", &locked)],
            &["tls.key_file", "client_locked.key", "tls.key_password"],
        ),
        (&[("tls.key_file", &key)], &["tls.key_file", "certificate"]),
        (
            &[
                own,
                ("tls.cert_pem", &certificate_text),
                ("tls.key_file", &key),
            ],
            &["tls.cert_file", "tls.cert_pem"],
        ),
    ];
    for (set, parts) in cases {
        for lazy in ["no", "yes"] {
            let error = refused(&server.url(), &[set, &[("lazy", lazy)][..]].concat());
            assert_eq!(error.code(), Code::Option, "{set:?}: {error}");
            let text = format!("{error} {error:?}");
            for part in *parts {
                assert!(text.contains(part), "no {part:?} in: {text}");
            }
            let secret = key_text.lines().nth(1).unwrap();
            assert!(!text.contains("canary-word") && !text.contains(secret));
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn no_error_of_the_wire_shows_a_password_or_a_key() {
    let mut builder = acceptor_of(Identity::Server, SslVersion::TLS1_2);
    builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    let server = Scripted::tls_with(builder, |conn, _| {
        assert!(conn.tls().shake_hands().is_err());
    });
    let [certificate, locked, ca] = ["Client.pem", "client_locked.key", "ca.pem"].map(path);
    let url = server
        .url()
        .replace("rediss://", "rediss://user:canary-word@");
    let error = refused(
        &url,
        &[
            ("tls.ca_file", &ca),
            ("tls.cert_file", &certificate),
            ("tls.key_file", &locked),
            ("tls.key_password", tls::KEY_PASSWORD),
        ],
    );
    assert_eq!(error.code(), Code::Tls, "{error}");
    let text = format!("{error} {error:?}");
    assert!(
        !text.contains("canary-word") && !text.contains(tls::KEY_PASSWORD),
        "{text}"
    );
}
