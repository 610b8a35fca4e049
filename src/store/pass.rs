use std::ops::Bound::{Excluded, Unbounded};

use super::error::StoreError;

/// Records that are counted or copied at a time, so that a write that comes meanwhile does not wait.
const AT_ONCE: usize = 256;

/// A way through all records, tree by tree, in the order of their keys.
pub(super) struct Pass {
    /// Those that are left; the last one is the next.
    trees: Vec<sled::Tree>,
    /// The last key that was passed in the last of them.
    after: Option<sled::IVec>,
}

impl Pass {
    pub(super) fn over(trees: Vec<sled::Tree>) -> Self {
        Self { trees, after: None }
    }

    /// The tree that the next records are of; `None` behind the last.
    pub(super) fn tree(&self) -> Option<&sled::Tree> {
        self.trees.last()
    }

    /// Goes on by some records of one tree. Returns whether they were the last of all.
    pub(super) fn step(
        &mut self,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<bool, StoreError> {
        let Some(tree) = self.trees.last() else { return Ok(true) };
        let start = self.after.take().map_or(Unbounded, Excluded);
        let mut last = None;
        let mut passed = 0;
        for row in tree.range((start, Unbounded)).take(AT_ONCE) {
            let (key, value) = row?;
            each(&key, &value)?;
            passed += 1;
            last = Some(key);
        }
        self.after = last;
        if passed < AT_ONCE {
            self.trees.pop();
            self.after = None;
        }
        Ok(self.trees.is_empty())
    }

    /// Whether the record with this key, be it there or not, lies behind.
    pub(super) fn has_passed(&self, tree: &[u8], key: &[u8]) -> bool {
        match self.trees.iter().rposition(|left| left.name() == tree) {
            Some(place) if place + 1 == self.trees.len() => {
                self.after.as_ref().is_some_and(|after| key <= after.as_ref())
            }
            Some(_) => false,
            None => true,
        }
    }
}
