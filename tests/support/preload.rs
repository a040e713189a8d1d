//! Runs a client in a child process whose resolver and sockets are watched and led.
//!
//! The C sources and what they understand stand in tests/c/preload.

use super::{PATIENCE, TempDir, compile, library_directory, run_to_end};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// A child process in the making.
#[derive(Default)]
pub struct Probe {
    names: String,
    environment: Vec<(&'static str, PathBuf)>,
}

/// One step of it: "open" or a command.
#[derive(Debug)]
pub struct Step {
    /// The status of the C interface, 0 for success.
    pub status: i32,
    /// How long it took.
    pub took: Duration,
    /// The reply's text, or the error's message.
    pub text: String,
}

/// One attempt to connect, in the order of their beginnings; times since the first.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// To where, without the port.
    pub address: String,
    /// When it began.
    pub began: Duration,
    /// When it failed or its socket was closed; None when that never came.
    pub ended: Option<Duration>,
    fd: u32,
}

/// What the child did.
#[derive(Debug)]
pub struct Told {
    pub steps: Vec<Step>,
    pub attempts: Vec<Attempt>,
}

impl Probe {
    /// A child that resolves names as the system does.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `name` resolve by `rule`: see tests/c/preload/names.c.
    pub fn name(mut self, name: &str, rule: &str) -> Self {
        self.names += &format!("{name}={rule};");
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &'static str, value: impl Into<PathBuf>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Opens `url` and runs `words`: see tests/c/preload/probe.c. Panics when the child does not
    /// end well.
    pub fn run(self, url: &str, words: &[&str]) -> Told {
        let directory = TempDir::new();
        let [log, trace] = ["log", "trace"].map(|name| directory.path().join(name));
        let mut probe = Command::new(built().join("probe"));
        probe.arg(url).args(words);
        probe.env("LD_LIBRARY_PATH", library_directory());
        self.watch(&mut probe, &trace);
        let status = run_to_end(probe, &log, PATIENCE * 3);
        let said = std::fs::read_to_string(&log).unwrap();
        assert!(status.is_some_and(|it| it.success()), "{status:?}: {said}");
        let traced = std::fs::read_to_string(&trace).unwrap_or_default();
        Told {
            steps: said.lines().map(step).collect(),
            attempts: attempts(&traced),
        }
    }

    /// Lets another program run in the same way.
    pub fn watch(&self, command: &mut Command, trace: &Path) {
        command.env("LD_PRELOAD", built().join("preload.so"));
        command.env("REDISCLIENT_TEST_NAMES", &self.names);
        command.env("REDISCLIENT_TEST_TRACE", trace);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }
}

impl Told {
    /// The only step that matters when open fails; panics when it did not.
    pub fn refusal(&self) -> &Step {
        match &self.steps[..] {
            [only] if only.status != 0 => only,
            _ => panic!("open did not fail: {self:?}"),
        }
    }

    /// Checks that every step went well and that the last was answered by `text`.
    pub fn answered(&self, text: &str) {
        let good = self.steps.iter().all(|step| step.status == 0);
        let last = self.steps.last().map(|step| &*step.text);
        assert!(good && last == Some(text), "{self:?}");
    }

    /// Where it tried to connect, in order.
    pub fn addresses(&self) -> Vec<&str> {
        let addresses = self.attempts.iter().map(|attempt| &*attempt.address);
        addresses.collect()
    }

    /// The most attempts that were under way at the same time.
    pub fn most_at_once(&self) -> usize {
        let at = |moment: Duration| {
            let open = self.attempts.iter().filter(|attempt| {
                attempt.began <= moment && attempt.ended.is_none_or(|ended| ended > moment)
            });
            open.count()
        };
        let counts = self.attempts.iter().map(|attempt| at(attempt.began));
        counts.max().unwrap_or(0)
    }
}

/// The directory of the library and the program, compiled once for this process.
fn built() -> &'static Path {
    static BUILT: OnceLock<&'static Path> = OnceLock::new();
    BUILT.get_or_init(|| {
        let directory = TempDir::new().until_exit();
        let sources = ["c/preload/names.c", "c/preload/trace.c"];
        let kind = ["-shared", "-fPIC", "-ldl", "-pthread"];
        compile(
            &[&sources[..], &kind].concat(),
            &directory.join("preload.so"),
        );
        let library = library_directory().join("libredisclient.so");
        let program = ["c/preload/probe.c", library.to_str().unwrap(), "-pthread"];
        compile(&program, &directory.join("probe"));
        directory
    })
}

fn step(line: &str) -> Step {
    let parts: Vec<&str> = line.splitn(4, ' ').collect();
    let [_, status, millis, text] = parts[..] else {
        panic!("the child said {line:?}");
    };
    Step {
        status: status.parse().expect("a status"),
        took: Duration::from_millis(millis.parse().expect("milliseconds")),
        text: text.to_owned(),
    }
}

fn attempts(trace: &str) -> Vec<Attempt> {
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut first = None;
    for line in trace.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let time: u64 = words[0].parse().expect("microseconds");
        let since = Duration::from_micros(time - *first.get_or_insert(time));
        let fd: u32 = words[2].parse().expect("a descriptor");
        let known = attempts
            .iter_mut()
            .rev()
            .find(|it| it.fd == fd && it.ended.is_none());
        match words[1] {
            // A second connect on the same socket asks how the first went.
            "connect" if known.is_some() => {}
            "connect" => {
                let result: i32 = words[4].parse().expect("an errno");
                let pending = [0, libc::EINPROGRESS, libc::EINTR, libc::EAGAIN].contains(&result);
                attempts.push(Attempt {
                    address: words[3].to_owned(),
                    began: since,
                    ended: (!pending).then_some(since),
                    fd,
                });
            }
            _ => {
                if let Some(attempt) = known {
                    attempt.ended = Some(since);
                }
            }
        }
    }
    attempts
}
