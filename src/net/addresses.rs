//! Which addresses of a host are tried, and in which order.

use std::net::SocketAddr;

use crate::options::{AddressOrder, TcpConfig};
use crate::sys::random;

/// The addresses that the options admit, in the order in which they are tried.
pub(super) fn arrange(addresses: Vec<SocketAddr>, config: &TcpConfig) -> Vec<SocketAddr> {
    let mut addresses = addresses;
    addresses.retain(|address| {
        let fits = config
            .bind
            .is_none_or(|own| own.is_ipv4() == address.is_ipv4());
        fits && config.family.admits(address.ip())
    });
    match config.order {
        AddressOrder::Staggered => in_turn(addresses),
        AddressOrder::InOrder => addresses,
        AddressOrder::Random => shuffled(addresses),
    }
}

/// Families in turn, beginning with the resolver's first choice (RFC 8305, section 4).
fn in_turn(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    if addresses.len() < 2 {
        return addresses;
    }
    let count = addresses.len();
    let first_family = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first_family);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut arranged = Vec::with_capacity(count);
    while arranged.len() < count {
        arranged.extend(first.next());
        arranged.extend(second.next());
    }
    arranged
}

/// Every order equally likely (Fisher and Yates).
fn shuffled(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    for last in (1..addresses.len()).rev() {
        let other = (random::uniform() * (last + 1) as f64) as usize;
        addresses.swap(last, other.min(last));
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Family;
    use std::collections::BTreeSet;

    fn list(texts: &[&str]) -> Vec<SocketAddr> {
        let parsed = texts
            .iter()
            .map(|text| text.parse().map(|ip| SocketAddr::new(ip, 1)));
        parsed.collect::<Result<_, _>>().unwrap()
    }

    fn arranged(texts: &[&str], config: &TcpConfig) -> Vec<String> {
        let ip = |address: &SocketAddr| address.ip().to_string();
        arrange(list(texts), config).iter().map(ip).collect()
    }

    #[test]
    fn families_take_turns_beginning_with_the_resolvers_first() {
        let config = TcpConfig::default();
        let mixed = ["::1", "::2", "::3", "1.0.0.1", "1.0.0.2"];
        let expected = ["::1", "1.0.0.1", "::2", "1.0.0.2", "::3"];
        assert_eq!(arranged(&mixed, &config), expected);
        let mixed = ["1.0.0.1", "1.0.0.2", "::1"];
        assert_eq!(arranged(&mixed, &config), ["1.0.0.1", "::1", "1.0.0.2"]);
        assert_eq!(arranged(&[], &config).len(), 0);
    }

    #[test]
    fn in_order_is_the_resolvers_order() {
        let config = TcpConfig {
            order: AddressOrder::InOrder,
            ..TcpConfig::default()
        };
        let mixed = ["::1", "::2", "1.0.0.1"];
        assert_eq!(arranged(&mixed, &config), mixed);
    }

    #[test]
    fn random_keeps_every_address_and_reaches_every_order() {
        let config = TcpConfig {
            order: AddressOrder::Random,
            ..TcpConfig::default()
        };
        let all = ["::1", "1.0.0.1", "1.0.0.2"];
        let orders: BTreeSet<_> = (0..500).map(|_| arranged(&all, &config)).collect();
        assert_eq!(orders.len(), 6);
    }

    #[test]
    fn family_and_own_address_narrow_the_choice() {
        let mixed = ["::1", "1.0.0.1"];
        let family = |family| TcpConfig {
            family,
            ..TcpConfig::default()
        };
        assert_eq!(arranged(&mixed, &family(Family::Ipv4)), ["1.0.0.1"]);
        assert_eq!(arranged(&mixed, &family(Family::Ipv6)), ["::1"]);
        let bound = TcpConfig {
            bind: "::1".parse().ok(),
            ..TcpConfig::default()
        };
        assert_eq!(arranged(&mixed, &bound), ["::1"]);
    }
}
