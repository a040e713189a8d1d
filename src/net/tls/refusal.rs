//! Why the server's certificate was refused: which check, of which certificate.

use std::sync::Arc;

use openssl::asn1::Asn1StringRef;
use openssl::nid::Nid;
use openssl::ssl::{SslRef, SslVerifyMode};
use openssl::x509::{X509NameRef, X509Ref, X509StoreContextRef};

use super::super::wake::lock;
use super::context::ServerName;
use crate::error::{Code, Error};
use crate::sys::sync::Mutex;
use crate::text;

/// OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH.
const HOSTNAME_MISMATCH: i32 = 62;
const IP_ADDRESS_MISMATCH: i32 = 64;
/// A text names so many of a certificate's names.
const NAMED: usize = 8;
/// Longest part of a certificate that a text shows, in characters.
const SHOWN: usize = 120;

/// Notes what OpenSSL finds wrong with a chain; OpenSSL's verdict stands.
#[derive(Clone, Default)]
pub(super) struct Refusal(Arc<Mutex<Option<String>>>);

impl Refusal {
    /// Notes the first fault that `ssl` finds.
    pub(super) fn watch(&self, ssl: &mut SslRef, name: &ServerName) {
        let noted = self.clone();
        let wanted = match name {
            ServerName::Host(host) => host.clone(),
            ServerName::Address(address) => address.to_string(),
        };
        ssl.set_verify_callback(SslVerifyMode::PEER, move |accepted, chain| {
            if !accepted {
                lock(&noted.0).get_or_insert_with(|| describe(chain, &wanted));
            }
            accepted
        });
    }

    /// The failure, if a certificate was refused.
    pub(super) fn error(&self) -> Option<Error> {
        let detail = lock(&self.0).take()?;
        Some(Error::new(Code::Certificate, detail))
    }
}

fn describe(chain: &mut X509StoreContextRef, wanted: &str) -> String {
    let result = chain.error();
    let check = match result.as_raw() {
        HOSTNAME_MISMATCH | IP_ADDRESS_MISMATCH => {
            format!("it does not hold the name '{wanted}'")
        }
        _ => result.error_string().to_owned(),
    };
    let leaf = chain.chain().and_then(|chain| chain.get(0)).map(about);
    let culprit = match (chain.error_depth(), chain.current_cert()) {
        (1.., Some(issuer)) => {
            let subject = distinguished(issuer.subject_name());
            format!(
                " (of its issuer {subject}, valid to {})",
                issuer.not_after()
            )
        }
        _ => String::new(),
    };
    let leaf = leaf.unwrap_or_default();
    format!("the server's certificate is refused: {check}{culprit}{leaf}")
}

/// Subject, names, issuer and dates.
fn about(certificate: &X509Ref) -> String {
    format!(
        "; subject {}, names {}, issuer {}, valid from {} to {}",
        distinguished(certificate.subject_name()),
        alternative_names(certificate),
        distinguished(certificate.issuer_name()),
        certificate.not_before(),
        certificate.not_after(),
    )
}

fn distinguished(name: &X509NameRef) -> String {
    let part = |nid: Nid, value: &Asn1StringRef| {
        let value = text::printable(value.as_slice(), SHOWN);
        nid.short_name().map(|key| format!("{key}={value}")).ok()
    };
    let parts: Vec<String> = name
        .entries()
        .filter_map(|entry| part(entry.object().nid(), entry.data()))
        .take(NAMED)
        .collect();
    match parts.is_empty() {
        true => "(none)".to_owned(),
        false => format!("'{}'", parts.join(", ")),
    }
}

fn alternative_names(certificate: &X509Ref) -> String {
    let Some(names) = certificate.subject_alt_names() else {
        return "(none)".to_owned();
    };
    let shown = names.iter().filter_map(|name| {
        let host = name
            .dnsname()
            .map(|host| text::printable(host.as_bytes(), SHOWN));
        host.or_else(|| name.ipaddress().and_then(address))
    });
    let mut shown: Vec<String> = shown.take(NAMED).collect();
    if names.len() > NAMED {
        shown.push(format!("and {} more", names.len() - NAMED));
    }
    format!("[{}]", shown.join(", "))
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|it| std::net::IpAddr::from(it).to_string());
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|it| std::net::IpAddr::from(it).to_string()))
        .ok()
}
