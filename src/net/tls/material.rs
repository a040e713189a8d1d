//! Certificates and keys, read once when a client is opened: a forked child, which may not be
//! allowed to read the files any more, works with what is here.

use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};
use crate::options::{Secret, TlsConfig};

/// PEM text, the option it came from, and the file if it came from one.
pub(super) struct Pem {
    pub(super) option: &'static str,
    file: Option<PathBuf>,
    pub(super) text: Secret,
}

impl Pem {
    /// A refusal that names the option, and the file if there is one.
    pub(super) fn refuse(&self, why: &str) -> Error {
        match &self.file {
            Some(file) => refuse(self.option, &format!("{}: {why}", file.display())),
            None => refuse(self.option, why),
        }
    }
}

/// See the module.
pub struct Material {
    /// Trusted certificates; none of these and no directory means the system's store.
    pub(super) trusted: Vec<Pem>,
    pub(super) certificate: Option<Pem>,
    pub(super) key: Option<Pem>,
}

impl Material {
    /// Reads the files that the options name. `Code::Option` names the option and what is wrong.
    pub fn load(config: &TlsConfig) -> Result<Self> {
        if let Some(directory) = &config.ca_path {
            check_directory(directory)?;
        }
        let ca_file = file("tls.ca_file", config.ca_file.as_deref())?;
        let trusted = ca_file
            .into_iter()
            .chain(text("tls.ca_pem", &config.ca_pem));
        let certificate = one(
            file("tls.cert_file", config.cert_file.as_deref())?,
            text("tls.cert_pem", &config.cert_pem),
        )?;
        let key = one(
            file("tls.key_file", config.key_file.as_deref())?,
            text("tls.key_pem", &config.key_pem),
        )?;
        if let (None, Some(key)) = (&certificate, &key) {
            return Err(
                key.refuse("a key needs its certificate: set tls.cert_file or tls.cert_pem")
            );
        }
        Ok(Self {
            trusted: trusted.collect(),
            certificate,
            key,
        })
    }
}

fn file(option: &'static str, path: Option<&Path>) -> Result<Option<Pem>> {
    let Some(path) = path else {
        return Ok(None);
    };
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(Pem {
            option,
            file: Some(path.to_owned()),
            text: Secret::new(bytes),
        })),
        Err(error) => Err(refuse(
            option,
            &format!("cannot read {}: {error}", path.display()),
        )),
    }
}

fn text(option: &'static str, pem: &Option<Secret>) -> Option<Pem> {
    pem.clone().map(|text| Pem {
        option,
        file: None,
        text,
    })
}

fn one(file: Option<Pem>, text: Option<Pem>) -> Result<Option<Pem>> {
    match (&file, &text) {
        (Some(file), Some(text)) => {
            let why = format!("{} is set as well: set one of the two", text.option);
            Err(file.refuse(&why))
        }
        _ => Ok(file.or(text)),
    }
}

fn check_directory(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(refuse(
            "tls.ca_path",
            &format!("{} is not a directory", path.display()),
        )),
        Err(error) => Err(refuse(
            "tls.ca_path",
            &format!("cannot read {}: {error}", path.display()),
        )),
    }
}

/// An option that cannot be used as it is.
pub(super) fn refuse(option: &str, why: &str) -> Error {
    Error::new(Code::Option, format!("option {option}: {why}"))
}
