//! Which addresses are this machine's or its link's: the settings are checked by it, and what names are found to be.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hyper::Uri;

/// Whether the host of `url` is literally such an address. A name is known by what it is found to be.
pub(crate) fn is_on_local(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let without_brackets = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    without_brackets.unwrap_or(host).parse().is_ok_and(is_local)
}

/// Whether an address is this machine's own, or its link's, or everybody's.
pub(crate) fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_local_v4(address),
        IpAddr::V6(address) => is_local_v6(address),
    }
}

fn is_local_v4(address: Ipv4Addr) -> bool {
    // All of 0.0.0.0/8 is "this network", and Linux takes 0.0.0.0 for this machine.
    address.octets()[0] == 0
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    // Mapped (::ffff:127.0.0.1) and compatible (::127.0.0.1) ones are IPv4 in other clothes.
    address.to_ipv4().is_some_and(is_local_v4)
        || address.is_loopback()
        || address.is_unspecified()
        || address.is_unicast_link_local()
        || address.is_multicast()
}
