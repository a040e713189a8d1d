//! Servers, proxies before them, and the targets that calls go to.
//!
//! One server keeps its data over a kill, so that every write can be accounted for; the other
//! comes back empty. Each target is one way to one of them with one client that all threads of its
//! part use.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::part::Part;
use crate::queue::Queue;
use crate::random::Random;
use crate::route::Route;
use crate::settings::{Peer, Settings};
use crate::subject::Handle;
use crate::support::{Fault, Flavour, Identity, Proxy, Server};

/// Everything that stands around the client.
pub struct Scene {
    pub lasting: Server,
    pub passing: Server,
    pub proxies: Vec<Way>,
}

/// A proxy, before one of the servers for one part.
pub struct Way {
    pub name: &'static str,
    pub part: Part,
    pub proxy: Proxy,
}

/// A way to a server.
pub struct Target {
    pub name: &'static str,
    pub part: Part,
    pub route: Route,
    /// Whether its server keeps its data.
    pub lasts: bool,
    /// The client of the moment; none when another library is driven.
    slot: RwLock<Option<Arc<Handle>>>,
    /// The completion queue of the moment, if any.
    queue: Mutex<Option<Queue>>,
    /// Calls that have not come back.
    inside: AtomicUsize,
}

/// Names of the proxies of each part.
const WAYS: [[&str; 3]; 3] = [
    ["proxy", "tls proxy", "passing proxy"],
    ["shared proxy", "shared tls proxy", "shared passing proxy"],
    ["queue proxy", "queue tls proxy", "queue passing proxy"],
];

impl Scene {
    pub fn build(peer: Peer) -> Self {
        // Written before it is answered: with "everysec" an answer may come first.
        let keep = ["--appendonly", "yes", "--appendfsync", "no"];
        let lasting = Server::start_tls(Identity::Server, &keep);
        let passing = Server::start(Flavour::Newest, &[]);
        let ports = [lasting.port(), lasting.tls_port(), passing.port()];
        let ways = peer.parts().iter().flat_map(|part| {
            let ways = WAYS[*part as usize].into_iter().zip(ports);
            ways.map(|(name, port)| Way {
                name,
                part: *part,
                proxy: Proxy::start(port, Fault::None),
            })
        });
        Self {
            proxies: ways.collect(),
            lasting,
            passing,
        }
    }

    /// The targets, each with a client unless another library is driven.
    pub fn targets(&self, settings: &Settings) -> Vec<Target> {
        let mut random = Random::new(settings.seed, 1);
        let parts = settings.peer.parts().iter();
        let plans = parts.flat_map(|part| self.plans(*part, settings.peer));
        plans
            .map(|(name, part, route, lasts)| {
                let client = match settings.peer {
                    Peer::Ours => Some(Arc::new(route.open(part, &mut random))),
                    Peer::Hiredis => None,
                };
                Target::new(name, part, route, lasts, client)
            })
            .collect()
    }

    /// The first proxy of a part.
    pub fn proxy(&self, part: Part) -> &Proxy {
        let mut ways = self.proxies.iter();
        let way = ways.find(|way| way.part == part);
        &way.expect("each part has proxies").proxy
    }

    /// The targets of a part: name, route, and whether its server keeps its data.
    fn plans(&self, part: Part, peer: Peer) -> Vec<(&'static str, Part, Route, bool)> {
        let ways = self.proxies.iter().filter(|way| way.part == part);
        let ports: Vec<u16> = ways.map(|way| way.proxy.port()).collect();
        let secure = match peer {
            Peer::Ours => Route::Tls(ports[1]),
            Peer::Hiredis => Route::Tcp(ports[0]),
        };
        let proxy = (Route::Tcp(ports[0]), true);
        let secure = (secure, true);
        let passing = (Route::Tcp(ports[2]), false);
        let direct = (Route::Tcp(self.lasting.port()), true);
        let unix = (Route::Unix(self.lasting.socket()), true);
        let other = (Route::Unix(self.passing.socket()), false);
        let plans = match part {
            Part::Exclusive => vec![
                ("tcp", direct),
                ("tcp by proxy", proxy),
                ("unix", unix),
                ("tls by proxy", secure),
                ("passing, by proxy", passing),
                ("passing, unix", other),
            ],
            Part::Shared => vec![
                ("shared, tcp by proxy", proxy),
                ("shared, unix", unix),
                ("shared, tls by proxy", secure),
                ("shared, passing, by proxy", passing),
                ("shared, passing, unix", other),
            ],
            Part::Queue => vec![
                ("queue, tcp by proxy", proxy),
                ("queue, unix", unix),
                ("queue, tls by proxy", secure),
                ("queue, passing, by proxy", passing),
            ],
        };
        let plans = plans.into_iter();
        plans
            .map(|(name, (route, lasts))| (name, part, route, lasts))
            .collect()
    }
}

impl Target {
    pub fn new(
        name: &'static str,
        part: Part,
        route: Route,
        lasts: bool,
        client: Option<Arc<Handle>>,
    ) -> Self {
        Self {
            name,
            part,
            route,
            lasts,
            slot: RwLock::new(client),
            queue: Mutex::default(),
            inside: AtomicUsize::new(0),
        }
    }

    /// Shows a queue to whoever forks, or takes it away: it then waits for a fork under way.
    pub fn show(&self, queue: Option<Queue>) {
        *self.queue() = queue;
    }

    /// The queue that is shown, and stays so while this is held.
    pub fn queue(&self) -> MutexGuard<'_, Option<Queue>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a call.
    pub fn inside<T>(&self, call: impl FnOnce() -> T) -> T {
        self.inside.fetch_add(1, Ordering::Relaxed);
        let came = call();
        self.inside.fetch_sub(1, Ordering::Relaxed);
        came
    }

    /// How many calls have not come back.
    pub fn calls_inside(&self) -> usize {
        self.inside.load(Ordering::Relaxed)
    }

    pub fn client(&self) -> Option<Arc<Handle>> {
        let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
        slot.clone()
    }

    /// Puts another client in the place of this one, which is answered.
    pub fn replace(&self, client: Option<Arc<Handle>>) -> Option<Arc<Handle>> {
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *slot, client)
    }
}
