//! The answer of a load: its lines as they come, on the terminal, in the report and on standard output.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::lines::{Lines, Sent};
use crate::cli::{CliError, output};

/// The refused lines that are printed, and the warnings. The report has all refused lines.
const MOST_TOLD: u64 = 20;

/// What becomes of the lines of an answer.
pub(super) struct Answer {
    origins: Option<Arc<[u32]>>,
    sent: Arc<Sent>,
    report: Option<BufWriter<File>>,
    is_json: bool,
    bar: ProgressBar,
    /// The refused lines so far.
    refused: u64,
    /// The warnings so far.
    notices: u64,
    /// The numbers of the last line of progress.
    progress: Option<Value>,
    /// The last line, once it has come.
    last: Option<Last>,
}

enum Last {
    Total(Value),
    Error(Value),
}

impl Answer {
    pub(super) fn new(lines: &Lines, sent: Arc<Sent>, report: Option<File>, is_json: bool) -> Self {
        let (origins, report) = (lines.origins.clone(), report.map(BufWriter::new));
        let bar = bar(lines.size);
        Self {
            origins,
            sent,
            report,
            is_json,
            bar,
            refused: 0,
            notices: 0,
            progress: None,
            last: None,
        }
    }

    /// Handles all lines of the answer.
    pub(super) async fn read(mut self, mut body: Incoming) -> Result<(), CliError> {
        let mut begun = Vec::new();
        let mut is_cut = false;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                is_cut = true;
                break;
            };
            begun.extend_from_slice(&frame.into_data().unwrap_or_default());
            while let Some(end) = begun.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = begun.drain(..=end).collect();
                self.line(&line)?;
            }
        }
        self.bar.finish_and_clear();
        if let Some(report) = &mut self.report {
            report.flush().map_err(|error| not_reported(&error))?;
        }
        self.end(is_cut)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), CliError> {
        let mut line: Value = serde_json::from_slice(line).map_err(|_| {
            CliError::unavailable("the answer is not that of a node: is --url another server?")
        })?;
        self.find_origin(&mut line);
        if self.is_json && line.get("progress").is_none() {
            self.print(&line.to_string())?;
        }
        let (key, value) = match line {
            Value::Object(line) => line.into_iter().next().unwrap_or_default(),
            _ => return Ok(()),
        };
        match key.as_str() {
            "secret" if !self.is_json => {
                let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
                self.print(&format!("{}: {}", text("owner"), text("value")))?;
            }
            "would" if !self.is_json => self.print(&would(&value))?,
            "refused" => self.refused(&value)?,
            "notice" if !self.is_json => self.notice(&value),
            "progress" => self.progress(value),
            "total" => self.last = Some(Last::Total(value)),
            "error" => self.last = Some(Last::Error(value)),
            _ => {}
        }
        Ok(())
    }

    /// Puts the line of the file in the place of the number of an entry.
    fn find_origin(&self, line: &mut Value) {
        let Some(origins) = &self.origins else { return };
        for value in line.as_object_mut().into_iter().flat_map(|line| line.values_mut()) {
            if let Some(number) = value.get("line").and_then(Value::as_u64) {
                let origin = number.checked_sub(1).and_then(|at| usize::try_from(at).ok());
                if let Some(origin) = origin.and_then(|at| origins.get(at)) {
                    value["line"] = (*origin).into();
                }
            }
        }
    }

    fn refused(&mut self, refused: &Value) -> Result<(), CliError> {
        self.refused += 1;
        if let Some(report) = &mut self.report {
            writeln!(report, "{refused}").map_err(|error| not_reported(&error))?;
        }
        if self.refused <= MOST_TOLD && !self.is_json {
            for fault in refused["invalid"].as_array().into_iter().flatten() {
                self.tell(&format!("line {}: {}", refused["line"], fault_in_words(fault)));
            }
        }
        if self.refused == MOST_TOLD + 1 && !self.is_json {
            self.tell("More lines are refused. --report FILE has all of them.");
        }
        Ok(())
    }

    fn notice(&mut self, notice: &Value) {
        self.notices += 1;
        let text = |name: &str| notice[name].as_str().unwrap_or_default();
        if self.notices <= MOST_TOLD {
            self.tell(&format!(
                "warning: line {}: {}: {}",
                notice["line"],
                text("entry"),
                text("what")
            ));
        }
        if self.notices == MOST_TOLD + 1 {
            self.tell("There are more warnings. `-o json` prints all of them.");
        }
    }

    fn progress(&mut self, totals: Value) {
        if self.progress.is_none() {
            let is_sized = self.bar.length().is_some();
            self.bar.set_style(style(if is_sized {
                "{bar:40} {percent:>3} %  {msg}  {eta} left"
            } else {
                "{spinner} {msg}  {elapsed}"
            }));
        }
        self.bar.set_position(self.sent.bytes());
        let refused = match self.refused {
            0 => String::new(),
            refused => format!(", {refused} refused"),
        };
        self.bar.set_message(format!("{} lines{refused}", totals["lines"]));
        self.progress = Some(totals);
    }

    /// Prints a line on standard error, above the bar.
    fn tell(&self, line: &str) {
        self.bar.suspend(|| drop(writeln!(io::stderr(), "{line}")));
    }

    fn print(&self, line: &str) -> Result<(), CliError> {
        self.bar.suspend(|| output::print(format!("{line}\n").as_bytes()))
    }

    /// The end of the answer: success only if every line was applied.
    fn end(self, is_cut: bool) -> Result<(), CliError> {
        match &self.last {
            Some(Last::Total(total)) if !is_cut => {
                if !self.is_json {
                    output::print_best_effort(&totals(total));
                }
                match self.refused {
                    0 => Ok(()),
                    1 => Err(CliError::data("1 line was refused, and changed nothing")),
                    refused => Err(CliError::data(format_args!(
                        "{refused} lines were refused, and changed nothing"
                    ))),
                }
            }
            Some(Last::Error(error)) => {
                let message = error["message"].as_str().unwrap_or("no reason");
                let applied = self.progress.as_ref().map_or(String::new(), |progress| {
                    format!("\nOf the first {} lines: {}.", progress["lines"], numbers(progress))
                });
                let is_data = ["request_malformed", "request_too_large"]
                    .iter()
                    .any(|data| error["type"] == *data);
                Err(if is_data {
                    CliError::data(format_args!(
                        "the load ended early: {message}{applied}\nMend the file, and load it again: what is applied already \
                         stays as it is."
                    ))
                } else {
                    CliError::unavailable(format_args!(
                        "the load ended early, and can be repeated: {message}{applied}"
                    ))
                })
            }
            Some(Last::Total(_)) | None => Err(CliError::unavailable(
                "the answer broke off, so it is not known how much was applied. Repeat the load: what is \
                 applied already stays as it is.",
            )),
        }
    }
}

/// A bar on the terminal; nothing elsewhere.
fn bar(size: Option<u64>) -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    // The time that is left is known only once a part is done.
    let template = if size.is_some() { "{bar:40} {percent:>3} %" } else { "{spinner} {elapsed}" };
    ProgressBar::with_draw_target(size, target).with_style(style(template))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn not_reported(error: &io::Error) -> CliError {
    CliError::io(format_args!("the report can't be written: {error}"))
}

/// A fault of a line, such as `$.user.id: expected …`.
fn fault_in_words(fault: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let description = text(&fault["rules"][0]["description"]);
    match &fault["entry"] {
        Value::String(entry) => format!("{entry}: {description}"),
        _ => description,
    }
}

/// The difference of a dry run, such as `line 3: client: change name; keep is_blocked`.
fn would(would: &Value) -> String {
    let text = |name: &str| would[name].as_str().unwrap_or_default().to_owned();
    let names = |name: &str| {
        let names = would[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        names.collect::<Vec<_>>().join(", ")
    };
    let (changed, kept) = (names("changed"), names("kept"));
    let action = if would["action"] == "add" {
        "add".to_owned()
    } else {
        let changed = (!changed.is_empty()).then(|| format!("change {changed}"));
        let kept = (!kept.is_empty()).then(|| format!("keep {kept}"));
        changed.into_iter().chain(kept).collect::<Vec<_>>().join("; ")
    };
    format!("line {}: {}: {action}", would["line"], text("kind"))
}

fn totals(total: &Value) -> String {
    let first =
        if total["dry_run"] == true { "nothing has changed; a load would have " } else { "" };
    let kept = total["kept"].as_u64().unwrap_or_default();
    format!("{first}{}; {kept} with a state that the node keeps", numbers(total))
}

fn numbers(totals: &Value) -> String {
    let number = |name: &str| totals[name].as_u64().unwrap_or_default();
    format!(
        "{} added, {} changed, {} unchanged, {} refused",
        number("added"),
        number("changed"),
        number("unchanged"),
        number("refused"),
    )
}
