//! The parts of a URL, still encoded: scheme, user, host, path, query.

use crate::error::{Code, Error, Result};

/// Spellings, each with what stands behind it.
const SCHEMES: &[(&str, Kind)] = &[
    ("redis", Kind::Tcp),
    ("valkey", Kind::Tcp),
    ("unix", Kind::Unix),
    ("rediss", Kind::Tls),
    ("valkeys", Kind::Tls),
    ("redis+sentinel", Kind::Topology),
    ("rediss+sentinel", Kind::Topology),
    ("valkey+sentinel", Kind::Topology),
    ("valkeys+sentinel", Kind::Topology),
    ("redis+cluster", Kind::Topology),
    ("rediss+cluster", Kind::Topology),
    ("valkey+cluster", Kind::Topology),
    ("valkeys+cluster", Kind::Topology),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tcp,
    Unix,
    Tls,
    Topology,
}

/// What stands before `://`, whatever its case.
#[derive(Clone, Copy)]
pub(super) struct Scheme {
    /// Its spelling in lower case.
    pub(super) name: &'static str,
    kind: Kind,
}

impl Scheme {
    /// The scheme of a URL, and what follows it.
    pub(super) fn of(url: &[u8]) -> Result<(Self, &[u8])> {
        let known = SCHEMES.iter().find_map(|(name, kind)| {
            let (scheme, rest) = url.split_at_checked(name.len())?;
            let rest = rest.strip_prefix(b"://")?;
            let found = scheme.eq_ignore_ascii_case(name.as_bytes());
            found.then_some((Self { name, kind: *kind }, rest))
        });
        known.ok_or_else(|| {
            invalid("a URL starts with redis://, rediss:// (TLS), valkey://, valkeys:// or unix://")
        })
    }

    pub(super) fn is_unix(self) -> bool {
        self.kind == Kind::Unix
    }

    pub(super) fn is_tls(self) -> bool {
        self.kind == Kind::Tls
    }

    pub(super) fn is_built(self) -> bool {
        !self.is_topology()
    }

    pub(super) fn is_topology(self) -> bool {
        self.kind == Kind::Topology
    }
}

/// A URL cut at its separators, nothing decoded.
pub(super) struct Parts<'a> {
    pub(super) scheme: Scheme,
    /// Before the last `@` of the authority.
    pub(super) user: Option<&'a [u8]>,
    /// Host and port.
    pub(super) host: &'a [u8],
    pub(super) path: &'a [u8],
    /// Behind the first `?`.
    pub(super) query: Option<&'a [u8]>,
    pub(super) has_fragment: bool,
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(super) fn split(url: &'a [u8]) -> Result<Self> {
        let (scheme, rest) = Scheme::of(url)?;
        let (authority, rest) = cut(rest, b"/?#");
        let (before_fragment, fragment) = cut(rest, b"#");
        let (path, query) = cut(before_fragment, b"?");
        let at = authority.iter().rposition(|b| *b == b'@');
        Ok(Self {
            scheme,
            user: at.map(|at| &authority[..at]),
            host: at.map_or(authority, |at| &authority[at + 1..]),
            path,
            query: query.get(1..),
            has_fragment: !fragment.is_empty(),
            rest,
        })
    }

    /// Whether an `@` stands where a separator inside a password would have pushed it.
    pub(super) fn is_misplaced(&self) -> bool {
        self.rest.contains(&b'@')
    }
}

/// Divides before the first of the separators.
fn cut<'a>(text: &'a [u8], separators: &[u8]) -> (&'a [u8], &'a [u8]) {
    let at = text.iter().position(|b| separators.contains(b));
    text.split_at(at.unwrap_or(text.len()))
}

/// A URL that is none.
pub(super) fn invalid(text: &str) -> Error {
    Error::new(Code::Invalid, text)
}
