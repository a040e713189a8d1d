//! Numbers for whoever watches a client: what happened in this process, and what is.

use std::time::Duration;

use crate::error::Code;
use crate::events::CloseReason;
use crate::options::PoolConfig;
use crate::pool::{Counter, Pool};
use crate::retry::CircuitState;
use crate::text;

/// The calls of a client so far.
#[derive(Default)]
pub(crate) struct Calls {
    pub begun: Counter,
    /// Commands of pipelines but for the first of each.
    pub further: Counter,
    pub retries: Counter,
    timeouts: Counter,
    /// Failed calls by the hundreds of their code.
    failures: [Counter; 10],
}

impl Calls {
    pub fn count_failure(&self, code: Code) {
        if code == Code::Timeout {
            self.timeouts.count();
        }
        if let Some(class) = self.failures.get(code as usize / 100) {
            class.count();
        }
    }

    fn class(&self, hundreds: usize) -> u64 {
        self.failures.get(hundreds).map_or(0, Counter::get)
    }
}

/// Statistics of a client. Initialise with REDISCLIENT_STATS_INIT.
///
/// All count from open on, in this process, but for those that say now. `size` comes first: a
/// smaller size gets the fields that fit, a larger one zeroes behind those that are known.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// sizeof(redisclient_stats).
    pub size: usize,
    /// Connections made and greeted.
    pub connections_opened: u64,
    /// Attempts to make one that failed.
    pub connect_failures: u64,
    /// Connections closed, for whatever reason.
    pub connections_closed: u64,
    /// Closed because they failed, or owed a reply when their call ended.
    pub closed_broken: u64,
    /// Closed because they were not used for pool.max_idle_ms.
    pub closed_idle: u64,
    /// Closed because they were made more than pool.max_age_ms ago.
    pub closed_aged: u64,
    /// Closed because pool.max was lowered.
    pub closed_trimmed: u64,
    /// Found closed by the server, or with bytes nobody had asked for, when they were to be used.
    pub closed_dead: u64,
    /// Closed because they did not answer a health check.
    pub closed_health_check: u64,
    /// Closed because their server answered that it is read-only.
    pub closed_stale: u64,
    /// Closed because the client was.
    pub closed_client: u64,
    /// Connections that are idle now.
    pub idle: u64,
    /// Connections that are in use or being made now.
    pub in_use: u64,
    /// Callers who wait for a connection now.
    pub waiters: u64,
    /// Milliseconds for which the connection in use longest has been so now.
    pub longest_use_ms: u64,
    /// pool.max now.
    pub pool_max: u64,
    /// pool.min now.
    pub pool_min: u64,
    /// Times that a connection, or the right to make one, went to a caller.
    pub checkouts: u64,
    /// Callers who had to wait for one.
    pub waits: u64,
    /// Milliseconds that they waited, taken together.
    pub wait_ms: u64,
    /// Callers who got none in time, those that do not wait (pool.wait_ms=0) included.
    pub wait_timeouts: u64,
    /// Commands and pipelines that were begun, whatever became of them.
    pub calls: u64,
    /// Commands in them: each one of a pipeline counts.
    pub commands: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Calls that failed with ETIMEOUT.
    pub timeouts: u64,
    /// Calls that failed with 1xx.
    pub errors_caller: u64,
    /// Calls that failed with 2xx: connection, TLS.
    pub errors_connection: u64,
    /// Calls that failed with 3xx: time, capacity.
    pub errors_capacity: u64,
    /// Calls that failed with 4xx: protocol, limits.
    pub errors_protocol: u64,
    /// Calls that failed with 5xx: the server said no.
    pub errors_server: u64,
    /// Calls that failed with 6xx: topology.
    pub errors_topology: u64,
    /// Calls that failed with 9xx: memory, or a mistake of the library.
    pub errors_internal: u64,
    /// The circuit breaker now: 0 closed, 1 open, 2 half-open.
    pub circuit_state: u64,
    /// Times that it opened.
    pub circuit_opened: u64,
    /// Attempts that it refused.
    pub circuit_refused: u64,
}

impl Stats {
    pub(super) fn gather(
        pool: &Pool,
        calls: &Calls,
        limits: &PoolConfig,
        circuit: (CircuitState, u64, u64),
    ) -> Self {
        let (counters, now) = (pool.counters(), pool.counts());
        let class = |hundreds| calls.class(hundreds);
        Self {
            size: size_of::<Self>(),
            connections_opened: counters.opened.get(),
            connect_failures: counters.connect_failures.get(),
            connections_closed: counters.closed_in_all(),
            closed_broken: counters.closed(CloseReason::Broken),
            closed_idle: counters.closed(CloseReason::Idle),
            closed_aged: counters.closed(CloseReason::Aged),
            closed_trimmed: counters.closed(CloseReason::Trimmed),
            closed_dead: counters.closed(CloseReason::Dead),
            closed_health_check: counters.closed(CloseReason::HealthCheck),
            closed_stale: counters.closed(CloseReason::Stale),
            closed_client: counters.closed(CloseReason::ClientClosed),
            idle: now.idle as u64,
            in_use: now.in_use as u64,
            waiters: now.waiters as u64,
            longest_use_ms: millis(pool.longest_use()),
            pool_max: limits.max as u64,
            pool_min: limits.min as u64,
            checkouts: counters.checkouts.get(),
            waits: counters.waits.get(),
            wait_ms: millis(counters.waited()),
            wait_timeouts: counters.wait_timeouts.get(),
            calls: calls.begun.get(),
            commands: calls.begun.get() + calls.further.get(),
            retries: calls.retries.get(),
            failures: (0..10).map(class).sum(),
            timeouts: calls.timeouts.get(),
            errors_caller: class(1),
            errors_connection: class(2),
            errors_capacity: class(3),
            errors_protocol: class(4),
            errors_server: class(5),
            errors_topology: class(6),
            errors_internal: class(9),
            circuit_state: circuit.0 as u64,
            circuit_opened: circuit.1,
            circuit_refused: circuit.2,
        }
    }

    /// All numbers with their names, in the order of the struct.
    pub fn numbers(&self) -> impl Iterator<Item = (&'static str, u64)> {
        macro_rules! pairs {
            ($($name:ident)*) => {{
                // Complete, or this does not compile.
                let Stats { size: _, $($name),* } = *self;
                [$((stringify!($name), $name)),*].into_iter()
            }};
        }
        pairs! {
            connections_opened connect_failures connections_closed closed_broken closed_idle
            closed_aged closed_trimmed closed_dead closed_health_check closed_stale closed_client
            idle in_use waiters longest_use_ms pool_max pool_min checkouts waits wait_ms
            wait_timeouts calls commands retries failures timeouts errors_caller errors_connection
            errors_capacity errors_protocol errors_server errors_topology errors_internal
            circuit_state circuit_opened circuit_refused
        }
    }

    /// A JSON object of the library's version, the node and all numbers.
    pub fn json(&self, node: &str) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let mut json = format!("{{\"version\":\"{version}\",\"node\":{}", text::json(node));
        for (name, number) in self.numbers() {
            json += &format!(",\"{name}\":{number}");
        }
        json.push('}');
        json
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_sorted_by_the_hundreds_of_their_code() {
        let calls = Calls::default();
        let codes = [Code::Timeout, Code::Pool, Code::Connect, Code::Panic];
        codes.iter().for_each(|code| calls.count_failure(*code));
        assert_eq!([2, 3, 9].map(|it| calls.class(it)), [1, 2, 1]);
        assert_eq!(calls.timeouts.get(), 1);
    }

    #[test]
    fn the_text_is_one_object_with_every_number() {
        let stats = Stats {
            idle: 7,
            circuit_refused: u64::MAX,
            ..Stats::default()
        };
        let json = stats.json("/tmp/a \"b\"");
        assert!(json.starts_with("{\"version\":\""), "{json}");
        assert!(
            json.contains(",\"node\":\"/tmp/a \\\"b\\\"\",\"connections_opened\":0,"),
            "{json}"
        );
        assert!(json.contains(",\"idle\":7,"), "{json}");
        assert!(
            json.ends_with(",\"circuit_refused\":18446744073709551615}"),
            "{json}"
        );
        let numbers = (size_of::<Stats>() - size_of::<u64>()) / size_of::<u64>();
        assert_eq!(stats.numbers().count(), numbers);
    }
}
