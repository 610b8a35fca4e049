//! The operator's methods, on the internal listener only, one file for each resource.

pub(in crate::api) mod apply;
pub(in crate::api) mod audit;
mod audit_stream;
mod audit_view;
pub(in crate::api) mod clients;
pub(in crate::api) mod connections;
pub(in crate::api) mod deliveries;
pub(in crate::api) mod drivers;
pub(in crate::api) mod factors;
pub(in crate::api) mod limits;
mod list_order;
mod phone_view;
pub(in crate::api) mod phones;
mod shared;
pub(in crate::api) mod status;
pub(in crate::api) mod tokens;
pub(in crate::api) mod users;
