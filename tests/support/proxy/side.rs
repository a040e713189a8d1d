//! One direction of a proxy: bytes pass as its fault says.

use super::locked;
use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What becomes of the bytes of one direction, counted for each connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Nothing.
    None,
    /// So many pass, the rest is held back until the fault changes.
    Stall(usize),
    /// So many pass, then the connection ends by FIN.
    Fin(usize),
    /// So many pass, then the connection ends by RST.
    Reset(usize),
    /// So many pass, the rest is read and forgotten, whatever the fault is later: a stream has no holes.
    Swallow(usize),
    /// They pass in pieces of so many.
    Chop(usize),
    /// They pass one by one, each after such a pause.
    Drip(Duration),
    /// They pass as they come, each piece after such a pause.
    Delay(Duration),
    /// A bit of the one at this place is turned over.
    Flip(usize),
}

/// See the module.
pub(super) struct Side {
    now: Mutex<Now>,
    changed: Condvar,
    passed: AtomicUsize,
}

struct Now {
    fault: Fault,
    /// How often the fault was set, and at which of these times counts began anew.
    edition: usize,
    epoch: usize,
    ending: bool,
}

/// What is done with the bytes at hand.
enum Step {
    Pass(usize),
    Forget(usize),
    Finish,
    Abort,
}

impl Side {
    pub fn new(fault: Fault) -> Self {
        Self {
            now: Mutex::new(Now {
                fault,
                edition: 0,
                epoch: 0,
                ending: false,
            }),
            changed: Condvar::new(),
            passed: AtomicUsize::new(0),
        }
    }

    /// `anew`: counts begin now, on connections there are.
    pub fn set(&self, fault: Fault, anew: bool) {
        let mut now = locked(&self.now);
        now.fault = fault;
        now.edition += 1;
        if anew {
            now.epoch = now.edition;
        }
        self.changed.notify_all();
    }

    pub fn end(&self) {
        locked(&self.now).ending = true;
        self.changed.notify_all();
    }

    /// How many bytes passed or are passing, over all connections.
    pub fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }

    /// Carries bytes to their end, which is passed on; an error when the connection is cut off.
    pub fn carry(&self, mut from: &TcpStream, mut to: &TcpStream, struck: bool) -> Result<()> {
        let mut count = Count::default();
        let mut bytes = vec![0; 64 * 1024];
        loop {
            let received = from.read(&mut bytes)?;
            if received == 0 {
                return to.shutdown(Shutdown::Write);
            }
            let mut rest = &mut bytes[..received];
            while !rest.is_empty() {
                let step = match struck {
                    true => self.next(&mut count, rest),
                    false => Step::Pass(rest.len()),
                };
                let (Step::Pass(size) | Step::Forget(size)) = step else {
                    if let Step::Abort = step {
                        abort(to);
                    }
                    return Err(std::io::ErrorKind::ConnectionAborted.into());
                };
                let (piece, after) = rest.split_at_mut(size);
                if let Step::Pass(_) = step {
                    count.passed += size;
                    // Before the other end can have it: who has read it finds it counted.
                    self.passed.fetch_add(size, Ordering::SeqCst);
                    to.write_all(piece)?;
                }
                rest = after;
            }
        }
    }

    /// What becomes of `rest`, now or after a while.
    fn next(&self, count: &mut Count, rest: &mut [u8]) -> Step {
        let many = rest.len();
        let mut now = locked(&self.now);
        if count.is_lost {
            return Step::Forget(many);
        }
        loop {
            count.renew(now.epoch);
            let passed = count.passed;
            let before = |at: usize| at.saturating_sub(passed).min(many);
            match now.fault {
                _ if now.ending => return Step::Finish,
                Fault::Stall(at) if before(at) == 0 => {
                    let changed = self.changed.wait(now);
                    now = changed.unwrap_or_else(PoisonError::into_inner);
                }
                Fault::Fin(at) if before(at) == 0 => return Step::Finish,
                Fault::Reset(at) if before(at) == 0 => return Step::Abort,
                Fault::Swallow(at) if before(at) == 0 => {
                    count.is_lost = true;
                    return Step::Forget(many);
                }
                Fault::Stall(at) | Fault::Fin(at) | Fault::Reset(at) | Fault::Swallow(at) => {
                    return Step::Pass(before(at));
                }
                Fault::Flip(at) if (passed..passed + many).contains(&at) => {
                    rest[at - passed] ^= 0x10;
                    return Step::Pass(many);
                }
                Fault::Chop(size) => return Step::Pass(size.clamp(1, many)),
                Fault::Drip(pause) => {
                    self.pause(now, pause);
                    return Step::Pass(1);
                }
                Fault::Delay(pause) => {
                    self.pause(now, pause);
                    return Step::Pass(many);
                }
                Fault::None | Fault::Flip(_) => return Step::Pass(many),
            }
        }
    }

    /// Sleeps, but not on when the fault changes.
    fn pause(&self, mut now: MutexGuard<'_, Now>, pause: Duration) {
        let edition = now.edition;
        let until = Instant::now() + pause;
        while now.edition == edition && !now.ending {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.changed.wait_timeout(now, left);
            now = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// How many bytes of a connection passed since its beginning, or since counts began anew.
#[derive(Default)]
struct Count {
    epoch: Option<usize>,
    passed: usize,
    /// Something was forgotten.
    is_lost: bool,
}

impl Count {
    fn renew(&mut self, epoch: usize) {
        if self.epoch.replace(epoch) != Some(epoch) {
            self.passed = 0;
        }
    }
}

/// Sends RST, now and not only when the last copy of the descriptor is closed.
fn abort(stream: &TcpStream) {
    let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
    let nowhere = libc::sockaddr {
        sa_family: libc::AF_UNSPEC as libc::sa_family_t,
        sa_data: [0; 14],
        #[cfg(not(target_os = "linux"))]
        sa_len: 0,
    };
    let size = std::mem::size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: the address lives through the call and is as large as is said.
    unsafe { libc::connect(stream.as_raw_fd(), &nowhere, size) };
}
