//! Who sleeps in the socket is woken there: to take a role over, and by its cancel.

use std::sync::Arc;
use std::thread;

use super::tests::{LONG, NoTask, Server, ask, ask_until, links, wait_for};
use super::*;
use crate::error::{Code, Error};
use crate::options::Config;

fn answer(server: &Server) {
    server.change(|now| {
        let late = std::mem::take(&mut now.unanswered);
        (now.silent, now.full) = (false, false);
        now.answers.extend(late);
    });
}

/// Waits until the caller before reads, and the socket is full for the next one.
fn fill<T: Task>(server: &Server, links: &Links<T>) {
    let link = &links.hub.links[0];
    wait_for(|| link.lock().reader.is_some() && !link.lock().out.has_unsent());
    server.change(|now| now.full = true);
}

/// The reader leaves with its reply; the writer, for which the socket is full, is the only one left to
/// take off what the server has to say before it goes on.
#[test]
fn a_writer_that_waits_reads_when_nobody_else_does() {
    let (server, links) = links::<NoTask>(&Config::default());
    let link = &links.hub.links[0];
    server.change(|now| now.silent = true);
    thread::scope(|scope| {
        let reader = scope.spawn(|| ask(&links, 1, LONG));
        fill(&server, &links);
        let writer = scope.spawn(|| ask(&links, 2, LONG));
        wait_for(|| link.lock().writer.is_some());
        answer(&server);
        assert_eq!(reader.join().unwrap().unwrap(), 1);
        assert_eq!(writer.join().unwrap().unwrap(), 2);
    });
}

/// The one hears its cancel though the other listens, too.
#[test]
fn a_reader_and_a_writer_do_not_hush_each_others_cancel() {
    for _ in 0..50 {
        let (server, links) = links::<NoTask>(&Config::default());
        let link = &links.hub.links[0];
        let [first, second] = [Arc::<Cancel>::default(), Arc::<Cancel>::default()];
        server.change(|now| now.silent = true);
        thread::scope(|scope| {
            let reader = scope.spawn(|| ask_until(&links, 1, LONG, Some(Arc::clone(&first))));
            fill(&server, &links);
            let writer = scope.spawn(|| ask_until(&links, 2, LONG, Some(Arc::clone(&second))));
            wait_for(|| link.lock().writer.is_some());
            first.fire();
            assert_eq!(reader.join().unwrap().unwrap_err().code(), Code::Cancelled);
            second.fire();
            assert_eq!(writer.join().unwrap().unwrap_err().code(), Code::Cancelled);
        });
    }
}

/// The worker waits to write a task's command, which ends meanwhile; somebody writes the rest of it.
#[test]
fn the_worker_leaves_no_half_written_command_to_nobody() {
    let (server, links) = links::<Cancelled>(&Config::default());
    let (hub, link) = (&links.hub, &links.hub.links[0]);
    server.change(|now| now.silent = true);
    thread::scope(|scope| {
        let reader = scope.spawn(|| ask(&links, 1, LONG));
        fill(&server, &links);
        assert!(link.submit(hub, &[b"2"], Cancelled).is_ok());
        // As the worker does.
        drop(link.tend(hub, 0, false));
        let held = link.lock().line.clone().unwrap();
        assert!(link.lock().worker_writes);
        server.change(|now| now.full = false);
        link.is_writable(&held);
        drop(link.tend(hub, 0, true));
        wait_for(|| !link.lock().out.has_unsent());
        answer(&server);
        assert_eq!(reader.join().unwrap().unwrap(), 1);
    });
    hub.closing.fire();
    links.join();
}

struct Cancelled;

impl Task for Cancelled {
    fn due(&self) -> u64 {
        u64::MAX
    }

    fn ended(&self) -> Option<Error> {
        Some(Error::new(Code::Cancelled, "cancelled"))
    }

    fn settle(done: &mut Vec<Done<Self>>, _: &mut Vec<Again<Self>>) {
        done.clear();
    }
}
