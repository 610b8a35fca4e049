//! The state that all handlers share.

use super::demo::Demo;
use super::dialect::Dialect;
use crate::domain::Scope;
use crate::service::Service;

/// The state that all handlers share.
pub struct ApiState {
    pub(super) service: Service,
    pub(super) dialect: &'static Dialect,
    pub(super) demo: Option<Demo>,
    /// The scopes that rows require.
    pub(super) scopes: Vec<Scope>,
}
