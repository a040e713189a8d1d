//! Child processes that cannot outlive the test binary.
//!
//! Linux kills a child that asked for it when the *thread* that started it ends. Tests run on
//! threads of their own, so one thread that lives as long as the process starts all children.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

type Job = (Command, Sender<io::Result<Child>>);

/// Starts `command`; the child is killed when this process ends, however it ends.
pub fn spawn_for_life(mut command: Command) -> io::Result<Child> {
    static STARTER: OnceLock<Sender<Job>> = OnceLock::new();
    die_with_parent(&mut command);
    let (answer, child) = channel();
    STARTER
        .get_or_init(starter)
        .send((command, answer))
        .unwrap();
    child.recv().unwrap()
}

/// Runs `command` to its end with what it prints in `log`; None when it had to be killed because
/// it took longer than `patience`.
pub fn run_to_end(mut command: Command, log: &Path, patience: Duration) -> Option<ExitStatus> {
    let out = File::create(log).unwrap();
    command.stdin(Stdio::null());
    command.stdout(out.try_clone().unwrap()).stderr(out);
    let mut child = spawn_for_life(command).expect("start the program");
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if start.elapsed() > patience {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn starter() -> Sender<Job> {
    let (sender, jobs) = channel::<Job>();
    std::thread::spawn(move || {
        for (mut command, answer) in jobs {
            let _ = answer.send(command.spawn());
        }
    });
    sender
}

#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    let parent = std::process::id();
    let ask = move || {
        // SAFETY: prctl and getppid are async-signal-safe and take plain numbers.
        let orphan = unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0
                || u32::try_from(libc::getppid()) != Ok(parent)
        };
        if orphan {
            Err(io::ErrorKind::NotFound.into())
        } else {
            Ok(())
        }
    };
    // SAFETY: the closure neither allocates nor locks.
    unsafe { command.pre_exec(ask) };
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}
