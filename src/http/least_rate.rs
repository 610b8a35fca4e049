//! The least rate at which a peer must pass a stream's bytes.
//!
//! Only the time counts in which this side waited for the peer. That time is a debt, and each byte pays off its share of
//! it: at 1 KiB/s, 1 KiB pays for a second. The peer is too slow when the debt exceeds the patience. Nothing is saved up:
//! a peer that was quick has no more patience afterwards than any other.

use std::time::Duration;

/// The least rate of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeastRate {
    /// The rate in bytes a second, at least 1.
    pub bytes_per_second: u64,
    /// The waiting time that no byte has paid for, at most.
    pub patience: Duration,
}

/// The debt of one peer.
#[derive(Debug, Default)]
pub(super) struct RateDebt(Duration);

impl RateDebt {
    /// Counts this time of waiting for the peer, and the bytes that came or went in it. Returns whether the peer is too slow.
    pub(super) fn is_too_slow(&mut self, rate: LeastRate, waited: Duration, bytes: u64) -> bool {
        self.0 = (self.0 + waited).saturating_sub(paid_by(rate, bytes));
        self.0 >= rate.patience
    }

    /// The time after which the peer is too slow if no byte passes.
    pub(super) fn left(&self, rate: LeastRate) -> Duration {
        rate.patience.saturating_sub(self.0)
    }
}

/// The time that these bytes pay for.
fn paid_by(rate: LeastRate, bytes: u64) -> Duration {
    let per_second = rate.bytes_per_second.max(1);
    let part = (bytes % per_second).saturating_mul(1_000_000) / per_second;
    Duration::from_secs(bytes / per_second) + Duration::from_micros(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: LeastRate = LeastRate { bytes_per_second: 1000, patience: Duration::from_secs(10) };
    const SECOND: Duration = Duration::from_secs(1);

    /// How many seconds of waiting a peer outlasts that passes these bytes in each, up to 1 000.
    fn seconds_until_ended(bytes: impl Fn(u32) -> u64) -> Option<u32> {
        let mut debt = RateDebt::default();
        (1..=1000).find(|second| debt.is_too_slow(RATE, SECOND, bytes(*second)))
    }

    #[test]
    fn a_peer_that_passes_nothing_is_ended_when_the_patience_is_over() {
        assert_eq!(seconds_until_ended(|_| 0), Some(10));
    }

    #[test]
    fn a_peer_at_the_least_rate_is_never_ended_and_a_slower_one_is() {
        assert_eq!(seconds_until_ended(|_| 1000), None);
        assert_eq!(seconds_until_ended(|_| 1001), None);
        assert_eq!(seconds_until_ended(|_| 500), Some(20));
        assert_eq!(seconds_until_ended(|_| 990), Some(1000));
    }

    #[test]
    fn bytes_in_lumps_count_as_bytes_that_come_evenly() {
        assert_eq!(seconds_until_ended(|second| if second % 9 == 0 { 9000 } else { 0 }), None);
        assert_eq!(
            seconds_until_ended(|second| if second % 12 == 0 { 12_000 } else { 0 }),
            Some(10)
        );
    }

    #[test]
    fn bytes_of_earlier_buy_no_time_for_later() {
        assert_eq!(seconds_until_ended(|second| if second == 5 { 1_000_000 } else { 0 }), Some(15));
    }

    #[test]
    fn time_in_which_the_peer_did_not_keep_us_waiting_does_not_count() {
        let mut debt = RateDebt::default();
        assert!(!debt.is_too_slow(RATE, 9 * SECOND, 0));
        for _ in 0..1000 {
            assert!(!debt.is_too_slow(RATE, Duration::ZERO, 0));
        }
        assert_eq!(debt.left(RATE), SECOND);
        assert!(debt.is_too_slow(RATE, SECOND, 0));
    }

    #[test]
    fn no_number_of_bytes_overflows() {
        let mut debt = RateDebt::default();
        assert!(!debt.is_too_slow(RATE, SECOND, u64::MAX));
        let fastest = LeastRate { bytes_per_second: u64::MAX, ..RATE };
        assert!(!debt.is_too_slow(fastest, SECOND, u64::MAX - 1));
        let none = LeastRate { bytes_per_second: 0, ..RATE };
        assert!(!debt.is_too_slow(none, SECOND, 1));
    }
}
