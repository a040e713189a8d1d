//! Deadlines: whatever a call waits for, it ends in time, and the error names what it was doing.
//!
//! Each test prints how far past the deadline the call ended; `--nocapture` shows it.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use redisclient::client::{CallOptions, Client, Limit, Pipeline};
use redisclient::error::{Code, Error, Outcome, Phase};
use redisclient::options;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{BlackHole, Conn, Fault, Flavour, Identity, Probe, Proxy, Scripted, Server, tls};

const LIMIT: Duration = Duration::from_millis(300);
/// Where much has to happen in time before a call gets to where it is to end.
const LONGER: Duration = Duration::from_secs(3);
/// What a loaded machine may add; an idle one adds a few milliseconds. Far below `OTHER_MS`.
const SLACK: Duration = Duration::from_secs(10);
/// The time limits that do not apply, where a test does not say them.
const OTHER_MS: &str = "60000";

/// With the limits that are not said.
fn patient(url: &str) -> String {
    let mut url = url.to_owned();
    for name in ["connect_timeout_ms", "timeout_ms"] {
        if !url.contains(&format!("?{name}=")) && !url.contains(&format!("&{name}=")) {
            url = with(&url, name, OTHER_MS);
        }
    }
    url
}

fn open(url: &str) -> Arc<Client> {
    let config = options::url::parse(patient(url).as_bytes(), None).unwrap();
    Arc::new(Client::open(config).unwrap_or_else(|error| panic!("{url}: {error}")))
}

fn with(url: &str, name: &str, value: &str) -> String {
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}{name}={value}")
}

/// A client that has not connected so far.
fn lazy(url: &str) -> Arc<Client> {
    open(&with(url, "lazy", "yes"))
}

/// The same server through TLS, or what pretends to be one.
fn secure(port: u16) -> String {
    let authority = tls::file("ca.pem");
    format!(
        "rediss://127.0.0.1:{port}?tls.ca_file={}",
        authority.display()
    )
}

/// The URL with which a client trusts a script that speaks TLS.
fn trusted(server: &Scripted) -> String {
    match server.url().starts_with("rediss") {
        true => secure(server.port()),
        false => server.url(),
    }
}

fn within(limit: Duration) -> CallOptions {
    CallOptions {
        limit: Limit::For(limit),
        ..CallOptions::default()
    }
}

/// Runs what must fail at its deadline, neither sooner nor much later.
fn late<T>(what: &str, limit: Duration, run: impl FnOnce() -> Result<T, Error>) -> Error {
    let started = Instant::now();
    let result = run();
    let took = started.elapsed();
    eprintln!("{what}: {took:?} of {limit:?}");
    let error = match result {
        Ok(_) => panic!("{what}: answered"),
        Err(error) => error,
    };
    assert!(took >= limit - Duration::from_millis(2), "{what}: {took:?}");
    assert!(took < limit + SLACK, "{what}: {took:?}: {error}");
    error
}

/// A call that times out in `phase`, with what became of its command.
fn ends(what: &str, client: &Client, args: &[&[u8]], phase: Phase, outcome: Outcome) -> Error {
    // An encrypted session is only as far as that after some round trips.
    let limit = match phase {
        Phase::Tls | Phase::Handshake => LONGER,
        _ => LIMIT,
    };
    let error = late(what, limit, || client.execute(args, &within(limit)));
    assert_eq!(error.code(), Code::Timeout, "{what}: {error}");
    assert_eq!(error.phase(), Some(phase), "{what}: {error}");
    assert_eq!(error.outcome(), outcome, "{what}: {error}");
    error
}

/// Accepts and says nothing.
fn mute(mut conn: Conn, _: usize) {
    conn.wait_closed();
}

/// Greets, then reads on and says nothing more.
fn silent(mut conn: Conn, _: usize) {
    conn.answer_hello();
    conn.wait_closed();
}

/// Greets, then reads no more until the client has gone.
fn deaf(mut conn: Conn, _: usize) {
    conn.answer_hello();
    conn.hold();
}

/// Greets, then says `piece` again and again, which is never the whole of a reply.
fn chatters(piece: &'static [u8], pause: Duration) -> impl Fn(Conn, usize) + Send + Sync {
    move |mut conn, _| {
        conn.answer_hello();
        conn.read_command();
        conn.write(b"$100000000\r\n");
        while conn.tell(piece) {
            std::thread::sleep(pause);
        }
    }
}

#[test]
fn in_the_queue_for_a_connection() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&format!("{}?pool.max=1", server.url_tcp()));
    std::thread::scope(|scope| {
        scope.spawn(|| client.execute(&[b"BLPOP", b"gate", b"0"], &CallOptions::default()));
        support::wait_until("the connection is held", || {
            server.info("clients", "blocked_clients") == "1"
        });
        let error = ends("queue", &client, &[b"PING"], Phase::Queue, Outcome::NotSent);
        assert!(error.detail().contains("1 of 1 in use"), "{error}");
        server.cli(&["RPUSH", "gate", "open"]);
    });
}

#[test]
fn at_a_resolver_that_never_answers() {
    let probe = Probe::new().name("hangs.test", "sleep:60");
    let url = "redis://hangs.test:1?lazy=yes&timeout_ms=300&connect_timeout_ms=60000";
    let told = probe.run(url, &["PING"]);
    let step = &told.steps[1];
    eprintln!("resolve: {:?} of {LIMIT:?}", step.took);
    assert_eq!(step.status, 301, "{step:?}");
    assert!(
        step.text.contains("while resolving the host name"),
        "{step:?}"
    );
    assert!(
        step.took >= LIMIT && step.took < LIMIT + SLACK,
        "{:?}",
        step.took
    );
}

#[test]
fn at_an_address_that_answers_no_connect() {
    let hole = BlackHole::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let unix = BlackHole::unix();
    for url in [
        format!("redis://127.0.0.1:{}", hole.port()),
        secure(hole.port()),
        format!("unix://{}", unix.path().display()),
    ] {
        let client = lazy(&url);
        ends(&url, &client, &[b"PING"], Phase::Connect, Outcome::NotSent);
        assert_eq!(client.counts().in_use, 0);
    }
}

#[test]
fn connects_that_time_out_are_tried_again_within_the_deadline() {
    let hole = BlackHole::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let query = "connect_timeout_ms=50&retry.backoff=none&retry.count=-1";
    let client = lazy(&format!("redis://127.0.0.1:{}?{query}", hole.port()));
    let error = late("connect again", LONGER, || {
        client.execute(&[b"INCR", b"n"], &within(LONGER))
    });
    assert_eq!(error.code(), Code::Timeout, "{error}");
    assert!(error.attempts() >= 3, "{error}");
}

#[test]
fn opening_ends_at_the_connect_timeout() {
    let hole = BlackHole::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let server = Scripted::tcp(mute);
    for port in [hole.port(), server.port()] {
        let url = format!("redis://127.0.0.1:{port}?connect_timeout_ms=300");
        let config = options::url::parse(patient(&url).as_bytes(), None).unwrap();
        let error = late("open", LIMIT, || Client::open(config));
        assert_eq!(error.code(), Code::Timeout, "{error}");
    }
}

#[test]
fn in_the_handshake_of_tls() {
    let server = Scripted::tcp(mute);
    let client = lazy(&secure(server.port()));
    let what = "TLS, silent";
    ends(what, &client, &[b"PING"], Phase::Tls, Outcome::NotSent);
    let real = Scripted::tls(Identity::Server, silent);
    let proxy = Proxy::start(real.port(), Fault::Drip(Duration::from_millis(20)));
    let client = lazy(&secure(proxy.port()));
    let what = "TLS, in crumbs";
    ends(what, &client, &[b"PING"], Phase::Tls, Outcome::NotSent);
}

#[test]
fn in_the_greeting() {
    for server in [
        Scripted::tcp(mute),
        Scripted::unix(mute),
        Scripted::tls(Identity::Server, mute),
    ] {
        let what = format!("greeting, {}", server.url());
        let client = lazy(&trusted(&server));
        let phase = Phase::Handshake;
        ends(&what, &client, &[b"PING"], phase, Outcome::NotSent);
    }
    let server = Scripted::tcp(silent);
    let proxy = Proxy::start(server.port(), Fault::Drip(Duration::from_millis(20)));
    let client = lazy(&format!("redis://127.0.0.1:{}", proxy.port()));
    let what = "greeting, in crumbs";
    ends(
        what,
        &client,
        &[b"PING"],
        Phase::Handshake,
        Outcome::NotSent,
    );
}

#[test]
fn while_nobody_reads_what_is_sent() {
    let large = vec![b'x'; 64 << 20];
    for server in [
        Scripted::tcp(deaf),
        Scripted::unix(deaf),
        Scripted::tls(Identity::Server, deaf),
    ] {
        let client = open(&trusted(&server));
        let what = format!("send, {}", server.url());
        let args: [&[u8]; 3] = [b"SET", b"k", &large];
        ends(&what, &client, &args, Phase::Send, Outcome::Unknown);
    }
}

#[test]
fn while_no_reply_comes() {
    for server in [
        Scripted::tcp(silent),
        Scripted::unix(silent),
        Scripted::tls(Identity::Server, silent),
    ] {
        let what = format!("receive, {}", server.url());
        // A read may be sent again, but not beyond the deadline.
        for word in [b"INCR".as_slice(), b"GET"] {
            let client = open(&trusted(&server));
            let args = [word, b"n"];
            ends(&what, &client, &args, Phase::Receive, Outcome::Unknown);
            assert_eq!((client.counts().idle, client.counts().in_use), (0, 0));
        }
    }
}

/// The system ends long receive timeouts late, by more the longer they are.
#[test]
fn a_long_deadline_is_kept_as_closely_as_a_short_one() {
    let server = Scripted::tcp(silent);
    let client = open(&server.url());
    let over = |limit: Duration| {
        let started = Instant::now();
        client.execute(&[b"GET", b"k"], &within(limit)).unwrap_err();
        started.elapsed() - limit
    };
    let late = || {
        let mut late: Vec<Duration> = std::thread::scope(|scope| {
            let limits = (0..8).map(|nth| Duration::from_millis(2700 + nth * 90));
            let waiting: Vec<_> = limits
                .map(|limit| scope.spawn(move || over(limit)))
                .collect();
            let ended = waiting.into_iter();
            ended.map(|thread| thread.join().unwrap()).collect()
        });
        late.sort();
        eprintln!("past about 3 s: {late:?}");
        assert!(late[7] < SLACK, "{late:?}");
        late[3]
    };
    // Most of them in one round: what the system does, it does in each; other work on the machine not.
    assert!((0..5).any(|_| late() < Duration::from_millis(50)));
}

#[test]
fn while_a_reply_comes_byte_by_byte() {
    for pause in [Duration::from_secs(1), Duration::from_millis(5)] {
        for server in [
            Scripted::tcp(chatters(b"x", pause)),
            Scripted::unix(chatters(b"x", pause)),
            Scripted::tls(Identity::Server, chatters(b"x", pause)),
        ] {
            let client = open(&trusted(&server));
            let what = format!("a byte every {pause:?}, {}", server.url());
            let phase = Phase::Receive;
            ends(&what, &client, &[b"INCR", b"n"], phase, Outcome::Unknown);
        }
    }
}

/// Says pushes without end after the greeting, whatever it is asked, and reads nothing.
fn floods(mut conn: Conn, _: usize) {
    conn.answer_hello();
    let pushes = b">2\r\n+noise\r\n+noise\r\n".repeat(1000);
    while conn.tell(&pushes) {}
}

/// Also when an idle connection is looked at before it is used.
#[test]
fn while_pushes_come_without_end() {
    for check_after in ["60000", "0"] {
        for server in [
            Scripted::tcp(floods),
            Scripted::unix(floods),
            Scripted::tls(Identity::Server, floods),
        ] {
            let url = with(&trusted(&server), "pool.check_after_ms", check_after);
            let client = open(&url);
            let what = format!("flood, {url}");
            let error = late(&what, LIMIT, || {
                client.execute(&[b"INCR", b"n"], &within(LIMIT))
            });
            assert_eq!(error.code(), Code::Timeout, "{error}");
        }
    }
}

#[test]
fn while_pushes_come_without_end_and_nobody_reads() {
    let large = vec![b'x'; 64 << 20];
    for server in [
        Scripted::tcp(floods),
        Scripted::unix(floods),
        Scripted::tls(Identity::Server, floods),
    ] {
        let client = open(&trusted(&server));
        let what = format!("flood while sending, {}", server.url());
        let args: [&[u8]; 3] = [b"SET", b"k", &large];
        ends(&what, &client, &args, Phase::Send, Outcome::Unknown);
    }
}

#[test]
fn at_a_stopped_process() {
    let server = Server::start_tls(Identity::Server, &[]);
    let urls = [
        server.url_tcp(),
        server.url_unix(),
        secure(server.tls_port()),
    ];
    let greeted = urls.each_ref().map(|url| open(url));
    let fresh = urls.each_ref().map(|url| lazy(url));
    server.pause();
    for (client, url) in greeted.iter().zip(&urls) {
        let what = format!("stopped, {url}");
        let phase = Phase::Receive;
        ends(&what, client, &[b"INCR", b"n"], phase, Outcome::Unknown);
    }
    // The system still accepts for it.
    for (client, phase) in fresh
        .iter()
        .zip([Phase::Handshake, Phase::Handshake, Phase::Tls])
    {
        let what = format!("stopped, fresh, {phase:?}");
        ends(&what, client, &[b"PING"], phase, Outcome::NotSent);
    }
    server.resume();
    for client in greeted.iter().chain(&fresh) {
        client
            .execute(&[b"PING"], &CallOptions::default())
            .unwrap_or_else(|error| panic!("after the stop: {error}"));
    }
}

#[test]
fn in_a_pipeline_and_in_a_transaction() {
    let server = Scripted::tcp(silent);
    for atomic in [false, true] {
        let mut pipeline = Pipeline::new(open(&server.url()));
        pipeline.set_atomic(atomic);
        for _ in 0..3 {
            pipeline.add(Ok(&[b"INCR", b"n"]));
        }
        let error = late("pipeline", LIMIT, || {
            let run = pipeline.run(&within(LIMIT));
            run.map_err(|failure| failure.error)
        });
        assert_eq!(error.phase(), Some(Phase::Receive), "{error}");
        assert_eq!(error.outcome(), Outcome::Unknown);
    }
}

#[test]
fn no_pause_between_attempts_reaches_past_the_deadline() {
    let nobody = support::refusing_port();
    let query = "retry.count=-1&retry.backoff=exponential_jitter&retry.base_ms=50&retry.cap_ms=200";
    let client = lazy(&format!("redis://127.0.0.1:{nobody}?{query}"));
    let started = Instant::now();
    let error = client.execute(&[b"PING"], &within(LONGER)).unwrap_err();
    assert!(started.elapsed() < LONGER + SLACK, "{error}");
    assert_eq!(error.code(), Code::Connect, "{error}");
    assert!(error.attempts() > 1, "{error}");
    let query = "retry.count=-1&retry.backoff=constant&retry.base_ms=60000&retry.cap_ms=60000";
    let client = lazy(&format!("redis://127.0.0.1:{nobody}?{query}"));
    let started = Instant::now();
    let error = client.execute(&[b"PING"], &within(LONGER)).unwrap_err();
    assert!(started.elapsed() < SLACK, "{error}");
    assert_eq!(error.attempts(), 1, "{error}");
}

#[test]
fn a_large_reply_that_comes_slowly_is_no_silence_of_a_shared_link() {
    let server = Scripted::tcp(|mut conn, _| {
        conn.answer_hello();
        conn.read_command();
        conn.write(b"$100\r\n");
        for _ in 0..100 {
            conn.write(b"x");
            std::thread::sleep(Duration::from_millis(30));
        }
        conn.write(b"\r\n");
        conn.read_command();
        conn.write(b":7\r\n");
        conn.wait_closed();
    });
    let client = open(&format!("{}?mode=shared&timeout_ms=2000", server.url()));
    std::thread::scope(|scope| {
        let large = || {
            ends(
                "large",
                &client,
                &[b"GET", b"large"],
                Phase::Receive,
                Outcome::Unknown,
            )
        };
        scope.spawn(large);
        support::wait_until("the first is under way", || server.count("GET") == 1);
        let patient = within(Duration::from_secs(20));
        let reply = client.execute(&[b"INCR", b"n"], &patient).unwrap();
        assert_eq!(reply.integer(), 7);
    });
    assert_eq!(server.connections(), 1);
}
