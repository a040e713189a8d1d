//! The Debian packages: what is in them, and programs that build against them in a root of their own.
//! Where dpkg is not to be had there is nothing to test.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use support::tool::{needs_library, printed, run};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn scratch(name: &str) -> PathBuf {
    let deb = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deb");
    deb.join(name)
}

fn has_dpkg() -> bool {
    let there = Command::new("dpkg-gencontrol").arg("--version").output();
    if there.is_err() {
        eprintln!("NOT RUN: dpkg-dev is missing");
    }
    there.is_ok()
}

/// Builds both packages, once, with cargo's build of `make install`.
fn packages() -> &'static [PathBuf; 2] {
    static BUILT: OnceLock<[PathBuf; 2]> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let out = scratch("packages");
        let mut deb = Command::new(Path::new(ROOT).join(".ci/deb"));
        run(deb.arg(&out).env("CARGO_TARGET_DIR", target));
        let architecture = printed(Command::new("dpkg").arg("--print-architecture"));
        ["libredisclient0", "libredisclient-dev"]
            .map(|name| out.join(format!("{name}_{VERSION}-1_{architecture}.deb")))
    })
}

fn field(package: &Path, name: &str) -> String {
    printed(Command::new("dpkg-deb").arg("-f").arg(package).arg(name))
}

fn control(package: &Path, file: &str) -> String {
    printed(Command::new("dpkg-deb").arg("-I").arg(package).arg(file))
}

fn multiarch() -> String {
    printed(Command::new("dpkg-architecture").arg("-qDEB_HOST_MULTIARCH"))
}

/// What a package holds, directories left out.
fn contents(package: &Path) -> Vec<String> {
    let listing = printed(Command::new("dpkg-deb").arg("-c").arg(package));
    let mut names = Vec::new();
    for line in listing.lines().filter(|line| !line.starts_with('d')) {
        let name = line.split_whitespace().nth(5).unwrap();
        let link = if line.starts_with('l') { " ->" } else { "" };
        names.push(format!("{}{link}", name.trim_start_matches("./")));
        assert!(line.contains(" root/root "), "{line}");
    }
    names.sort();
    names
}

#[test]
fn each_file_is_in_its_package() {
    if !has_dpkg() {
        return;
    }
    let [library, development] = packages();
    let lib = format!("usr/lib/{}", multiarch());
    let document = |name: &str| {
        ["changelog.Debian.gz", "changelog.gz", "copyright"]
            .map(|file| format!("usr/share/doc/{name}/{file}"))
    };
    let mut wanted = document("libredisclient0").to_vec();
    wanted.push(format!("{lib}/libredisclient.so.0 ->"));
    wanted.push(format!("{lib}/libredisclient.so.{VERSION}"));
    wanted.sort();
    assert_eq!(contents(library), wanted);

    let mut wanted = document("libredisclient-dev").to_vec();
    wanted.push("usr/include/redisclient.h".to_owned());
    wanted.push("usr/share/man/man3/libredisclient.3.gz".to_owned());
    for file in [
        "cmake/redisclient/redisclientConfig.cmake",
        "cmake/redisclient/redisclientConfigVersion.cmake",
        "libredisclient.a",
        "libredisclient.so ->",
        "pkgconfig/redisclient.pc",
    ] {
        wanted.push(format!("{lib}/{file}"));
    }
    for page in [
        "OPTIONS.md",
        "docs/abi.md",
        "docs/errors.md",
        "docs/event-loops.md",
        "docs/from-hiredis.md",
        "c-examples/queue_asyncio.py",
        "c-examples/queue_libuv.c",
        "c-examples/queue_poll.c",
    ] {
        wanted.push(format!("usr/share/doc/libredisclient-dev/{page}"));
    }
    wanted.sort();
    assert_eq!(contents(development), wanted);
}

#[test]
fn each_package_says_what_it_needs_and_gives() {
    if !has_dpkg() {
        return;
    }
    let [library, development] = packages();
    let depends = field(library, "Depends");
    for need in ["libc6 (>= ", "libssl3 (>= "] {
        assert!(depends.contains(need), "{depends}");
    }
    assert_eq!(
        field(development, "Depends"),
        format!("libredisclient0 (= {VERSION}-1), libssl-dev")
    );
    let shlibs = format!("libredisclient 0 libredisclient0 (>= {VERSION})");
    assert_eq!(control(library, "shlibs"), shlibs);
    assert_eq!(control(library, "triggers"), "activate-noawait ldconfig");
    for package in [library, development] {
        assert_eq!(field(package, "Multi-Arch"), "same");
        let sums = control(package, "md5sums").lines().count();
        let links = contents(package)
            .iter()
            .filter(|it| it.ends_with("->"))
            .count();
        assert_eq!(sums + links, contents(package).len());
    }
}

/// A root with both packages in it: installed by dpkg where that is allowed, else unpacked.
fn root() -> PathBuf {
    let root = scratch("root");
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(root.join("var/lib/dpkg/info")).unwrap();
    std::fs::create_dir_all(root.join("var/lib/dpkg/updates")).unwrap();
    std::fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
    if printed(Command::new("id").arg("-u")) == "0" {
        let mut dpkg = Command::new("dpkg");
        // What they depend on is in the root of this machine.
        dpkg.args(["--force-depends", "--force-script-chrootless", "--root"]);
        run(dpkg.arg(&root).arg("-i").args(packages()));
        let status = std::fs::read_to_string(root.join("var/lib/dpkg/status")).unwrap();
        assert_eq!(status.matches("Status: install ok installed").count(), 2);
    } else {
        for package in packages() {
            run(Command::new("dpkg-deb").arg("-x").arg(package).arg(&root));
        }
    }
    root
}

#[test]
fn programs_build_against_the_installed_packages() {
    if !has_dpkg() {
        return;
    }
    let root = root();
    let lib = root.join("usr/lib").join(multiarch());
    let consumers = Path::new(ROOT).join("tests/consumers");
    let mut pkg_config = Command::new("pkg-config");
    pkg_config.env("PKG_CONFIG_PATH", lib.join("pkgconfig"));
    let flags = printed(pkg_config.args(["--cflags", "--libs", "redisclient"]));
    let program = scratch("program");
    let mut compiler = Command::new("gcc");
    compiler.arg("-o").arg(&program);
    compiler.arg(consumers.join("consumer.c"));
    run(compiler.args(flags.split_whitespace()));
    let said = printed(Command::new(&program).env("LD_LIBRARY_PATH", &lib));
    assert_eq!(said, VERSION);
    assert!(needs_library(&program));

    let build = scratch("consumers");
    let _ = std::fs::remove_dir_all(&build);
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(&consumers).arg("-B").arg(&build);
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", root.join("usr").display());
    run(configure.args([&prefix, &format!("-DWANTED={VERSION}")]));
    run(Command::new("cmake").arg("--build").arg(&build));
    for target in ["c_shared", "c_static", "cpp_redisclient"] {
        let program = build.join(target);
        assert_eq!(printed(&mut Command::new(&program)), VERSION, "{target}");
        assert_eq!(needs_library(&program), target != "c_static", "{target}");
    }
}
