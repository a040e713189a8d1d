//! What becomes of commands when their queue or its client ends at the same time, or the server is
//! out of reach.

use super::*;
use crate::options::url;
use crate::shared::Task;

fn queue() -> Queue {
    let config = url::parse(b"redis://127.0.0.1:1?lazy=yes", None).unwrap();
    Queue::new(Arc::new(Client::open(config).unwrap()))
}

/// Freeing waits for a job that is judged at that moment: it would wait for all its attempts.
#[test]
fn a_job_of_a_freed_queue_is_not_tried_again() {
    let queue = queue();
    let nature = command::nature(&[b"PING"]);
    let job = queue.job(&nature, &CallOptions::default(), Target::Tag(1), 8);
    assert!(job.ended().is_none());
    drop(queue.ready.close());
    assert!(job.ended().is_some());
}

#[test]
fn nothing_is_taken_after_the_client_was_closed_though_it_was_asked_before() {
    let queue = queue();
    assert!(queue.ready.check().is_ok());
    queue.client().close();
    assert_eq!(queue.enter(8).unwrap_err().code(), Code::Closed);
    let event = queue.next(Deadline::never()).unwrap().unwrap();
    assert_eq!(event.kind, EventKind::Closed);
    assert!(queue.next(Deadline::never()).unwrap().is_none());
}

/// The breaker opens at the first attempt and refuses the second.
#[test]
fn what_the_breaker_refuses_in_the_middle_is_told_and_counted_like_any_failure() {
    let config = url::parse(
        b"unix:///nowhere/at/all?lazy=yes&circuit.failures=1&retry.base_ms=1",
        None,
    );
    let queue = Queue::new(Arc::new(Client::open(config.unwrap()).unwrap()));
    let submitted = queue.submit(&[b"PING"], &CallOptions::default(), Target::Tag(1));
    assert!(submitted.is_ok());
    let event = queue.next(Deadline::never()).unwrap().unwrap();
    let error = event.error.unwrap();
    assert_eq!(error.code(), Code::Circuit);
    assert!(error.to_string().contains("PING"), "{error}");
    assert_eq!(error.attempts(), 2);
    queue.give_up();
}
