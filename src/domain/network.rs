use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A range of IP addresses with a common prefix, such as `10.0.0.0/8`, `fd00::/8` or a single `127.0.0.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The first address. `::ffff:a.b.c.d` is stored as IPv4, and every bit after the prefix is 0.
    address: IpAddr,
    prefix: u32,
}

/// The text is not an address, a slash and a prefix of at least one bit.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a network is an address, a slash and the number of bits that its addresses share, at least one"
)]
pub struct NotANetwork;

/// Length of the prefix `::ffff:0:0/96`, which maps IPv4 into IPv6 (RFC 4291, 2.5.5.2).
const MAPPED: u32 = 96;

impl Network {
    /// Whether `address` has the prefix; `::ffff:a.b.c.d` counts as `a.b.c.d`.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (u32::from(own) ^ u32::from(other)) & mask_of_32(self.prefix) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (u128::from(own) ^ u128::from(other)) & mask_of_128(self.prefix) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    /// `None` if a bit after the prefix is set: which network is meant would be unclear. `None` for the prefix 0 too: a
    /// trusted network of all addresses would trust every caller.
    fn of(address: IpAddr, prefix: u32) -> Option<Self> {
        let (address, prefix) = match (address.to_canonical(), address) {
            (IpAddr::V4(short), IpAddr::V6(_)) => (short.into(), prefix.checked_sub(MAPPED)?),
            (address, _) => (address, prefix),
        };
        let is_whole = match address {
            IpAddr::V4(own) => prefix <= 32 && u32::from(own) & !mask_of_32(prefix) == 0,
            IpAddr::V6(own) => prefix <= 128 && u128::from(own) & !mask_of_128(prefix) == 0,
        };
        (is_whole && prefix > 0).then_some(Self { address, prefix })
    }
}

/// A mask with the first `prefix` bits set; the same for IPv6 below.
fn mask_of_32(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0)
}

fn mask_of_128(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128 - prefix.min(128)).unwrap_or(0)
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => all,
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().map_err(|_| NotANetwork)?
            }
            Some(_) => return Err(NotANetwork),
        };
        Self::of(address, prefix).ok_or(NotANetwork)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// Reads an address as a proxy writes it: alone, in brackets, or with a port: `[::1]:443`.
pub fn written_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let alone = || text.parse().ok();
    let with_port = || text.parse().ok().map(|it: std::net::SocketAddr| it.ip());
    let in_brackets = || {
        let inside = text.strip_prefix('[')?.strip_suffix(']')?;
        inside.parse().ok().map(|it: Ipv6Addr| it.into())
    };
    let address: IpAddr = alone().or_else(with_port).or_else(in_brackets)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_has_the_addresses_that_begin_as_it_does() {
        for (text, inside, outside) in [
            ("10.0.0.0/8", &["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"][..], "11.0.0.0"),
            ("127.0.0.1/32", &["127.0.0.1"], "127.0.0.2"),
            ("127.0.0.1", &["127.0.0.1", "::ffff:127.0.0.1"], "::1"),
            ("::1/128", &["::1"], "127.0.0.1"),
            ("fd00::/8", &["fd00::1", "fdff::"], "fe00::"),
            ("2001:db8::/33", &["2001:db8:7fff::"], "2001:db8:8000::"),
            ("::ffff:10.0.0.0/104", &["10.9.9.9"], "11.0.0.1"),
            ("128.0.0.0/1", &["255.255.255.255"], "127.255.255.255"),
        ] {
            for address in inside {
                assert!(network(text).contains(address.parse().unwrap()), "{text} {address}");
            }
            assert!(!network(text).contains(outside.parse().unwrap()), "{text} {outside}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/8 ",
            "10.0.0.1/8",
            "10/8",
            "fd00::1/8",
            "::1/129",
            "::ffff:10.0.0.0/8",
            "0.0.0.0/0",
            "::/0",
            "localhost",
            "[::1]",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_address_is_in_the_networks_that_are_cut_from_it(bits in any::<u32>(), prefix in 1_u32..=32) {
            let cut = Ipv4Addr::from(bits & mask_of_32(prefix));
            let network = network(&format!("{cut}/{prefix}"));
            prop_assert!(network.contains(Ipv4Addr::from(bits).into()));
            prop_assert!(!network.contains(Ipv4Addr::from(bits ^ (1 << (32 - prefix))).into()));
            prop_assert_eq!(network.to_string().parse(), Ok(network));
        }

        #[test]
        fn the_same_holds_for_ipv6(bits in any::<u128>(), prefix in 97_u32..=128) {
            let cut = Ipv6Addr::from(bits & mask_of_128(prefix) | 1 << 127);
            let bits = bits | 1 << 127;
            let network = network(&format!("{cut}/{prefix}"));
            prop_assert!(network.contains(Ipv6Addr::from(bits).into()));
            prop_assert!(!network.contains(Ipv6Addr::from(bits ^ (1 << (128 - prefix))).into()));
        }
    }

    #[test]
    fn an_address_is_read_with_and_without_its_port() {
        for (text, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            (" 203.0.113.9:4711 ", "203.0.113.9"),
            ("2001:db8::9", "2001:db8::9"),
            ("[2001:db8::9]", "2001:db8::9"),
            ("[2001:db8::9]:4711", "2001:db8::9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("[::ffff:203.0.113.9]:80", "203.0.113.9"),
        ] {
            assert_eq!(written_address(text).unwrap().to_string(), expected, "{text}");
        }
        for text in [
            "",
            "unknown",
            "_hidden",
            "203.0.113.009",
            "203.0.113.9 203.0.113.8",
            "[203.0.113.9]",
            "a:80",
        ] {
            assert_eq!(written_address(text), None, "{text}");
        }
    }
}
