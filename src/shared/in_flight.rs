//! How much may be under way on the shared links and queues of one client.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Code, Error, Result};
use crate::options::InFlightConfig;

/// See the module.
pub struct InFlight {
    commands: AtomicUsize,
    bytes: AtomicUsize,
    most: InFlightConfig,
}

impl InFlight {
    /// Nothing is under way.
    pub fn new(most: InFlightConfig) -> Self {
        Self {
            commands: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            most,
        }
    }

    /// Counts a command in, or says what stands in its way.
    #[inline]
    pub fn enter(&self, bytes: usize) -> Result<()> {
        let commands = self.commands.fetch_add(1, Ordering::Relaxed);
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if commands < self.most.commands && before.saturating_add(bytes) <= self.most.bytes {
            return Ok(());
        }
        self.leave(1, bytes);
        Err(self.full(commands, before, bytes))
    }

    /// Counts in what cannot be refused any more.
    pub fn add(&self, commands: usize, bytes: usize) {
        self.commands.fetch_add(commands, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts out what was counted in.
    #[inline]
    pub fn leave(&self, commands: usize, bytes: usize) {
        self.commands.fetch_sub(commands, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// How many commands are under way.
    pub fn commands(&self) -> usize {
        self.commands.load(Ordering::Relaxed)
    }

    #[cold]
    fn full(&self, commands: usize, before: usize, bytes: usize) -> Error {
        let InFlightConfig {
            commands: most,
            bytes: most_bytes,
        } = self.most;
        let detail = if commands >= most {
            format!("{commands} commands are under way, limits.in_flight allows {most}")
        } else {
            format!(
                "{before} bytes are under way, {bytes} more would be above the {most_bytes} that \
                 limits.in_flight_bytes allows"
            )
        };
        Error::new(Code::Full, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_limits_hold_and_room_comes_back() {
        let most = InFlightConfig {
            commands: 2,
            bytes: 100,
        };
        let in_flight = InFlight::new(most);
        in_flight.enter(60).unwrap();
        let error = in_flight.enter(41).unwrap_err();
        assert_eq!(error.code(), Code::Full);
        assert!(error.detail().contains("limits.in_flight_bytes"), "{error}");
        in_flight.enter(40).unwrap();
        let error = in_flight.enter(0).unwrap_err();
        assert!(
            error.detail().contains("limits.in_flight allows 2"),
            "{error}"
        );
        in_flight.leave(1, 60);
        in_flight.enter(60).unwrap();
        assert_eq!(in_flight.commands(), 2);
    }
}
