//! The C compiler, for programs and for libraries that are loaded before others.

use std::path::Path;
use std::process::Command;

/// The C compiler: $CC, else cc.
pub fn compiler() -> Command {
    Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
}

/// Compiles what `arguments` name into `output`; panics with the compiler's complaint. Strict,
/// with the directory of the library's header among those searched.
pub fn compile(arguments: &[&str], output: &Path) {
    let mut compiler = compiler();
    compiler.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"));
    compiler.args(["-std=c11", "-g", "-O1", "-I../include"]);
    compiler.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror"]);
    compiler.arg("-o").arg(output).args(arguments);
    let output = compiler.output().expect("a C compiler");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}:\n{complaint}");
}
