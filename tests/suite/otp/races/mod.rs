//! Many callers at one moment. Beside each race stands a control: the same race against a naive stand-in, on the same
//! store and hasher, which loses it for certain.

mod crossing;
mod guesses;
mod late;
pub(super) mod naive;
mod right_codes;
mod sends;

use esoz_otp::domain::Phone;

use super::at_once;
use crate::support::{Reply, SEED_PHONE};

/// Calls again as long as the answer is to try again: no more may be hashed at once than the machine has room for.
fn until_answered(call: impl Fn() -> Reply) -> Reply {
    std::iter::repeat_with(call).find(|reply| reply.status != 503).unwrap()
}

/// How many were answered so, by status and reason.
fn count(replies: &[Reply], status: u16, reason: &str) -> usize {
    let fits = |reply: &&Reply| reply.status == status && reply.reason().unwrap_or("") == reason;
    replies.iter().filter(fits).count()
}

fn seed_phone() -> Phone {
    Phone::parse(SEED_PHONE).unwrap()
}
