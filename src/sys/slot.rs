//! A place for one box, which threads put in and take out by one exchange.

use std::marker::PhantomData;
use std::ptr;

use super::sync::{AtomicPtr, Mutex, Ordering};

/// See the module. It owns what is in it.
pub struct Slot<T> {
    place: AtomicPtr<T>,
    /// Shared as a mutex is: whoever takes the box has it alone.
    _owned: PhantomData<Mutex<Box<T>>>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            place: AtomicPtr::new(ptr::null_mut()),
            _owned: PhantomData,
        }
    }
}

impl<T> Slot<T> {
    /// Takes out what is there.
    #[inline]
    pub fn take(&self) -> Option<Box<T>> {
        owned(self.place.swap(ptr::null_mut(), Ordering::SeqCst))
    }

    /// Puts a box in and takes out what was there before.
    #[inline]
    pub fn put(&self, value: Box<T>) -> Option<Box<T>> {
        owned(self.place.swap(Box::into_raw(value), Ordering::SeqCst))
    }

    /// Whether there is something; it may be gone at once.
    pub fn is_full(&self) -> bool {
        !self.place.load(Ordering::SeqCst).is_null()
    }
}

#[inline]
fn owned<T>(place: *mut T) -> Option<Box<T>> {
    // SAFETY: only `put` writes pointers other than null, each from a box that it gave up, and an
    // exchange gives each of them to one thread.
    (!place.is_null()).then(|| unsafe { Box::from_raw(place) })
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_is_put_in_comes_out_once_and_is_dropped_with_the_slot() {
        let value = Arc::new(());
        let slot = Slot::default();
        assert!(slot.put(Box::new(Arc::clone(&value))).is_none());
        assert!(slot.put(Box::new(Arc::clone(&value))).is_some());
        assert!(slot.is_full());
        assert!(slot.take().is_some() && slot.take().is_none());
        slot.put(Box::new(Arc::clone(&value)));
        drop(slot);
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
