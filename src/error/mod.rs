//! The one error type: what failed, where, in which phase, after how many attempts, what became
//! of the command, and what the reader can do.
//!
//! Codes are the numbers of the C API. An error is built where the failure is seen and gains
//! node, phase, command and attempts on its way up; its text is put together when it is asked for.

mod code;
mod redirect;
mod server;

use std::fmt;
use std::time::Duration;

pub use code::Code;
pub use redirect::Redirect;
pub use server::{from_line, is_word, spares_scripts};

/// Result of anything that can fail here.
pub type Result<T> = std::result::Result<T, Error>;

/// What became of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Outcome {
    /// No byte of it reached the wire.
    NotSent = 1,
    /// The server answered no: it was not executed.
    Refused = 2,
    /// Bytes went out and no answer came: it may have run.
    Unknown = 3,
}

/// What the call was doing when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading the caller's arguments or options.
    Arguments,
    /// Waiting for a pooled connection.
    Queue,
    /// Asking for the addresses of a host name.
    Resolve,
    /// Connecting a socket.
    Connect,
    /// Agreeing on encryption.
    Tls,
    /// Greeting the server: HELLO, AUTH, SELECT.
    Handshake,
    /// Writing the command.
    Send,
    /// Waiting for the reply or reading it.
    Receive,
    /// Pausing between two attempts.
    Backoff,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Arguments => "while reading the arguments",
            Phase::Queue => "while waiting for a pooled connection",
            Phase::Resolve => "while resolving the host name",
            Phase::Connect => "while connecting",
            Phase::Tls => "during the TLS handshake",
            Phase::Handshake => "during the handshake",
            Phase::Send => "while sending",
            Phase::Receive => "while waiting for the reply",
            Phase::Backoff => "while pausing before the next attempt",
        })
    }
}

/// A failure with everything known about it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    code: Code,
    detail: String,
    outcome: Outcome,
    phase: Option<Phase>,
    server_code: String,
    node: String,
    command: String,
    attempts: u32,
    elapsed: Duration,
    os_error: i32,
    retryable: bool,
    cause: Option<Error>,
}

impl Error {
    /// A failure with nothing sent; `detail` says what was wrong and, for bad input, the accepted form.
    #[cold]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Details {
            code,
            detail: detail.into(),
            outcome: Outcome::NotSent,
            phase: None,
            server_code: String::new(),
            node: String::new(),
            command: String::new(),
            attempts: 0,
            elapsed: Duration::ZERO,
            os_error: 0,
            retryable: code.retryable(),
            cause: None,
        }))
    }

    /// A failed system call; its errno is kept and named in the text.
    #[cold]
    pub fn from_io(code: Code, doing: &str, error: &std::io::Error) -> Self {
        let mut made = Self::new(code, format!("{doing}: {error}"));
        made.0.os_error = error.raw_os_error().unwrap_or(0);
        made
    }

    /// Memory of `bytes` could not be had.
    #[cold]
    pub fn no_memory(bytes: usize) -> Self {
        Self::new(Code::NoMemory, format!("no memory for {bytes} bytes"))
    }

    /// The caller's own cancel was fired.
    #[cold]
    pub fn cancelled() -> Self {
        Self::new(Code::Cancelled, "the call was cancelled")
    }

    /// The client was closed.
    #[cold]
    pub fn closed() -> Self {
        Self::new(Code::Closed, "the client is closed")
    }

    /// Names the phase, unless a deeper layer has.
    pub fn in_phase(mut self, phase: Phase) -> Self {
        self.0.phase.get_or_insert(phase);
        self
    }

    /// Names the phase, whatever a deeper layer said: it knew less.
    pub fn during(mut self, phase: Phase) -> Self {
        self.0.phase = Some(phase);
        self
    }

    /// The true reason, when the call was ended from elsewhere; how far it had come stays. `phase`
    /// where the failure knows none.
    pub fn or_ended(self, ended: Option<Self>, phase: Phase) -> Self {
        let (outcome, known) = (self.outcome(), self.phase());
        match ended {
            Some(ended) => ended.with_outcome(outcome).during(known.unwrap_or(phase)),
            None => self,
        }
    }

    /// Says more about what was wrong.
    pub fn adding(mut self, more: &str) -> Self {
        self.0.detail = format!("{}; {more}", self.0.detail);
        self
    }

    /// Takes a secret out of the text and of the server's word.
    pub fn without(mut self, secret: &str) -> Self {
        if !secret.is_empty() {
            self.0.detail = self.0.detail.replace(secret, "***");
            self.0.server_code = self.0.server_code.replace(secret, "***");
        }
        self
    }

    /// Names the node, unless a deeper layer has.
    pub fn at_node(mut self, node: &str) -> Self {
        if self.0.node.is_empty() {
            self.0.node = node.to_owned();
        }
        self
    }

    /// Says what became of the command.
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// Keeps the errno of a failed system call.
    pub fn with_os_error(mut self, os_error: i32) -> Self {
        self.0.os_error = os_error;
        self
    }

    /// Overrides whether trying later may help.
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Keeps the first word of the server's error line.
    pub fn with_server_code(mut self, server_code: &str) -> Self {
        self.0.server_code = server_code.to_owned();
        self
    }

    /// Keeps the failure behind this one.
    pub fn caused_by(mut self, cause: Error) -> Self {
        if self.0.os_error == 0 {
            self.0.os_error = cause.0.os_error;
        }
        self.0.cause = Some(cause);
        self
    }

    /// Says which command failed, after how many attempts and how long.
    pub fn for_command(mut self, command: &str, attempts: u32, elapsed: Duration) -> Self {
        self.0.command = command.to_owned();
        self.0.attempts = attempts;
        self.0.elapsed = elapsed;
        self
    }

    /// What kind of failure it was.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What was wrong, without node, phase and attempts.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What became of the command.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// What the call was doing.
    pub fn phase(&self) -> Option<Phase> {
        self.0.phase
    }

    /// First word of the server's error line; empty when no server spoke.
    pub fn server_code(&self) -> &str {
        &self.0.server_code
    }

    /// Where the node of a cluster that answered sends the command instead.
    pub fn redirect(&self) -> Option<Redirect> {
        Redirect::parse(&self.0.detail)
    }

    /// "host:port" or socket path; empty when no node was involved.
    pub fn node(&self) -> &str {
        &self.0.node
    }

    /// How often the command was tried.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// errno of the failed system call, or 0.
    pub fn os_error(&self) -> i32 {
        self.0.os_error
    }

    /// Whether trying later may help.
    pub fn retryable(&self) -> bool {
        self.0.retryable
    }

    /// The failure behind this one.
    pub fn cause(&self) -> Option<&Error> {
        self.0.cause.as_ref()
    }
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.command.is_empty() {
            write!(f, "{}: ", self.command)?;
        }
        f.write_str(&self.detail)?;
        if !self.node.is_empty() {
            write!(f, ", on {}", self.node)?;
        }
        if let Some(phase) = self.phase {
            write!(f, ", {phase}")?;
        }
        if self.attempts > 0 {
            let plural = if self.attempts == 1 { "" } else { "s" };
            let elapsed = self.elapsed.as_secs_f64();
            write!(
                f,
                ", after {} attempt{plural} in {elapsed:.3} s",
                self.attempts
            )?;
        }
        if self.outcome == Outcome::Unknown {
            f.write_str("; bytes were sent, it may have run")?;
        }
        if let Some(cause) = &self.cause {
            write!(f, "; last error: {}", cause.0.detail)?;
        }
        match self.code.advice() {
            "" => Ok(()),
            advice => write!(f, " ({advice})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_what_where_when_and_what_to_do() {
        let error = Error::new(Code::Timeout, "no answer within 5000 ms")
            .in_phase(Phase::Receive)
            .at_node("127.0.0.1:6379")
            .with_outcome(Outcome::Unknown)
            .for_command("INCR", 2, Duration::from_millis(5000));
        assert_eq!(
            error.to_string(),
            "INCR: no answer within 5000 ms, on 127.0.0.1:6379, while waiting for the reply, \
             after 2 attempts in 5.000 s; bytes were sent, it may have run \
             (raise the timeout, or look for a slow server or network)"
        );
    }

    #[test]
    fn the_deepest_layer_names_phase_and_node() {
        let error = Error::new(Code::Connect, "refused")
            .in_phase(Phase::Connect)
            .in_phase(Phase::Queue)
            .at_node("a:1")
            .at_node("b:2");
        assert_eq!(error.phase(), Some(Phase::Connect));
        assert_eq!(error.node(), "a:1");
    }

    #[test]
    fn an_io_error_without_errno_still_says_what_happened() {
        use std::io::{Error as Io, ErrorKind};
        let bare = Error::from_io(Code::Connect, "connect", &Io::from(ErrorKind::TimedOut));
        assert_eq!((bare.os_error(), bare.detail()), (0, "connect: timed out"));
        let told = Error::from_io(Code::Connect, "connect", &Io::other("no address left"));
        assert_eq!(told.detail(), "connect: no address left");
        assert!(
            told.at_node("h:1")
                .to_string()
                .starts_with("connect: no address left, on h:1")
        );
    }

    #[test]
    fn an_io_error_keeps_its_errno() {
        let io = std::io::Error::from_raw_os_error(111);
        let error = Error::from_io(Code::Connect, "connect", &io);
        assert_eq!(error.os_error(), 111);
        let outer = Error::new(Code::Pool, "exhausted").caused_by(error);
        assert_eq!(outer.os_error(), 111);
        assert!(outer.to_string().contains("last error: connect"));
    }
}
