//! A RESP2 client of the tests' own, so that a server can be asked without the library under test.
//!
//! It is as plain as can be: one command, one reply, blocking, and a panic when anything is odd.

use super::stream::Stream;
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::path::Path;

/// A reply as RESP2 knows it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Status(String),
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    Nil,
    Array(Vec<Value>),
}

impl Value {
    /// As `redis-cli` prints it to a pipe, but errors as `(error) ...` and nil as `(nil)`.
    pub fn text(&self) -> String {
        match self {
            Value::Status(text) => text.clone(),
            Value::Error(text) => format!("(error) {text}"),
            Value::Integer(number) => number.to_string(),
            Value::Bulk(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Value::Nil => "(nil)".to_owned(),
            Value::Array(items) => {
                let lines: Vec<String> = items.iter().map(Value::text).collect();
                lines.join("\n")
            }
        }
    }

    /// The items of an array.
    pub fn items(&self) -> &[Value] {
        match self {
            Value::Array(items) => items,
            other => panic!("not an array: {other:?}"),
        }
    }
}

/// A command as clients send it.
pub fn encode(args: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        bytes.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        bytes.extend_from_slice(arg);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// One connection.
pub struct RawClient {
    stream: BufReader<Stream>,
}

impl RawClient {
    /// Connects to a Unix socket.
    pub fn connect(path: &Path) -> Result<Self> {
        let stream = Stream::connect_unix(path)?;
        stream.set_read_timeout(Some(super::PATIENCE))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a command and reads its reply.
    pub fn call(&mut self, args: &[&[u8]]) -> Result<Value> {
        self.stream.get_mut().write_all(&encode(args))?;
        self.reply()
    }

    /// Sends many commands at once and reads their replies; few enough at a time that neither
    /// side waits with a full socket.
    pub fn pipeline(&mut self, commands: &[Vec<Vec<u8>>]) -> Result<Vec<Value>> {
        let mut replies = Vec::with_capacity(commands.len());
        for some in commands.chunks(100) {
            let mut bytes = Vec::new();
            for command in some {
                let args: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
                bytes.extend(encode(&args));
            }
            self.stream.get_mut().write_all(&bytes)?;
            for _ in some {
                replies.push(self.reply()?);
            }
        }
        Ok(replies)
    }

    fn reply(&mut self) -> Result<Value> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        if !line.ends_with("\r\n") {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let (kind, rest) = line.trim_end().split_at(1);
        Ok(match kind {
            "+" => Value::Status(rest.to_owned()),
            "-" => Value::Error(rest.to_owned()),
            ":" => Value::Integer(rest.parse().unwrap()),
            "$" if rest == "-1" => Value::Nil,
            "*" if rest == "-1" => Value::Nil,
            "$" => Value::Bulk(self.bulk(rest.parse().unwrap())?),
            "*" => {
                let count: usize = rest.parse().unwrap();
                Value::Array((0..count).map(|_| self.reply()).collect::<Result<_>>()?)
            }
            _ => panic!("not a RESP2 reply: {line:?}"),
        })
    }

    fn bulk(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok(bytes)
    }
}
