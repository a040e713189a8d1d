//! The installed library: its files and names, and other people's programs that build against it
//! after it was moved somewhere else.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use support::tool::{needs_library, printed, run};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("install")
        .join(name)
}

/// One place for cargo's release build, that of `make install` as well: it is built only once.
fn cargo_directory() -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    format!("-DREDISCLIENT_CARGO_DIR={}/install", target.display())
}

/// Configures, builds and installs under `prefix` below `destdir`.
fn install(destdir: &str, prefix: &str, libdir: &str) {
    let build = scratch("build");
    let mut configure = Command::new("cmake");
    configure.args(["-S", ROOT, "-B"]).arg(&build);
    configure.arg(cargo_directory());
    configure.arg(format!("-DCMAKE_INSTALL_PREFIX={prefix}"));
    run(configure.arg(format!("-DCMAKE_INSTALL_LIBDIR:STRING={libdir}")));
    run(Command::new("cmake").arg("--build").arg(&build));
    let mut install = Command::new("cmake");
    run(install.env("DESTDIR", destdir).arg("--install").arg(&build));
}

/// The prefix: installed once, then moved. Beside it stand `staged/usr`, as a packager makes it, and
/// `absolute`, whose library directory was given as a full path.
fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let [first, moved, staged, absolute] =
            ["first", "moved", "staged", "absolute"].map(scratch);
        for old in [&first, &moved, &staged, &absolute, &scratch("consumers")] {
            let _ = std::fs::remove_dir_all(old);
        }
        let staged = staged.display().to_string();
        install(&staged, "/usr", "lib/x86_64-linux-gnu");
        let absolute = absolute.display().to_string();
        install("", &absolute, &format!("{absolute}/lib"));
        install("", &first.display().to_string(), "lib");
        std::fs::rename(&first, &moved).unwrap();
        moved
    })
}

#[test]
fn the_files_and_the_soname() {
    let lib = prefix().join("lib");
    for (link, target) in [
        ("libredisclient.so", VERSION),
        ("libredisclient.so.0", VERSION),
    ] {
        let found = std::fs::read_link(lib.join(link)).unwrap();
        assert_eq!(found, Path::new(&format!("libredisclient.so.{target}")));
    }
    let library = lib.join("libredisclient.so");
    let dynamic = printed(Command::new("readelf").arg("-d").arg(&library));
    assert!(
        dynamic.contains("Library soname: [libredisclient.so.0]"),
        "{dynamic}"
    );
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
    for need in ["libssl.so.3", "libcrypto.so.3"] {
        assert!(dynamic.contains(&format!("[{need}]")), "{dynamic}");
    }
    for file in [
        "libredisclient.a",
        "pkgconfig/redisclient.pc",
        "../include/redisclient.h",
        "../share/man/man3/libredisclient.3",
        "../share/doc/redisclient/OPTIONS.md",
        "../share/doc/redisclient/docs/abi.md",
        "../share/doc/redisclient/docs/errors.md",
        "../share/doc/redisclient/docs/event-loops.md",
        "../share/doc/redisclient/docs/from-hiredis.md",
        "../share/doc/redisclient/c-examples/queue_poll.c",
    ] {
        assert!(lib.join(file).is_file(), "{file}");
    }
}

#[test]
fn exactly_the_listed_symbols_are_exported() {
    let library = prefix().join("lib/libredisclient.so");
    let listing = printed(
        Command::new("nm")
            .args(["-D", "--defined-only"])
            .arg(library),
    );
    let mut exported: Vec<&str> = listing
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .collect();
    exported.sort_unstable();
    let listed = std::fs::read_to_string(Path::new(ROOT).join("tests/abi/symbols.txt")).unwrap();
    assert_eq!(exported, listed.lines().collect::<Vec<_>>());
    assert!(
        exported
            .iter()
            .all(|symbol| symbol.starts_with("redisclient_"))
    );
}

#[test]
fn link_time_optimisation_leaves_no_spare_code_in_the_archive() {
    // Measured: 9 MB with it, more than 20 MB without.
    let size = std::fs::metadata(prefix().join("lib/libredisclient.a"))
        .unwrap()
        .len();
    assert!(size < 15_000_000, "{size} bytes");
}

/// A configuration of the consumers that finds the library under `prefix`.
fn configure(name: &str, prefix: &Path, wanted: &str) -> Command {
    let mut configure = Command::new("cmake");
    configure
        .arg("-S")
        .arg(Path::new(ROOT).join("tests/consumers"))
        .arg("-B")
        .arg(scratch("consumers").join(name))
        .arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()))
        .arg(format!("-DWANTED={wanted}"));
    configure
}

fn build_and_run_consumers(name: &str, prefix: &Path) {
    run(configure(name, prefix, VERSION).arg("-DCOMPONENTS=shared;static"));
    let build = scratch("consumers").join(name);
    run(Command::new("cmake").arg("--build").arg(&build));
    for language in ["c", "cpp"] {
        for target in ["shared", "static", "redisclient"] {
            shows_its_version(&build.join(format!("{language}_{target}")));
        }
    }
}

/// Runs a consumer; it needs the shared library unless its name says that it is static.
fn shows_its_version(program: &Path) {
    let name = program.display().to_string();
    assert_eq!(printed(&mut Command::new(program)), VERSION, "{name}");
    assert_eq!(needs_library(program), !name.ends_with("static"), "{name}");
}

#[test]
fn programs_find_it_by_cmake() {
    build_and_run_consumers("moved", prefix());
    build_and_run_consumers("absolute", &prefix().with_file_name("absolute"));
}

/// Where /lib is a link to /usr/lib, cmake may come upon the package by either.
#[test]
fn programs_find_it_by_cmake_through_a_link() {
    let staged = prefix().with_file_name("staged");
    std::os::unix::fs::symlink("usr/lib", staged.join("lib")).unwrap();
    build_and_run_consumers("linked", &staged);
}

#[test]
fn a_newer_version_is_refused() {
    let output = configure("newer", prefix(), "0.99").output().unwrap();
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("0.99"), "{complaint}");
}

#[test]
fn an_unknown_component_is_refused() {
    let mut other = configure("component", prefix(), VERSION);
    let output = other.arg("-DCOMPONENTS=nonsense").output().unwrap();
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("component nonsense"), "{complaint}");
}

/// A program that only wants the shared library needs no development files of OpenSSL.
#[test]
fn the_shared_library_is_found_without_openssl() {
    let mut bare = configure("bare", prefix(), VERSION);
    bare.arg("-DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON");
    run(bare.args(["-DCOMPONENTS=shared", "-DTARGETS=shared;redisclient"]));
    let mut wanting = configure("wanting", prefix(), VERSION);
    wanting.arg("-DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON");
    let output = wanting.arg("-DCOMPONENTS=static").output().unwrap();
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("component static"), "{complaint}");
}

fn pkg_config(lib: &Path, args: &[&str]) -> Vec<String> {
    let mut command = Command::new("pkg-config");
    command
        .env("PKG_CONFIG_PATH", lib.join("pkgconfig"))
        .args(args)
        .arg("redisclient");
    printed(&mut command)
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

fn compile(name: &str, flags: &[String]) -> PathBuf {
    let program = scratch("consumers").join(name);
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    let mut compiler = Command::new("gcc");
    compiler
        .args(["-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&program);
    run(compiler
        .arg(Path::new(ROOT).join("tests/consumers/consumer.c"))
        .args(flags));
    program
}

#[test]
fn programs_find_it_by_pkg_config() {
    let beside = |path| prefix().with_file_name(path);
    for (name, lib) in [
        ("moved", prefix().join("lib")),
        ("staged", beside("staged/usr/lib/x86_64-linux-gnu")),
        ("absolute", beside("absolute/lib")),
    ] {
        let program = compile(
            &format!("{name}_shared"),
            &pkg_config(&lib, &["--cflags", "--libs"]),
        );
        let shown = printed(Command::new(&program).env("LD_LIBRARY_PATH", &lib));
        assert_eq!(shown, VERSION);
        assert!(needs_library(&program), "{name}");
        let mut flags = pkg_config(&lib, &["--static", "--cflags", "--libs"]);
        for flag in &mut flags {
            if flag == "-lredisclient" {
                *flag = "-l:libredisclient.a".to_owned();
            }
        }
        shows_its_version(&compile(&format!("{name}_static"), &flags));
    }
}

#[test]
fn the_static_needs_are_those_that_rustc_names() {
    let lib = prefix().join("lib");
    let target = scratch("needs");
    // rustc names them only when it compiles, not when all is up to date.
    let _ = std::fs::remove_dir_all(target.join("debug/.fingerprint"));
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(ROOT)
        .args(["rustc", "--lib", "--locked"])
        .args(["--crate-type", "staticlib", "--target-dir"])
        .arg(&target);
    let output = run(cargo.args(["--", "--print", "native-static-libs"]));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said
        .lines()
        .find_map(|line| line.split("native-static-libs: ").nth(1));
    let line = line.unwrap_or_else(|| panic!("rustc names no libraries:\n{said}"));
    let given = pkg_config(&lib, &["--static", "--libs"]);
    assert!(
        line.contains("-lssl") && line.contains("-lcrypto"),
        "{line}"
    );
    for need in line.split_whitespace() {
        assert!(
            given.iter().any(|flag| flag == need),
            "{need} is missing in {given:?}"
        );
    }
}

#[test]
fn a_program_builds_it_in_its_own_tree() {
    prefix();
    let build = scratch("consumers/embedded");
    let mut configure = Command::new("cmake");
    configure
        .arg("-S")
        .arg(Path::new(ROOT).join("tests/consumers/embedded"))
        .arg("-B")
        .arg(&build)
        .args([&cargo_directory(), &format!("-DLIBRARY={ROOT}")]);
    run(&mut configure);
    run(Command::new("cmake").arg("--build").arg(&build));
    for target in ["shared", "static", "redisclient"] {
        shows_its_version(&build.join(format!("embedded_{target}")));
    }
}
