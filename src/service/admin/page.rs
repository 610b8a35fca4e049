//! Pages of lists that operators read: by number, as Mithril has them, or by cursor.

use crate::domain::Refusal;

/// The most records that one call reads.
pub const MOST_READ: usize = 10_000;

/// The most pages that can be asked for by their number. Later ones follow a cursor.
pub const MOST_PAGES: u64 = 200;

/// The records that one step of a walk reads.
const STEP: usize = 200;

/// The page that an operator asks for.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest<K> {
    /// The number of the page, from 1 to [`MOST_PAGES`]. With `after` the pages are counted from there.
    pub number: u64,
    /// The most entries, at least 1.
    pub size: usize,
    /// The page begins behind the record with this key.
    pub after: Option<K>,
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page<K, T> {
    /// The entries.
    pub entries: Vec<T>,
    /// The number of the page, as asked for.
    pub number: u64,
    /// The most entries of a page.
    pub size: usize,
    /// The number of matching records; `None` if the call read [`MOST_READ`] records before it came to the end, or began
    /// behind a cursor.
    pub total: Option<u64>,
    /// The key behind which the next page begins; `None` if there are no more records.
    pub next_after: Option<K>,
}

impl<K: Clone, T> Page<K, T> {
    /// Reads a page. `read` returns up to so many records behind a key, in order, each with its key: `None` for one that
    /// does not match. Fewer are the last ones. `total` is the number of matching records, if that is known.
    pub(super) fn read(
        request: &PageRequest<K>,
        total: Option<u64>,
        mut read: impl FnMut(Option<&K>, usize) -> Result<Vec<(K, Option<T>)>, Refusal>,
    ) -> Result<Self, Refusal> {
        let size = request.size.max(1);
        let skipped = (request.number.clamp(1, MOST_PAGES) - 1).saturating_mul(size as u64);
        let (mut entries, mut last) = (Vec::new(), None);
        let (mut found, mut seen, mut is_at_end) = (0_u64, 0_usize, false);
        let mut at = request.after.clone();
        while seen < MOST_READ {
            let most = STEP.min(MOST_READ - seen);
            let rows = read(at.as_ref(), most)?;
            seen += rows.len();
            is_at_end = rows.len() < most;
            for (key, entry) in rows {
                if let Some(entry) = entry {
                    if found >= skipped && entries.len() < size {
                        entries.push(entry);
                        last = Some(key.clone());
                    }
                    found += 1;
                }
                at = Some(key);
            }
            // With a known total the rest is not counted.
            let is_enough = total.is_some() && found > skipped + size as u64;
            if is_at_end || is_enough {
                break;
            }
        }
        let is_last = found <= skipped + entries.len() as u64;
        let next_after = match (is_last, is_at_end) {
            (false, _) => last,
            // The call ended before the page was full, or before it came to the next entry.
            (true, false) => at,
            (true, true) => None,
        };
        let counted = (is_at_end && request.after.is_none()).then_some(found);
        let total = total.or(counted);
        Ok(Self { entries, number: request.number, size, total, next_after })
    }

    /// A page of at most one entry.
    pub(super) fn of_one(request: &PageRequest<K>, entry: Option<T>) -> Self {
        let is_first = request.number <= 1 && request.after.is_none();
        let total = Some(u64::from(entry.is_some()));
        let entries = entry.filter(|_| is_first).into_iter().collect();
        Self { entries, number: request.number, size: request.size, total, next_after: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pages of the even numbers below `end`.
    fn page(end: u64, request: &PageRequest<u64>, total: Option<u64>) -> Page<u64, u64> {
        let read = |after: Option<&u64>, most: usize| {
            let numbers = after.map_or(0, |after| after + 1)..end;
            let entry = |number: u64| number.is_multiple_of(2).then_some(number);
            Ok(numbers.take(most).map(|number| (number, entry(number))).collect())
        };
        Page::read(request, total, read).unwrap()
    }

    proptest! {
        #[test]
        fn pages_by_cursor_and_by_number_are_the_whole_list(
            end in 0_u64..700, size in 1_usize..50, is_counted in any::<bool>(),
        ) {
            let expected: Vec<_> = (0..end).filter(|number| number % 2 == 0).collect();
            let total = is_counted.then_some(expected.len() as u64);
            let (mut after, mut found, mut number) = (None, Vec::new(), 0);
            loop {
                let by_cursor = page(end, &PageRequest { number: 1, size, after }, total);
                number += 1;
                if number <= MOST_PAGES {
                    let by_number = page(end, &PageRequest { number, size, after: None }, total);
                    prop_assert_eq!(&by_number.entries, &by_cursor.entries);
                    prop_assert_eq!(by_number.total, Some(expected.len() as u64));
                    prop_assert_eq!(by_number.next_after, by_cursor.next_after);
                }
                found.extend(by_cursor.entries);
                after = by_cursor.next_after;
                if after.is_none() {
                    break;
                }
            }
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_call_reads_so_many_records_and_leads_on() {
        let end = 3 * MOST_READ as u64 - 5;
        let late = |after| {
            let read = |after: Option<&u64>, most: usize| {
                let numbers = after.map_or(0, |after| after + 1)..end;
                Ok(numbers.take(most).map(|n| (n, (n == end - 1).then_some(n))).collect())
            };
            Page::read(&PageRequest { number: 1, size: 10, after }, None, read).unwrap()
        };
        let (mut page, mut calls) = (late(None), 1);
        while page.entries.is_empty() {
            assert_eq!((page.total, page.next_after.is_some()), (None, true));
            page = late(page.next_after);
            calls += 1;
        }
        assert_eq!((page.entries, page.next_after, calls), (vec![end - 1], None, 3));
    }
}
