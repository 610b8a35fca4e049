//! What operators ask, on the internal listener only: a file a resource.

pub(in crate::api) mod audit;
pub(in crate::api) mod deliveries;
pub(in crate::api) mod phones;
