//! Every setting with its default, unit and bounds.
//!
//! - [`Config`]: what the program uses, in sections; [`Config::default`] is what a node runs with when nothing is set.
//! - [`settings`]: THE table, a row a setting. Reading a file, the environment and flags, and showing what came of
//!   it, are loops over it. A gateway's rows have a placeholder for its name; [`settings_with`] has them for every
//!   gateway.
//! - [`Layers`]: where settings are looked for. [`Layers::load`] gives an [`Effective`] configuration, or every
//!   [`Fault`] at once.

mod clear;
mod drivers;
mod effective;
mod fault;
mod file;
mod forms;
mod gateway;
mod gateway_keys;
mod gateways;
mod given;
mod limits;
mod load;
mod local;
mod messages;
mod named;
mod names;
mod nearest;
mod presets;
mod relations;
mod replaced;
mod rows;
mod sections;
mod setting;
mod table;
mod takes;
mod value;

pub use drivers::{DriverName, NoDriver};
pub use effective::Effective;
pub use fault::{Fault, Faults, Source};
pub use forms::{CODE, SECRET};
pub(crate) use forms::{is_pointer, named_header};
pub use gateway::{
    GatewayConfig, GatewayKind, GatewayMethod, NumberFormat, ReceiptsBy, ReceiptsConfig,
};
pub use load::{Layers, unread};
pub(crate) use local::{is_local, is_on_local};
pub use names::{DialectName, LogFormat, Word};
pub use presets::PresetName;
pub use sections::{
    Argon2Cost, AuditConfig, Config, DataConfig, KeysConfig, LogConfig, NotSentTo, OtpConfig,
    PersonRequestsConfig, PublicConfig, ServerConfig, SmsConfig, StoreConfig, Templates,
};
pub use setting::Setting;
pub use table::{settings, settings_with};
pub use takes::{Form, Takes};
pub use value::Value;
