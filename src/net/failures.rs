//! Why none of a host's addresses could be connected to, in one text.

use crate::error::{Code, Error};

/// A text names so many addresses.
const NAMED: usize = 4;

/// The failures of one round over a host's addresses.
pub(super) struct Failures<'a> {
    host: &'a str,
    addresses: usize,
    count: usize,
    /// The first few.
    named: Vec<Error>,
    last: Option<Error>,
}

impl<'a> Failures<'a> {
    pub(super) fn new(host: &'a str, addresses: usize) -> Self {
        Self {
            host,
            addresses,
            count: 0,
            named: Vec::new(),
            last: None,
        }
    }

    pub(super) fn note(&mut self, error: Error) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(error.clone());
        }
        self.last = Some(error);
    }

    /// Every address failed: the kind of failure is the last one's.
    pub(super) fn all_failed(self) -> Error {
        let head = format!(
            "none of the {} addresses of '{}' answers",
            self.addresses, self.host
        );
        let code = self.last.as_ref().map_or(Code::Resolve, Error::code);
        self.into_error(code, head)
    }

    /// Time ran out before every address was tried to its end.
    pub(super) fn out_of_time(self) -> Error {
        let head = format!(
            "none of the {} addresses of '{}' answered in time, {} of them were tried",
            self.addresses, self.host, self.count
        );
        self.into_error(Code::Timeout, head)
    }

    fn into_error(self, code: Code, head: String) -> Error {
        let Some(last) = self.last else {
            return Error::new(code, head);
        };
        if self.addresses == 1 {
            return last;
        }
        let mut texts: Vec<&str> = self.named.iter().map(Error::detail).collect();
        let more = self.count - texts.len();
        let rest = format!("and {more} more, the last: {}", last.detail());
        if more > 0 {
            texts.push(&rest);
        }
        Error::new(code, format!("{head}: {}", texts.join("; "))).with_os_error(last.os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(addresses: usize, count: usize) -> Failures<'static> {
        let mut failures = Failures::new("h", addresses);
        for number in 0..count {
            failures.note(Error::new(Code::Connect, format!("{number} refused")));
        }
        failures
    }

    #[test]
    fn a_single_address_speaks_for_itself() {
        assert_eq!(failures(1, 1).all_failed().detail(), "0 refused");
        assert_eq!(failures(1, 1).out_of_time().detail(), "0 refused");
    }

    #[test]
    fn several_are_told_together_and_many_are_cut() {
        assert_eq!(
            failures(2, 2).all_failed().detail(),
            "none of the 2 addresses of 'h' answers: 0 refused; 1 refused"
        );
        let many = failures(10_000, 7).out_of_time();
        assert_eq!(many.code(), Code::Timeout);
        assert_eq!(
            many.detail(),
            "none of the 10000 addresses of 'h' answered in time, 7 of them were tried: 0 refused; \
             1 refused; 2 refused; 3 refused; and 3 more, the last: 6 refused"
        );
    }

    #[test]
    fn no_address_is_a_failure_to_resolve() {
        assert_eq!(failures(0, 0).all_failed().code(), Code::Resolve);
    }
}
