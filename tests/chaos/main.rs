//! The chaos suite: never a wrong reply, always a known outcome.
//!
//! Threads, and children that are forked from them, make calls of every kind on clients that they
//! have in common, whose connections are exclusive or shared, and submit commands to completion
//! queues, while servers are killed, stopped and restarted and the network between is cut, stalled and
//! swallows. An oracle checks every reply against its ticket; in the end the servers' data must
//! be what the outcomes say. `make chaos DURATION=60 SEED=7` runs it at length; `cargo test` runs
//! it for some seconds.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "it drives C functions, and forks")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at a failure"
)]

mod answer;
mod audit;
mod blame;
mod call;
mod clerk;
mod consumer;
mod endings;
mod findings;
mod forks;
mod hiredis;
mod hush;
mod idle;
mod invent;
mod journal;
mod json;
mod machine;
mod memory;
mod note;
mod oracle;
mod part;
mod pulse;
mod queue;
mod random;
mod reading;
mod report;
mod round;
mod route;
mod scene;
mod settings;
mod shot;
mod station;
mod strike;
mod subject;
mod tally;
mod ticket;
mod trigger;
mod weather;
mod worker;

#[path = "../support/mod.rs"]
mod support;

use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use findings::{Fault, Findings};
use hiredis::Hiredis;
use machine::{Holdings, Machine};
use part::Part;
use pulse::Pulse;
use report::Report;
use scene::Scene;
use settings::{Peer, Settings};
use station::Station;
use support::{Server, TempDir};
use trigger::Trigger;
use weather::Weather;
use worker::{Worker, World};

/// Threads that make calls, and the numbers of the first: exclusive, shared.
const WORKERS: [(Part, u32, u32); 2] = [(Part::Exclusive, 0, 12), (Part::Shared, 100, 10)];
/// Callers of each completion queue, and the number of the first.
const LANES: u32 = 32;
const FIRST_LANE: u32 = 200;
/// Resident memory may grow so much, in KiB, once everything has been in use for a while.
const GROWTH: i64 = 48 << 10;
/// What has not ended so long after the end never will.
const STANDSTILL: Duration = Duration::from_secs(15);
/// Of a deadline while nothing else goes on.
const IDLE_OVERRUN: Duration = Duration::from_millis(50);

#[test]
fn never_a_wrong_reply_always_a_known_outcome() {
    let settings = Settings::read();
    memory::take_for_files();
    // Threads and files that the process has from its first server on.
    drop(Server::start(support::Flavour::Redis, &[]));
    let before = Holdings::now();
    let findings = Findings::new(settings.peer == Peer::Ours);
    let mut report = run(&settings, &findings);
    if let Some(left) = before.left_over() {
        findings.add(None, Fault::Leak, left);
    }
    report.findings.extend(findings.take());
    tell(&report);
    let (seed, seconds) = (settings.seed, settings.duration.as_secs());
    assert!(
        settings.peer != Peer::Ours || report.findings.is_empty(),
        "again: make chaos SEED={seed} DURATION={seconds}"
    );
}

fn tell(report: &Report<'_>) {
    println!("\n{}", report.table());
    let path = report.settings.json();
    std::fs::create_dir_all(path.with_file_name("")).expect("the directory target");
    std::fs::write(&path, report.json()).expect("write the JSON");
    if report.settings.peer == Peer::Ours {
        for finding in report.findings.iter().take(5) {
            println!("FOUND {finding}\n");
        }
    }
}

/// The course of a run.
fn run<'a>(settings: &'a Settings, findings: &Findings) -> Report<'a> {
    let hiredis = (settings.peer == Peer::Hiredis).then(Hiredis::load);
    let scene = Scene::build(settings.peer);
    let idle_overruns = Part::ALL.map(|part| match settings.peer {
        Peer::Ours => idle::worst_overrun(part, scene.proxy(part), findings),
        Peer::Hiredis => Duration::ZERO,
    });
    let targets = scene.targets(settings);
    let journals = TempDir::new();
    let weather = Weather::default();
    let began = Instant::now();
    let world = World {
        seed: settings.seed,
        began,
        end: began + settings.duration,
        targets: &targets,
        trigger: Trigger::start(),
        machine: Machine::start(),
        pulse: Pulse::start([&scene.lasting, &scene.passing]),
        weather: Some(&weather),
        findings: Findings::new(findings.strict),
        journals: journals.path(),
        hiredis: hiredis.as_ref(),
    };
    let growth = let_loose(&world, &scene, &weather, settings);
    let mut faults = weather.counts();
    let [a, b, c] = growth.forks;
    faults.insert("fork", [a, b, c, a + b + c]);
    for finding in world.findings.take() {
        findings.add(finding.part, finding.fault, finding.text);
    }
    drop(world);
    endings::put_away(targets, &scene, findings);
    Report {
        settings,
        servers: format!(
            "redis {}, {} {}",
            scene.lasting.flavour().version(),
            scene.passing.flavour().name(),
            scene.passing.flavour().version()
        ),
        took: began.elapsed(),
        tallies: audit::audit(journals.path(), &scene.lasting, &scene.passing, findings),
        faults,
        findings: Vec::new(),
        idle_overruns,
        growth: growth.memory,
    }
}

/// What is measured while workers work.
struct Growth {
    memory: i64,
    forks: [u64; 3],
}

/// Lets workers, faults and forks loose on each other until the world ends.
fn let_loose(world: &World<'_>, scene: &Scene, weather: &Weather, settings: &Settings) -> Growth {
    std::thread::scope(|scope| {
        let mut workers = Vec::new();
        for (part, first, count) in WORKERS {
            if settings.peer.parts().contains(&part) {
                workers.extend((first..first + count).map(|number| {
                    let worker = Worker::new(world, part, number);
                    scope.spawn(|| worker.run())
                }));
            }
        }
        for (number, target) in (0..).zip(world.targets_of(Part::Queue)) {
            let station = Station::new(world, target, FIRST_LANE + number * LANES, LANES);
            workers.push(scope.spawn(|| station.run()));
        }
        let forks = scope.spawn(|| match settings.peer {
            Peer::Ours => forks::keep_forking(world),
            Peer::Hiredis => [0; 3],
        });
        let resident = scope.spawn(|| {
            // The most of the first half: on a slow machine some things are first used late.
            let half = world.began + settings.duration / 2;
            let mut most = machine::resident();
            while Instant::now() < half && !world.over() {
                std::thread::sleep(Duration::from_millis(20));
                most = most.max(machine::resident());
            }
            most
        });
        let over = || world.over();
        weather.rage(scene, world.targets, world.seed, world.end, &over);
        while !world.over() {
            std::thread::sleep(Duration::from_millis(5));
        }
        wait_for(&workers, world);
        let memory = machine::resident() as i64 - resident.join().unwrap() as i64;
        if memory > GROWTH && settings.peer == Peer::Ours {
            let text = format!("memory grew by {memory} KiB");
            world.findings.add(None, Fault::Leak, text);
        }
        Growth {
            memory,
            forks: forks.join().unwrap(),
        }
    })
}

fn wait_for(workers: &[ScopedJoinHandle<'_, ()>], world: &World<'_>) {
    let until = Instant::now() + STANDSTILL;
    while !workers.iter().all(ScopedJoinHandle::is_finished) {
        if Instant::now() > until {
            endings::end_standstill(world);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
