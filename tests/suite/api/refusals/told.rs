//! The tables of `src/api/README.md`, held against the rows of the dialect whose words they have.

use std::collections::BTreeSet;

use esoz_otp::api::dialect::{self, ErrorMessage, ErrorRow};
use esoz_otp::api::routes::ROUTES;
use esoz_otp::config::DialectName;
use esoz_otp::domain::Conflict;
use strum::VariantArray as _;

const DOCUMENT: &str = include_str!("../../../../src/api/README.md");
const COLUMNS: usize = 6;

/// A row of a table: its cells without their backticks.
struct Told {
    status: u16,
    error_type: &'static str,
    reason: &'static str,
    message: &'static str,
}

fn told() -> Vec<Told> {
    let (_, chapter) = DOCUMENT.split_once("\n## Refusals\n").unwrap();
    let (chapter, _) = chapter.split_once("\n## ").unwrap();
    let rows = chapter.lines().filter(|line| line.starts_with("| "));
    rows.filter(|line| !line.starts_with("| refused because ")).map(row).collect()
}

fn row(line: &'static str) -> Told {
    let cells: Vec<_> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
    // Before the first bar and behind the last one there is nothing.
    assert_eq!(cells.len(), COLUMNS + 2, "{line}");
    let status = cells[2].parse().unwrap_or_else(|_| panic!("{line}"));
    Told { status, error_type: cells[3], reason: cells[4], message: cells[6] }
}

impl Told {
    /// The words may stop at `…`, where they go on in the program.
    fn is(&self, wording: &ErrorRow) -> bool {
        let said = match wording.message {
            ErrorMessage::Absent => String::new(),
            ErrorMessage::Text(text) | ErrorMessage::NextAttemptAt(text) | ErrorMessage::LateBy(text) => {
                text.to_owned()
            }
            ErrorMessage::MissingAllowances { quoted: true } => {
                r#"Your scope does not allow to access this resource. Missing allowances: "person:read""#
                    .to_owned()
            }
            ErrorMessage::MissingAllowances { quoted: false } => return false,
            ErrorMessage::OfConflict => {
                let words = Conflict::VARIANTS.iter().map(|conflict| conflict.words());
                let is_one = words.into_iter().any(|words| words == self.message);
                return is_one && (self.status, self.error_type) == (wording.status, wording.error_type);
            }
        };
        let is_said = match self.message.split_once('…') {
            Some((start, _)) => said.starts_with(start.trim_end()),
            None => said == self.message,
        };
        is_said && (self.status, self.error_type) == (wording.status, wording.error_type)
    }
}

#[test]
fn the_document_has_every_refusal_with_its_status_its_type_and_its_words() {
    let dialect = dialect::of(DialectName::Documented);
    let told = told();
    let operations = || ROUTES.iter().map(|row| Some(row.operation)).chain([None]);
    for wording in dialect.all_rows() {
        let counts = |operation| {
            dialect.find(wording.kind, operation).is_some_and(|found| std::ptr::eq(found, wording))
        };
        assert!(operations().any(counts), "{:?} never counts", wording.kind);
        assert!(told.iter().any(|row| row.is(wording)), "{wording:?} is not there");
    }
    for row in &told {
        let (status, message) = (row.status, row.message);
        assert!(dialect.all_rows().any(|wording| row.is(wording)), "{status} {message}");
    }
}

#[test]
fn the_document_has_every_reason() {
    let reasons: BTreeSet<_> = told().iter().map(|row| row.reason).collect();
    let limit = "[the limit's word](../otp/README.md#limits)";
    let expected =
        ["", limit, "already_used", "attempts_exhausted", "expired", "superseded", "wrong_code"];
    let conflicts = Conflict::VARIANTS.iter().map(<&str>::from);
    assert_eq!(reasons, expected.into_iter().chain(conflicts).collect());
}
