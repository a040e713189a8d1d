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

mod black_hole;
pub mod c;
pub mod client;
mod compile;
mod conn;
mod flavour;
mod library;
mod preload;
mod process;
mod proxy;
pub mod raw;
mod scripted;
mod server;
mod stream;
mod temporary;
pub mod tls;
mod tls_end;
pub mod tool;

pub use black_hole::{BlackHole, same_port};
pub use compile::{compile, compiler};
pub use flavour::Flavour;
pub use library::library_directory;
pub use preload::{Probe, Told};
pub use process::{run_to_end, spawn_for_life};
pub use proxy::{Fault, Proxy};
pub use scripted::{Conn, Scripted};
pub use server::{Server, field_of};
pub use temporary::{TempDir, free_port, refusing_port};
pub use tls::Identity;
pub use tls_end::{acceptor, acceptor_of};

/// How long a test waits for something that must happen before it fails.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Waits until `ready` holds, and fails naming `what` when it does not within `PATIENCE`.
pub fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !ready() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
