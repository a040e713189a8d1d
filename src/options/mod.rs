//! String-keyed options, each of them a URL query key too, parsed into one typed `Config`.
//!
//! `table` says what every option takes, `parse` reads the values, `names` helps who gets a name
//! wrong, and `url` puts a URL and options together.

mod builder;
mod built;
mod built_net;
mod config;
mod config_net;
mod live;
mod names;
mod parse;
mod planned;
mod retry;
mod retry_on;
mod split;
mod table;
pub mod url;

pub use builder::Options;
pub use config::*;
pub use config_net::*;
pub use live::Live;
pub use retry::*;
pub use retry_on::RetryOn;
pub use table::{Row, Support, Texts, rows};

/// A seeded source of numbers for tests (xorshift).
#[cfg(test)]
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}
