//! Where a value stands.

use std::fmt;
use std::num::NonZero;

/// The most steps of a place. A deeper `shape!` does not compile.
pub const MOST_STEPS: usize = 4;

/// Where a value stands: the steps to it from the outermost value, and its line if it has one.
///
/// It is small and has no memory of its own, since an import keeps one for every id in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    line: Option<NonZero<u32>>,
    depth: u8,
    /// The first `depth` of these; the others are [`Step::Item`]s of 0. So a step has 16 bytes, and not 24.
    steps: [Step; MOST_STEPS],
}

/// A step from a value to one inside of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To a field of an object.
    Field(&'static str),
    /// To an item of a list, counted from 0.
    Item(u32),
}

impl Place {
    /// The outermost value.
    pub fn root(line: Option<usize>) -> Self {
        Self { line: None, depth: 0, steps: [Step::Item(0); MOST_STEPS] }.on(line)
    }

    /// The line, counted from 1, of a value in a file.
    pub fn line(&self) -> Option<usize> {
        self.line.and_then(|line| usize::try_from(line.get()).ok())
    }

    /// The steps from the outermost value.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.steps.iter().copied().take(usize::from(self.depth))
    }

    /// One step further in, on the line of the value there.
    #[must_use]
    pub fn then(self, step: Step, line: Option<usize>) -> Self {
        let mut place = self.on(line);
        if let Some(free) = place.steps.get_mut(usize::from(self.depth)) {
            *free = step;
            place.depth += 1;
        }
        place
    }

    /// A field of the value here.
    #[must_use]
    pub fn field(self, name: &'static str, line: Option<usize>) -> Self {
        self.then(Step::Field(name), line)
    }

    /// The same steps on another line.
    #[must_use]
    pub fn on(self, line: Option<usize>) -> Self {
        let small = |line| NonZero::new(u32::try_from(line).unwrap_or(u32::MAX));
        Self { line: line.and_then(small), ..self }
    }
}

/// The steps, such as `tokens[3].user_id`. Empty for the outermost value.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps().enumerate() {
            match step {
                Step::Field(name) if position == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_small() {
        assert_eq!(size_of::<Place>(), 72);
    }

    #[test]
    fn a_place_is_written_as_a_path() {
        let entry = Place::root(None).field("tokens", None).then(Step::Item(3), Some(7));
        assert_eq!((entry.to_string(), entry.line()), ("tokens[3]".into(), Some(7)));
        let digest = entry.field("secret", Some(8)).field("digest", Some(9));
        assert_eq!(
            (digest.to_string(), digest.line()),
            ("tokens[3].secret.digest".into(), Some(9))
        );
        assert_eq!(Place::root(None).then(Step::Item(0), None).to_string(), "[0]");
        assert_eq!(Place::root(None).to_string(), "");
    }
}
