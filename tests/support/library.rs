//! Where the library is that cargo built for this test run.

use std::path::{Path, PathBuf};

/// The directory of the library that cargo built for this test run.
pub fn library_directory() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let deps = program.parent().unwrap();
    let profile = deps.parent().unwrap();
    let built = |directory: &&Path| {
        let library = std::fs::metadata(directory.join("libredisclient.so"));
        library.and_then(|library| library.modified()).ok()
    };
    // Which of the two cargo writes depends on what was asked of it: the newer one is this run's.
    let place = [profile, deps]
        .into_iter()
        .filter(|directory| built(directory).is_some())
        .max_by_key(built)
        .expect("cargo builds the shared library beside the tests");
    let soname = place.join("libredisclient.so.0");
    let _ = std::os::unix::fs::symlink("libredisclient.so", soname);
    place.to_owned()
}
