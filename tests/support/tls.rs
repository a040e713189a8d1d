//! A private certificate authority and everything it issues, made by the openssl command once for
//! a test process and removed with it.
//!
//! Keys are small elliptic-curve keys: all of it takes a fraction of a second.

use super::TempDir;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The password of `client_locked.key`.
pub const KEY_PASSWORD: &str = "open sesame";

/// What every certificate of the common kind holds.
const LOCAL: &str = "DNS:localhost,IP:127.0.0.1,IP:::1";

/// A certificate (with what stands between it and the root, if anything) and its key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Identity {
    /// For localhost, 127.0.0.1 and ::1, by the authority itself.
    Server,
    /// For elsewhere.test only.
    WrongHost,
    /// For localhost, without any address.
    NamesOnly,
    /// For the DNS name "127.0.0.1", which is no address.
    AddressAsName,
    /// For *.pool.test.
    Wildcard,
    /// Good until 1 February 2020.
    Expired,
    /// Good from 1 January 2090.
    NotYet,
    /// By itself.
    SelfSigned,
    /// By an authority that nobody trusts.
    Foreign,
    /// By an intermediate authority, which stands behind it in the file.
    Chained,
    /// As `Chained`, the intermediate left out.
    Orphan,
    /// For clients only, though it holds the server's names.
    ClientUseOnly,
    /// Without key identifiers, which only a strict check asks for.
    Loose,
    /// A client's, "CN=client".
    Client,
    /// A client's by an authority that nobody trusts.
    ForeignClient,
    /// A client's by the intermediate, which stands behind it in the file.
    ChainedClient,
}

impl Identity {
    const ALL: [Self; 16] = [
        Self::Server,
        Self::WrongHost,
        Self::NamesOnly,
        Self::AddressAsName,
        Self::Wildcard,
        Self::Expired,
        Self::NotYet,
        Self::SelfSigned,
        Self::Foreign,
        Self::Chained,
        Self::Orphan,
        Self::ClientUseOnly,
        Self::Loose,
        Self::Client,
        Self::ForeignClient,
        Self::ChainedClient,
    ];

    /// Its certificate, a PEM file.
    pub fn certificate(self) -> PathBuf {
        file(&format!("{self:?}.pem"))
    }

    /// Its key, a PEM file without password.
    pub fn key(self) -> PathBuf {
        file(&format!("{self:?}.key"))
    }

    fn alternative_names(self) -> &'static str {
        match self {
            Self::WrongHost => "DNS:elsewhere.test",
            Self::NamesOnly => "DNS:localhost",
            Self::AddressAsName => "DNS:127.0.0.1",
            Self::Wildcard => "DNS:*.pool.test",
            _ => LOCAL,
        }
    }

    fn use_of_key(self) -> &'static str {
        match self {
            Self::Client | Self::ForeignClient | Self::ChainedClient | Self::ClientUseOnly => {
                "clientAuth"
            }
            _ => "serverAuth",
        }
    }

    /// Name of the authority that signs it; "" for itself.
    fn issuer(self) -> &'static str {
        match self {
            Self::SelfSigned => "",
            Self::Foreign | Self::ForeignClient => "foreign_ca",
            Self::Chained | Self::Orphan | Self::ChainedClient => "intermediate",
            _ => "ca",
        }
    }

    /// From when until when, for those that are not good now.
    fn window(self) -> Option<[&'static str; 2]> {
        match self {
            Self::Expired => Some(["20200101000000Z", "20200201000000Z"]),
            Self::NotYet => Some(["20900101000000Z", "20900201000000Z"]),
            _ => None,
        }
    }
}

/// A file of the authority by its name: "ca.pem", "foreign_ca.pem", "intermediate.pem",
/// "both_ca.pem" (a bundle), "client_locked.key", "garbage.pem"; "hashed" and "nobody" are
/// directories for `tls.ca_path`, the one with "ca.pem", the other empty.
pub fn file(name: &str) -> PathBuf {
    directory().join(name)
}

/// The text of such a file.
pub fn pem(name: &str) -> String {
    std::fs::read_to_string(file(name)).expect(name)
}

fn directory() -> &'static Path {
    static MADE: OnceLock<&'static Path> = OnceLock::new();
    MADE.get_or_init(|| {
        let directory = TempDir::new().until_exit();
        make(&Maker { directory });
        directory
    })
}

struct Maker {
    directory: &'static Path,
}

fn make(maker: &Maker) {
    maker.authority("ca", "");
    maker.authority("foreign_ca", "");
    maker.authority("intermediate", "ca");
    for identity in Identity::ALL {
        maker.identity(identity);
    }
    for identity in [Identity::Chained, Identity::ChainedClient] {
        maker.join(
            &[&format!("{identity:?}.pem"), "intermediate.pem"],
            &format!("{identity:?}.pem"),
        );
    }
    maker.join(&["foreign_ca.pem", "ca.pem"], "both_ca.pem");
    let locked = ["-in", "Client.key", "-out", "client_locked.key", "-aes256"];
    let password = format!("pass:{KEY_PASSWORD}");
    maker.openssl("pkey", &[&locked[..], &["-passout", &password]].concat());
    maker.write(
        "garbage.pem",
        "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n",
    );
    maker.write("empty.pem", "");
    std::fs::create_dir(maker.directory.join("hashed")).unwrap();
    std::fs::copy(
        maker.directory.join("ca.pem"),
        maker.directory.join("hashed/ca.pem"),
    )
    .unwrap();
    maker.openssl("rehash", &["hashed"]);
    std::fs::create_dir(maker.directory.join("nobody")).unwrap();
}

impl Maker {
    /// Makes a root, or an intermediate that `issuer` signs.
    fn authority(&self, name: &str, issuer: &str) {
        let mut extensions = "basicConstraints=critical,CA:TRUE\n\
                              keyUsage=critical,keyCertSign,cRLSign\n\
                              subjectKeyIdentifier=hash\n"
            .to_owned();
        if !issuer.is_empty() {
            extensions += "authorityKeyIdentifier=keyid\n";
        }
        self.certificate(name, &format!("Test {name}"), &extensions, issuer);
    }

    fn identity(&self, identity: Identity) {
        let name = format!("{identity:?}");
        let common = match identity {
            Identity::Client | Identity::ChainedClient => "client".to_owned(),
            _ => format!("Test {name}"),
        };
        let identifiers = match identity {
            Identity::Loose => "subjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n",
            Identity::SelfSigned => "subjectKeyIdentifier=hash\n",
            _ => "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
        };
        let extensions = format!(
            "basicConstraints=critical,CA:FALSE\nextendedKeyUsage={}\n\
             subjectAltName={}\n{identifiers}",
            identity.use_of_key(),
            identity.alternative_names(),
        );
        match identity.window() {
            None => self.certificate(&name, &common, &extensions, identity.issuer()),
            Some(window) => self.dated(&name, &common, &extensions, window),
        }
    }

    /// A key and a certificate that is good now.
    fn certificate(&self, name: &str, common: &str, extensions: &str, issuer: &str) {
        self.configure(name, common, extensions);
        let [out, key, config] = ["pem", "key", "cnf"].map(|kind| format!("{name}.{kind}"));
        let [ca, ca_key] = ["pem", "key"].map(|kind| format!("{issuer}.{kind}"));
        let mut args = vec!["-x509", "-days", "30", "-extensions", "ext", "-config"];
        args.extend([&*config, "-out", &out, "-keyout", &key]);
        if !issuer.is_empty() {
            args.extend(["-CA", &ca, "-CAkey", &ca_key]);
        }
        self.openssl("req", &[&NEW_KEY[..], &args].concat());
    }

    /// A key and a certificate of the root with dates of its own, which `req` cannot give.
    fn dated(&self, name: &str, common: &str, extensions: &str, [from, until]: [&str; 2]) {
        self.configure(name, common, extensions);
        let [out, key, config] = ["pem", "key", "cnf"].map(|kind| format!("{name}.{kind}"));
        let request = ["-config", &config, "-out", "request", "-keyout", &key];
        self.openssl("req", &[&NEW_KEY[..], &request].concat());
        self.write("index.txt", "");
        self.write("serial", "01\n");
        let window = ["-startdate", from, "-enddate", until];
        let args = ["-batch", "-notext", "-config", &config, "-in", "request"];
        let issued = ["-extfile", &config, "-extensions", "ext", "-out", &out];
        self.openssl("ca", &[&args[..], &window, &issued].concat());
    }

    fn configure(&self, name: &str, common: &str, extensions: &str) {
        let text = format!(
            "[req]\nprompt=no\ndistinguished_name=subject\n[subject]\nCN={common}\n\
             [ext]\n{extensions}\
             [ca]\ndefault_ca=root\n[root]\nnew_certs_dir=.\ndatabase=index.txt\nserial=serial\n\
             certificate=ca.pem\nprivate_key=ca.key\ndefault_md=sha256\npolicy=any\n\
             unique_subject=no\n[any]\ncommonName=supplied\n"
        );
        self.write(&format!("{name}.cnf"), &text);
    }

    fn join(&self, parts: &[&str], into: &str) {
        let read = |name: &&str| std::fs::read_to_string(self.directory.join(name)).unwrap();
        let whole: String = parts.iter().map(read).collect();
        self.write(into, &whole);
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.join(name), text).unwrap();
    }

    fn openssl(&self, command: &str, args: &[&str]) {
        let mut openssl = Command::new("openssl");
        openssl.arg(command).args(args).stdin(Stdio::null());
        let output = openssl.current_dir(self.directory).output();
        let output = output.expect("the openssl command (Debian package openssl)");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {command}: {complaint}");
    }
}

const NEW_KEY: [&str; 6] = [
    "-new",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
];
