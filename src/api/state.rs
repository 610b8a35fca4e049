//! What handlers have at hand, whatever is asked.

use super::demo::Demo;
use super::dialect::Dialect;
use crate::domain::Scope;
use crate::service::Service;

/// What the answers are made from.
pub struct ApiState {
    pub(super) service: Service,
    pub(super) dialect: &'static Dialect,
    pub(super) demo: Option<Demo>,
    /// The scopes that rows require.
    pub(super) scopes: Vec<Scope>,
}
