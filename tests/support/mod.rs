//! What the integration tests share: private real servers and scripted fake ones.
//!
//! `Server` runs a real server of a `Flavour`, `Scripted` a fake one that follows a closure.
//! Both end, and take their files with them, when they are dropped.
#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses only a part"
)]
#![allow(unsafe_code, reason = "signals and socket options that std lacks")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at a failure"
)]

mod conn;
mod flavour;
mod library;
mod process;
pub mod raw;
mod scripted;
mod server;
mod stream;
mod temporary;

pub use flavour::Flavour;
pub use library::library_directory;
pub use process::spawn_for_life;
pub use scripted::{Conn, Scripted};
pub use server::Server;
pub use temporary::{TempDir, free_port};

/// How long a test waits for something that must happen before it fails.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// Waits until `ready` holds, and fails naming `what` when it does not within `PATIENCE`.
pub fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !ready() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
