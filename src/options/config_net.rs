//! Options of the way to a server, after parsing: how TCP connects, what TLS checks and shows.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::config::Secret;

/// How a TCP connection is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpConfig {
    /// In which order, and how many at a time, addresses are tried.
    pub order: AddressOrder,
    /// Which addresses are used.
    pub family: Family,
    /// Address of this machine to connect from; `None` leaves it to the system.
    pub bind: Option<IpAddr>,
    /// Probes of an idle connection.
    pub keepalive: Keepalive,
}

impl Default for TcpConfig {
    fn default() -> Self {
        Self {
            order: AddressOrder::Staggered,
            family: Family::Any,
            bind: None,
            keepalive: Keepalive::default(),
        }
    }
}

/// In which order, and how many at a time, the addresses of a name are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressOrder {
    /// Families in turn, two attempts at a time at most (RFC 8305).
    Staggered,
    /// One after the other, as the resolver gave them.
    InOrder,
    /// One after the other, shuffled for each connection.
    Random,
}

/// Which addresses of a name are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Family {
    Any,
    Ipv4,
    Ipv6,
}

impl Family {
    /// Whether an address is of it.
    pub fn admits(self, address: IpAddr) -> bool {
        match self {
            Family::Any => true,
            Family::Ipv4 => address.is_ipv4(),
            Family::Ipv6 => address.is_ipv6(),
        }
    }

    /// Its name in messages, with a space behind.
    pub fn label(self) -> &'static str {
        match self {
            Family::Any => "",
            Family::Ipv4 => "IPv4 ",
            Family::Ipv6 => "IPv6 ",
        }
    }
}

/// Probes that the system sends over an idle connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Whether there are any.
    pub on: bool,
    /// Idle time before the first.
    pub idle: Duration,
    /// Time between two.
    pub interval: Duration,
    /// Unanswered ones after which the connection is dead.
    pub probes: u32,
}

impl Default for Keepalive {
    fn default() -> Self {
        Self {
            on: true,
            idle: Duration::from_secs(30),
            interval: Duration::from_secs(5),
            probes: 3,
        }
    }
}

/// What TLS checks and shows. The default checks everything against the system's store.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// What of the server's certificate is checked.
    pub verify: Verify,
    /// Stricter or wider rules for its chain.
    pub verify_flags: VerifyFlags,
    /// Trusted certificates, a PEM file.
    pub ca_file: Option<PathBuf>,
    /// Trusted certificates, a directory as `openssl rehash` makes it.
    pub ca_path: Option<PathBuf>,
    /// Trusted certificates, PEM text.
    pub ca_pem: Option<Secret>,
    /// Client certificate with its intermediates, a PEM file.
    pub cert_file: Option<PathBuf>,
    /// Client certificate with its intermediates, PEM text.
    pub cert_pem: Option<Secret>,
    /// Key of the client certificate, a PEM file.
    pub key_file: Option<PathBuf>,
    /// Key of the client certificate, PEM text.
    pub key_pem: Option<Secret>,
    /// Password of the key.
    pub key_password: Option<Secret>,
    /// Name to verify and to ask for; empty for the host.
    pub server_name: String,
    /// Oldest version of the protocol.
    pub min_version: TlsVersion,
    /// Ciphers in OpenSSL's notation; empty for OpenSSL's own choice.
    pub ciphers: String,
}

/// What of the server's certificate is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// Chain and name.
    #[default]
    Full,
    /// The chain alone.
    Chain,
    /// Nothing: anyone may answer.
    None,
}

/// Rules for the chain that are off by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyFlags {
    /// Refuse certificates that break RFC 5280 in ways that are usually forgiven.
    pub strict: bool,
    /// Take a trusted intermediate certificate for the end of a chain.
    pub partial_chain: bool,
}

/// A version of the TLS protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TlsVersion {
    #[default]
    V1_2,
    V1_3,
}
