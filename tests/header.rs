//! The public header: generated from the source, in step with it, documented, and clean in every
//! language it is for.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn committed() -> PathBuf {
    Path::new(ROOT).join("include/redisclient.h")
}

fn generate() -> String {
    let mut config = cbindgen::Config::from_root_or_default(ROOT);
    let version = env!("CARGO_PKG_VERSION");
    let parts: Vec<&str> = version.split('.').collect();
    config.after_includes = config.after_includes.map(|text| {
        text.replace("@MAJOR@", parts[0])
            .replace("@MINOR@", parts[1])
            .replace("@PATCH@", parts[2])
            .replace("@VERSION@", version)
    });
    let bindings = cbindgen::generate_with_config(ROOT, config).unwrap();
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    // The signed sizes of the interface are descriptors, which C calls intptr_t.
    tidied(
        &String::from_utf8(bytes)
            .unwrap()
            .replace("ptrdiff_t", "intptr_t"),
    )
}

/// Without the safety sections, which speak to Rust callers (C's are in the text before them), and
/// without the many empty lines that items of Rust alone leave.
fn tidied(header: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut skipping = false;
    for line in header.lines() {
        if line.trim() == "* # Safety" {
            skipping = true;
            if kept.last().is_some_and(|last| last.trim() == "*") {
                kept.pop();
            }
        }
        skipping &= line.trim() != "*/";
        let empty_again = line.is_empty() && kept.last().is_some_and(|last| last.is_empty());
        if !skipping && !empty_again {
            kept.push(line.trim_end());
        }
    }
    kept.join("\n") + "\n"
}

#[test]
fn no_name_of_ours_alone_reaches_c() {
    let header = std::fs::read_to_string(committed()).unwrap();
    let names = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define "));
    for name in names {
        assert!(name.starts_with("REDISCLIENT_"), "{name}");
    }
}

#[test]
fn the_committed_header_is_in_step() {
    let generated = generate();
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(committed().parent().unwrap()).unwrap();
        std::fs::write(committed(), &generated).unwrap();
    }
    let found = std::fs::read_to_string(committed()).unwrap_or_default();
    assert!(
        found == generated,
        "include/redisclient.h is out of step with the source: run `make header` and commit it"
    );
}

#[test]
fn every_item_is_documented() {
    let header = generate();
    let lines: Vec<&str> = header.lines().collect();
    let mut seen = 0;
    for (number, line) in lines.iter().enumerate() {
        let item = line.starts_with("REDISCLIENT_API ")
            || line.starts_with("#define REDISCLIENT_")
                && line
                    .split(' ')
                    .nth(2)
                    .is_some_and(|value| value.parse::<i64>().is_ok())
            || line.starts_with("typedef ");
        if !item {
            continue;
        }
        seen += 1;
        let before = lines[..number].iter().rev().find(|line| !line.is_empty());
        let documented =
            line.contains("/**<") || before.is_some_and(|before| before.trim() == "*/");
        assert!(documented, "no comment before: {line}");
    }
    assert!(seen > 90, "only {seen} items found");
}

/// Compiles a program that uses the header.
fn compile(compiler: &str, args: &[&str], program: &str, suffix: &str) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let name = format!("{}{}.{suffix}", compiler, args.join("")).replace(['+', '='], "_");
    let source = directory.join(name);
    std::fs::write(&source, program).unwrap();
    let output = Command::new(compiler)
        .args(args)
        .args([
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Wundef",
            "-Werror",
            "-fsyntax-only",
        ])
        .arg(format!("-I{ROOT}/include"))
        .arg(&source)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{compiler} {args:?}:\n{complaint}");
}

fn installed(compiler: &str) -> bool {
    Command::new(compiler)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

const USE: &str = "
static int use(redisclient *client, const char *key) {
  redisclient_call call = REDISCLIENT_CALL_INIT;
  redisclient_stats stats = REDISCLIENT_STATS_INIT;
  redisclient_reply *reply = NULL;
  redisclient_status status = redisclient_command_call(client, &call, REDISCLIENT_ARGS(\"GET\", key), &reply, NULL);
  redisclient_reply_free(reply);
  return status == REDISCLIENT_OK && redisclient_stats_get(client, &stats, NULL) == REDISCLIENT_OK ? 0 : 1;
}
int main(void) { return use(NULL, \"k\") == 0; }
";

#[test]
fn c_of_every_standard_takes_it() {
    for compiler in ["gcc", "clang"] {
        if compiler != "gcc" && !installed(compiler) {
            println!("{compiler} is not installed: not tried");
            continue;
        }
        for standard in ["-std=c99", "-std=c11", "-std=c17", "-std=c2x"] {
            let twice = format!("#include <redisclient.h>\n#include <redisclient.h>\n{USE}");
            compile(compiler, &[standard], &twice, "c");
        }
    }
}

#[test]
fn cpp_of_every_standard_takes_it() {
    for compiler in ["g++", "clang++"] {
        if compiler != "g++" && !installed(compiler) {
            println!("{compiler} is not installed: not tried");
            continue;
        }
        for standard in ["-std=c++11", "-std=c++14", "-std=c++17", "-std=c++20"] {
            let include = "#include <redisclient.h>";
            let wrapped = format!("extern \"C\" {{\n{include}\n}}\n{USE}");
            compile(compiler, &[standard], &wrapped, "wrapped.cc");
            compile(
                compiler,
                &[standard],
                &format!("{include}\n{include}\n{USE}"),
                "cc",
            );
        }
    }
}
