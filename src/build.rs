//! Names the shared library: the soname counts ABI versions, not releases.

fn main() {
    println!("cargo:rerun-if-changed=src/build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    match target.as_str() {
        "linux" | "freebsd" | "netbsd" | "openbsd" | "dragonfly" | "android" => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libredisclient.so.0");
            // The fork handler and short-lived resolver threads outlive dlclose.
            println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        }
        "macos" => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libredisclient.0.dylib");
        }
        _ => {}
    }
}
