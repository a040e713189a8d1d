//! Where the files of a run are: in memory, if the system has room for them there.
//!
//! A server writes each command to its file before it answers, and clerks write journals: on a disk
//! that others keep busy both would wait, and the calls with them.

use std::ffi::CStr;

const PLACE: &CStr = c"/dev/shm";
/// What half an hour's run may take.
const ROOM: u64 = 1 << 30;

/// Temporary files go there from now on. To be called before anything else is started.
pub fn take_for_files() {
    if room() >= ROOM {
        // SAFETY: no other thread of the process reads its environment yet.
        unsafe { std::env::set_var("TMPDIR", "/dev/shm") };
    }
}

/// Bytes that are free there, 0 when there is no such place.
fn room() -> u64 {
    // SAFETY: a name, and a place of plain numbers.
    unsafe {
        let mut told: libc::statvfs = std::mem::zeroed();
        match libc::statvfs(PLACE.as_ptr(), &mut told) {
            0 => told.f_bavail * told.f_frsize,
            _ => 0,
        }
    }
}
