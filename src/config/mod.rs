//! The settings: their defaults, types and rules, and where they are read from.
//!
//! - [`Config`]: what the program runs with, in sections. [`Config::default`] has every default.
//! - `sections`: each section with its settings, declared by `section!` in `setting`: a field is a row of the table.
//! - [`settings`]: the table. Reading a file, the environment and flags, and showing the configuration, are loops over it. A
//!   gateway's rows have the placeholder `NAME`; [`settings_with`] has them for each gateway.
//! - [`Layers`]: the sources of settings. [`Layers::load`] returns an [`Effective`] configuration, or every [`Fault`] at once.

mod cross_check;
mod drivers;
mod effective;
mod fault;
mod file;
mod former_names;
mod gateway_names;
mod keyword;
mod load;
mod local_addresses;
mod presets;
mod sections;
mod setting;
mod suggest;
mod value;
mod value_type;

pub use drivers::{DriverName, NoDriver};
pub use effective::{Effective, ShownSetting};
pub use fault::{Fault, Faults, Source};
pub use keyword::Keyword;
pub(crate) use keyword::keyword;
pub use load::{Layers, SOCKET_NAME, unread};
pub(crate) use local_addresses::is_local;
pub use presets::PresetName;
pub use sections::gateway::{
    BodyTemplate, GatewayConfig, GatewayKind, GatewayMethod, GatewayUrl, HeaderTemplate,
    InvalidValue, JsonPointer, NumberFormat, ReceiptsBy, ReceiptsConfig, SECRET,
};
pub use sections::{
    AdminConfig, Argon2Cost, AuditConfig, CODE, Config, DataConfig, DialectName, KeysConfig,
    LogConfig, LogFormat, NotSentTo, OtpConfig, PersonRequestsConfig, PublicConfig, ServerConfig,
    Setting, SmsConfig, StoreConfig, Templates, settings, settings_with,
};
pub use setting::Row;
pub use value::Value;
pub use value_type::{TextFormat, ValueType};
