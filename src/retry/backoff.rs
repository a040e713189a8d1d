//! The pause before a try, from the number of failures so far (1 before the first retry).
//!
//! Times are computed in seconds as floating-point numbers, where no product overflows, and cut to
//! the cap at the end.

use std::time::Duration;

use crate::options::{Backoff, BackoffKind};
use crate::sys::random;

/// The pauses of one command, of which one may depend on the one before.
#[derive(Default)]
pub struct Pauses {
    /// Zero before the first.
    previous: Duration,
}

impl Pauses {
    /// The pause after `failures` failures; `None` when the caller's own formula gives up.
    pub fn next(&mut self, backoff: &Backoff, failures: u32) -> Option<Duration> {
        self.drawn(backoff, failures, random::uniform())
    }

    /// `next`, with `random` uniform in [0, 1).
    fn drawn(&mut self, backoff: &Backoff, failures: u32, random: f64) -> Option<Duration> {
        let pause = match &backoff.kind {
            BackoffKind::Custom(formula) => formula.pause(failures, self.previous)?,
            BackoffKind::Constant => backoff.base,
            _ => self.formula(backoff, failures, random),
        };
        self.previous = pause;
        Some(pause)
    }

    fn formula(&self, backoff: &Backoff, failures: u32, random: f64) -> Duration {
        let (base, cap) = (backoff.base.as_secs_f64(), backoff.cap.as_secs_f64());
        // Further doubling changes nothing, and would lead to infinity.
        let doubled = base * 2f64.powi(failures.min(900) as i32);
        let seconds = match backoff.kind {
            BackoffKind::Exponential => doubled,
            BackoffKind::ExponentialJitter => random * doubled,
            BackoffKind::FullJitter => random * doubled.min(cap),
            BackoffKind::EqualJitter => (0.5 + random / 2.0) * doubled.min(cap),
            BackoffKind::DecorrelatedJitter => {
                let most = base.max(3.0 * self.previous.as_secs_f64());
                base + random * (most - base)
            }
            BackoffKind::None | BackoffKind::Constant | BackoffKind::Custom(_) => 0.0,
        };
        Duration::try_from_secs_f64(seconds)
            .unwrap_or(backoff.cap)
            .min(backoff.cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{CustomBackoff, Pause};
    use BackoffKind::*;

    const MS: Duration = Duration::from_millis(1);

    fn backoff(kind: BackoffKind, base: Duration, cap: Duration) -> Backoff {
        Backoff { kind, base, cap }
    }

    fn usual(kind: BackoffKind) -> Backoff {
        backoff(kind, 10 * MS, 1000 * MS)
    }

    /// The first pause of a command, with given randomness.
    fn first(backoff: &Backoff, failures: u32, random: f64) -> Duration {
        Pauses::default().drawn(backoff, failures, random).unwrap()
    }

    #[test]
    fn each_formula_with_given_randomness() {
        // Milliseconds after 1, 3 and 30 failures, with rand 0, 0.5 and 0.75.
        let rows = [
            (None, [0.0; 3], [0.0; 3], [0.0; 3]),
            (Constant, [10.0; 3], [10.0; 3], [10.0; 3]),
            (Exponential, [20.0; 3], [80.0; 3], [1000.0; 3]),
            (
                ExponentialJitter,
                [0.0, 10.0, 15.0],
                [0.0, 40.0, 60.0],
                [0.0, 1000.0, 1000.0],
            ),
            (
                FullJitter,
                [0.0, 10.0, 15.0],
                [0.0, 40.0, 60.0],
                [0.0, 500.0, 750.0],
            ),
            (
                EqualJitter,
                [10.0, 15.0, 17.5],
                [40.0, 60.0, 70.0],
                [500.0, 750.0, 875.0],
            ),
            (DecorrelatedJitter, [10.0; 3], [10.0; 3], [10.0; 3]),
        ];
        for (kind, one, three, thirty) in rows {
            for (failures, expected) in [(1, one), (3, three), (30, thirty)] {
                for (random, ms) in [0.0, 0.5, 0.75].into_iter().zip(expected) {
                    let pause = first(&usual(kind.clone()), failures, random);
                    let wanted = Duration::from_secs_f64(ms / 1000.0);
                    assert_eq!(pause, wanted, "{kind:?} {failures} {random}");
                }
            }
        }
    }

    #[test]
    fn decorrelated_pauses_grow_from_one_another_and_begin_anew_with_each_command() {
        let backoff = usual(DecorrelatedJitter);
        for _ in 0..2 {
            let mut pauses = Pauses::default();
            let mut drawn = |random| pauses.drawn(&backoff, 1, random).unwrap();
            // 10, between 10 and 30, between 10 and 60, between 10 and 105, up to the cap.
            assert_eq!(drawn(0.9), 10 * MS);
            assert_eq!(drawn(0.5), 20 * MS);
            assert_eq!(drawn(0.5), 35 * MS);
            assert_eq!(drawn(0.0), 10 * MS);
            for _ in 0..50 {
                drawn(0.999);
            }
            assert_eq!(drawn(0.999), 1000 * MS);
        }
    }

    /// Bounds and mean, in milliseconds, of 10,000 pauses.
    fn sample(kind: BackoffKind, failures: u32) -> (f64, f64, f64) {
        let backoff = usual(kind.clone());
        let pauses = (0..10_000).map(|_| {
            let mut pauses = Pauses::default();
            if kind == DecorrelatedJitter {
                pauses.next(&backoff, 1);
            }
            let pause = pauses.next(&backoff, failures).unwrap();
            pause.as_secs_f64() * 1000.0
        });
        let pauses: Vec<f64> = pauses.collect();
        let least = pauses.iter().copied().fold(f64::INFINITY, f64::min);
        let most = pauses.iter().copied().fold(0.0, f64::max);
        (least, most, pauses.iter().sum::<f64>() / 10_000.0)
    }

    #[test]
    fn samples_stay_in_bounds_and_have_their_mean() {
        // After 3 failures the exponential is 80 ms, after 8 it is 2560 ms, above the cap. A capped
        // product has the mean cap - cap * cap / (2 * product).
        let capped = 1000.0 - 1_000_000.0 / 5120.0;
        let rows = [
            (None, 3, 0.0, 0.0, 0.0),
            (Constant, 3, 10.0, 10.0, 10.0),
            (Exponential, 3, 80.0, 80.0, 80.0),
            (Exponential, 8, 1000.0, 1000.0, 1000.0),
            (ExponentialJitter, 3, 0.0, 80.0, 40.0),
            (ExponentialJitter, 8, 0.0, 1000.0, capped),
            (FullJitter, 3, 0.0, 80.0, 40.0),
            (FullJitter, 8, 0.0, 1000.0, 500.0),
            (EqualJitter, 3, 40.0, 80.0, 60.0),
            (EqualJitter, 8, 500.0, 1000.0, 750.0),
            (DecorrelatedJitter, 2, 10.0, 30.0, 20.0),
        ];
        for (kind, failures, from, to, mean) in rows {
            let (least, most, seen) = sample(kind.clone(), failures);
            let said = format!("{kind:?} {failures}: {least} to {most}, mean {seen}");
            assert!(least >= from - 1e-6 && most <= to + 1e-6, "{said}");
            // The range is used: ten standard deviations of the mean, and the outer fiftieths.
            let width = to - from;
            assert!((seen - mean).abs() <= 0.03 * width + 1e-6, "{said}");
            assert!(least <= from + width / 50.0 + 1e-6, "{said}");
            assert!(most >= to - width / 50.0 - 1e-6, "{said}");
        }
    }

    #[test]
    fn extreme_settings_stay_within_the_cap() {
        let longest = Duration::from_millis(i64::MAX as u64);
        let kinds = [
            None,
            Exponential,
            ExponentialJitter,
            FullJitter,
            EqualJitter,
            DecorrelatedJitter,
        ];
        for kind in kinds {
            for base in [Duration::ZERO, MS, longest] {
                for cap in [Duration::ZERO, MS, longest] {
                    let backoff = backoff(kind.clone(), base, cap);
                    let mut pauses = Pauses::default();
                    for failures in [1, 2, 60, 1000, i32::MAX as u32, u32::MAX] {
                        for random in [0.0, 0.5, 1.0 - f64::EPSILON] {
                            let pause = pauses.drawn(&backoff, failures, random).unwrap();
                            let said = format!("{backoff:?} {failures} {random}: {pause:?}");
                            assert!(pause <= cap, "{said}");
                            assert!(!base.is_zero() || pause.is_zero(), "{said}");
                        }
                    }
                }
            }
        }
        assert_eq!(first(&backoff(Exponential, longest, MS), 9, 0.5), MS);
        assert_eq!(
            first(&backoff(ExponentialJitter, longest, longest), u32::MAX, 0.0),
            Duration::ZERO
        );
        assert_eq!(first(&backoff(Constant, longest, MS), 9, 0.5), longest);
    }

    struct Doubling;

    impl Pause for Doubling {
        fn pause(&self, failures: u32, previous: Duration) -> Option<Duration> {
            (failures < 4).then_some(2 * previous + failures * MS)
        }
    }

    #[test]
    fn a_formula_of_ones_own_is_told_failures_and_the_pause_before_and_may_give_up() {
        let backoff = usual(Custom(CustomBackoff::new(Doubling)));
        let mut pauses = Pauses::default();
        let seen: Vec<_> = (1..=4).map(|n| pauses.next(&backoff, n)).collect();
        let expected = [Some(MS), Some(4 * MS), Some(11 * MS), Option::None];
        assert_eq!(seen, expected);
        assert_eq!(Pauses::default().next(&backoff, 1), Some(MS));
    }
}
