//! Host names to addresses, within a deadline.
//!
//! getaddrinfo cannot be cancelled, so a name is resolved on a short-lived thread that owns all
//! it touches and is never joined; at most so many run at a time. Literals need no thread.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use super::wake::{Park, Wait, lock};
use crate::error::{Code, Error, Phase, Result};
use crate::sys::sync::Mutex;
use crate::sys::thread;

/// Resolver threads at a time.
const MOST: usize = 8;

/// Counts the resolver threads of one client.
#[derive(Default)]
pub struct Resolver {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: usize,
    queue: VecDeque<Arc<Park>>,
}

impl Resolver {
    /// The addresses of a host, in the resolver's order.
    pub fn resolve(
        self: &Arc<Self>,
        host: &str,
        port: u16,
        wait: &Wait,
    ) -> Result<Vec<SocketAddr>> {
        if let Ok(literal) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(literal, port)]);
        }
        self.resolve_name(host, port, wait)
            .map_err(|error| error.in_phase(Phase::Resolve))
    }

    fn resolve_name(
        self: &Arc<Self>,
        host: &str,
        port: u16,
        wait: &Wait,
    ) -> Result<Vec<SocketAddr>> {
        self.take_place(host, wait)?;
        let park = Arc::new(Park::default());
        let answer = Arc::new(Mutex::new(None));
        let job = Job {
            resolver: Arc::clone(self),
            park: Arc::clone(&park),
            answer: Arc::clone(&answer),
            host: host.to_owned(),
            port,
        };
        if let Err(error) = thread::spawn("redis-resolve", move || job.run()) {
            self.leave_place();
            return Err(Error::from_io(
                Code::Resolve,
                "no thread for the resolver",
                &error,
            ));
        }
        if !wait.park(&park)? {
            return Err(out_of_time(host));
        }
        let answered = lock(&answer).take();
        match answered {
            Some(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
            Some(Err(error)) => Err(Error::from_io(
                Code::Resolve,
                &format!("cannot resolve '{host}'"),
                &error,
            )),
            _ => Err(Error::new(
                Code::Resolve,
                format!("'{host}' has no address"),
            )),
        }
    }

    fn take_place(&self, host: &str, wait: &Wait) -> Result<()> {
        let park = Arc::new(Park::default());
        loop {
            {
                let mut state = lock(&self.state);
                if state.running < MOST {
                    state.running += 1;
                    return Ok(());
                }
                state.queue.push_back(Arc::clone(&park));
            }
            let waited = wait.park(&park);
            if !matches!(waited, Ok(true)) {
                self.pass_on(&park);
                waited?;
                return Err(out_of_time(host));
            }
        }
    }

    /// Leaves the queue; a wake-up that came too late goes to the next.
    fn pass_on(&self, park: &Arc<Park>) {
        let mut state = lock(&self.state);
        let before = state.queue.len();
        state.queue.retain(|other| !Arc::ptr_eq(other, park));
        if state.queue.len() == before
            && let Some(next) = state.queue.pop_front()
        {
            next.wake();
        }
    }

    fn leave_place(&self) {
        let mut state = lock(&self.state);
        state.running -= 1;
        if let Some(next) = state.queue.pop_front() {
            next.wake();
        }
    }
}

struct Job {
    resolver: Arc<Resolver>,
    park: Arc<Park>,
    answer: Arc<Mutex<Option<io::Result<Vec<SocketAddr>>>>>,
    host: String,
    port: u16,
}

impl Job {
    fn run(self) {
        let addresses = (self.host.as_str(), self.port).to_socket_addrs();
        *lock(&self.answer) = Some(addresses.map(Iterator::collect));
        self.resolver.leave_place();
        self.park.wake();
    }
}

fn out_of_time(host: &str) -> Error {
    Error::new(
        Code::Timeout,
        format!("the resolver did not answer for '{host}' in time"),
    )
}
