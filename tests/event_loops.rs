//! The examples and recipes for event loops do what they are shown for, each with a server of its own.
//!
//! What needs a loop that is not installed is left out, and says so.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::tool::{printed, run};
use support::{Flavour, Server, TempDir, library_directory};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PAGE: &str = include_str!("../docs/event-loops.md");

/// The page's only block in `language`.
fn recipe(language: &str) -> &'static str {
    let opening = format!("\n```{language}\n");
    let (_, after) = PAGE.split_once(&opening).unwrap();
    assert!(!after.contains(&opening), "two recipes in {language}");
    after.split_once("\n```").unwrap().0
}

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(name)).unwrap()
}

/// What a compiler needs to use `module` of pkg-config or a header of its own; None, said aloud,
/// when it is not there.
fn found(name: &str, probe: &mut Command) -> Option<Vec<String>> {
    let output = probe.output().ok();
    let output = output.filter(|output| output.status.success());
    let Some(output) = output else {
        eprintln!("NOT RUN: {name} is not installed");
        return None;
    };
    let flags = String::from_utf8(output.stdout).unwrap();
    Some(flags.split_whitespace().map(str::to_owned).collect())
}

/// The library by its path, found there when the program runs: an older one elsewhere is not.
fn link() -> [String; 3] {
    let library = library_directory();
    [
        library
            .join("libredisclient.so")
            .to_string_lossy()
            .into_owned(),
        "-Wl,--disable-new-dtags".to_owned(),
        format!("-Wl,-rpath,{}", library.display()),
    ]
}

/// Compiles `source` by `compiler`, in which headers of `directory` are found.
fn build(compiler: &[&str], source: &Path, directory: &TempDir, flags: &[String]) -> PathBuf {
    let program = directory.path().join("program");
    let mut command = Command::new(compiler[0]);
    command.args(&compiler[1..]);
    command.args(["-Wall", "-Wextra", "-Werror", "-I"]);
    command.arg(format!("{ROOT}/include"));
    command.arg("-I").arg(directory.path());
    command.arg("-o").arg(&program).arg(source);
    run(command.args(flags).args(link()).arg("-pthread"));
    program
}

/// What the program says about a server that it is given after `arguments`.
fn against_a_server<T: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[T]) -> String {
    let server = Server::start(Flavour::Redis, &[]);
    let mut command = Command::new(program);
    printed(command.args(arguments).arg(server.url_unix()))
}

const C: [&str; 4] = ["cc", "-std=c99", "-Wpedantic", "-g"];

#[test]
fn poll_wakes_up_more_rarely_than_it_is_answered() {
    let directory = TempDir::new();
    let source = Path::new(ROOT).join("c-examples/queue_poll.c");
    let said = against_a_server::<&str>(build(&C, &source, &directory, &[]), &[]);
    let words: Vec<&str> = said.split(' ').collect();
    assert_eq!([words[0], words[5]], ["Goodbye", "10000"], "{said}");
    let wakes: usize = words[2].parse().unwrap();
    assert!(wakes < 5000, "{said}");
}

#[test]
fn libuv_runs_callbacks_in_its_own_thread() {
    let mut probe = Command::new("pkg-config");
    let Some(flags) = found("libuv", probe.args(["--cflags", "--libs", "libuv"])) else {
        return;
    };
    let directory = TempDir::new();
    let source = Path::new(ROOT).join("c-examples/queue_libuv.c");
    let said = against_a_server::<&str>(build(&C, &source, &directory, &flags), &[]);
    assert!(said.starts_with("1000 commands"), "{said}");
}

#[test]
fn asyncio_awaits_replies_through_ctypes() {
    let script = Path::new(ROOT).join("c-examples/queue_asyncio.py");
    let library = library_directory().join("libredisclient.so");
    let said = against_a_server("python3", &[script, library]);
    assert!(said.starts_with("4000 replies"), "{said}");
}

#[test]
fn the_recipe_for_libev_answers_in_the_loop() {
    // libev comes without a file for pkg-config.
    let mut probe = Command::new("sh");
    let probe = probe.args(["-c", "echo '#include <ev.h>' | cc -E - >/dev/null 2>&1"]);
    if found("libev", probe).is_none() {
        return;
    }
    let directory = TempDir::new();
    std::fs::write(directory.path().join("recipe.h"), recipe("c")).unwrap();
    let source = Path::new(ROOT).join("tests/event_loops/libev.c");
    // Its macros break the aliasing that the compiler assumes.
    let compiler = ["cc", "-std=c99", "-Wno-strict-aliasing"];
    let program = build(&compiler, &source, &directory, &["-lev".to_owned()]);
    assert_eq!(against_a_server::<&str>(program, &[]), "1000 answered");
}

#[test]
fn the_recipe_for_asio_answers_in_the_loop() {
    let mut probe = Command::new("sh");
    let probe = probe.args([
        "-c",
        "echo '#include <asio.hpp>' | c++ -E -x c++ - >/dev/null 2>&1",
    ]);
    if found("Asio", probe).is_none() {
        return;
    }
    let directory = TempDir::new();
    std::fs::write(directory.path().join("recipe.h"), recipe("cpp")).unwrap();
    let source = Path::new(ROOT).join("tests/event_loops/asio.cc");
    let program = build(&["c++", "-std=c++14"], &source, &directory, &[]);
    assert_eq!(against_a_server::<&str>(program, &[]), "1000 answered");
}

#[test]
fn the_recipe_for_go_serves_goroutines() {
    let mut probe = Command::new("go");
    if found("Go", probe.arg("version")).is_none() {
        return;
    }
    let directory = TempDir::new();
    let source = read("tests/event_loops/main.go").replace("// recipe\n", recipe("go"));
    std::fs::write(directory.path().join("main.go"), source).unwrap();
    let mut go = Command::new("go");
    go.args(["build", "-o", "program", "main.go"]);
    go.current_dir(directory.path());
    go.env("CGO_CFLAGS", format!("-I{ROOT}/include"));
    go.env("CGO_LDFLAGS", link().join(" "));
    // Not every flag that finds the library is among those that cgo lets through by itself.
    run(go.env("CGO_LDFLAGS_ALLOW", ".*"));
    let program = directory.path().join("program");
    assert_eq!(against_a_server::<&str>(program, &[]), "1000 answered");
}
