//! Which version of the library runs.

use std::ffi::c_char;

/// The version of the library that runs, as text: "major.minor.patch".
///
/// The text is static: never freed, valid for ever. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn redisclient_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The version of the library that runs, as a number: major << 16 | minor << 8 | patch.
///
/// Compare with `REDISCLIENT_VERSION_NUMBER` of the header a program was built with. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn redisclient_version_number() -> u32 {
    const fn number(text: &str) -> u32 {
        let bytes = text.as_bytes();
        let (mut value, mut at) = (0, 0);
        while at < bytes.len() {
            value = value * 10 + (bytes[at] - b'0') as u32;
            at += 1;
        }
        value
    }
    const NUMBER: u32 = number(env!("CARGO_PKG_VERSION_MAJOR")) << 16
        | number(env!("CARGO_PKG_VERSION_MINOR")) << 8
        | number(env!("CARGO_PKG_VERSION_PATCH"));
    NUMBER
}
