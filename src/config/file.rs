//! The configuration file: parses it into values of settings, each with its line.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::drivers::{DriverName, PLACEHOLDER, RECEIPTS, SECTION, section_of};
use super::fault::{Fault, Source};
use super::former_names::{self, replaced};
use super::sections::{Setting, gateway_settings};
use super::suggest;
use super::value::{SourcedValue, Value};
use crate::files::{self, WritableByOthers};

/// The longest file.
const MAX_BYTES: u64 = 256 * 1024;

/// Reads the text of a file. On an error it adds a fault and returns `None`.
pub(super) fn read(path: &Path, faults: &mut Vec<Fault>) -> Option<String> {
    let fault = |what, remedy| {
        let source = Source::File { path: path.to_owned(), line: 0 };
        Fault { source, key: String::new(), what, remedy, meant: None }
    };
    let unreadable = |why| {
        let remedy =
            "Name a file of TOML text with --config FILE, and see that this user may read it.";
        fault(format!("the file cannot be read: {why}"), remedy.into())
    };
    match text_of(path) {
        Ok((_, Some(WritableByOthers { what, remedy }))) => {
            faults.push(fault(format!("the file {what}, and it decides where codes go"), remedy));
            None
        }
        Ok((text, None)) => Some(text),
        Err(why) => {
            faults.push(unreadable(why));
            None
        }
    }
}

/// The text of a file, and whether users other than root and this one can write to it.
fn text_of(path: &Path) -> io::Result<(String, Option<WritableByOthers>)> {
    let file = files::open(path)?;
    let writable = files::writable_by_others(path, &file.metadata()?);
    let text = files::read(file, MAX_BYTES).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => {
            io::Error::other(format!("it is longer than {} KiB", MAX_BYTES / 1024))
        }
        _ => error,
    })?;
    let text = String::from_utf8(text).map_err(|_| io::Error::other("it is not UTF-8"))?;
    Ok((text, writable))
}

/// A parsed file, its names not yet checked.
pub(super) struct Parsed<'a> {
    path: &'a Path,
    text: &'a str,
    table: Spanned<DeTable<'a>>,
    errors: Vec<toml::de::Error>,
}

impl<'a> Parsed<'a> {
    /// Parses the text of a file.
    pub(super) fn of(path: &'a Path, text: &'a str) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        Self { path, text, table, errors }
    }

    /// The names of the gateways that have a section, `[gateway.NAME]` or that of a former release. `gateway` may be misspelt.
    pub(super) fn gateway_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (section, value) in self.table.get_ref() {
            let is_now = suggest::is_near(section.get_ref(), SECTION);
            for (name, table) in tables(value) {
                let key = format!("{}.{name}", section.get_ref());
                let is_gateway = is_now || former_names::gateway_in_section(&key, table).is_some();
                let is_known = names.iter().any(|other| *other == name);
                if is_gateway && !is_known && DriverName::can_be_gateway(name) {
                    names.push(name.to_owned());
                }
            }
        }
        names
    }

    /// The value of `sms.drivers`.
    pub(super) fn drivers(&self) -> Option<Value> {
        let sms = self.table.get_ref().get("sms")?.get_ref().as_table()?;
        sms.get("drivers").map(|value| Value::from_toml(value.get_ref()))
    }

    /// The values of settings, and the values under misspelt names, by the key that is probably meant. Errors go to the faults.
    pub(super) fn values(
        &self,
        settings: &[Setting],
        faults: &mut Vec<Fault>,
    ) -> (Vec<SourcedValue>, Vec<SourcedValue>) {
        let ends = self.text.match_indices('\n').map(|(end, _)| end).collect();
        let (path, broken_lines) = (self.path, BTreeSet::new());
        let (values, supposed) = (Vec::new(), Vec::new());
        let text = self.text;
        let mut reader = Reader { path, text, ends, settings, broken_lines, values, supposed };
        for error in &self.errors {
            let line = reader.line(error.span().map_or(0, |span| span.start));
            // The first error of a line is the one that helps.
            if reader.broken_lines.insert(line) {
                let source = reader.at(line);
                let what = format!("this is no TOML: {}", error.message());
                let remedy =
                    "A setting is written `key = value`, below its [section], once.".into();
                faults.push(Fault { source, key: String::new(), what, remedy, meant: None });
            }
        }
        let top = Section { written: "", meant: "" };
        reader.section(top, self.table.get_ref(), faults);
        (reader.values, reader.supposed)
    }
}

/// The sections within a section, by their names.
fn tables<'t>(value: &'t Spanned<DeValue<'_>>) -> Vec<(&'t str, &'t DeTable<'t>)> {
    let within = value.get_ref().as_table().into_iter().flatten();
    let sections =
        within.filter_map(|(name, value)| Some((&**name.get_ref(), value.get_ref().as_table()?)));
    sections.collect()
}

/// A section of the file: its name as it is written, and the name that is meant.
#[derive(Clone, Copy)]
struct Section<'s> {
    written: &'s str,
    meant: &'s str,
}

impl Section<'_> {
    fn is_misspelt(self) -> bool {
        self.written != self.meant
    }
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    /// The offsets of the line feeds.
    ends: Vec<usize>,
    settings: &'a [Setting],
    /// Lines that are no TOML. Their content is skipped, and unknown names are not reported: they may follow from such a line.
    broken_lines: BTreeSet<usize>,
    values: Vec<SourcedValue>,
    /// Values under misspelt names.
    supposed: Vec<SourcedValue>,
}

impl Reader<'_> {
    fn section(&mut self, section: Section<'_>, table: &DeTable<'_>, faults: &mut Vec<Fault>) {
        for (name, value) in table {
            let within = |section: &str| match section {
                "" => name.get_ref().to_string(),
                _ => format!("{section}.{}", name.get_ref()),
            };
            let (written, key) = (within(section.written), within(section.meant));
            let line = self.line(name.span().start);
            if self.broken_lines.contains(&line) {
                continue;
            }
            let source = self.at(line);
            // A dot within quotes is part of a name. No setting's name has one.
            let is_plain = !name.get_ref().contains('.');
            let its = Section { written: &written, meant: &key };
            if is_plain && self.settings.iter().any(|setting| setting.key == key) {
                let value = Value::from_toml(value.get_ref());
                let values =
                    if section.is_misspelt() { &mut self.supposed } else { &mut self.values };
                values.push(SourcedValue { key, value, source });
            } else if is_plain && self.is_section(&key) {
                self.enter(its, value, source, faults);
            } else if !is_plain {
                let what = "is in quotes, which make one name of it".into();
                let remedy = "Remove the quotes.".into();
                faults.push(Fault { source, key: written, what, remedy, meant: None });
            } else if self.broken_lines.is_empty() {
                self.unknown(its, value, source, faults);
            }
        }
    }

    fn enter(
        &mut self,
        section: Section<'_>,
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
            | DeValue::Array(_) => {
                let (what, remedy) = replaced(section.written).map_or_else(
                    || {
                        let meant = match section.meant {
                            SECTION => section_of(PLACEHOLDER),
                            meant => meant.to_owned(),
                        };
                        let remedy = format!("Write its settings, one a line, below [{meant}].");
                        ("is a section, and no setting", remedy)
                    },
                    |replaced| (replaced.what, replaced.remedy()),
                );
                let (key, what) = (section.written.to_owned(), what.into());
                faults.push(Fault { source, key, what, remedy, meant: None });
            }
        }
    }

    /// Reports an unknown name. The values under a misspelt name are read all the same, so that their faults are reported at
    /// once, too.
    fn unknown(
        &mut self,
        Section { written, meant: key }: Section<'_>,
        value: &Spanned<DeValue<'_>>,
        source: Source,
        faults: &mut Vec<Fault>,
    ) {
        let settings = self.settings;
        let fault = |what: &str, meant: Option<String>, shown| Fault {
            source: source.clone(),
            key: written.to_owned(),
            what: what.into(),
            remedy: remedy(shown),
            meant,
        };
        if let DeValue::Table(table) = value.get_ref() {
            if let Some(name) = former_names::gateway_in_section(key, table) {
                return self.former_gateway(written, name, table, source, faults);
            }
            let start = format!("{SECTION}.");
            if key.strip_prefix(&start).is_some_and(|name| !name.contains('.')) {
                faults.push(no_gateway(written, source));
                return self.misnamed_gateway(written, table, faults);
            }
            let nearest = suggest::section(settings, key);
            let shown = nearest.map(|near| format!("[{near}]"));
            faults.push(fault("is no section", nearest.map(str::to_owned), shown));
            if let Some(meant) = nearest.filter(|near| suggest::is_near(key, near)) {
                self.section(Section { written, meant }, table, faults);
            }
        } else {
            let nearest = suggest::setting(settings, key);
            let named = nearest.map(|near| near.key.to_string());
            faults.push(fault("is no setting", named.clone(), named));
            if let Some(meant) = nearest.filter(|near| suggest::is_typo_of(key, near)) {
                let (key, value) = (meant.key.to_string(), Value::from_toml(value.get_ref()));
                self.supposed.push(SourcedValue { key, value, source });
            }
        }
    }

    /// Reports a gateway's section of a former release, and reads it as the section that replaced it.
    fn former_gateway(
        &mut self,
        written: &str,
        name: &str,
        table: &DeTable<'_>,
        source: Source,
        faults: &mut Vec<Fault>,
    ) {
        faults.push(former_names::section_fault(written, name, "", source));
        if let Some((inner, _)) = table.get_key_value(RECEIPTS)
            && self.is_header(inner.span().start)
        {
            let source = self.at(self.line(inner.span().start));
            let (written, inner) = (format!("{written}.{RECEIPTS}"), format!(".{RECEIPTS}"));
            faults.push(former_names::section_fault(&written, name, &inner, source));
        }
        if DriverName::can_be_gateway(name) {
            self.section(Section { written, meant: &section_of(name) }, table, faults);
        } else {
            self.misnamed_gateway(written, table, faults);
        }
    }

    /// Reads a gateway's section under a name that no gateway can have.
    fn misnamed_gateway(&mut self, written: &str, table: &DeTable<'_>, faults: &mut Vec<Fault>) {
        let (settings, meant) = (gateway_settings(PLACEHOLDER), section_of(PLACEHOLDER));
        let (path, text) = (self.path, self.text);
        let (ends, broken_lines) = (self.ends.clone(), self.broken_lines.clone());
        let (values, supposed) = (Vec::new(), Vec::new());
        let mut reader =
            Reader { path, text, ends, settings: &settings, broken_lines, values, supposed };
        reader.section(Section { written, meant: &meant }, table, faults);
        self.supposed.append(&mut reader.supposed);
    }

    fn is_section(&self, name: &str) -> bool {
        let is_within =
            |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        name == SECTION || self.settings.iter().any(|setting| is_within(&setting.key))
    }

    /// Whether the line at this offset is a `[section]`.
    fn is_header(&self, offset: usize) -> bool {
        let start = self.text[..offset].rfind('\n').map_or(0, |end| end + 1);
        self.text[start..offset].trim_start().starts_with('[')
    }

    fn line(&self, offset: usize) -> usize {
        self.ends.partition_point(|end| *end < offset) + 1
    }

    fn at(&self, line: usize) -> Source {
        Source::File { path: self.path.to_owned(), line }
    }
}

/// The fault of a section of `gateway` under a name that no gateway can have.
fn no_gateway(key: &str, source: Source) -> Fault {
    let what = "is a section, and no gateway can be called so".into();
    let remedy = DriverName::GATEWAY_RULE.into();
    Fault { source, key: key.to_owned(), what, remedy, meant: None }
}

/// What to do about an unknown name.
pub(super) fn remedy(nearest: Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("The nearest known one is {nearest}."),
        None => "Remove it.".into(),
    }
}
