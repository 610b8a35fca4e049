use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// The other end of a connection: an address, or a process on the Unix socket for administration.
///
/// Records have it in the layout of [`IpAddr`]. Add new variants at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Peer {
    /// An address of IPv4.
    V4(Ipv4Addr),
    /// An address of IPv6.
    V6(Ipv6Addr),
    /// The user id of the process, as the kernel reports it (`SO_PEERCRED`). No connection over TCP has one.
    Uid(u32),
}

impl Peer {
    /// The address; `None` on the Unix socket.
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::V4(address) => Some(address.into()),
            Self::V6(address) => Some(address.into()),
            Self::Uid(_) => None,
        }
    }

    /// The user id of a process on the Unix socket; `None` over TCP.
    pub fn uid(self) -> Option<u32> {
        match self {
            Self::Uid(uid) => Some(uid),
            Self::V4(_) | Self::V6(_) => None,
        }
    }
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => address.fmt(f),
            Self::Uid(uid) => write!(f, "uid {uid}"),
        }
    }
}
