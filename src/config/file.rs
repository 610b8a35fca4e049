//! A configuration file, taken apart into settings, each with its line.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::drivers::DriverName;
use super::fault::{Fault, Source};
use super::gateway_keys::{RECEIPTS, SECTION, section_of};
use super::gateways::{PLACEHOLDER, gateway};
use super::given::Given;
use super::nearest;
use super::replaced::{self, replaced};
use super::setting::Setting;
use super::value::Value;
use crate::files::{self, WritableByOthers};

/// No configuration is as long as this.
const MOST_BYTES: u64 = 256 * 1024;

/// The text of a file; that it cannot be read goes to the faults.
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

/// What the file says, and whether it is somebody else who says it.
fn text_of(path: &Path) -> io::Result<(String, Option<WritableByOthers>)> {
    let file = files::open(path)?;
    let writable = files::writable_by_others(path, &file.metadata()?);
    let text = files::read(file, MOST_BYTES).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => {
            io::Error::other(format!("it is longer than {} KiB", MOST_BYTES / 1024))
        }
        _ => error,
    })?;
    let text = String::from_utf8(text).map_err(|_| io::Error::other("it is not UTF-8"))?;
    Ok((text, writable))
}

/// A file taken apart, before its names are looked at.
pub(super) struct Parsed<'a> {
    path: &'a Path,
    text: &'a str,
    table: Spanned<DeTable<'a>>,
    errors: Vec<toml::de::Error>,
}

impl<'a> Parsed<'a> {
    /// Takes the text of a file apart.
    pub(super) fn of(path: &'a Path, text: &'a str) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        Self { path, text, table, errors }
    }

    /// What the gateways are called that it has a section of, by the name of this release or of a former one. One below a
    /// misspelt `gateway` is among them.
    pub(super) fn gateways(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (section, value) in self.table.get_ref() {
            let is_now = nearest::is_near(section.get_ref(), SECTION);
            for (name, table) in tables(value) {
                let key = format!("{}.{name}", section.get_ref());
                let is_gateway = is_now || replaced::gateway_in_section(&key, table).is_some();
                let is_known = names.iter().any(|other| *other == name);
                if is_gateway && !is_known && DriverName::can_be_gateway(name) {
                    names.push(name.to_owned());
                }
            }
        }
        names
    }

    /// What it gives for `sms.drivers`.
    pub(super) fn drivers(&self) -> Option<Value> {
        let sms = self.table.get_ref().get("sms")?.get_ref().as_table()?;
        sms.get("drivers").map(|value| Value::from_toml(value.get_ref()))
    }

    /// The settings in it, each with its line, and those that misspelt names may stand for; what is wrong goes to the
    /// faults.
    pub(super) fn given(
        &self,
        settings: &[Setting],
        faults: &mut Vec<Fault>,
    ) -> (Vec<Given>, Vec<Given>) {
        let ends = self.text.match_indices('\n').map(|(end, _)| end).collect();
        let (path, astray) = (self.path, BTreeSet::new());
        let (given, supposed) = (Vec::new(), Vec::new());
        let text = self.text;
        let mut reader = Reader { path, text, ends, settings, astray, given, supposed };
        for error in &self.errors {
            let line = reader.line(error.span().map_or(0, |span| span.start));
            // The first word about a line is the one that helps.
            if reader.astray.insert(line) {
                let source = reader.at(line);
                let what = format!("this is no TOML: {}", error.message());
                let remedy =
                    "A setting is written `key = value`, below its [section], once.".into();
                faults.push(Fault { source, key: String::new(), what, remedy, meant: None });
            }
        }
        let top = Section { written: "", meant: "" };
        reader.section(top, self.table.get_ref(), faults);
        (reader.given, reader.supposed)
    }
}

/// The sections within a section, by their names.
fn tables<'t>(value: &'t Spanned<DeValue<'_>>) -> Vec<(&'t str, &'t DeTable<'t>)> {
    let within = value.get_ref().as_table().into_iter().flatten();
    let sections =
        within.filter_map(|(name, value)| Some((&**name.get_ref(), value.get_ref().as_table()?)));
    sections.collect()
}

/// A section: as the file writes its name, and as it is called.
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
    /// Where lines end.
    ends: Vec<usize>,
    settings: &'a [Setting],
    /// Lines that are no TOML. What stands there is not judged, and names that are none may be their fault.
    astray: BTreeSet<usize>,
    given: Vec<Given>,
    /// What stands below, or as, a misspelt name.
    supposed: Vec<Given>,
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
            if self.astray.contains(&line) {
                continue;
            }
            let source = self.at(line);
            // A dot within quotes is part of a name, and no name of ours has one.
            let is_plain = !name.get_ref().contains('.');
            let its = Section { written: &written, meant: &key };
            if is_plain && self.settings.iter().any(|setting| setting.key == key) {
                let value = Value::from_toml(value.get_ref());
                let given = Given { key, value, source };
                let list = if section.is_misspelt() { &mut self.supposed } else { &mut self.given };
                list.push(given);
            } else if is_plain && self.is_section(&key) {
                self.enter(its, value, source, faults);
            } else if !is_plain {
                let what = "is in quotes, which make one name of it".into();
                let remedy = "Leave them off.".into();
                faults.push(Fault { source, key: written, what, remedy, meant: None });
            } else if self.astray.is_empty() {
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

    /// A name that is none is a fault. What it may stand for is read all the same, so that what is wrong with that is told
    /// at once, too.
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
            if let Some(name) = replaced::gateway_in_section(key, table) {
                return self.former_gateway(written, name, table, source, faults);
            }
            let start = format!("{SECTION}.");
            if key.strip_prefix(&start).is_some_and(|name| !name.contains('.')) {
                faults.push(no_gateway(written, source));
                return self.misnamed_gateway(written, table, faults);
            }
            let nearest = nearest::section(settings, key);
            let shown = nearest.map(|near| format!("[{near}]"));
            faults.push(fault("is no section", nearest.map(str::to_owned), shown));
            if let Some(meant) = nearest.filter(|near| nearest::is_near(key, near)) {
                self.section(Section { written, meant }, table, faults);
            }
        } else {
            let nearest = nearest::setting(settings, key);
            let named = nearest.map(|near| near.key.to_string());
            faults.push(fault("is no setting", named.clone(), named));
            if let Some(meant) = nearest.filter(|near| nearest::is_slip(key, near)) {
                let (key, value) = (meant.key.to_string(), Value::from_toml(value.get_ref()));
                self.supposed.push(Given { key, value, source });
            }
        }
    }

    /// A section that was a gateway's is read as the one that has come in its place.
    fn former_gateway(
        &mut self,
        written: &str,
        name: &str,
        table: &DeTable<'_>,
        source: Source,
        faults: &mut Vec<Fault>,
    ) {
        faults.push(replaced::section_fault(written, name, "", source));
        if let Some((inner, _)) = table.get_key_value(RECEIPTS)
            && self.is_header(inner.span().start)
        {
            let source = self.at(self.line(inner.span().start));
            let (written, inner) = (format!("{written}.{RECEIPTS}"), format!(".{RECEIPTS}"));
            faults.push(replaced::section_fault(&written, name, &inner, source));
        }
        if DriverName::can_be_gateway(name) {
            self.section(Section { written, meant: &section_of(name) }, table, faults);
        } else {
            self.misnamed_gateway(written, table, faults);
        }
    }

    /// A section that no gateway can be called like is still one of a gateway's settings.
    fn misnamed_gateway(&mut self, written: &str, table: &DeTable<'_>, faults: &mut Vec<Fault>) {
        let (settings, meant) = (gateway(PLACEHOLDER), section_of(PLACEHOLDER));
        let (path, text) = (self.path, self.text);
        let (ends, astray) = (self.ends.clone(), self.astray.clone());
        let (given, supposed) = (Vec::new(), Vec::new());
        let mut reader = Reader { path, text, ends, settings: &settings, astray, given, supposed };
        reader.section(Section { written, meant: &meant }, table, faults);
        self.supposed.append(&mut reader.supposed);
    }

    fn is_section(&self, name: &str) -> bool {
        let is_within =
            |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        name == SECTION || self.settings.iter().any(|setting| is_within(&setting.key))
    }

    /// Whether the line of this place is a `[section]`.
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

/// A section below `gateway` is a gateway's, if it can be called so.
fn no_gateway(key: &str, source: Source) -> Fault {
    let what = "is a section, and no gateway can be called so".into();
    let remedy = DriverName::GATEWAY_RULE.into();
    Fault { source, key: key.to_owned(), what, remedy, meant: None }
}

/// What to do about a name that is none.
pub(super) fn remedy(nearest: Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("The nearest known one is {nearest}."),
        None => "Take it out.".into(),
    }
}
