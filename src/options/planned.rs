//! Options whose names are fixed and whose part is not in this version.
//!
//! They are refused rather than ignored; only what is off by default may be said to be off.

use super::table::{Row, not_built, only, secret};

/// In the order of the documentation.
pub(super) static PLANNED: &[Row] = &[
    only(
        "mode",
        "exclusive",
        "How connections are held: checked out by one caller at a time, or shared",
    ),
    not_built("shared.links", "1", "Connections of a shared client"),
    only("pool.order", "lifo", "Which idle connection is taken first"),
    only(
        "pool.max_idle_ms",
        "0",
        "An idle connection is closed after so long; 0 is off",
    ),
    only(
        "pool.max_age_ms",
        "0",
        "A connection is closed after so long; 0 is off",
    ),
    not_built(
        "limits.in_flight",
        "65536",
        "Most commands under way on queues and shared connections",
    ),
    not_built(
        "limits.in_flight_bytes",
        "67108864",
        "Most bytes under way on queues and shared connections",
    ),
    not_built(
        "tls.verify",
        "full",
        "What of the server's certificate is checked",
    ),
    not_built(
        "tls.ca_file",
        "",
        "Trusted certificates, a PEM file; the system's store by default",
    ),
    not_built("tls.ca_path", "", "Trusted certificates, a directory"),
    not_built("tls.ca_pem", "", "Trusted certificates, as PEM text"),
    not_built("tls.cert_file", "", "Client certificate, a PEM file"),
    not_built("tls.cert_pem", "", "Client certificate, as PEM text"),
    not_built("tls.key_file", "", "Client key, a PEM file"),
    secret(not_built("tls.key_pem", "", "Client key, as PEM text")),
    secret(not_built(
        "tls.key_password",
        "",
        "Password of the client key",
    )),
    not_built(
        "tls.server_name",
        "",
        "Name that the server's certificate must hold; the host by default",
    ),
    not_built("tls.min_version", "1.2", "Oldest TLS version"),
    not_built("tls.ciphers", "", "Ciphers, in OpenSSL's notation"),
    not_built("tls.ocsp", "no", "How revocation is checked"),
    not_built(
        "tls.ocsp_soft_fail",
        "no",
        "Whether an unreachable responder is accepted",
    ),
    not_built("tls.pin", "", "SHA-256 of the server's public key, base64"),
    not_built("cluster.read_from", "primary", "Which nodes serve reads"),
    not_built(
        "cluster.address_map",
        "",
        "Addresses to use in place of those the cluster names",
    ),
    not_built("sentinel.name", "", "Name of the monitored primary"),
    not_built("sentinel.username", "", "ACL user for the sentinels"),
    secret(not_built(
        "sentinel.password",
        "",
        "Password for the sentinels",
    )),
    only(
        "cache",
        "no",
        "Whether replies are cached here and invalidated by the server",
    ),
    not_built("cache.max_entries", "10000", "Most cached replies"),
    not_built(
        "cache.max_bytes",
        "67108864",
        "Most bytes of cached replies",
    ),
    only(
        "circuit.failures",
        "0",
        "Failures in a row after which calls fail at once; 0 is off",
    ),
    not_built(
        "circuit.open_ms",
        "5000",
        "How long calls then fail at once",
    ),
];
