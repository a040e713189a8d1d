//! Where bytes from the server arrive and wait to be understood.
//!
//! Positions are counted from the first byte of the reply being read, so that they stay right
//! when the bytes move to a larger region. Capacity never runs ahead of what has arrived: it at
//! most doubles, up to what the reply is known to need.

use super::region::Region;

/// First region: a value of 64 KiB fits with its frame.
const FIRST: usize = (64 << 10) + (4 << 10) - 128;

/// The receive buffer of one connection or reader.
#[derive(Default)]
pub struct Wire {
    region: Option<Region>,
    /// First byte of the reply being read.
    start: usize,
    /// End of what has arrived.
    end: usize,
}

impl Wire {
    /// What has arrived since the start of the reply being read.
    pub fn bytes(&self) -> &[u8] {
        match &self.region {
            // SAFETY: start..end lies inside the region and nobody else writes there.
            Some(region) => unsafe {
                std::slice::from_raw_parts(region.data().add(self.start).as_ptr(), self.len())
            },
            None => &[],
        }
    }

    /// The same bytes, to be changed.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let length = self.len();
        match &mut self.region {
            // SAFETY: as in `bytes`; the borrow is exclusive.
            Some(region) => unsafe {
                std::slice::from_raw_parts_mut(region.data().add(self.start).as_ptr(), length)
            },
            None => &mut [],
        }
    }

    /// How many bytes have arrived since the start of the reply being read.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Room for at least `least` more bytes, for a reply known to need `need` in all (0 when not known); `None` without memory.
    pub fn space(&mut self, least: usize, need: usize) -> Option<&mut [u8]> {
        let held = self.len();
        if held == 0 && self.region.as_ref().is_some_and(Region::is_sole) {
            (self.start, self.end) = (0, 0);
        }
        if self.room() - self.end < least.max(1) {
            let wanted = held.checked_add(least.max(1))?;
            let doubled = held.checked_mul(2)?;
            let ahead = if need > wanted {
                need.min(doubled)
            } else {
                doubled
            };
            self.make_room(wanted.max(ahead))?;
        }
        let region = self.region.as_mut()?;
        // SAFETY: end..room lies inside the region, initialised with zeroes, and is known to us alone.
        let spare = unsafe {
            std::slice::from_raw_parts_mut(
                region.data().add(self.end).as_ptr(),
                region.room() - self.end,
            )
        };
        Some(spare)
    }

    /// Counts `used` bytes of the last `space` as arrived; more than there was room for counts as all of it.
    pub fn commit(&mut self, used: usize) {
        self.end += used.min(self.room() - self.end);
    }

    /// Appends bytes; `None` without memory.
    pub fn append(&mut self, bytes: &[u8]) -> Option<()> {
        let space = self.space(bytes.len(), 0)?;
        space[..bytes.len()].copy_from_slice(bytes);
        self.commit(bytes.len());
        Some(())
    }

    /// Forgets the first `used` bytes: a reply is finished.
    pub fn consume(&mut self, used: usize) {
        self.start = (self.start + used).min(self.end);
    }

    /// Takes the memory out while nothing waits in it; `None`, and grown memory freed, otherwise.
    pub fn take_memory(&mut self) -> Option<Self> {
        if !self.is_empty() {
            return None;
        }
        let taken = std::mem::take(self);
        let plain = |region: &Region| region.is_sole() && region.room() < 2 * FIRST;
        taken.region.as_ref().is_some_and(plain).then_some(taken)
    }

    /// Uses lent memory when there is none.
    pub fn lend(&mut self, memory: Self) {
        if self.region.is_none() {
            *self = memory;
        }
    }

    /// A hold on the region with the address of the reply's first byte, for a reply that keeps its texts here.
    pub(super) fn share(&self) -> Option<(Region, *mut u8)> {
        let region = self.region.clone()?;
        // SAFETY: start lies inside the region.
        let base = unsafe { region.data().add(self.start).as_ptr() };
        Some((region, base))
    }

    fn room(&self) -> usize {
        self.region.as_ref().map_or(0, Region::room)
    }

    /// Sees to it that `capacity` bytes fit from the reply's start on.
    fn make_room(&mut self, capacity: usize) -> Option<()> {
        let held = self.len();
        if let Some(region) = &mut self.region
            && region.is_sole()
        {
            if self.start >= held && region.room() >= capacity {
                // SAFETY: both ranges lie inside the region, which is ours alone; they do not overlap.
                unsafe {
                    let data = region.data().as_ptr();
                    std::ptr::copy_nonoverlapping(data.add(self.start), data, held);
                }
                (self.start, self.end) = (0, held);
                return Some(());
            }
            if self
                .start
                .checked_add(capacity)
                .is_some_and(|room| region.grow(room))
            {
                return Some(());
            }
        }
        let made = Region::new(capacity.max(FIRST))?;
        if let Some(old) = &self.region {
            // SAFETY: the held bytes lie inside the old region and fit into the new one.
            unsafe {
                let from = old.data().add(self.start).as_ptr();
                std::ptr::copy_nonoverlapping(from, made.data().as_ptr(), held);
            }
        }
        self.region = Some(made);
        (self.start, self.end) = (0, held);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_stream_reuses_its_region() {
        let mut wire = Wire::default();
        wire.append(b"abc").unwrap();
        let room = wire.room();
        for _ in 0..100_000 {
            wire.append(b"0123456789").unwrap();
            wire.consume(10);
        }
        assert_eq!(wire.bytes(), b"789");
        assert_eq!(wire.room(), room);
    }

    #[test]
    fn capacity_follows_what_arrived() {
        let mut wire = Wire::default();
        wire.space(1, 1 << 30).unwrap();
        assert!(wire.room() < 80 << 10);
        for _ in 0..40 {
            let room = wire.space(1, 1 << 30).unwrap().len();
            wire.commit(room.min(100_000));
            assert!(wire.room() <= 2 * wire.len() + FIRST + 8192);
        }
    }

    #[test]
    fn bytes_survive_growth() {
        let mut wire = Wire::default();
        let mut expected = Vec::new();
        for number in 0..300_000u32 {
            wire.append(&number.to_le_bytes()).unwrap();
            expected.extend_from_slice(&number.to_le_bytes());
        }
        assert_eq!(wire.bytes(), &expected[..]);
    }

    #[test]
    fn a_shared_region_is_left_to_the_reply() {
        let mut wire = Wire::default();
        wire.append(b"hello").unwrap();
        let (region, base) = wire.share().unwrap();
        wire.consume(5);
        let room = wire.room();
        wire.append(&vec![b'x'; room]).unwrap();
        // SAFETY: the region is held, and these bytes were written.
        assert_eq!(unsafe { std::slice::from_raw_parts(base, 5) }, b"hello");
        drop(region);
    }
}
