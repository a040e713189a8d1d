//! Options whose names are fixed and whose part is not in this version.
//!
//! They are refused rather than ignored; only what is off by default may be said to be off.

use super::table::{Row, not_built, only, secret};

/// In the order of the documentation.
pub(super) static PLANNED: &[Row] = &[
    only(c"tls.ocsp", c"no", c"How revocation is checked"),
    only(
        c"tls.ocsp_soft_fail",
        c"no",
        c"Whether an unreachable responder is accepted",
    ),
    not_built(
        c"tls.pin",
        c"",
        c"SHA-256 of the server's public key, base64",
    ),
    not_built(c"cluster.read_from", c"primary", c"Which nodes serve reads"),
    not_built(
        c"cluster.address_map",
        c"",
        c"Addresses to use in place of those the cluster names",
    ),
    not_built(c"sentinel.name", c"", c"Name of the monitored primary"),
    not_built(c"sentinel.username", c"", c"ACL user for the sentinels"),
    secret(not_built(
        c"sentinel.password",
        c"",
        c"Password for the sentinels",
    )),
    only(
        c"cache",
        c"no",
        c"Whether replies are cached here and invalidated by the server",
    ),
    not_built(c"cache.max_entries", c"10000", c"Most cached replies"),
    not_built(
        c"cache.max_bytes",
        c"67108864",
        c"Most bytes of cached replies",
    ),
];
