//! How to get to a server, and clients that do: their options are chosen by chance.

use std::path::PathBuf;
use std::time::Duration;

use crate::part::Part;
use crate::random::Random;
use crate::subject::{Handle, ROOMY, Traits};
use crate::support::tls;

const BACKOFFS: [&str; 4] = [
    "exponential_jitter",
    "none",
    "constant",
    "decorrelated_jitter",
];

/// How to get there.
#[derive(Clone)]
pub enum Route {
    Tcp(u16),
    Tls(u16),
    Unix(PathBuf),
}

impl Route {
    /// A client with options by chance. It connects at its first call: the way may be blocked now.
    pub fn open(&self, part: Part, random: &mut Random) -> Handle {
        let timeout = match part {
            Part::Exclusive => *random.pick(&[200, 500, 1000]),
            // What a shared connection left dead is over after so long: see `weather::SETTLING`.
            Part::Shared | Part::Queue => *random.pick(&[300, 500]),
        };
        let wait = *random.pick(&[-1, -1, -1, 50]);
        let mut url = match self {
            Self::Tcp(port) => format!("redis://127.0.0.1:{port}?"),
            Self::Tls(port) => {
                let ca = tls::file("ca.pem");
                format!("rediss://127.0.0.1:{port}?tls.ca_file={}&", ca.display())
            }
            Self::Unix(path) => format!("unix://{}?", path.display()),
        };
        let options = [
            ("lazy", "yes".to_owned()),
            ("timeout_ms", timeout.to_string()),
            (
                "connect_timeout_ms",
                random.pick(&[100, 300, 1000]).to_string(),
            ),
            ("pool.wait_ms", wait.to_string()),
            ("pool.max", random.pick(&[1, 2, 2, 4]).to_string()),
            (
                "pool.check_after_ms",
                random.pick(&[0, 100, 100]).to_string(),
            ),
            ("health_check_ms", random.pick(&[0, 0, 0, 20]).to_string()),
            ("protocol", (*random.pick(&["auto", "2", "3"])).to_owned()),
            ("retry.count", random.pick(&[0, 1, 3, 10]).to_string()),
            ("pool.order", (*random.pick(&["lifo", "fifo"])).to_owned()),
            ("pool.max_idle_ms", random.pick(&[0, 0, 30]).to_string()),
            ("pool.max_age_ms", random.pick(&[0, 0, 300]).to_string()),
            ("retry.backoff", (*random.pick(&BACKOFFS)).to_owned()),
            ("retry.base_ms", random.pick(&[1, 10]).to_string()),
            ("retry.cap_ms", "100".to_owned()),
        ];
        let sharing = Sharing::choose(part, random);
        let options = options.into_iter().chain(sharing.options());
        let options: Vec<String> = options
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        url += &options.join("&");
        let traits = Traits {
            timeout: Duration::from_millis(timeout),
            waits: wait < 0,
            tls: matches!(self, Self::Tls(_)),
            room: sharing.room,
            links: sharing.links,
        };
        Handle::open(&url, traits).unwrap_or_else(|failure| panic!("{url}: {}", failure.message))
    }
}

/// What of a client's options is about sharing connections.
struct Sharing {
    shared: bool,
    links: u64,
    room: usize,
}

impl Sharing {
    fn choose(part: Part, random: &mut Random) -> Self {
        match part {
            Part::Exclusive => Self {
                shared: false,
                links: 0,
                room: ROOMY,
            },
            Part::Shared => Self {
                shared: true,
                links: *random.pick(&[1, 1, 2, 4]),
                room: *random.pick(&[4, ROOMY, ROOMY]),
            },
            Part::Queue => Self {
                shared: random.chance(50),
                links: *random.pick(&[1, 1, 3]),
                room: *random.pick(&[8, 24, ROOMY]),
            },
        }
    }

    fn options(&self) -> Vec<(&'static str, String)> {
        let mode = if self.shared { "shared" } else { "exclusive" };
        match self.links {
            0 => Vec::new(),
            links => vec![
                ("mode", mode.to_owned()),
                ("shared.links", links.to_string()),
                ("limits.in_flight", self.room.to_string()),
            ],
        }
    }
}
