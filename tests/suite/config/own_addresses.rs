//! A gateway at an address of this machine is on this machine.

use std::net::UdpSocket;

use super::{gateway_with, load, refused};

/// The address that this machine would call another with, if it has one besides loopback.
fn own_address() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("198.51.100.7:9").ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

#[test]
fn an_address_of_an_interface_is_called_only_when_allowed() {
    let Some(own) = own_address() else {
        return println!("this machine has no address but loopback: there is nothing to try");
    };
    let url = format!("url = \"https://{own}:8443/send\"");
    let found = refused(&gateway_with(&url));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("url is on this machine or link."), "{}", found[0]);
    assert!(load(&gateway_with(&format!("{url}\nallow_local = true"))).is_ok());
}
