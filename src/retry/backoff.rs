//! The pause before a try, from the number of failures so far (1 before the first retry).

use std::time::Duration;

use crate::options::{Backoff, BackoffKind};

impl Backoff {
    /// The pause after `failures` failures, with `random` uniform in [0, 1).
    pub fn pause(&self, failures: u32, random: f64) -> Duration {
        match self.kind {
            BackoffKind::None => Duration::ZERO,
            BackoffKind::ExponentialJitter => {
                let cap = self.cap.as_secs_f64();
                let doubled = self.base.as_secs_f64() * 2f64.powi(failures.min(1000) as i32);
                Duration::try_from_secs_f64((random * doubled).min(cap)).unwrap_or(self.cap)
            }
        }
    }
}

/// A number uniform in [0, 1), from the keys std draws for its hash maps.
pub fn random() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    let bits = RandomState::new().hash_one(std::process::id());
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jitter() -> Backoff {
        Backoff {
            kind: BackoffKind::ExponentialJitter,
            base: Duration::from_millis(10),
            cap: Duration::from_secs(1),
        }
    }

    #[test]
    fn pauses_double_up_to_the_cap() {
        let pause = |failures, random| jitter().pause(failures, random).as_secs_f64();
        assert!((pause(1, 0.5) - 0.010).abs() < 1e-9);
        assert!((pause(3, 0.5) - 0.040).abs() < 1e-9);
        assert_eq!(pause(30, 0.9), 1.0);
        assert_eq!(pause(u32::MAX, 0.9), 1.0);
        assert_eq!(pause(5, 0.0), 0.0);
    }

    #[test]
    fn none_never_pauses() {
        let none = Backoff {
            kind: BackoffKind::None,
            ..jitter()
        };
        assert_eq!(none.pause(7, 0.9), Duration::ZERO);
    }

    #[test]
    fn samples_stay_in_bounds_and_spread() {
        let samples: Vec<f64> = (0..10_000).map(|_| random()).collect();
        assert!(samples.iter().all(|sample| (0.0..1.0).contains(sample)));
        let mean = samples.iter().sum::<f64>() / 10_000.0;
        assert!((0.47..0.53).contains(&mean), "mean {mean}");
    }
}
