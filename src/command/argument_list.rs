//! The arguments of a command, put together one by one: for callers that cannot write an array.
//!
//! Adding cannot fail. The first mistake is kept and told by whoever uses the list; after it
//! nothing is added. The arguments stand end to end in one buffer.

use crate::error::{Error, Result};
use crate::text::decimal;

/// See the module.
#[derive(Default)]
pub struct ArgumentList {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
    mistake: Option<Error>,
}

impl ArgumentList {
    /// Adds an argument, or keeps what was wrong with it.
    pub fn add(&mut self, argument: Result<&[u8]>) {
        if self.mistake.is_some() {
            return;
        }
        if let Err(error) = argument.and_then(|argument| self.push(argument)) {
            let number = self.lengths.len() + 1;
            let detail = format!("argument {number} of the built command: {}", error.detail());
            self.mistake = Some(Error::new(error.code(), detail));
        }
    }

    /// Adds an integer, in decimal.
    pub fn add_integer(&mut self, value: i64) {
        self.add(Ok(decimal::integer(value).as_bytes()));
    }

    /// Adds a double, as the shortest text that reads back as the same double.
    pub fn add_double(&mut self, value: f64) {
        self.add(Ok(decimal::double(value).as_bytes()));
    }

    fn push(&mut self, argument: &[u8]) -> Result<()> {
        let reserved = self.bytes.try_reserve(argument.len());
        reserved
            .and_then(|()| self.lengths.try_reserve(1))
            .map_err(|_| Error::no_memory(argument.len()))?;
        self.bytes.extend_from_slice(argument);
        self.lengths.push(argument.len());
        Ok(())
    }

    /// Forgets arguments and mistake, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.lengths.clear();
        self.mistake = None;
    }

    /// How many arguments there are, the command's name included.
    pub fn count(&self) -> usize {
        self.lengths.len()
    }

    /// All arguments end to end, and the length of each; the first mistake, if there was one.
    pub fn packed(&self) -> Result<(&[u8], &[usize])> {
        match &self.mistake {
            Some(mistake) => Err(mistake.clone()),
            None => Ok((&self.bytes, &self.lengths)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn arguments_stand_end_to_end() {
        let mut list = ArgumentList::default();
        assert_eq!(list.packed().unwrap(), (&b""[..], &[][..]));
        list.add(Ok(b"SET"));
        list.add(Ok(b""));
        list.add_integer(i64::MIN);
        list.add_double(1e21);
        list.add(Ok(b"\0\xff"));
        let (bytes, lengths) = list.packed().unwrap();
        assert_eq!(bytes, b"SET-92233720368547758081e+21\0\xff");
        assert_eq!(lengths, [3, 0, 20, 5, 2]);
        assert_eq!(list.count(), 5);
        list.clear();
        assert_eq!(list.packed().unwrap(), (&b""[..], &[][..]));
    }

    #[test]
    fn the_first_mistake_is_kept_until_cleared() {
        let mut list = ArgumentList::default();
        list.add(Ok(b"SET"));
        list.add(Err(Error::new(Code::Invalid, "text is NULL")));
        list.add(Err(Error::new(Code::Busy, "another thread")));
        list.add(Ok(b"value"));
        assert_eq!(list.count(), 1);
        let mistake = list.packed().unwrap_err();
        assert_eq!(mistake.code(), Code::Invalid);
        let said = "argument 2 of the built command: text is NULL";
        assert_eq!(mistake.detail(), said);
        list.clear();
        list.add(Ok(b"PING"));
        assert_eq!(list.packed().unwrap(), (&b"PING"[..], &[4][..]));
    }
}
