//! Records applied while the node serves: a body of lines, and an answer of lines. A demo has the same without a token.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::api::answer::{self, Answer};
use crate::api::handler::Call;
use crate::api::media_type::MediaType;
use crate::api::operation::Operation;
use crate::api::refusal::{FieldError, Rejection};
use crate::api::request::body::{Body, StreamBody, Upload};
use crate::api::request::query::Parameters;
use crate::api::response::{Success, envelope};
use crate::api::route::{Access, Row, Surface, WRITES, change};
use crate::api::state::ApiState;
use crate::contract::entities::NewEntity;
use crate::contract::{Shaped as _, shape};
use crate::http::{Gone, LeastRate, ResponseBody, StreamBounds, StreamSender};
use crate::service::apply::{
    Action, AppliedChunk, CHUNK, Chunk, LineText, Load, RefusedLine, Totals,
};
use crate::service::import::{Expected, ImportFault, RevealedSecret};

/// The row of loads.
pub(in crate::api) const ROUTES: &[Row] = &[Row {
    operation: Operation::Apply,
    about: "Adds and changes records, one a line, while the node serves",
    path: "/admin/apply",
    surface: Surface::Internal,
    access: Access::Scope("admin:write"),
    ..APPLY
}];

/// The row of loads, without its path and access.
pub(in crate::api::resources) const APPLY: Row = Row {
    parameters: Parameters::Only(ApplyParameters::SHAPE),
    body: Body::Stream(StreamBody { line: NewEntity::SHAPE, bounds: BOUNDS }),
    answers: &[MediaType::NdJson],
    answer: ANSWER,
    refusals: &[WRITES],
    ..change("POST", &apply)
};

const ANSWER: Answer = answer::lines::<AnswerLine>();

/// Any size that a client can send in a day. A line is four times as long as the largest record.
const BOUNDS: StreamBounds = StreamBounds {
    most_bytes: 1 << 40,
    longest_line: 16 * 1024,
    rate: LeastRate { bytes_per_second: 1024, patience: Duration::from_secs(30) },
    deadline: Duration::from_hours(24),
};

/// The lines between two lines of progress.
const PROGRESS: u64 = 16 * CHUNK as u64;

/// The pause after a chunk, in times that the chunk took. So the writes of calls find the writer idle three times out of four.
const PAUSE: u32 = 3;
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The longest time between the end of a body that its connection has cut, and the end of the answer over that connection.
const CUT: Duration = Duration::from_millis(200);

shape! {
    /// How a load is applied.
    pub(in crate::api) struct ApplyParameters {
        /// Whether nothing changes, and the answer has what would.
        dry_run: bool = false,
    }
}

/// A line of the answer: an object with one key.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
enum AnswerLine {
    /// A secret that is made for a new client. It is shown once, and valid as soon as a later line counts its line.
    Secret(SecretView),
    /// A line that changed nothing, with all of its faults.
    Refused(RefusedView),
    /// A line that was applied, and may be a mistake.
    Notice(NoticeView),
    /// What a line would change. In a dry run only.
    Would(WouldView),
    /// The numbers so far.
    Progress(TotalsView),
    /// The last line of a load that ended early, in the form of `error` in a refusal. The `progress` before it counts what is
    /// applied.
    Error(Value),
    /// The last line of a load that was read to its end.
    Total(TotalsView),
}

/// A secret that is made for a new client.
#[derive(JsonSchema, Serialize)]
struct SecretView {
    /// The number of the line, from 1 on.
    line: u64,
    /// The holder, such as `api-key of client clinic`.
    owner: String,
    /// The secret.
    value: String,
}

/// A line that changed nothing.
#[derive(JsonSchema, Serialize)]
struct RefusedView {
    /// The number of the line, from 1 on.
    line: u64,
    /// The faults, in the form of `error.invalid` in a refusal.
    invalid: Vec<Value>,
}

/// A warning about a line.
#[derive(JsonSchema, Serialize)]
struct NoticeView {
    /// The number of the line, from 1 on.
    line: u64,
    /// The value, such as `$.token.scope`.
    entry: String,
    /// The warning. It holds no phone and no secret.
    what: String,
}

/// What a line would change.
#[derive(JsonSchema, Serialize)]
struct WouldView {
    /// The number of the line, from 1 on.
    line: u64,
    /// The kind of record: the key of the line.
    kind: &'static str,
    /// `add`, `change`, or `keep` for a record that stays as it is.
    action: &'static str,
    /// The fields that would take the value of the line.
    changed: Vec<&'static str>,
    /// The fields in which the line differs, and that would stay.
    kept: Vec<&'static str>,
}

/// The numbers of a load.
#[derive(JsonSchema, Serialize)]
struct TotalsView {
    /// The lines, without empty ones.
    lines: u64,
    /// New records.
    added: u64,
    /// Records that a line changed.
    changed: u64,
    /// Records that were as their line says, but for what is kept.
    unchanged: u64,
    /// The lines, among the changed and unchanged, with a state or secret that stays as the node has it.
    kept: u64,
    /// The lines that changed nothing because they have faults.
    refused: u64,
    /// Whether nothing has changed, as the caller asked.
    dry_run: bool,
}

/// `POST /admin/apply`: applies the lines of the body in chunks, and answers with lines meanwhile.
///
/// The first chunk is applied before the answer begins. So a fault of the stream within it is a refusal with a status; a later
/// one is the last line of the answer.
pub(in crate::api::resources) async fn apply(
    state: Arc<ApiState>,
    mut call: Call,
) -> Result<Success, Rejection> {
    let ApplyParameters { dry_run } = call.read_query(&state).finish()?;
    let upload = *call.upload.take().ok_or(Rejection::BodyMalformed)?;
    let load = Load::new(call.context().origin(), dry_run, state.demo.is_some());
    let mut run = Run {
        state,
        upload,
        load,
        is_dry: dry_run,
        is_at_end: false,
        told: 0,
        pause: Duration::ZERO,
    };
    let chunk = run.read().await?;
    let mut first = secret_lines(&chunk);
    first.extend(run.apply(chunk).await?);
    let (sender, body) = ResponseBody::stream();
    tokio::spawn(run.answer(first, sender));
    Ok(Success::document(MediaType::NdJson, body))
}

/// A load under way.
struct Run {
    state: Arc<ApiState>,
    upload: Upload,
    load: Load,
    is_dry: bool,
    is_at_end: bool,
    /// The lines that the last line of progress counts.
    told: u64,
    /// The pause before the next chunk.
    pause: Duration,
}

/// The early end of a load.
enum End {
    Refused(Rejection),
    Gone,
}

impl From<Rejection> for End {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl Run {
    /// Sends the first lines, and those of all further chunks.
    async fn answer(mut self, first: Vec<u8>, sender: StreamSender) {
        let ended = self.rest(first, &sender).await;
        let Totals { lines, added, changed, unchanged, kept, refused } = self.load.totals();
        let dry_run = self.is_dry;
        let last = match ended {
            Ok(()) => {
                tracing::info!(
                    lines,
                    added,
                    changed,
                    unchanged,
                    kept,
                    refused,
                    dry_run,
                    "a load was applied"
                );
                line(&AnswerLine::Total(self.totals()))
            }
            Err(End::Refused(rejection)) => {
                let kind = rejection.kind();
                tracing::warn!(
                    ?kind,
                    lines,
                    added,
                    changed,
                    unchanged,
                    kept,
                    refused,
                    dry_run,
                    "a load ended early"
                );
                let mut last = line(&AnswerLine::Progress(self.totals()));
                last.extend(line(&AnswerLine::Error(self.error(&rejection))));
                last
            }
            Err(End::Gone) => {
                let why = if self.state.is_stopping.load(Ordering::Relaxed) {
                    "the node stops"
                } else {
                    "its caller has gone"
                };
                tracing::warn!(
                    lines,
                    added,
                    changed,
                    unchanged,
                    kept,
                    refused,
                    dry_run,
                    "a load ended early: {why}"
                );
                return;
            }
        };
        if sender.send(last).await.is_ok() {
            sender.finish();
        }
    }

    async fn rest(&mut self, first: Vec<u8>, sender: &StreamSender) -> Result<(), End> {
        sender.send(first).await?;
        while !self.is_at_end {
            tokio::time::sleep(self.pause).await;
            let chunk = match self.read().await {
                // A connection that is lost ends the body in the middle, as a broken coding does.
                Err(Rejection::BodyMalformed)
                    if self.upload.is_cut() || sender.is_gone_within(CUT).await =>
                {
                    return Err(End::Gone);
                }
                read => read?,
            };
            // Sent before the chunk is applied: no secret is valid that was not sent.
            sender.send(secret_lines(&chunk)).await?;
            let lines = self.apply(chunk).await?;
            sender.send(lines).await?;
        }
        Ok(())
    }

    /// Reads the next chunk.
    async fn read(&mut self) -> Result<Chunk, Rejection> {
        let texts = self.texts().await?;
        Ok(self.load.read(&self.state.service, &texts, self.state.clock.now())?)
    }

    /// Applies a chunk. Returns the lines of the answer about it.
    async fn apply(&mut self, chunk: Chunk) -> Result<Vec<u8>, Rejection> {
        let now = self.state.clock.now();
        let life = self.state.service.request_life();
        let expected = Expected { scopes: &self.state.scopes, request_life: life };
        let done = self.load.apply(&self.state.service, chunk, expected, now).await?;
        self.pause = (self.state.clock.now().since(now) * PAUSE).min(LONGEST_PAUSE);
        Ok(self.lines(&done))
    }

    /// The next lines that are not empty, up to a chunk of them.
    async fn texts(&mut self) -> Result<Vec<LineText>, Rejection> {
        let mut texts = Vec::new();
        while texts.len() < CHUNK {
            let Some(line) = self.upload.line().await? else {
                self.is_at_end = true;
                break;
            };
            if !line.bytes.trim_ascii().is_empty() {
                texts.push(LineText { number: line.number, bytes: line.bytes });
            }
        }
        Ok(texts)
    }

    /// The lines of the answer about a chunk.
    fn lines(&mut self, done: &AppliedChunk) -> Vec<u8> {
        let refused = done.refused.iter().map(|refused| AnswerLine::Refused(refused_view(refused)));
        let mut lines: Vec<u8> = refused.flat_map(|refused| line(&refused)).collect();
        lines.extend(done.notices.iter().flat_map(|notice| line(&notice_view(notice))));
        if self.is_dry {
            let differs = done.applied.iter().filter(|(_, applied)| {
                applied.action != Action::Unchanged || !applied.kept.is_empty()
            });
            for (number, applied) in differs {
                let would = WouldView {
                    line: *number,
                    kind: applied.kind.word(),
                    action: match applied.action {
                        Action::Added => "add",
                        Action::Changed => "change",
                        Action::Unchanged => "keep",
                    },
                    changed: applied.changed.clone(),
                    kept: applied.kept.clone(),
                };
                lines.extend(line(&AnswerLine::Would(would)));
            }
        }
        let totals = self.totals();
        if totals.lines >= self.told + PROGRESS {
            self.told = totals.lines;
            lines.extend(line(&AnswerLine::Progress(totals)));
        }
        lines
    }

    fn totals(&self) -> TotalsView {
        let Totals { lines, added, changed, unchanged, kept, refused } = self.load.totals();
        TotalsView { lines, added, changed, unchanged, kept, refused, dry_run: self.is_dry }
    }

    fn error(&self, rejection: &Rejection) -> Value {
        let now = self.state.clock.now();
        envelope::error_json(&self.state.dialect.word(rejection, Some(Operation::Apply), now))
    }
}

fn secret_lines(chunk: &Chunk) -> Vec<u8> {
    chunk.secrets.iter().flat_map(|secret| line(&AnswerLine::Secret(secret_view(secret)))).collect()
}

fn secret_view((number, secret): &(u64, RevealedSecret)) -> SecretView {
    let value = secret.secret.reveal().to_owned();
    SecretView { line: *number, owner: secret.owner.clone(), value }
}

fn refused_view(RefusedLine { number, faults }: &RefusedLine) -> RefusedView {
    RefusedView { line: *number, invalid: faults.iter().map(FieldError::of_line).collect() }
}

fn notice_view(notice: &ImportFault) -> AnswerLine {
    AnswerLine::Notice(NoticeView {
        line: notice.line() as u64,
        entry: format!("$.{}", notice.location()),
        what: notice.what().to_owned(),
    })
}

fn line(of: &AnswerLine) -> Vec<u8> {
    let mut line = serde_json::to_vec(of).expect("a view has text keys and no failing fields");
    line.push(b'\n');
    line
}
