//! Where a cluster's node sends a command instead: the fields of MOVED and ASK.

/// A redirection, as the cluster specification of Redis defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// For this one command (ASK), or for all of its slot from now on (MOVED).
    pub once: bool,
    /// The hash slot.
    pub slot: u16,
    /// Name or address of the node; empty for the host that answered.
    pub host: String,
    /// Its port.
    pub port: u16,
}

const SLOTS: u16 = 16_384;

impl Redirect {
    /// Reads "MOVED slot host:port" or "ASK slot host:port"; an IPv6 address may stand in brackets
    /// or not, the port is behind the last colon.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let once = match words.next()? {
            "MOVED" => false,
            "ASK" => true,
            _ => return None,
        };
        let slot = words.next()?.parse().ok().filter(|slot| *slot < SLOTS)?;
        let (host, port) = words.next()?.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port > 0)?;
        let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        // A node that does not know its own name says "?" (Redis 7).
        let host = match bare.unwrap_or(host) {
            "?" => "",
            host => host,
        };
        Some(Self {
            once,
            slot,
            host: host.to_owned(),
            port,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::from_line;
    use super::*;

    #[test]
    fn moved_and_ask_name_slot_host_and_port() {
        for (line, once, slot, host, port) in [
            ("MOVED 3999 127.0.0.1:6381", false, 3999, "127.0.0.1", 6381),
            ("ASK 0 redis-1.test:1", true, 0, "redis-1.test", 1),
            ("MOVED 16383 ::1:6381", false, 16383, "::1", 6381),
            ("MOVED 1 [fe80::1]:6381", false, 1, "fe80::1", 6381),
            ("MOVED 1 :6381", false, 1, "", 6381),
            ("ASK 1 ?:6381", true, 1, "", 6381),
        ] {
            let redirect = from_line(line.as_bytes()).redirect().unwrap();
            let expected = Redirect {
                once,
                slot,
                host: host.to_owned(),
                port,
            };
            assert_eq!(redirect, expected, "{line}");
        }
    }

    #[test]
    fn what_is_none_is_none() {
        for line in [
            "",
            "MOVED",
            "MOVED 1",
            "MOVED x h:1",
            "MOVED 16384 h:1",
            "MOVED -1 h:1",
            "MOVED 1 h",
            "MOVED 1 h:0",
            "MOVED 1 h:65536",
            "MOVED 1 h:x",
            "moved 1 h:1",
            "MOVEDX 1 h:1",
            "ERR MOVED 1 h:1",
            "TRYAGAIN 1 h:1",
        ] {
            assert_eq!(from_line(line.as_bytes()).redirect(), None, "{line}");
        }
    }
}
