//! Storms and calms: faults strike every site at once for a while, then all are lifted.
//!
//! In a calm nothing is wrong, so nothing may fail, and what began in it may not sleep through it.
//! In the last one calls have no deadline: whoever then waits for what never comes is found.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::part::Part;
use crate::random::Random;
use crate::scene::{Scene, Target, Way};
use crate::strike;
use crate::support::Server;

/// What a storm leaves behind is over after so long in a calm: a call that it swallowed keeps its
/// connection until its limit, which is 1.5 s at most.
pub const SETTLING: Duration = Duration::from_millis(1700);

/// When what was done to whom.
#[derive(Default)]
pub struct Weather {
    calms: Mutex<Vec<Calm>>,
    injected: Mutex<Vec<Injected>>,
}

/// A time without faults; open-ended while it lasts.
#[derive(Clone, Copy)]
pub struct Calm {
    pub from: Instant,
    pub until: Option<Instant>,
    /// Nothing follows it.
    pub is_last: bool,
}

impl Calm {
    pub fn settled(self) -> Instant {
        self.from + SETTLING
    }
}

/// A fault that was injected; open-ended while it lasts.
struct Injected {
    kind: &'static str,
    /// Of one part, or of all.
    part: Option<Part>,
    what: String,
    from: Instant,
    until: Option<Instant>,
}

impl Weather {
    /// The calm that has settled when `moment` comes, if there is one.
    pub fn calm_at(&self, moment: Instant) -> Option<Calm> {
        let calms = locked(&self.calms);
        let calm = *calms.iter().rev().find(|calm| calm.from <= moment)?;
        let lasts = calm.until.is_none_or(|until| moment < until);
        (lasts && moment >= calm.settled()).then_some(calm)
    }

    /// What was going on around a part from `from` to `until`, a line each.
    pub fn told(
        &self,
        part: Part,
        began: Instant,
        (from, until): (Instant, Instant),
    ) -> Vec<String> {
        let injected = locked(&self.injected);
        let near = injected
            .iter()
            .filter(|it| it.part.is_none_or(|struck| struck == part))
            .filter(|it| it.from <= until && it.until.is_none_or(|until| until >= from));
        near.map(|it| {
            let [from, until] =
                [it.from, it.until.unwrap_or(until)].map(|at| (at - began).as_secs_f64());
            format!("{from:.3} to {until:.3} s: {}", it.what)
        })
        .collect()
    }

    /// How many faults of each kind struck each part, and how many there were.
    pub fn counts(&self) -> BTreeMap<&'static str, [u64; 4]> {
        let mut counts = BTreeMap::<_, [u64; 4]>::new();
        for it in &*locked(&self.injected) {
            let row = counts.entry(it.kind).or_default();
            row[3] += 1;
            let struck = |part: &Part| it.part.is_none_or(|only| only == *part);
            for part in Part::ALL.into_iter().filter(struck) {
                row[part as usize] += 1;
            }
        }
        counts
    }

    /// Notes a fault for as long as `lasting` takes.
    pub fn during(
        &self,
        (kind, part): (&'static str, Option<Part>),
        what: String,
        lasting: impl FnOnce(),
    ) {
        let at = {
            let mut injected = locked(&self.injected);
            injected.push(Injected {
                kind,
                part,
                what,
                from: Instant::now(),
                until: None,
            });
            injected.len() - 1
        };
        lasting();
        locked(&self.injected)[at].until = Some(Instant::now());
    }

    /// Storm, calm, storm and so on until `end`; the last is a calm.
    pub fn rage(
        &self,
        scene: &Scene,
        targets: &[Target],
        seed: u64,
        end: Instant,
        over: &dyn Fn() -> bool,
    ) {
        let all = end.saturating_duration_since(Instant::now());
        let storm = (all / 2).clamp(Duration::from_millis(500), Duration::from_secs(5));
        let calm = (all / 3).clamp(Duration::from_millis(3000), Duration::from_millis(3600));
        let last = end - calm;
        for round in 0.. {
            let stop = Instant::now() + storm;
            let stop = if stop + calm < last { stop } else { last };
            self.storm(scene, targets, (seed, round), stop, over);
            let from = Instant::now();
            let is_last = from >= last || over();
            locked(&self.calms).push(Calm {
                from,
                until: None,
                is_last,
            });
            if is_last {
                return sleep_until(end, over);
            }
            sleep_until(from + calm, over);
            if let Some(calm) = locked(&self.calms).last_mut() {
                calm.until = Some(Instant::now());
            }
        }
    }

    /// Strikes every site by chance; all is well again when it returns.
    fn storm(
        &self,
        scene: &Scene,
        targets: &[Target],
        (seed, round): (u64, u64),
        stop: Instant,
        over: &dyn Fn() -> bool,
    ) {
        let mut sites: Vec<Site<'_>> = Vec::new();
        sites.extend(scene.proxies.iter().map(Site::Proxy));
        sites.push(Site::Server("lasting server", &scene.lasting));
        sites.push(Site::Server("passing server", &scene.passing));
        if targets.iter().any(|target| target.client().is_some()) {
            sites.push(Site::Clients(targets));
        }
        let ended = || Instant::now() >= stop;
        std::thread::scope(|scope| {
            for (number, site) in sites.iter().enumerate() {
                let mut random = Random::new(seed, 1000 + round * 100 + number as u64);
                let ended = &ended;
                scope.spawn(move || {
                    while !ended() {
                        pause(random.millis(0, 80), stop);
                        site.strike(self, &mut random, stop);
                    }
                });
            }
            sleep_until(stop, over);
        });
    }
}

/// Where faults strike.
enum Site<'a> {
    Proxy(&'a Way),
    Server(&'static str, &'a Server),
    Clients(&'a [Target]),
}

impl Site<'_> {
    /// One fault, from its beginning to its end.
    fn strike(&self, weather: &Weather, random: &mut Random, stop: Instant) {
        match self {
            Self::Proxy(way) => strike::proxy(way, weather, random, stop),
            Self::Server(name, server) => strike::server((name, server), weather, random, stop),
            Self::Clients(targets) => {
                pause(random.millis(200, 800), stop);
                let target = random.pick(targets);
                let what = format!("{}: closed and opened", target.name);
                let kind = ("close a client", Some(target.part));
                weather.during(kind, what, || reopen(target, random));
            }
        }
    }
}

/// Closes a client under the calls that use it; later calls find another in its place.
fn reopen(target: &Target, random: &mut Random) {
    let fresh = target.route.open(target.part, random);
    if let Some(old) = target.client() {
        old.close();
    }
    // The old one is freed with the last call that holds it.
    target.replace(Some(fresh.into()));
}

/// Sleeps, but not beyond `stop`.
pub fn pause(time: Duration, stop: Instant) {
    std::thread::sleep(time.min(stop.saturating_duration_since(Instant::now())));
}

fn sleep_until(stop: Instant, over: &dyn Fn() -> bool) {
    while Instant::now() < stop && !over() {
        pause(Duration::from_millis(20), stop);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
