//! Forms of texts that settings take.

use std::net::{Ipv6Addr, SocketAddr};

use super::takes::Form;

/// What stands for the code in the text of a message.
pub(super) const CODE: &str = "{code}";
/// Ten parts of a message.
const LONGEST_TEMPLATE: usize = 670;

pub(super) fn address() -> Form {
    Form::new("addresses with a port, such as 127.0.0.1:4000 or [::1]:4000", |text| {
        text.parse::<SocketAddr>().is_ok()
    })
}

/// As it stands in `Host`.
pub(super) fn host() -> Form {
    Form::new("names or addresses without a port, an IPv6 one in brackets", |text| {
        if let Some(inside) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return inside.parse::<Ipv6Addr>().is_ok();
        }
        let is_good = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        !text.is_empty() && text.bytes().all(is_good)
    })
}

pub(super) fn path() -> Form {
    Form::new("a path", |text| !text.is_empty() && !text.contains('\0'))
}

pub(super) fn prefix() -> Form {
    Form::new("starts of phone numbers: +380 and one to nine digits", |text| {
        let digits = text.strip_prefix("+380").unwrap_or_default();
        (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// One line: a console prints it as one.
pub(super) fn template() -> Form {
    Form::new("a text of one line that has `{code}` in it once", |text| {
        text.matches(CODE).count() == 1
            && !text.contains(char::is_control)
            && text.chars().count() <= LONGEST_TEMPLATE
    })
}
