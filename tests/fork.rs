//! Fork: a child works on connections of its own, whatever the parent was doing; the parent does
//! not notice. And signals: a closed peer does not kill the process.
//!
//! One after the other: a child holds a copy of every descriptor there is.
#![cfg(unix)]
#![allow(unsafe_code, reason = "fork and signals have no safe form")]
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redisclient::client::{CallOptions, Client, Limit, Pipeline};
use redisclient::connection::Manual;
use redisclient::deadline::Deadline;
use redisclient::error::Code;
use redisclient::events::{ConnectionReleased, Listener};
use redisclient::net::Cancel;
use redisclient::options;
use socket2::SockRef;
use support::{Flavour, PATIENCE, Scripted, Server, wait_until};

fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open(url: &str) -> Client {
    match Client::open(options::url::parse(url.as_bytes(), None).unwrap()) {
        Ok(client) => client,
        Err(error) => panic!("{error}"),
    }
}

fn echo(client: &Client, text: &str) -> bool {
    let reply = client.execute(&[b"ECHO", text.as_bytes()], &CallOptions::default());
    reply.is_ok_and(|reply| reply.text() == text.as_bytes())
}

/// Forks; the child runs `body` and leaves with 0 when it answers true.
fn fork(body: impl FnOnce() -> bool) -> libc::pid_t {
    // SAFETY: the child runs only `body`, which is what is tested, and leaves without cleaning up.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let good = body();
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(i32::from(!good)) };
    }
    child
}

/// The child's exit status; a child that hangs is killed and counts as failed.
fn wait(child: libc::pid_t) -> i32 {
    let began = Instant::now();
    loop {
        let mut status = 0;
        // SAFETY: a child of ours.
        if unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == child {
            return status;
        }
        if began.elapsed() > Duration::from_secs(20) {
            // SAFETY: a child of ours.
            unsafe { libc::kill(child, libc::SIGKILL) };
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_child_works_on_connections_of_its_own() {
    let _alone = alone();
    let server = Server::start(Flavour::Redis, &[]);
    for url in [server.url_tcp(), server.url_unix()] {
        let client = Arc::new(open(&url));
        let mut pipeline = Pipeline::new(Arc::clone(&client));
        assert!(echo(&client, "parent"));
        let children: Vec<_> = (0..8)
            .map(|number| {
                fork(|| {
                    let own = (0..200).all(|round| echo(&client, &format!("{number}:{round}")));
                    pipeline.add(Ok(&[b"ECHO", b"in a pipeline"]));
                    own && pipeline.run(&CallOptions::default()).is_ok()
                })
            })
            .collect();
        assert!((0..200).all(|round| echo(&client, &format!("parent:{round}"))));
        for child in children {
            assert_eq!(wait(child), 0);
        }
        assert!(echo(&client, "still here"));
        assert_eq!(client.counts().idle, 1);
    }
}

#[test]
fn forks_while_other_threads_hold_every_lock() {
    let _alone = alone();
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&format!("{}?pool.max=2", server.url_unix()));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (client, done) = (&client, &done);
            scope.spawn(move || {
                let mut round = 0;
                while !done.load(Ordering::Relaxed) {
                    round += 1;
                    assert!(echo(client, &format!("{thread}:{round}")));
                }
            });
        }
        let statuses: Vec<i32> = (0..200)
            .map(|number| wait(fork(|| echo(&client, &format!("child {number}")))))
            .collect();
        done.store(true, Ordering::Relaxed);
        assert!(statuses.iter().all(|status| *status == 0), "{statuses:?}");
    });
}

/// Std has a lock in which its threads begin and end. Threads of ours in a child need none that a thread
/// of the parent may have held.
#[test]
fn threads_start_in_a_child_whatever_threads_the_parent_was_starting() {
    let _alone = alone();
    let server = Server::start(Flavour::Redis, &[]);
    let url = format!("redis://localhost:{}?timeout_ms=60000", server.port());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::thread::spawn(|| ()).join().unwrap();
                }
            });
        }
        // The name is looked up on a thread.
        let statuses: Vec<i32> = (0..1000)
            .map(|_| wait(fork(|| echo(&open(&url), "child"))))
            .collect();
        done.store(true, Ordering::Relaxed);
        assert!(statuses.iter().all(|status| *status == 0), "{statuses:?}");
    });
}

fn is_open(descriptor: i32) -> bool {
    // SAFETY: asks for flags only.
    unsafe { libc::fcntl(descriptor, libc::F_GETFD) >= 0 }
}

/// Whether it is connected to this server.
fn leads_to(descriptor: i32, server: &Server) -> bool {
    if !is_open(descriptor) {
        return false;
    }
    // SAFETY: it is open; were it closed meanwhile, there would be no address.
    let socket = unsafe { BorrowedFd::borrow_raw(descriptor) };
    SockRef::from(&socket).peer_addr().is_ok_and(|peer| {
        let by_tcp = peer.as_socket().map(|it| it.port()) == Some(server.port());
        by_tcp || peer.as_pathname() == Some(&server.socket())
    })
}

#[test]
fn a_child_closes_what_it_inherited_and_nothing_else() {
    let _alone = alone();
    let server = Server::start(Flavour::Redis, &[]);
    for url in [server.url_unix(), server.url_tcp()] {
        let client = open(&url);
        let ours = (3..512).find(|it| leads_to(*it, &server)).unwrap();
        let closes = fork(|| {
            let fresh = echo(&client, "child");
            // The child's own connection took the number over, or it is closed.
            fresh && client.counts().idle == 1
        });
        assert_eq!(wait(closes), 0);
        let daemon = fork(|| {
            let file = std::fs::File::open("/dev/null").unwrap();
            // SAFETY: puts another file under the inherited number, as a daemon would.
            unsafe { libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&file), ours) };
            echo(&client, "daemon") && is_open(ours) && {
                let mut byte = [0u8];
                // SAFETY: one byte of room; the null device is at its end at once.
                unsafe { libc::read(ours, byte.as_mut_ptr().cast(), 1) == 0 }
            }
        });
        assert_eq!(wait(daemon), 0);
        assert!(echo(&client, "parent"));
    }
}

#[test]
fn a_connection_of_the_parent_says_so() {
    let _alone = alone();
    let server = Server::start(Flavour::Redis, &[]);
    let config = options::url::parse(server.url_unix().as_bytes(), None).unwrap();
    let manual = Manual::open(config).unwrap_or_else(|error| panic!("{error}"));
    let child = fork(|| {
        let sent = manual.send(&[b"PING"]);
        sent.is_err_and(|error| error.code() == Code::Forked) && manual.descriptor().is_none()
    });
    assert_eq!(wait(child), 0);
    manual.send(&[b"PING"]).unwrap();
    manual.flush(Deadline::never()).unwrap();
    assert_eq!(manual.receive(Deadline::never()).unwrap().text(), b"PONG");
}

#[test]
fn a_child_asks_for_itself_what_its_server_knows() {
    let _alone = alone();
    let server = Scripted::tcp(|mut conn, _| {
        conn.answer_hello();
        while conn.read_command().is_some() {
            conn.write(b"*1\r\n*6\r\n$3\r\nfoo\r\n:2\r\n*0\r\n:1\r\n:1\r\n:1\r\n");
        }
    });
    let client = open(&server.url());
    let knows = || {
        let keys = client.keys(&[b"FOO", b"k"], &CallOptions::default());
        keys.is_ok_and(|keys| keys.len() == 1)
    };
    assert!(knows() && knows());
    assert_eq!(wait(fork(|| knows() && knows())), 0);
    assert!(knows());
    assert_eq!(server.count("COMMAND"), 2);
}

#[test]
fn a_child_starts_with_what_was_set_and_with_numbers_and_listeners_of_its_own() {
    let _alone = alone();
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_unix());
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    let listener: Listener<ConnectionReleased> = Arc::new(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    client.events().register(&listener);
    assert!(echo(&client, "parent"));
    client.set(b"pool.max", b"7").unwrap();
    client.set(b"pool.order", b"fifo").unwrap();
    client.set(b"timeout_ms", b"1234").unwrap();
    let child = fork(|| {
        let fresh = client.stats();
        let inherited = fresh.pool_max == 7 && fresh.connections_opened == 0 && fresh.calls == 0;
        let works = echo(&client, "child") && heard.load(Ordering::Relaxed) == 1;
        let own = client.set(b"pool.max", b"3").is_ok() && client.events().register(&listener);
        let hears = echo(&client, "child") && heard.load(Ordering::Relaxed) == 2;
        let stats = client.stats();
        let counted = stats.calls == 2 && stats.connections_opened == 1 && stats.pool_max == 3;
        inherited && works && own && hears && counted
    });
    assert_eq!(wait(child), 0);
    let stats = client.stats();
    assert_eq!((stats.pool_max, stats.calls), (7, 1));
    assert!(echo(&client, "parent"));
    assert_eq!(heard.load(Ordering::Relaxed), 2);
}

#[test]
fn forks_while_another_thread_changes_options() {
    let _alone = alone();
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_unix());
    let done = AtomicBool::new(false);
    client.set(b"retry.count", b"5").unwrap();
    std::thread::scope(|scope| {
        for value in [b"5", b"6"] {
            let (client, done) = (&client, &done);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    client.set(b"retry.count", value).unwrap();
                    client.set(b"pool.max", value).unwrap();
                }
            });
        }
        let statuses: Vec<i32> = (0..100)
            .map(|number| {
                wait(fork(|| {
                    let changes = client.set(b"retry.base_ms", b"1").is_ok();
                    let most = client.stats().pool_max;
                    changes && (5..=100).contains(&most) && echo(&client, &number.to_string())
                }))
            })
            .collect();
        done.store(true, Ordering::Relaxed);
        assert!(statuses.iter().all(|status| *status == 0), "{statuses:?}");
    });
}

#[test]
fn a_cancel_works_in_a_child() {
    let _alone = alone();
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_unix());
    let cancel = Arc::new(Cancel::default());
    let options = CallOptions {
        cancel: Some(Arc::clone(&cancel)),
        ..CallOptions::default()
    };
    let child = fork(|| {
        let fire = Arc::clone(&cancel);
        let firing = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            fire.fire();
        });
        let blocked = client.execute(&[b"BLPOP", b"k", b"0"], &options);
        firing.join().is_ok() && blocked.is_err_and(|error| error.code() == Code::Cancelled)
    });
    assert_eq!(wait(child), 0);
    assert!(!cancel.is_fired());
}

#[test]
fn a_closed_peer_raises_no_sigpipe() {
    let _alone = alone();
    let server = Scripted::tcp(|mut conn, _| {
        conn.answer_hello();
        conn.reset();
    });
    let url = format!("{}?retry.count=0&pool.check_after_ms=60000", server.url());
    let large = vec![b'v'; 4 << 20];
    let child = fork(|| {
        // SAFETY: the default that a C program has.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        let client = open(&url);
        (0..5).all(|_| {
            let small = client.execute(&[b"SET", b"k", b"v"], &CallOptions::default());
            let large = client.execute(&[b"SET", b"k", &large], &CallOptions::default());
            small.is_err() && large.is_err()
        })
    });
    assert_eq!(wait(child), 0, "killed by a signal, or answered");
}

#[test]
fn a_timed_out_pop_is_over_although_a_child_holds_its_socket() {
    let _alone = alone();
    let server = Server::start(Flavour::Redis, &[]);
    for url in [server.url_tcp(), server.url_unix()] {
        let client = open(&url);
        assert!(echo(&client, "connected"));
        // It inherits the descriptors and never uses the client.
        let child = fork(|| {
            std::thread::sleep(3 * PATIENCE);
            true
        });
        let options = CallOptions {
            limit: Limit::For(Duration::from_millis(50)),
            ..CallOptions::default()
        };
        let error = client.execute(&[b"BLPOP", b"list", b"0"], &options);
        assert_eq!(error.unwrap_err().code(), Code::Timeout);
        wait_until("the pop is over for the server", || {
            server.info("clients", "blocked_clients") == "0"
        });
        // SAFETY: a child of ours.
        unsafe { libc::kill(child, libc::SIGKILL) };
        wait(child);
    }
}
