//! The C API: one file per handle, each function its documentation, its signature and a few lines.

pub mod version;
