use std::collections::BTreeMap;
use std::time::Duration;

/// How long calls took, and how they were answered.
#[derive(Default)]
pub(super) struct Figures {
    times: Vec<Duration>,
    answers: BTreeMap<u16, usize>,
}

impl Figures {
    pub(super) fn add(&mut self, time: Duration, status: u16) {
        self.times.push(time);
        *self.answers.entry(status).or_default() += 1;
    }

    pub(super) fn join(&mut self, other: Self) {
        self.times.extend(other.times);
        for (status, count) in other.answers {
            *self.answers.entry(status).or_default() += count;
        }
    }

    pub(super) fn count(&self) -> usize {
        self.times.len()
    }

    /// Milliseconds within which so many of a hundred were answered.
    pub(super) fn within(&self, of_a_hundred: usize) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        times[(times.len() - 1) * of_a_hundred / 100].as_secs_f64() * 1000.0
    }

    pub(super) fn print(&self, what: &str) {
        let (p50, p99) = (self.within(50), self.within(99));
        let answers: Vec<_> =
            self.answers.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        println!("  {what:<44} p50 {p50:>8.3} ms   p99 {p99:>8.3} ms   {}", answers.join(", "));
    }
}
