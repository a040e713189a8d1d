//! Handles that one thread at a time may use: a second one is told so, and nothing is undefined.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Code, Error, Result};

/// What stands behind such a handle.
pub(super) struct OneThread<T> {
    inside: UnsafeCell<T>,
    /// Whether a thread is inside.
    taken: AtomicBool,
    /// Set when a second thread came in a function that has no way to tell.
    disturbed: AtomicBool,
    /// What messages call it.
    name: &'static str,
}

// SAFETY: the inside is reached by one thread at a time, the one that `taken` lets in.
unsafe impl<T: Send> Sync for OneThread<T> {}

/// The inside, until it is dropped.
pub(super) struct Inside<'a, T> {
    of: &'a OneThread<T>,
    /// It goes where a borrow of the inside may go.
    borrow: PhantomData<&'a mut T>,
}

impl<T> OneThread<T> {
    pub(super) fn new(name: &'static str, inside: T) -> Self {
        Self {
            inside: UnsafeCell::new(inside),
            taken: AtomicBool::new(false),
            disturbed: AtomicBool::new(false),
            name,
        }
    }

    /// The inside, or EBUSY.
    #[inline(always)]
    pub(super) fn enter(&self) -> Result<Inside<'_, T>> {
        match self.taken.swap(true, Ordering::Acquire) {
            false => Ok(Inside {
                of: self,
                borrow: PhantomData,
            }),
            true => Err(self.busy()),
        }
    }

    /// `enter`, for a function that cannot fail: `disturbance` tells the next that can.
    pub(super) fn enter_quietly(&self) -> Option<Inside<'_, T>> {
        let inside = self.enter().ok();
        if inside.is_none() {
            self.disturbed.store(true, Ordering::Relaxed);
        }
        inside
    }

    /// EBUSY if somebody came since the last question and could not be told.
    pub(super) fn disturbance(&self) -> Result<()> {
        match self.disturbed.swap(false, Ordering::Relaxed) {
            true => Err(self.busy()),
            false => Ok(()),
        }
    }

    #[cold]
    fn busy(&self) -> Error {
        Error::new(
            Code::Busy,
            format!("another thread uses this {}", self.name),
        )
    }
}

impl<T> Deref for Inside<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: nobody else is inside.
        unsafe { &*self.of.inside.get() }
    }
}

impl<T> DerefMut for Inside<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: nobody else is inside.
        unsafe { &mut *self.of.inside.get() }
    }
}

impl<T> Drop for Inside<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.of.taken.store(false, Ordering::Release);
    }
}
