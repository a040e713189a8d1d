//! What OpenSSL is told once for all connections of a client: whom to trust, what to show, which
//! versions and ciphers to speak, and under which name the server is verified.

use std::net::IpAddr;

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslVersion};
use openssl::x509::X509;
use openssl::x509::verify::X509VerifyFlags;

use super::material::{Material, Pem, refuse};
use crate::error::{Code, Error, Result};
use crate::options::{TlsConfig, TlsVersion, Verify};
use crate::text;

/// See the module.
pub struct Context {
    pub(super) ssl: SslContext,
    pub(super) verify: Verify,
    pub(super) name: ServerName,
}

/// Under which name a server is verified.
pub(super) enum ServerName {
    /// Sent to the server as well (SNI).
    Host(String),
    /// Not sent: RFC 6066 allows names alone.
    Address(IpAddr),
}

impl ServerName {
    fn of(text: &str) -> Result<Self> {
        // The zone of a link-local address means something on this machine alone.
        let address = text.split('%').next().unwrap_or_default();
        if let Ok(address) = address.parse() {
            return Ok(Self::Address(address));
        }
        match text.strip_suffix('.').unwrap_or(text) {
            // To OpenSSL no name is any name, and one that begins with a dot every name below it.
            "" => Err(refuse(
                "tls.server_name",
                "the server has no name to verify",
            )),
            name if name.starts_with('.') => {
                let why = format!(
                    "'{}' begins with a dot",
                    text::printable(name.as_bytes(), 60)
                );
                Err(refuse("tls.server_name", &why))
            }
            name => Ok(Self::Host(name.to_owned())),
        }
    }
}

impl Context {
    /// What `config` says, for a server reached as `host`.
    ///
    /// `Code::Option` names the option that cannot be used: text that is no PEM, a key that does
    /// not fit its certificate or its password, ciphers that OpenSSL does not have.
    pub fn new(config: &TlsConfig, material: &Material, host: &str) -> Result<Self> {
        let mut ssl = SslContextBuilder::new(SslMethod::tls_client()).map_err(internal)?;
        ssl.set_mode(
            SslMode::ENABLE_PARTIAL_WRITE
                | SslMode::ACCEPT_MOVING_WRITE_BUFFER
                | SslMode::RELEASE_BUFFERS,
        );
        ssl.set_options(SslOptions::NO_RENEGOTIATION | SslOptions::NO_COMPRESSION);
        let oldest = match config.min_version {
            TlsVersion::V1_2 => SslVersion::TLS1_2,
            TlsVersion::V1_3 => SslVersion::TLS1_3,
        };
        ssl.set_min_proto_version(Some(oldest)).map_err(internal)?;
        set_ciphers(&mut ssl, &config.ciphers)?;
        if config.verify != Verify::None {
            trust(&mut ssl, config, material)?;
        }
        if let Some(certificate) = &material.certificate {
            show(&mut ssl, certificate, material.key.as_ref(), config)?;
        }
        let name = match config.server_name.as_str() {
            "" => host,
            name => name,
        };
        Ok(Self {
            ssl: ssl.build(),
            verify: config.verify,
            name: ServerName::of(name)?,
        })
    }
}

/// OpenSSL has two lists, one for TLS 1.3 and one for what was before.
fn set_ciphers(ssl: &mut SslContextBuilder, ciphers: &str) -> Result<()> {
    let refused = |error| {
        refuse(
            "tls.ciphers",
            &format!("OpenSSL refuses it: {}", told(&error)),
        )
    };
    let (new, old): (Vec<&str>, Vec<&str>) = ciphers
        .split(':')
        .filter(|name| !name.is_empty())
        .partition(|name| name.starts_with("TLS_"));
    if !new.is_empty() {
        ssl.set_ciphersuites(&new.join(":")).map_err(refused)?;
    }
    if !old.is_empty() {
        ssl.set_cipher_list(&old.join(":")).map_err(refused)?;
    }
    Ok(())
}

fn trust(ssl: &mut SslContextBuilder, config: &TlsConfig, material: &Material) -> Result<()> {
    if material.trusted.is_empty() && config.ca_path.is_none() {
        ssl.set_default_verify_paths().map_err(internal)?;
    }
    for pem in &material.trusted {
        for certificate in certificates(pem)? {
            let added = ssl.cert_store_mut().add_cert(certificate);
            added.map_err(|error| pem.refuse(&told(&error)))?;
        }
    }
    if let Some(directory) = &config.ca_path {
        let added = ssl.load_verify_locations(None, Some(directory));
        added.map_err(|error| refuse("tls.ca_path", &told(&error)))?;
    }
    let mut flags = X509VerifyFlags::empty();
    flags.set(X509VerifyFlags::X509_STRICT, config.verify_flags.strict);
    flags.set(
        X509VerifyFlags::PARTIAL_CHAIN,
        config.verify_flags.partial_chain,
    );
    ssl.verify_param_mut().set_flags(flags).map_err(internal)
}

/// The client's own certificate, its intermediates and its key.
fn show(
    ssl: &mut SslContextBuilder,
    certificate: &Pem,
    key: Option<&Pem>,
    config: &TlsConfig,
) -> Result<()> {
    let mut chain = certificates(certificate)?.into_iter();
    if let Some(own) = chain.next() {
        let set = ssl.set_certificate(&own);
        set.map_err(|error| certificate.refuse(&told(&error)))?;
    }
    for intermediate in chain {
        let added = ssl.add_extra_chain_cert(intermediate);
        added.map_err(|error| certificate.refuse(&told(&error)))?;
    }
    let pem = key.unwrap_or(certificate);
    let key = private_key(pem, config)?;
    ssl.set_private_key(&key)
        .and_then(|()| ssl.check_private_key())
        .map_err(|_| {
            ErrorStack::get();
            pem.refuse(&format!(
                "the key does not belong to the certificate of {}",
                certificate.option
            ))
        })
}

fn certificates(pem: &Pem) -> Result<Vec<X509>> {
    let found = X509::stack_from_pem(pem.text.expose());
    let found =
        found.map_err(|error| pem.refuse(&format!("no PEM certificate: {}", told(&error))))?;
    match found.is_empty() {
        true => Err(pem.refuse("no PEM certificate in it (-----BEGIN CERTIFICATE-----)")),
        false => Ok(found),
    }
}

/// Without a password OpenSSL would ask on the terminal: an empty one is given instead.
fn private_key(pem: &Pem, config: &TlsConfig) -> Result<PKey<Private>> {
    let password = config.key_password.as_ref();
    let given = password.map_or(&b""[..], |password| password.expose());
    PKey::private_key_from_pem_passphrase(pem.text.expose(), given).map_err(|_| {
        let is_encrypted = memchr::memmem::find(pem.text.expose(), b"ENCRYPTED").is_some();
        pem.refuse(match (is_encrypted, password.is_some()) {
            (true, true) => "the key cannot be opened with tls.key_password",
            (true, false) => "the key is encrypted: set tls.key_password",
            (false, _) => "no PEM key in it (-----BEGIN PRIVATE KEY-----)",
        })
    })
}

/// OpenSSL's reasons, the innermost first.
pub(super) fn told(error: &ErrorStack) -> String {
    let reasons: Vec<&str> = error
        .errors()
        .iter()
        .filter_map(|error| error.reason())
        .collect();
    match reasons.is_empty() {
        true => "OpenSSL gives no reason".to_owned(),
        false => text::printable(reasons.join(", ").as_bytes(), 200),
    }
}

pub(super) fn internal(error: ErrorStack) -> Error {
    Error::new(Code::Tls, format!("OpenSSL: {}", told(&error)))
}
