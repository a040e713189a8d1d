//! Randomness from the keys that std draws for its hash maps: for jitter and order, not for secrets.

use std::hash::{BuildHasher, RandomState};

/// A number uniform in [0, 1).
pub fn uniform() -> f64 {
    let bits = RandomState::new().hash_one(std::process::id());
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_stay_in_bounds_and_spread() {
        let samples: Vec<f64> = (0..10_000).map(|_| uniform()).collect();
        assert!(samples.iter().all(|sample| (0.0..1.0).contains(sample)));
        let mean = samples.iter().sum::<f64>() / 10_000.0;
        assert!((0.47..0.53).contains(&mean), "mean {mean}");
    }
}
