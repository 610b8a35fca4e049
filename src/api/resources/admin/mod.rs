//! The administrative methods, on the internal listener only. One file a resource.

pub(in crate::api) mod audit;
pub(in crate::api) mod deliveries;
pub(in crate::api) mod phones;
