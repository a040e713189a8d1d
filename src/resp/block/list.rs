//! A growing list whose growth may fail, and whose memory goes back to the system when it was large.

use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};

use super::memory::{self, Fill};

/// Plain values one after another. Unlike `Vec` it answers when there is no memory.
pub struct List<T: Copy> {
    block: NonNull<T>,
    length: usize,
    capacity: usize,
}

// SAFETY: it owns its values as a Vec does.
unsafe impl<T: Copy + Send> Send for List<T> {}
// SAFETY: as above.
unsafe impl<T: Copy + Sync> Sync for List<T> {}

/// There is no memory for so many bytes.
#[derive(Debug, PartialEq)]
pub struct NoMemory(pub usize);

impl<T: Copy> Default for List<T> {
    fn default() -> Self {
        Self {
            block: NonNull::dangling(),
            length: 0,
            capacity: 0,
        }
    }
}

impl<T: Copy> List<T> {
    /// Makes room for `more` values.
    #[inline]
    pub fn reserve(&mut self, more: usize) -> Result<(), NoMemory> {
        match self.capacity - self.length < more {
            true => self.grow(more),
            false => Ok(()),
        }
    }

    /// Appends a value.
    #[inline(always)]
    pub fn push(&mut self, value: T) -> Result<(), NoMemory> {
        if self.length == self.capacity {
            self.grow(1)?;
        }
        // SAFETY: there is room for one more.
        unsafe { self.block.add(self.length).write(value) };
        self.length += 1;
        Ok(())
    }

    /// Appends values as long as `next` has some.
    #[inline(always)]
    pub fn take_from(&mut self, mut next: impl FnMut() -> Option<T>) -> Result<(), NoMemory> {
        loop {
            self.reserve(1)?;
            // SAFETY: both lie inside the block, or just behind it.
            let (mut at, end) = unsafe {
                (
                    self.block.add(self.length).as_ptr(),
                    self.block.add(self.capacity).as_ptr(),
                )
            };
            while at < end {
                let Some(value) = next() else {
                    // SAFETY: the values up to here are written.
                    self.length = unsafe { at.offset_from_unsigned(self.block.as_ptr()) };
                    return Ok(());
                };
                // SAFETY: before the end of the block.
                unsafe {
                    at.write(value);
                    at = at.add(1);
                }
            }
            self.length = self.capacity;
        }
    }

    /// Appends values.
    pub fn extend(&mut self, values: &[T]) -> Result<(), NoMemory> {
        if self.capacity - self.length < values.len() {
            self.grow(values.len())?;
        }
        // SAFETY: there is room for all of them, and a borrowed slice lies elsewhere.
        unsafe {
            let end = self.block.add(self.length).as_ptr();
            ptr::copy_nonoverlapping(values.as_ptr(), end, values.len());
        }
        self.length += values.len();
        Ok(())
    }

    /// Forgets all values from `length` on.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// For how many values there is room.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    #[cold]
    fn grow(&mut self, more: usize) -> Result<(), NoMemory> {
        let wanted = self.length.checked_add(more);
        let capacity = wanted.map(|wanted| wanted.max(self.capacity * 2).max(32));
        let size = capacity.and_then(|capacity| capacity.checked_mul(size_of::<T>()));
        let (Some(capacity), Some(size)) = (capacity, size) else {
            return Err(NoMemory(usize::MAX));
        };
        let held = self.capacity * size_of::<T>();
        let grown = match held {
            0 => memory::allocate(size, align_of::<T>(), Fill::Anything),
            // SAFETY: the block has this size, and its address is replaced.
            _ => unsafe { memory::enlarge_plain(self.block.cast(), (held, size), align_of::<T>()) },
        };
        self.block = grown.ok_or(NoMemory(size))?.cast();
        self.capacity = capacity;
        Ok(())
    }

    fn release(&mut self) {
        if self.capacity > 0 {
            let size = self.capacity * size_of::<T>();
            // SAFETY: allocated with this size, and not used again.
            unsafe { memory::release(self.block.cast(), size, align_of::<T>()) };
        }
    }
}

impl<T: Copy> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: the first `length` values are written.
        unsafe { std::slice::from_raw_parts(self.block.as_ptr(), self.length) }
    }
}

impl<T: Copy> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.block.as_ptr(), self.length) }
    }
}

impl<T: Copy> Drop for List<T> {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::MAPPED;
    use super::*;

    #[test]
    fn values_survive_growth_into_mapped_memory_and_beyond() {
        let mut list = List::default();
        for number in 0..1_000_000u64 {
            list.push(number).unwrap();
        }
        assert!(list.capacity() * 8 > MAPPED);
        assert!(list.iter().copied().eq(0..1_000_000));
        list.truncate(3);
        list.extend(&[7, 8]).unwrap();
        assert_eq!(&list[..], [0, 1, 2, 7, 8]);
        let mut more = 9..1000;
        list.take_from(|| more.next()).unwrap();
        assert!(
            list.iter()
                .copied()
                .eq([0, 1, 2].into_iter().chain(7..1000))
        );
    }

    #[test]
    fn an_empty_list_owns_nothing() {
        let mut list = List::<u32>::default();
        assert!(list.is_empty() && list.capacity() == 0);
        list.extend(&[]).unwrap();
        list.truncate(5);
        assert!(list.is_empty());
    }

    #[test]
    fn impossible_sizes_are_refused() {
        let mut list = List::<u64>::default();
        list.push(1).unwrap();
        assert!(list.grow(usize::MAX).is_err());
        assert!(list.grow(usize::MAX / 8 - 1).is_err());
        assert_eq!(&list[..], [1]);
    }
}
