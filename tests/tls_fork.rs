//! Fork with TLS sessions: a child works on sessions of its own, and whatever it does says nothing
//! in the parent's.
//!
//! In a process of their own, one after the other: a fork while another thread is inside OpenSSL
//! is not promised to work.
#![cfg(unix)]
#![allow(unsafe_code, reason = "fork has no safe form")]
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redisclient::client::Client;
use redisclient::connection::Manual;
use redisclient::deadline::{Deadline, Moment};
use support::client::{config, open_trusting, path, ping, pings, run};
use support::{Identity, Server};

static ALONE: Mutex<()> = Mutex::new(());

fn soon(millis: i64) -> Deadline {
    Deadline::from_millis(Moment::now(), millis)
}

/// Forks; the child runs `body` and leaves with 0 when it answers true.
fn in_child(body: impl FnOnce() -> bool) {
    // SAFETY: the child runs only `body`, which is what is tested, and leaves without cleaning up.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let good = body();
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(i32::from(!good)) };
    }
    let mut status = 0;
    let began = Instant::now();
    // SAFETY: a child of ours.
    while unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } != child {
        if began.elapsed() > support::PATIENCE {
            // SAFETY: a child of ours.
            unsafe { libc::kill(child, libc::SIGKILL) };
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(status, 0, "the child failed or hangs");
}

fn id(client: &Client) -> i64 {
    run(client, "CLIENT ID").unwrap().integer()
}

#[test]
fn a_child_works_on_sessions_of_its_own_and_the_parents_goes_on() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for version in ["TLSv1.2", "TLSv1.3"] {
        let server = Server::start_tls(Identity::Server, &["--tls-protocols", version]);
        let client = open_trusting(&server.url_tls(), &[]);
        let before = id(&client);
        for closes in [false, true] {
            in_child(|| {
                let other = id(&client) != before;
                let echo = (0..100).all(|round| {
                    let text = format!("child {round}").replace(' ', ":");
                    run(&client, &format!("ECHO {text}"))
                        .is_ok_and(|reply| reply.text() == text.as_bytes())
                });
                if closes {
                    client.close();
                }
                other && echo
            });
            assert_eq!(id(&client), before, "{version}");
        }
    }
}

#[test]
fn a_child_that_drops_a_client_says_nothing_in_the_parents_session() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let server = pings(Identity::Server);
    let client = open_trusting(&server.url(), &[("pool.check_after_ms", "0")]);
    let ca = path("ca.pem");
    let manual = Manual::open(config(&server.url(), &[("tls.ca_file", &ca)]).unwrap());
    let manual = manual.unwrap_or_else(|error| panic!("{error}"));
    ping(&client);
    // A box of its own, so that the child can drop it without the parent's being touched.
    let client = Box::new(client);
    let (client, manual) = (Box::into_raw(client), Box::into_raw(Box::new(manual)));
    in_child(|| {
        // SAFETY: the child's copies of the two, dropped once.
        unsafe {
            drop(Box::from_raw(manual));
            ping(&*client);
            drop(Box::from_raw(client));
        }
        true
    });
    // SAFETY: the parent's own, dropped once here.
    let (client, manual) = unsafe { (Box::from_raw(client), Box::from_raw(manual)) };
    ping(&client);
    manual.send(&[b"PING"]).unwrap();
    manual.flush(soon(5000)).unwrap();
    assert_eq!(manual.receive(soon(5000)).unwrap().text(), b"PONG");
    // The client's, the one by hand, and the child's.
    assert_eq!(server.connections(), 3);
}
