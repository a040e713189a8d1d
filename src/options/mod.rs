//! String-keyed options, each of them a URL query key too, parsed into one typed `Config`.

mod config;

pub use config::*;
