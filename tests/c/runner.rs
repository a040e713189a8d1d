//! Compiles a C program of this directory against the header and the library just built, and runs
//! it: plainly, under valgrind's memcheck, and with gcc's address and undefined-behaviour checks.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{TempDir, compile, compiler, library_directory, run_to_end};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// No program takes nearly so long, on a busy machine either; one that hangs is ended and fails.
const PATIENCE: Duration = Duration::from_secs(600);

/// How a program is built and run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    Plain,
    Valgrind,
    Sanitizers,
}

impl Way {
    /// What the program is told: it does less where every instruction costs more.
    fn name(self) -> &'static str {
        match self {
            Way::Plain => "plain",
            Way::Valgrind => "valgrind",
            Way::Sanitizers => "sanitizers",
        }
    }

    /// Whether its tool is there; says loudly when not.
    fn is_available(self) -> bool {
        let missing = match self {
            Way::Plain => None,
            Way::Valgrind => (!runs("valgrind", &["--version"])).then_some("valgrind"),
            Way::Sanitizers => (!has_sanitizers()).then_some("gcc with libasan and libubsan"),
        };
        if let Some(tool) = missing {
            eprintln!("NOT RUN {}: {tool} is missing", self.name());
        }
        missing.is_none()
    }
}

/// Runs the program of `source`, a path below `tests`, with `arguments`; panics with what it
/// printed when it fails.
pub fn run(source: &str, way: Way, arguments: &[String]) {
    if !way.is_available() {
        return;
    }
    let directory = TempDir::new();
    let program = build(source, way, directory.path());
    let mut command = match way {
        Way::Valgrind => memcheck(&program, source),
        Way::Plain | Way::Sanitizers => Command::new(&program),
    };
    // cargo's own search path could lead to an older build.
    command.env("LD_LIBRARY_PATH", library_directory());
    command.env("REDISCLIENT_TEST_TOOL", way.name());
    command.args(arguments).current_dir(directory.path());
    let log = directory.path().join("log");
    let status = run_to_end(command, &log, PATIENCE);
    let log = std::fs::read(&log).unwrap();
    let said = String::from_utf8_lossy(&log);
    match status {
        Some(status) if status.success() => {}
        Some(status) => panic!("{source} ({}): {status}\n{said}", way.name()),
        None => panic!("{source} ({}): hangs\n{said}", way.name()),
    }
}

fn memcheck(program: &Path, source: &str) -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind.args([
        "-q",
        "--error-exitcode=9",
        "--leak-check=full",
        "--num-callers=30",
        "--fair-sched=yes",
    ]);
    valgrind.arg(format!("--suppressions={ROOT}/tests/c/valgrind.supp"));
    if source.ends_with("fork.c") {
        // A child leaves the parent's state where it is, on purpose: it may be half changed.
        valgrind.args(["--leak-check=no", "--errors-for-leak-kinds=none"]);
    }
    valgrind.arg(program);
    valgrind
}

fn build(source: &str, way: Way, into: &Path) -> PathBuf {
    let program = into.join("program");
    let library = library_directory().join("libredisclient.so");
    let mut arguments = match way {
        Way::Sanitizers => vec!["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
        Way::Plain | Way::Valgrind => Vec::new(),
    };
    arguments.extend([source, library.to_str().unwrap(), "-pthread", "-lm"]);
    compile(&arguments, &program);
    program
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    let command = command.args(arguments).stdout(Stdio::null());
    command.stderr(Stdio::null()).status().is_ok()
}

fn has_sanitizers() -> bool {
    let directory = TempDir::new();
    let source = directory.path().join("empty.c");
    std::fs::write(&source, "int main(void) { return 0; }\n").unwrap();
    let mut compiler = compiler();
    compiler.args(["-fsanitize=address,undefined", "-o"]);
    compiler.arg(directory.path().join("empty")).arg(source);
    compiler
        .output()
        .is_ok_and(|output| output.status.success())
}
