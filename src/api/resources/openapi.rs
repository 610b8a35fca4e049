//! The description of the methods.

use crate::api::handler::Call;
use crate::api::media_type::MediaType;
use crate::api::operation::Operation;
use crate::api::refusal::Rejection;
use crate::api::response::Success;
use crate::api::route::{Row, Surface, read};
use crate::api::state::ApiState;
use crate::http::ResponseBody;

/// The row of the description.
pub(in crate::api) const ROUTES: &[Row] = &[Row {
    operation: Operation::OpenApi,
    about: "This description",
    path: "/openapi.json",
    surface: Surface::Internal,
    ..read(get)
}];

/// `GET /openapi.json`: the methods of this node in `OpenAPI` 3.1, without an envelope.
#[expect(clippy::unnecessary_wraps, reason = "the type of every handler that reads")]
fn get(state: &ApiState, _: &Call) -> Result<Success, Rejection> {
    let document = ResponseBody::whole(state.openapi.clone());
    Ok(Success::document(MediaType::Json, document))
}
