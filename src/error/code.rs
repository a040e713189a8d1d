//! What kind of failure it was: the codes of the C API.
//!
//! A number, once given, keeps its meaning for ever; `number / 100` is the class.

/// What kind of failure it was. The number is the C status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
#[allow(missing_docs)]
pub enum Code {
    Invalid = 101,
    Option = 102,
    Closed = 103,
    Forked = 104,
    Busy = 105,
    Reentrant = 106,
    State = 107,
    Resolve = 201,
    Connect = 202,
    Disconnected = 203,
    Tls = 204,
    Certificate = 205,
    Ocsp = 206,
    Token = 207,
    Circuit = 208,
    Timeout = 301,
    Cancelled = 302,
    Pool = 303,
    Full = 304,
    Protocol = 401,
    Limit = 402,
    Server = 500,
    Auth = 501,
    NoPermission = 502,
    NoScript = 503,
    ReadOnly = 504,
    Loading = 505,
    ExecAbort = 506,
    Watch = 507,
    ServerMemory = 508,
    MaxClients = 509,
    Cluster = 600,
    CrossSlot = 601,
    ClusterDown = 602,
    NoSlot = 603,
    NoNode = 604,
    NoPrimary = 605,
    NoReplica = 606,
    Redirects = 607,
    NoMemory = 901,
    Panic = 902,
}

impl Code {
    /// Every code, by its number.
    pub const ALL: &[Code] = &[
        Code::Invalid,
        Code::Option,
        Code::Closed,
        Code::Forked,
        Code::Busy,
        Code::Reentrant,
        Code::State,
        Code::Resolve,
        Code::Connect,
        Code::Disconnected,
        Code::Tls,
        Code::Certificate,
        Code::Ocsp,
        Code::Token,
        Code::Circuit,
        Code::Timeout,
        Code::Cancelled,
        Code::Pool,
        Code::Full,
        Code::Protocol,
        Code::Limit,
        Code::Server,
        Code::Auth,
        Code::NoPermission,
        Code::NoScript,
        Code::ReadOnly,
        Code::Loading,
        Code::ExecAbort,
        Code::Watch,
        Code::ServerMemory,
        Code::MaxClients,
        Code::Cluster,
        Code::CrossSlot,
        Code::ClusterDown,
        Code::NoSlot,
        Code::NoNode,
        Code::NoPrimary,
        Code::NoReplica,
        Code::Redirects,
        Code::NoMemory,
        Code::Panic,
    ];

    /// Its name in the C API.
    pub fn name(self) -> &'static str {
        match self {
            Code::Invalid => "REDISCLIENT_EINVAL",
            Code::Option => "REDISCLIENT_EOPTION",
            Code::Closed => "REDISCLIENT_ECLOSED",
            Code::Forked => "REDISCLIENT_EFORKED",
            Code::Busy => "REDISCLIENT_EBUSY",
            Code::Reentrant => "REDISCLIENT_EREENTRANT",
            Code::State => "REDISCLIENT_ESTATE",
            Code::Resolve => "REDISCLIENT_ERESOLVE",
            Code::Connect => "REDISCLIENT_ECONNECT",
            Code::Disconnected => "REDISCLIENT_EDISCONNECTED",
            Code::Tls => "REDISCLIENT_ETLS",
            Code::Certificate => "REDISCLIENT_ECERTIFICATE",
            Code::Ocsp => "REDISCLIENT_EOCSP",
            Code::Token => "REDISCLIENT_ETOKEN",
            Code::Circuit => "REDISCLIENT_ECIRCUIT",
            Code::Timeout => "REDISCLIENT_ETIMEOUT",
            Code::Cancelled => "REDISCLIENT_ECANCELLED",
            Code::Pool => "REDISCLIENT_EPOOL",
            Code::Full => "REDISCLIENT_EFULL",
            Code::Protocol => "REDISCLIENT_EPROTOCOL",
            Code::Limit => "REDISCLIENT_ELIMIT",
            Code::Server => "REDISCLIENT_ESERVER",
            Code::Auth => "REDISCLIENT_EAUTH",
            Code::NoPermission => "REDISCLIENT_ENOPERM",
            Code::NoScript => "REDISCLIENT_ENOSCRIPT",
            Code::ReadOnly => "REDISCLIENT_EREADONLY",
            Code::Loading => "REDISCLIENT_ELOADING",
            Code::ExecAbort => "REDISCLIENT_EEXECABORT",
            Code::Watch => "REDISCLIENT_EWATCH",
            Code::ServerMemory => "REDISCLIENT_ESERVERMEMORY",
            Code::MaxClients => "REDISCLIENT_EMAXCLIENTS",
            Code::Cluster => "REDISCLIENT_ECLUSTER",
            Code::CrossSlot => "REDISCLIENT_ECROSSSLOT",
            Code::ClusterDown => "REDISCLIENT_ECLUSTERDOWN",
            Code::NoSlot => "REDISCLIENT_ENOSLOT",
            Code::NoNode => "REDISCLIENT_ENONODE",
            Code::NoPrimary => "REDISCLIENT_ENOPRIMARY",
            Code::NoReplica => "REDISCLIENT_ENOREPLICA",
            Code::Redirects => "REDISCLIENT_EREDIRECTS",
            Code::NoMemory => "REDISCLIENT_ENOMEM",
            Code::Panic => "REDISCLIENT_EPANIC",
        }
    }

    /// What the reader of the error can do about it.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Code::Resolve => "check the host name and the resolver",
            Code::Connect => "check that a server listens there and that the way is open",
            Code::Disconnected => "see the server's log for why it closed the connection",
            Code::Tls => {
                "compare TLS versions, ciphers and client certificate with what the server wants"
            }
            Code::Certificate => "check tls.ca_file, tls.server_name and the server's certificate",
            Code::Circuit => "wait, or see why the server was out of reach",
            Code::Timeout => "raise the timeout, or look for a slow server or network",
            Code::Pool => "raise pool.max or pool.wait_ms, or hold connections for less time",
            Code::Protocol => "check that a Redis or Valkey server answers at this address",
            Code::Limit => "raise the limit if the reply is wanted",
            Code::Auth => "check username and password",
            Code::NoPermission => "give the user this permission with ACL SETUSER",
            Code::ReadOnly => "send writes to the primary",
            Code::Loading => "try again when the server has loaded its data",
            Code::ServerMemory => "raise the server's maxmemory or choose an eviction policy",
            Code::MaxClients => "raise the server's maxclients or use fewer connections",
            Code::State => "use the handle made for it",
            Code::Forked => "open a new one in this process",
            Code::Panic => "please report this as a bug",
            _ => "",
        }
    }

    /// Whether the same thing, tried later, may succeed.
    pub(super) fn retryable(self) -> bool {
        matches!(
            self,
            Code::Resolve
                | Code::Connect
                | Code::Disconnected
                | Code::Circuit
                | Code::Timeout
                | Code::Pool
                | Code::Full
                | Code::ReadOnly
                | Code::Loading
                | Code::Watch
                | Code::ServerMemory
                | Code::MaxClients
                | Code::ClusterDown
                | Code::NoPrimary
                | Code::NoReplica
                | Code::NoMemory
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_codes_are_listed_in_rising_order() {
        let declared = include_str!("code.rs")
            .lines()
            .take_while(|line| !line.starts_with("impl"))
            .filter(|line| line.starts_with("    ") && line.contains(" = "))
            .count();
        assert_eq!(Code::ALL.len(), declared);
        assert!(Code::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
