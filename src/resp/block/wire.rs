//! Where bytes from the server arrive and wait to be understood.
//!
//! Positions are counted from the first byte of the reply being read, so that they stay right
//! when the bytes move to a larger region. Capacity never runs ahead of what has arrived: it at
//! most doubles, up to what the reply is known to need. Behind the last byte there are always some
//! that may be read, so that a head is read without asking where the bytes end.

use std::ptr::NonNull;

use super::cursor::{Cursor, PAD};
use super::region::Region;

/// First region: a value of 64 KiB fits with its frame.
const FIRST: usize = (64 << 10) + (4 << 10) - 128;
/// A region for a greeting, which is short.
const SMALL: usize = 1 << 10;
/// A larger region is given back as soon as nothing waits in it.
const LARGE: usize = 4 << 20;
/// Less room than this is not worth a system call.
const LITTLE: usize = 4 << 10;

/// The receive buffer of one connection or reader.
#[derive(Default)]
pub struct Wire {
    region: Option<Region>,
    /// First byte of the reply being read.
    start: usize,
    /// End of what has arrived.
    end: usize,
    /// Up to here the region is initialised, which is beyond the pad.
    clean: usize,
}

impl Wire {
    /// Little memory, for little; nothing without memory.
    pub fn small() -> Self {
        let region = Region::little(SMALL);
        Self {
            clean: region.as_ref().map_or(0, Region::room),
            region,
            ..Self::default()
        }
    }

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

    /// A place to read from, `at` bytes behind the start of the reply being read.
    #[inline(always)]
    pub fn cursor(&self, at: usize) -> Cursor<'_> {
        static NOTHING: [u8; PAD] = [0; PAD];
        match &self.region {
            // SAFETY: the end and the pad behind it lie inside the region, initialised, and nobody
            // else writes there.
            Some(region) => unsafe {
                let at = at.min(self.len());
                Cursor::new(region.data().add(self.start + at).as_ptr(), self.len() - at)
            },
            // SAFETY: there are no bytes, and the pad is there for ever.
            None => unsafe { Cursor::new(NOTHING.as_ptr(), 0) },
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

    /// All of the region where nothing waits in it, nobody else holds it and it is initialised.
    #[inline(always)]
    pub fn fresh(&mut self) -> Option<&mut [u8]> {
        let region = self.region.as_ref()?;
        let room = region.room() - PAD;
        if self.start != self.end || self.clean < room || !region.is_sole() {
            return None;
        }
        (self.start, self.end) = (0, 0);
        // SAFETY: the region is initialised and known to us alone.
        Some(unsafe { std::slice::from_raw_parts_mut(region.data().as_ptr(), room) })
    }

    /// Room for at least `least` more bytes, for a reply known to need `need` in all (0 when not known); `None` without memory.
    pub fn space(&mut self, least: usize, need: usize) -> Option<&mut [u8]> {
        let (start, room) = self.open(least, need)?;
        self.clear(self.end + room);
        // SAFETY: so many bytes lie inside the region, cleared, and are known to us alone.
        Some(unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), room) })
    }

    /// The same for one who only writes: the bytes may be anything.
    pub fn open(&mut self, least: usize, need: usize) -> Option<(NonNull<u8>, usize)> {
        let held = self.len();
        if held == 0 && self.region.as_ref().is_some_and(Region::is_sole) {
            (self.start, self.end) = (0, 0);
        }
        let missing = match need > held {
            true => need - held,
            false => LITTLE,
        };
        if self.room() - self.end < least.max(missing.min(LITTLE)) {
            let wanted = held.checked_add(least.max(1))?;
            let doubled = held.checked_mul(2)?;
            // A large text gets what it needs, but the next small one of many is no measure.
            let ahead = match need > held + held / 2 {
                true => need.min(doubled),
                false => doubled,
            };
            self.make_room(wanted.max(ahead))?;
        }
        let region = self.region.as_ref()?;
        // SAFETY: the end lies inside the region.
        let start = unsafe { region.data().add(self.end) };
        Some((start, self.room() - self.end))
    }

    /// Counts `used` bytes of the last `space`, which were written, as arrived; more than there was
    /// room for counts as all of it.
    #[inline(always)]
    pub fn commit(&mut self, used: usize) {
        self.end += used.min(self.room() - self.end);
        self.clean = self.clean.max(self.end);
        if self.clean < self.end + PAD {
            self.clear(self.end + PAD);
        }
    }

    /// Appends bytes, for a reply known to need `need` in all; `None` without memory.
    pub fn append(&mut self, bytes: &[u8], need: usize) -> Option<()> {
        if bytes.is_empty() {
            return Some(());
        }
        let (start, _) = self.open(bytes.len(), need)?;
        // SAFETY: there is room for them, and a borrowed slice lies elsewhere.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), start.as_ptr(), bytes.len()) };
        self.commit(bytes.len());
        Some(())
    }

    /// Initialises the region up to `end`, which lies inside.
    fn clear(&mut self, end: usize) {
        if let Some(region) = &self.region
            && self.clean < end
        {
            // SAFETY: both lie inside the region; what is not initialised nobody else knows of.
            unsafe {
                region
                    .data()
                    .add(self.clean)
                    .write_bytes(0, end - self.clean)
            };
            self.clean = end;
        }
    }

    /// Forgets the first `used` bytes: a reply is finished. Much grown memory is given back when
    /// nothing waits in it.
    #[inline(always)]
    pub fn consume(&mut self, used: usize) {
        self.start = (self.start + used).min(self.end);
        if self.start == self.end && self.room() > LARGE {
            *self = Self::default();
        }
    }

    /// Takes the memory out while nothing waits in it; `None`, and grown memory freed, otherwise.
    pub fn take_memory(&mut self) -> Option<Self> {
        if !self.is_empty() {
            return None;
        }
        let taken = std::mem::take(self);
        let plain = |region: &Region| {
            let room = region.room();
            region.is_sole() && (FIRST..2 * FIRST).contains(&room)
        };
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
        self.region.as_ref().map_or(0, |region| region.room() - PAD)
    }

    /// Sees to it that `capacity` bytes fit from the reply's start on.
    #[cold]
    fn make_room(&mut self, capacity: usize) -> Option<()> {
        let held = self.len();
        if let Some(region) = &mut self.region
            && region.is_sole()
        {
            if self.start >= held && region.room() - PAD >= capacity {
                // SAFETY: both ranges lie inside the region, which is ours alone; they do not overlap.
                unsafe {
                    let data = region.data().as_ptr();
                    std::ptr::copy_nonoverlapping(data.add(self.start), data, held);
                }
                (self.start, self.end) = (0, held);
                return Some(());
            }
            let room = self.start.checked_add(capacity)?.checked_add(PAD)?;
            if region.grow(room) {
                self.clean = region.room();
                return Some(());
            }
        }
        let (made, clean) = Region::new(capacity.checked_add(PAD)?.max(FIRST), FIRST)?;
        if let Some(old) = &self.region {
            // SAFETY: the held bytes lie inside the old region and fit into the new one.
            unsafe {
                let from = old.data().add(self.start).as_ptr();
                std::ptr::copy_nonoverlapping(from, made.data().as_ptr(), held);
            }
        }
        self.region = Some(made);
        (self.start, self.end) = (0, held);
        self.clean = clean.max(held);
        self.clear(held + PAD);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_stream_reuses_its_region() {
        let mut wire = Wire::default();
        wire.append(b"abc", 0).unwrap();
        let room = wire.room();
        for _ in 0..100_000 {
            wire.append(b"0123456789", 0).unwrap();
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
    fn only_grown_memory_in_which_nothing_waits_is_given_back() {
        let mut wire = Wire::default();
        wire.append(b"small", 0).unwrap();
        wire.consume(5);
        assert!(wire.room() >= FIRST - PAD);
        wire.append(&vec![b'x'; LARGE], 0).unwrap();
        assert_eq!(wire.len(), LARGE);
        wire.consume(LARGE);
        assert_eq!(wire.room(), 0);
    }

    #[test]
    fn bytes_survive_growth() {
        let mut wire = Wire::default();
        let mut expected = Vec::new();
        for number in 0..300_000u32 {
            wire.append(&number.to_le_bytes(), 0).unwrap();
            expected.extend_from_slice(&number.to_le_bytes());
        }
        assert_eq!(wire.bytes(), &expected[..]);
    }

    #[test]
    fn a_shared_region_is_left_to_the_reply() {
        let mut wire = Wire::default();
        wire.append(b"hello", 0).unwrap();
        let (region, base) = wire.share().unwrap();
        wire.consume(5);
        let room = wire.room();
        wire.append(&vec![b'x'; room], 0).unwrap();
        // SAFETY: the region is held, and these bytes were written.
        assert_eq!(unsafe { std::slice::from_raw_parts(base, 5) }, b"hello");
        drop(region);
    }
}
