//! The rows of audit as a stream: a JSON object a line, in the order of the query.

use std::sync::Arc;

use hyper::body::Bytes;

use super::audit_view::view;
use crate::api::media_type::MediaType;
use crate::api::refusal::Rejection;
use crate::api::response::Success;
use crate::api::state::ApiState;
use crate::audit::{AuditOrder, AuditPage, AuditQuery};
use crate::domain::audit::AuditRow;
use crate::domain::{Phone, Refusal};
use crate::http::{ResponseBody, StreamSender};

/// The rows that are read at once, some 40 KiB of text.
const PAGE: usize = 100;

/// The rows that a query selects, up to the newest one of the call.
struct Rows {
    state: Arc<ApiState>,
    phone: Option<Phone>,
    query: AuditQuery,
    newest: u64,
    is_at_end: bool,
}

/// The rows that the query selects, from behind its `after` on, up to the newest one of now. The stream is cut if a later page
/// cannot be read.
pub(super) async fn of(
    state: Arc<ApiState>,
    phone: Option<Phone>,
    query: AuditQuery,
) -> Result<Success, Rejection> {
    let permit = state.streams.admit().ok_or(Refusal::Busy)?;
    let newest = state.service.newest_audit_row().await?;
    let query = AuditQuery { most: PAGE, ..query };
    let mut rows = Rows { state, phone, query, newest, is_at_end: false };
    // Until the first page is read, a failure can still be answered as one.
    let first = rows.page().await?;
    let (sender, body) = ResponseBody::stream();
    tokio::spawn(async move {
        let _permit = permit;
        rows.send(first, sender).await;
    });
    Ok(Success::document(MediaType::NdJson, body))
}

impl Rows {
    async fn send(mut self, first: Option<Bytes>, sender: StreamSender) {
        let mut page = first;
        while let Some(lines) = page {
            if sender.send(lines).await.is_err() {
                return;
            }
            // Pages without a match send nothing, so only this shows that the peer has gone.
            let next = tokio::select! {
                next = self.page() => next,
                _ = sender.gone() => return,
            };
            page = match next {
                Ok(page) => page,
                Err(refusal) => {
                    // The store or the log of audit has logged the reason.
                    tracing::warn!(
                        after = self.query.after,
                        ?refusal,
                        "a stream of audit rows is cut"
                    );
                    return;
                }
            };
        }
        sender.finish();
    }

    /// The lines of the next page, which may be none; `None` when there are no more pages.
    async fn page(&mut self) -> Result<Option<Bytes>, Refusal> {
        if self.is_at_end {
            return Ok(None);
        }
        let (phone, query) = (self.phone, self.query.clone());
        let AuditPage { rows, next_after, .. } =
            self.state.service.written_audit(phone, query).await?;
        let is_behind = |next: u64| match self.query.order {
            AuditOrder::OldestFirst => next >= self.newest,
            AuditOrder::NewestFirst => false,
        };
        self.is_at_end = next_after.is_none_or(is_behind);
        self.query.after = next_after;
        let lines = lines(rows.iter().filter(|(number, _)| *number <= self.newest));
        Ok(Some(lines.into()))
    }
}

fn lines<'r>(rows: impl Iterator<Item = &'r (u64, AuditRow)>) -> Vec<u8> {
    let mut lines = Vec::new();
    for (number, row) in rows {
        serde_json::to_writer(&mut lines, &view(*number, row))
            .expect("a view has text keys and no failing fields");
        lines.push(b'\n');
    }
    lines
}
