//! Compiles a C program of this directory against the header and the library just built, and runs
//! it: plainly, under valgrind's memcheck, and with gcc's address and undefined-behaviour checks.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::support::{TempDir, library_directory, spawn_for_life};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// No program takes nearly so long; one that hangs is ended and fails.
const PATIENCE: Duration = Duration::from_secs(240);

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
    let program = compile(source, way, directory.path());
    let mut command = match way {
        Way::Valgrind => memcheck(&program, source),
        Way::Plain | Way::Sanitizers => Command::new(&program),
    };
    // cargo's own search path could lead to an older build.
    command.env("LD_LIBRARY_PATH", library_directory());
    command.env("REDISCLIENT_TEST_TOOL", way.name());
    command.args(arguments).current_dir(directory.path());
    let log = directory.path().join("log");
    let status = wait(command, &log);
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
    if source == "c/fork.c" {
        // A child leaves the parent's state where it is, on purpose: it may be half changed.
        valgrind.args(["--leak-check=no", "--errors-for-leak-kinds=none"]);
    }
    valgrind.arg(program);
    valgrind
}

fn compile(source: &str, way: Way, into: &Path) -> PathBuf {
    let program = into.join("program");
    let library = library_directory();
    let mut compiler = compiler();
    compiler.args(["-std=c11", "-g", "-O1"]);
    compiler.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror"]);
    if way == Way::Sanitizers {
        compiler.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
    }
    compiler.arg(format!("-I{ROOT}/include"));
    compiler.arg("-o").arg(&program);
    compiler.arg(Path::new(ROOT).join("tests").join(source));
    compiler.arg(library.join("libredisclient.so"));
    compiler.args(["-pthread", "-lm"]);
    let output = compiler.output().expect("a C compiler");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{source}:\n{complaint}");
    program
}

/// The C compiler: $CC, else cc.
fn compiler() -> Command {
    Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
}

/// Runs to the end; None when it had to be killed.
fn wait(mut command: Command, log: &Path) -> Option<ExitStatus> {
    let out = File::create(log).unwrap();
    command.stdin(Stdio::null());
    command.stdout(out.try_clone().unwrap()).stderr(out);
    let mut child = spawn_for_life(command).expect("start the program");
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if start.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
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
