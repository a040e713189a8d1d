//! A thread that makes calls and has a clerk look at each reply.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::answer::Done;
use crate::call::{Made, limit, send};
use crate::clerk::Clerk;
use crate::findings::Findings;
use crate::hiredis::{self, Hiredis};
use crate::hush;
use crate::invent::Inventor;
use crate::machine::Machine;
use crate::oracle::Memory;
use crate::part::Part;
use crate::pulse::Pulse;
use crate::random::Random;
use crate::scene::Target;
use crate::subject::Manner;
use crate::ticket::Job;
use crate::trigger::Trigger;
use crate::weather::{Calm, Weather};

/// What workers share. A forked child has one of its own.
pub struct World<'a> {
    pub seed: u64,
    pub began: Instant,
    pub end: Instant,
    pub targets: &'a [Target],
    pub trigger: Trigger,
    pub machine: Machine,
    pub pulse: Pulse,
    /// A child does not know what its parent's sites are doing.
    pub weather: Option<&'a Weather>,
    pub findings: Findings,
    pub journals: &'a Path,
    pub hiredis: Option<&'a Hiredis>,
}

impl World<'_> {
    pub fn over(&self) -> bool {
        Instant::now() >= self.end || self.findings.over()
    }

    /// The calm that has settled when `moment` comes, if there is one.
    pub fn calm_at(&self, moment: Instant) -> Option<Calm> {
        self.weather?.calm_at(moment)
    }

    /// Sleeps until the next volley of those who share connections, if there are volleys, or until
    /// it is stopped.
    pub fn keep_hush(&self, part: Part, stopped: impl Fn() -> bool) {
        let now = Instant::now();
        let calm = self.calm_at(now);
        let volley = calm.and_then(|calm| hush::next_volley(calm.settled(), now));
        if let Some(volley) = volley
            && part != Part::Exclusive
        {
            while Instant::now() < volley && !self.over() && !stopped() {
                let left = volley.saturating_duration_since(Instant::now());
                std::thread::sleep(left.min(Duration::from_millis(5)));
            }
        }
    }

    pub fn targets_of(&self, part: Part) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(move |it| it.part == part)
    }
}

/// How long threads on shared connections meet at one target.
const MEETING: u128 = 300;

pub struct Worker<'a> {
    world: &'a World<'a>,
    part: Part,
    targets: Vec<&'a Target>,
    inventor: Inventor,
    /// One for each target.
    memories: Vec<Memory>,
    /// Connections of hiredis, one for each target; empty when this library is driven.
    connections: Vec<hiredis::Connection>,
    clerk: Clerk<'a>,
}

impl<'a> Worker<'a> {
    pub fn new(world: &'a World<'a>, part: Part, number: u32) -> Self {
        let random = Random::new(world.seed, 10_000 + u64::from(number));
        let mut inventor = Inventor::new(part, number, random);
        let targets: Vec<&Target> = world.targets_of(part).collect();
        let each = targets.iter().enumerate();
        Self {
            memories: each
                .map(|(at, target)| {
                    let memory = inventor.memory(at, target.lasts);
                    match world.hiredis {
                        Some(_) => memory.at_least_once(),
                        None => memory,
                    }
                })
                .collect(),
            connections: match world.hiredis {
                Some(hiredis) => {
                    let targets = targets.iter();
                    targets.map(|it| hiredis.connection(&it.route)).collect()
                }
                None => Vec::new(),
            },
            targets,
            inventor,
            world,
            part,
            clerk: Clerk::new(world, part, &format!("worker-{number}")),
        }
    }

    /// Works until the world ends.
    pub fn run(mut self) {
        while !self.world.over() {
            if self.inventor.random.chance(50) {
                self.world.keep_hush(self.part, || false);
            }
            let at = self.choose();
            let lasts = self.targets[at].lasts;
            let job = self.inventor.job(at, lasts, &mut self.memories[at]);
            self.perform(at, &job);
            let most = match self.part {
                Part::Shared => 1000,
                _ => 3000,
            };
            let pause = self.inventor.random.between(0, most);
            std::thread::sleep(Duration::from_micros(pause));
        }
        self.clerk.finish();
    }

    /// Callers of shared connections meet at one of them as often as not.
    fn choose(&mut self) -> usize {
        let any = self.inventor.random.below(self.targets.len());
        match self.part {
            Part::Shared if self.inventor.random.chance(60) => {
                let turn = self.world.began.elapsed().as_millis() / MEETING;
                (turn % self.targets.len() as u128) as usize
            }
            _ => any,
        }
    }

    fn perform(&mut self, at: usize, job: &Job) {
        let calm = self.world.calm_at(Instant::now());
        let (manner, cancelled) = self.inventor.manner(job, calm);
        let (made, done) = self.call(at, job, manner, cancelled);
        let target = self.targets[at];
        self.clerk
            .settle(target, &mut self.memories[at], job, &made, done);
    }

    fn call(
        &mut self,
        at: usize,
        job: &Job,
        manner: Manner,
        cancelled: Option<Duration>,
    ) -> (Made, Done) {
        let target = self.targets[at];
        let handle = target.client();
        let timeout = handle
            .as_ref()
            .map_or(Duration::from_millis(500), |it| it.traits.timeout);
        let limit = limit(job, manner, timeout);
        let shot = match &handle {
            Some(_) => cancelled.map(|pause| self.world.trigger.after(pause)),
            None => None,
        };
        let started = Instant::now();
        let done = match &handle {
            Some(handle) => target.inside(|| send(handle, job, manner, shot.as_deref())),
            None => self.connections[at].call(job, limit),
        };
        let made = Made {
            started,
            ended: Instant::now(),
            limit,
            narrow: handle.as_ref().is_some_and(|it| it.traits.is_narrow()),
            handle,
            shot,
        };
        (made, done)
    }
}
