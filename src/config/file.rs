//! A configuration file, taken apart into settings, each with its line.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Source};
use super::load::Given;
use super::nearest;
use super::setting::Setting;
use super::value::Value;

/// No configuration is as long as this.
const MOST_BYTES: u64 = 256 * 1024;

/// Reads a file; what is wrong with it goes to the faults.
pub(super) fn read(path: &Path, settings: &[Setting], faults: &mut Vec<Fault>) -> Vec<Given> {
    match text_of(path) {
        Ok(text) => parse(path, &text, settings, faults),
        Err(why) => {
            faults.push(Fault {
                source: Source::File { path: path.to_owned(), line: 0 },
                key: String::new(),
                what: format!("the file cannot be read: {why}"),
                remedy: "Name a file of TOML text with --config FILE, and see that this user may read it."
                    .into(),
            });
            Vec::new()
        }
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    let mut text = Vec::new();
    let opened = File::open(path);
    opened
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut text))
        .map_err(|error| error.to_string())?;
    if text.len() as u64 > MOST_BYTES {
        return Err(format!("it is longer than {} KiB", MOST_BYTES / 1024));
    }
    String::from_utf8(text).map_err(|_| "it is not UTF-8".into())
}

/// Takes the text of a file apart.
pub(super) fn parse(
    path: &Path,
    text: &str,
    settings: &[Setting],
    faults: &mut Vec<Fault>,
) -> Vec<Given> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let ends = text.match_indices('\n').map(|(end, _)| end).collect();
    let mut reader = Reader { path, ends, settings, astray: BTreeSet::new(), given: Vec::new() };
    for error in errors {
        let line = reader.line(error.span().map_or(0, |span| span.start));
        // The first word about a line is the one that helps.
        if reader.astray.insert(line) {
            let source = reader.at(line);
            let what = format!("this is no TOML: {}", error.message());
            let remedy = "A setting is written `key = value`, below its [section], once.".into();
            faults.push(Fault { source, key: String::new(), what, remedy });
        }
    }
    reader.section("", table.get_ref(), faults);
    reader.given
}

struct Reader<'a> {
    path: &'a Path,
    /// Where lines end.
    ends: Vec<usize>,
    settings: &'a [Setting],
    /// Lines that are no TOML. What stands there is not judged, and names that are none may be their fault.
    astray: BTreeSet<usize>,
    given: Vec<Given>,
}

impl Reader<'_> {
    fn section(&mut self, section: &str, table: &DeTable<'_>, faults: &mut Vec<Fault>) {
        for (name, value) in table {
            let key = match section {
                "" => name.get_ref().to_string(),
                _ => format!("{section}.{}", name.get_ref()),
            };
            let line = self.line(name.span().start);
            if self.astray.contains(&line) {
                continue;
            }
            let source = self.at(line);
            // A dot within quotes is part of a name, and no name of ours has one.
            let is_plain = !name.get_ref().contains('.');
            if is_plain && self.settings.iter().any(|setting| setting.key == key) {
                self.given.push(Given { key, value: Value::from_toml(value.get_ref()), source });
            } else if is_plain && self.is_section(&key) {
                self.enter(&key, value, source, faults);
            } else if !is_plain {
                let what = "is in quotes, which make one name of it".into();
                let remedy = "Leave them off.".into();
                faults.push(Fault { source, key, what, remedy });
            } else if self.astray.is_empty() {
                faults.push(self.unknown(&key, value.get_ref(), source));
            }
        }
    }

    fn enter(
        &mut self,
        section: &str,
        value: &Spanned<DeValue<'_>>,
        source: Source,
        faults: &mut Vec<Fault>,
    ) {
        match value.get_ref() {
            DeValue::Table(table) => self.section(section, table, faults),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => faults.push(Fault {
                source,
                key: section.to_owned(),
                what: "is a section, and no setting".into(),
                remedy: format!("Write its settings, one a line, below [{section}]."),
            }),
        }
    }

    fn unknown(&self, key: &str, value: &DeValue<'_>, source: Source) -> Fault {
        let (what, nearest) = if value.is_table() {
            let nearest = nearest::section(self.settings, key);
            ("is no section", nearest.map(|near| format!("[{near}]")))
        } else {
            let nearest = nearest::setting(self.settings, key);
            ("is no setting", nearest.map(|near| near.key.to_string()))
        };
        Fault { source, key: key.to_owned(), what: what.into(), remedy: meant(nearest) }
    }

    fn is_section(&self, name: &str) -> bool {
        self.settings
            .iter()
            .any(|setting| setting.key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    fn line(&self, offset: usize) -> usize {
        self.ends.partition_point(|end| *end < offset) + 1
    }

    fn at(&self, line: usize) -> Source {
        Source::File { path: self.path.to_owned(), line }
    }
}

/// What to do about a name that is none.
pub(super) fn meant(nearest: Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("The nearest known one is {nearest}."),
        None => "Take it out.".into(),
    }
}
