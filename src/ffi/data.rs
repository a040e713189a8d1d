//! What a caller hands in beside its functions, to get it back in each call of them.

use std::ffi::c_void;

/// Ends the data of a callback, once.
pub type DestroyFn = Option<unsafe extern "C-unwind" fn(data: *mut c_void)>;

/// The caller's data; dropped, it is ended by the caller's function.
pub(super) struct Data {
    data: *mut c_void,
    destroy: DestroyFn,
}

impl Data {
    /// # Safety
    /// The function may be called with the data, once, on whatever thread drops this.
    pub unsafe fn new(data: *mut c_void, destroy: DestroyFn) -> Self {
        Self { data, destroy }
    }

    /// What the caller's functions are called with.
    pub fn get(&self) -> *mut c_void {
        self.data
    }

    /// It is somebody else's to end.
    pub fn disarm(&mut self) {
        self.destroy = None;
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: as who made this promised; it is the last use of the data.
            unsafe { destroy(self.data) };
        }
    }
}
