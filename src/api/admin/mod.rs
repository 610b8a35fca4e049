//! What operators ask, on the internal listener only: a file a resource.

pub(super) mod audit;
pub(super) mod deliveries;
pub(super) mod phones;
