//! Waiting that ends: what never happens fails a test instead of hanging it.

use std::time::Duration;

use esoz_otp::clock::{Clock as _, SystemClock};

/// Longer than anything takes on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Looks again and again until this is so.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_for(what, || is_so().then_some(()));
}

/// Looks again and again until there is something to be found.
pub fn wait_for<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let clock = SystemClock::start();
    let end = clock.now() + PATIENCE;
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(clock.now() < end, "waited for {PATIENCE:?} in vain until {what}");
        std::thread::yield_now();
    }
}
