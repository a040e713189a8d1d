//! The options of the way to a server: TCP and TLS.

use std::ffi::CStr;
use std::path::PathBuf;

use super::config::Secret;
use super::config_net::{AddressOrder, Family, TlsVersion, Verify, VerifyFlags};
use super::parse::{self, Parsed, Refusal};
use super::table::{Row, built, secret};

const SECONDS: &CStr = c"milliseconds as a plain number from 1 to 32767000, rounded up to seconds";
const PATH: &CStr = c"a path";
const PEM: &CStr = c"PEM text";

/// In the order of the documentation.
pub(super) static NETWORK: &[Row] = &[
    built(
        c"tcp.order",
        c"staggered",
        c"staggered, in_order or random",
        c"How the addresses of a name are tried: IPv6 and IPv4 in turn, a second attempt 250 ms after the first, never more than two at a time (RFC 8305); one after the other as the resolver gave them; one after the other, shuffled",
        |c, v| {
            c.tcp.order = match v {
                b"staggered" => AddressOrder::Staggered,
                b"in_order" => AddressOrder::InOrder,
                b"random" => AddressOrder::Random,
                _ => return Err(Refusal::Form),
            };
            Ok(())
        },
    ),
    built(
        c"tcp.family",
        c"any",
        c"any, ipv4 or ipv6",
        c"Which addresses of a name are used",
        |c, v| {
            c.tcp.family = match v {
                b"any" => Family::Any,
                b"ipv4" => Family::Ipv4,
                b"ipv6" => Family::Ipv6,
                _ => return Err(Refusal::Form),
            };
            Ok(())
        },
    ),
    built(
        c"tcp.bind",
        c"",
        c"an IP address of this machine, without brackets",
        c"Address to connect from; only server addresses of its family are used",
        |c, v| {
            c.tcp.bind = match v {
                b"" => None,
                _ => Some(parse::text(v)?.parse().map_err(|_| Refusal::Form)?),
            };
            Ok(())
        },
    ),
    built(
        c"tcp.keepalive",
        c"yes",
        c"yes or no",
        c"Whether the system probes idle connections, so that a dead peer is noticed",
        |c, v| {
            c.tcp.keepalive.on = parse::yes_no(v)?;
            Ok(())
        },
    ),
    built(
        c"tcp.keepalive_idle_ms",
        c"30000",
        SECONDS,
        c"Idle time before the first probe",
        |c, v| {
            c.tcp.keepalive.idle = parse::millis_between(v, 1, 32_767_000)?;
            Ok(())
        },
    ),
    built(
        c"tcp.keepalive_interval_ms",
        c"5000",
        SECONDS,
        c"Time between two probes",
        |c, v| {
            c.tcp.keepalive.interval = parse::millis_between(v, 1, 32_767_000)?;
            Ok(())
        },
    ),
    built(
        c"tcp.keepalive_probes",
        c"3",
        c"a number from 1 to 127",
        c"Unanswered probes after which a connection is dead",
        |c, v| {
            c.tcp.keepalive.probes = parse::number(v, 1, 127)? as u32;
            Ok(())
        },
    ),
    built(
        c"tls.verify",
        c"full",
        c"full, chain or none",
        c"What of the server's certificate is checked: chain and name, the chain alone, or nothing (anyone may then read and change everything)",
        |c, v| {
            c.tls.verify = match v {
                b"full" => Verify::Full,
                b"chain" => Verify::Chain,
                b"none" => Verify::None,
                _ => return Err(Refusal::Form),
            };
            Ok(())
        },
    ),
    built(
        c"tls.verify_flags",
        c"",
        c"strict, partial_chain, or both with a comma between them",
        c"Rules for the chain: refuse what breaks RFC 5280 though it is usually forgiven; take a trusted intermediate certificate for the end of a chain",
        |c, v| {
            c.tls.verify_flags = verify_flags(v)?;
            Ok(())
        },
    ),
    built(
        c"tls.ca_file",
        c"",
        PATH,
        c"PEM file of trusted certificates, read at open; any tls.ca_ option replaces the system's store",
        |c, v| {
            c.tls.ca_file = path(v)?;
            Ok(())
        },
    ),
    built(
        c"tls.ca_path",
        c"",
        PATH,
        c"Directory of trusted certificates as `openssl rehash` makes it, read when it is needed",
        |c, v| {
            c.tls.ca_path = path(v)?;
            Ok(())
        },
    ),
    built(
        c"tls.ca_pem",
        c"",
        PEM,
        c"Trusted certificates",
        |c, v| {
            c.tls.ca_pem = bytes(v);
            Ok(())
        },
    ),
    built(
        c"tls.cert_file",
        c"",
        PATH,
        c"PEM file of the client certificate, its intermediates behind it, read at open",
        |c, v| {
            c.tls.cert_file = path(v)?;
            Ok(())
        },
    ),
    // The key may stand in it.
    secret(built(
        c"tls.cert_pem",
        c"",
        PEM,
        c"Client certificate, its intermediates behind it",
        |c, v| {
            c.tls.cert_pem = bytes(v);
            Ok(())
        },
    )),
    built(
        c"tls.key_file",
        c"",
        PATH,
        c"PEM file of the client key, read at open; by default the key stands in tls.cert_file or tls.cert_pem",
        |c, v| {
            c.tls.key_file = path(v)?;
            Ok(())
        },
    ),
    secret(built(
        c"tls.key_pem",
        c"",
        PEM,
        c"Client key",
        |c, v| {
            c.tls.key_pem = bytes(v);
            Ok(())
        },
    )),
    secret(built(
        c"tls.key_password",
        c"",
        c"any bytes",
        c"Password of the client key",
        |c, v| {
            c.tls.key_password = bytes(v);
            Ok(())
        },
    )),
    built(
        c"tls.server_name",
        c"",
        c"a host name or an IP address without brackets",
        c"Name that the server's certificate must hold, and that it is asked for (SNI); the URL's host by default",
        |c, v| {
            c.tls.server_name = parse::graphic(v)?;
            Ok(())
        },
    ),
    built(
        c"tls.min_version",
        c"1.2",
        c"1.2 or 1.3",
        c"Oldest TLS version",
        |c, v| {
            c.tls.min_version = match v {
                b"1.2" => TlsVersion::V1_2,
                b"1.3" => TlsVersion::V1_3,
                _ => return Err(Refusal::Form),
            };
            Ok(())
        },
    ),
    built(
        c"tls.ciphers",
        c"",
        c"names in OpenSSL's notation, separated by colons",
        c"Ciphers: names that begin with TLS_ are those of TLS 1.3, all others those of TLS 1.2; OpenSSL's choice by default",
        |c, v| {
            c.tls.ciphers = parse::graphic(v)?;
            Ok(())
        },
    ),
];

fn verify_flags(value: &[u8]) -> Parsed<VerifyFlags> {
    let mut flags = VerifyFlags::default();
    for word in value.split(|b| *b == b',').filter(|_| !value.is_empty()) {
        match word {
            b"strict" => flags.strict = true,
            b"partial_chain" => flags.partial_chain = true,
            _ => return Err(Refusal::Form),
        }
    }
    Ok(flags)
}

fn path(value: &[u8]) -> Parsed<Option<PathBuf>> {
    if value.contains(&0) {
        return Err(Refusal::Form);
    }
    let path = parse::path(value)?;
    Ok((!value.is_empty()).then_some(path))
}

fn bytes(value: &[u8]) -> Option<Secret> {
    (!value.is_empty()).then(|| Secret::new(value.to_vec()))
}
