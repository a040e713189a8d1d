//! errno, which freeing something must not change.

/// Runs `action` and leaves errno as it was.
#[inline]
pub fn keep<T>(action: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    {
        // SAFETY: the address of this thread's errno is always valid, and stays the same.
        let (place, saved) = unsafe {
            let place = location();
            (place, *place)
        };
        let value = action();
        // SAFETY: as above.
        unsafe { *place = saved };
        value
    }
    #[cfg(not(unix))]
    action()
}

#[cfg(any(target_os = "linux", target_os = "dragonfly"))]
unsafe fn location() -> *mut libc::c_int {
    // SAFETY: has no preconditions.
    unsafe { libc::__errno_location() }
}

#[cfg(any(target_os = "macos", target_os = "ios", target_os = "freebsd"))]
unsafe fn location() -> *mut libc::c_int {
    // SAFETY: has no preconditions.
    unsafe { libc::__error() }
}

#[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
unsafe fn location() -> *mut libc::c_int {
    // SAFETY: has no preconditions.
    unsafe { libc::__errno() }
}
