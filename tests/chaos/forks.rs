//! Children that use the client they inherited while their parent's threads are busy with it.
//!
//! A child touches nothing of its parent's but the client, and the completion queue if there is one:
//! it has a world, workers and journals of its own. Children do not take the way over TLS: OpenSSL promises nothing to a child of a
//! process that was inside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::findings::{Fault, Finding, Findings};
use crate::journal::Journal;
use crate::machine::Machine;
use crate::part::Part;
use crate::pulse::Pulse;
use crate::queue::Queue;
use crate::random::Random;
use crate::route::Route;
use crate::scene::Target;
use crate::station::Station;
use crate::subject::Handle;
use crate::trigger::Trigger;
use crate::worker::{Worker, World};

/// Numbers of workers in children begin here.
const FIRST_WORKER: u32 = 1000;
/// A child that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);
const AT_ONCE: usize = 3;
/// What a child ends with in which no thread starts: std takes a lock in each thread that starts or
/// ends, and one of the parent's held it at the fork. Nothing can be tried in such a child.
const STILLBORN: i32 = 2;
/// The first thread of any other child starts within this time.
const BIRTH: Duration = Duration::from_secs(10);

struct Child {
    pid: libc::pid_t,
    number: u32,
    target: &'static str,
    part: Part,
    started: Instant,
}

/// Callers that a child may have.
const CALLERS: u32 = 16;

/// Forks until the world ends, and waits for every child; how many there were in each part.
pub fn keep_forking(world: &World<'_>) -> [u64; 3] {
    let mut random = Random::new(world.seed, 2);
    let mut children: Vec<Child> = Vec::new();
    let (mut number, mut counts, mut stillborn) = (0, [0; 3], 0);
    while !world.over() {
        std::thread::sleep(random.millis(50, 500));
        children.retain(|child| !reap(child, world, &mut stillborn));
        if children.len() < AT_ONCE {
            let child = fork(world, number, &mut random);
            number += 1;
            counts[child.part as usize] += 1;
            children.push(child);
        }
    }
    while !children.is_empty() {
        children.retain(|child| !reap(child, world, &mut stillborn));
        std::thread::sleep(Duration::from_millis(5));
    }
    // A few in a thousand are to be expected.
    if stillborn * 20 > number + 20 {
        let text = format!("no thread starts in {stillborn} of {number} children");
        world.findings.add(None, Fault::Child, text);
    }
    counts
}

fn fork(world: &World<'_>, number: u32, random: &mut Random) -> Child {
    let plain: Vec<&Target> = world
        .targets
        .iter()
        .filter(|target| !matches!(target.route, Route::Tls(_)))
        .collect();
    let target = *random.pick(&plain);
    let handle = target.client().expect("a client");
    // It is not freed meanwhile.
    let queue = target.queue();
    let heritage = Heritage {
        number,
        seed: world.seed,
        began: world.began,
        time: random.millis(100, 400),
        target: Target::new(
            target.name,
            target.part,
            target.route.clone(),
            target.lasts,
            Some(Arc::clone(&handle)),
        ),
        handle,
        queue: *queue,
        journals: world.journals.to_owned(),
    };
    // SAFETY: the child uses what it inherits only through the library under test, and leaves
    // without cleaning up.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork");
    if pid == 0 {
        let code = match threads_start() {
            true => i32::from(!heritage.live()),
            false => STILLBORN,
        };
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(code) };
    }
    Child {
        pid,
        number,
        target: target.name,
        part: target.part,
        started: Instant::now(),
    }
}

fn threads_start() -> bool {
    let (sender, started) = channel();
    std::thread::spawn(move || sender.send(()));
    started.recv_timeout(BIRTH).is_ok()
}

/// All that a child has of its parent. The stacks of the parent's other threads are not among it:
/// the child's own threads take their place.
struct Heritage {
    number: u32,
    seed: u64,
    began: Instant,
    time: Duration,
    target: Target,
    handle: Arc<Handle>,
    queue: Option<Queue>,
    journals: PathBuf,
}

impl Heritage {
    /// The life of a child; whether it found nothing wrong.
    fn live(&self) -> bool {
        let world = World {
            seed: self.seed,
            began: self.began,
            end: Instant::now() + self.time,
            targets: std::slice::from_ref(&self.target),
            trigger: Trigger::start(),
            machine: Machine::start(),
            // It meets no calm.
            pulse: Pulse::default(),
            weather: None,
            findings: Findings::new(true),
            journals: &self.journals,
            hiredis: None,
        };
        let part = self.target.part;
        if !self.queue.is_none_or(Queue::is_of_the_parent) {
            let text = "the parent's queue is not refused".to_owned();
            world.findings.add(Some(part), Fault::Child, text);
        }
        let first = FIRST_WORKER + CALLERS * self.number;
        std::thread::scope(|scope| {
            for own in 0..2 {
                let worker = Worker::new(&world, part, first + own);
                scope.spawn(|| worker.run());
            }
            if part == Part::Queue {
                let station = Station::new(&world, &self.target, first + 2, CALLERS - 2);
                scope.spawn(|| station.run());
            }
        });
        self.handle.free_in_child();
        let findings = world.findings.take();
        let mut journal = Journal::create(&report(&self.journals, self.number));
        for Finding { fault, text, .. } in &findings {
            let text = text.replace('\n', "\t");
            journal.line(&format!("found\t{}\t{text}", fault.name()));
        }
        journal.finish();
        findings.is_empty()
    }
}

/// Whether the child is over; what it found becomes the world's.
fn reap(child: &Child, world: &World<'_>, stillborn: &mut u32) -> bool {
    let add = |fault, text: &str| {
        let Child { number, target, .. } = child;
        let text = format!("child {number} on {target}: {text}");
        world.findings.add(Some(child.part), fault, text);
    };
    match (wait(child.pid, libc::WNOHANG), child.started.elapsed()) {
        (None, age) if age <= PATIENCE => return false,
        (None, _) => {
            add(Fault::Child, &format!("hangs\n{}", sleepers(child.pid)));
            // SAFETY: a child of ours that is not reaped yet.
            unsafe { libc::kill(child.pid, libc::SIGKILL) };
            wait(child.pid, 0);
        }
        (Some(0), _) => {}
        (Some(status), _) if libc::WEXITSTATUS(status) == STILLBORN => *stillborn += 1,
        (Some(status), _) => {
            let path = report(world.journals, child.number);
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let told: Vec<Finding> = text.lines().filter_map(told).collect();
            if told.is_empty() {
                add(Fault::Child, &format!("ended with status {status:#x}"));
            }
            told.iter().for_each(|it| add(it.fault, &it.text));
        }
    }
    true
}

/// The status of a child of ours, if it has ended.
fn wait(pid: libc::pid_t, flags: i32) -> Option<i32> {
    let mut status = 0;
    // SAFETY: a child of ours that is not reaped yet, and a place.
    let ended = unsafe { libc::waitpid(pid, &mut status, flags) } == pid;
    ended.then_some(status)
}

/// What each thread of a process sleeps in, by its name.
fn sleepers(pid: libc::pid_t) -> String {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    let told = tasks.map(|task| {
        let [name, place, call] = ["comm", "wchan", "syscall"]
            .map(|file| std::fs::read_to_string(task.path().join(file)).unwrap_or_default());
        format!("{} in {}: {}", name.trim(), place, call.trim())
    });
    told.collect::<Vec<_>>().join("\n")
}

fn told(line: &str) -> Option<Finding> {
    let (name, text) = line.strip_prefix("found\t")?.split_once('\t')?;
    Some(Finding {
        part: None,
        fault: Fault::named(name)?,
        text: text.replace('\t', "\n"),
    })
}

fn report(journals: &Path, number: u32) -> PathBuf {
    journals.join(format!("child-{number}"))
}
