//! C programs out of the pages, compiled against the header and the library just built.

use super::library_directory;
use super::tool::run;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles `text` into the program `name` in `directory`; it finds the library by itself.
pub fn compile(text: &str, directory: &Path, name: &str) -> PathBuf {
    let source = directory.join(format!("{name}.c"));
    std::fs::write(&source, text).unwrap();
    let library = library_directory();
    let program = directory.join(name);
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]);
    compiler.arg(concat!("-I", env!("CARGO_MANIFEST_DIR"), "/include"));
    compiler.arg("-o").arg(&program).arg(&source);
    compiler.arg(library.join("libredisclient.so"));
    // The old kind of path wins over LD_LIBRARY_PATH, in which cargo may have put an older build.
    compiler.arg("-Wl,--disable-new-dtags");
    run(compiler.arg(format!("-Wl,-rpath,{}", library.display())));
    program
}
