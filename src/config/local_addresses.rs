//! Addresses of this machine and its links. Settings are checked against them, and so are the addresses that a gateway's
//! name resolves to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use hyper::Uri;

/// Whether the host of `url` is literally an address of this machine or link. A name is not looked up.
pub(crate) fn is_on_local(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let without_brackets = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    without_brackets.unwrap_or(host).parse().is_ok_and(is_local)
}

/// Whether an address is of this machine, of its link, or a multicast or broadcast address.
pub(crate) fn is_local(address: IpAddr) -> bool {
    let is_local_by_itself = match address {
        IpAddr::V4(address) => is_local_v4(address),
        IpAddr::V6(address) => is_local_v6(address),
    };
    is_local_by_itself || is_own(address.to_canonical())
}

/// Addresses for documents, which no machine has (RFC 5737, RFC 3849).
const UNASSIGNED: (Ipv4Addr, Ipv6Addr) =
    (Ipv4Addr::new(203, 0, 113, 254), Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1));

/// Whether an interface of this machine has the address now: a socket can be bound to it then. If the system lets sockets
/// bind to any address (`ip_nonlocal_bind`), the answer is no.
fn is_own(address: IpAddr) -> bool {
    let unassigned = match address {
        IpAddr::V4(_) => IpAddr::V4(UNASSIGNED.0),
        IpAddr::V6(_) => IpAddr::V6(UNASSIGNED.1),
    };
    let can_bind = |address| UdpSocket::bind((address, 0)).is_ok();
    can_bind(address) && !can_bind(unassigned)
}

fn is_local_v4(address: Ipv4Addr) -> bool {
    // 0.0.0.0/8 is "this network", and Linux connects 0.0.0.0 to this machine.
    address.octets()[0] == 0
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    // Mapped (::ffff:127.0.0.1) and compatible (::127.0.0.1) addresses reach IPv4.
    address.to_ipv4().is_some_and(is_local_v4)
        || address.is_loopback()
        || address.is_unspecified()
        || address.is_unicast_link_local()
        || address.is_multicast()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The addresses in the kernel's lists, `fib_trie` and `if_inet6`.
    fn own_addresses() -> Vec<IpAddr> {
        let tree = std::fs::read_to_string("/proc/net/fib_trie").unwrap_or_default();
        let lines: Vec<_> = tree.lines().collect();
        let is_host = |two: &&[&str]| two[1].contains("/32 host LOCAL");
        let address = |line: &str| line.split_whitespace().last()?.parse().ok();
        let old = lines.windows(2).filter(is_host).filter_map(|two| address(two[0]));
        let list = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
        let address = |line: &str| {
            let digits = u128::from_str_radix(line.split_whitespace().next()?, 16).ok()?;
            Some(Ipv6Addr::from(digits))
        };
        old.map(IpAddr::V4).chain(list.lines().filter_map(address).map(IpAddr::V6)).collect()
    }

    #[test]
    fn every_address_of_this_machine_is_its_own_and_no_other_is() {
        let own = own_addresses();
        assert!(own.contains(&Ipv4Addr::LOCALHOST.into()), "{own:?}");
        for address in own {
            assert!(is_local(address), "{address}");
            if let IpAddr::V4(address) = address {
                assert!(is_local(address.to_ipv6_mapped().into()), "{address}");
            }
        }
        for foreign in ["198.51.100.7", "203.0.113.9", "2001:db8::9", "::ffff:198.51.100.7"] {
            assert!(!is_local(foreign.parse().unwrap()), "{foreign}");
        }
    }
}
