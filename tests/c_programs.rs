//! The C tests: each program of tests/c is compiled against the header and the library just built,
//! and run on a server of its own; plainly, under valgrind, and with gcc's sanitizers.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Flavour, Server, library_directory};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How a program is built and run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Plain,
    Valgrind,
    Sanitizers,
}

fn compile(source: &str, way: Way) -> PathBuf {
    let name = Path::new(source).file_stem().unwrap().to_string_lossy();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c");
    std::fs::create_dir_all(&directory).unwrap();
    let program = directory.join(format!("{name}-{way:?}"));
    let library = library_directory();
    let mut compiler = Command::new("gcc");
    compiler.args([
        "-std=c11",
        "-D_GNU_SOURCE",
        "-g",
        "-O1",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Werror",
    ]);
    if way == Way::Sanitizers {
        compiler.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
    }
    compiler
        .arg(format!("-I{ROOT}/include"))
        .arg("-o")
        .arg(&program);
    compiler
        .arg(Path::new(ROOT).join("tests").join(source))
        .arg("-L")
        .arg(&library);
    compiler.args(["-lredisclient", "-pthread", "-lm"]);
    compiler.arg(format!("-Wl,-rpath,{}", library.display()));
    let output = compiler.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{source}:\n{complaint}");
    program
}

fn run(source: &str, way: Way) {
    let program = compile(source, way);
    let server = Server::start(Flavour::Redis, &[]);
    let mut command = match way {
        Way::Valgrind => {
            let mut valgrind = Command::new("valgrind");
            valgrind.args([
                "-q",
                "--error-exitcode=9",
                "--leak-check=full",
                "--num-callers=30",
            ]);
            valgrind.arg(program);
            valgrind
        }
        _ => Command::new(program),
    };
    // cargo's own search path would lead to an older build.
    command.env("LD_LIBRARY_PATH", library_directory());
    command.arg(format!("url={}", server.url_unix()));
    command.arg(format!("tcp={}", server.url_tcp()));
    // Programs do less where every instruction costs more.
    command.env("SLOW", if way == Way::Plain { "0" } else { "1" });
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{source} ({way:?}): {}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

macro_rules! programs {
    ($($name:ident: $source:literal;)*) => {
        $(mod $name {
            use super::{Way, run};

            #[test]
            fn plain() {
                run($source, Way::Plain);
            }

            #[test]
            fn under_valgrind() {
                run($source, Way::Valgrind);
            }

            #[test]
            fn with_sanitizers() {
                run($source, Way::Sanitizers);
            }
        })*
    };
}

programs! {
    abi: "abi/abi.c";
    call: "c/call.c";
    command: "c/command.c";
    encode: "c/encode.c";
    errors: "c/errors.c";
    hostile: "c/hostile.c";
    null: "c/null.c";
    reader: "c/reader.c";
    reply: "c/reply.c";
}
