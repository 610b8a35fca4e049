//! The contract as data: one declaration of a body, a query or an entity gives its typed value, the reader that finds all
//! of its faults, and its form as JSON Schema.
//!
//! ```text
//! shape! {
//!     /// The body of `POST /verifications`.
//!     pub struct Initialize {
//!         /// The phone that the code is sent to.
//!         pub phone_number: Phone,
//!     }
//! }
//! ```
//!
//! A caller makes a [`Reader`], reads a [`Shaped`] type from a [`Source`], and words the [`Fault`]s: `api` in the words of
//! `nex_json_schema`, `service::import` in sentences with line and place. No fault holds a value.
//!
//! Each module uses only those named before it:
//!
//! - `shape`: the forms of values;
//! - `place`: where a value stands;
//! - `source`: where values come from: JSON in memory, or pairs such as a query; `file`: text with lines;
//! - `fault`: the rules that a value can break;
//! - `record_key`: the keys of records, which entities define and refer to;
//! - `reader`: reads typed values, and collects faults and keys;
//! - `macros`: the declarations;
//! - `values`: single values, such as phones and times; `secret`: secrets;
//! - [`entities`]: clients, users, persons, tokens, factors and person requests;
//! - `schema`: shapes as JSON Schema.

pub mod entities;
mod fault;
mod file;
mod macros;
mod place;
mod reader;
mod record_key;
mod schema;
mod secret;
mod shape;
mod source;
mod values;

#[cfg(test)]
mod tests;

pub use fault::{Broken, Fault};
pub use file::{FileText, FileValue};
pub(crate) use macros::{shape, words};
pub use place::{MOST_STEPS, Place, Step};
pub use reader::{Context, FaultLimits, Members, Read, Reader, Reported, Shaped};
pub use record_key::{KeyOf, RecordKey, SecretKeyOf};
pub use schema::{NodeForms, schema};
pub use secret::{NewSecret, SecretOf};
pub use shape::{Field, Fields, Presence, Shape, TextForm};
pub use source::{Given, Kind, Pairs, Source};
pub use values::{
    Any, IdList, Located, Moment, Name, OneOf, Own, Reason, Recipient, RedirectUri, Ref, Whole,
    WordList,
};
