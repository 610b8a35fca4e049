//! Changes that operators make: what was changed, and its fields before and after.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray, VariantNames};

use crate::domain::{
    AccessType, ClientId, ConnectionId, FactorId, Id, MaskedPhone, MethodType, PersonId,
    PersonRequestId, PersonRequestStatus, PersonStatus, Phone, Scopes, Timestamp, TokenId, UserId,
    mask_numbers,
};

/// What an operator did: `reason` of the row. Stored records refer to a variant by its position: add new ones at the end,
/// remove none.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, VariantArray, IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "each is the word that `word` returns")]
pub enum AdminAction {
    Created,
    Changed,
    Deleted,
    Blocked,
    Unblocked,
    SecretRefreshed,
    Revoked,
    TokensRevoked,
    Reset,
    Enabled,
    Disabled,
    Cancelled,
    Tested,
}

/// The record that an operator changed. Stored records refer to a variant by its position: add new ones at the end, remove
/// none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "each is the record with its name")]
pub enum AuditTarget {
    Client(ClientId),
    Connection(ConnectionId),
    User(UserId),
    Token(TokenId),
    Factor(FactorId),
    Person(PersonId),
    PersonRequest(PersonRequestId),
    Phone(MaskedPhone),
    /// The driver's name.
    Driver(String),
}

/// A change that an operator made.
///
/// No secret is in it: [`AuditText`] is implemented for none. Texts of callers have their phone numbers masked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AdminChange {
    /// What the operator did.
    pub action: AdminAction,
    /// The changed record.
    pub target: AuditTarget,
    /// The fields that changed.
    pub fields: Vec<FieldChange>,
}

/// A field before and after a change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field's name in JSON.
    pub name: String,
    /// The value before; `None` for none.
    pub before: Option<String>,
    /// The value after; `None` for none.
    pub after: Option<String>,
}

/// A value that a row of audit may have as a text.
pub trait AuditText: PartialEq {
    /// The value, without a full phone number; `None` for no value.
    fn audit_text(&self) -> Option<String>;
}

impl AdminAction {
    /// The action's name in JSON, for programs.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

impl AuditTarget {
    /// The name of the record's kind in JSON.
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    /// The record's id: a UUID, a masked phone, or a driver's name.
    pub fn id(&self) -> String {
        match self {
            Self::Client(id) => id.to_string(),
            Self::Connection(id) => id.to_string(),
            Self::User(id) => id.to_string(),
            Self::Token(id) => id.to_string(),
            Self::Factor(id) => id.to_string(),
            Self::Person(id) => id.to_string(),
            Self::PersonRequest(id) => id.to_string(),
            Self::Phone(phone) => phone.to_string(),
            Self::Driver(name) => name.clone(),
        }
    }
}

impl AdminChange {
    /// The most fields that a change has. Further ones are left out.
    pub const MOST_FIELDS: usize = 12;
    /// The most bytes of a value. The rest is left out, and `…` stands for it.
    pub const MOST_BYTES: usize = 128;

    /// A change without fields.
    pub fn new(action: AdminAction, target: AuditTarget) -> Self {
        Self { action, target, fields: Vec::new() }
    }

    /// The change with this field, if its value has changed.
    #[must_use]
    pub fn field<T: AuditText>(mut self, name: &str, before: &T, after: &T) -> Self {
        if before != after && self.fields.len() < Self::MOST_FIELDS {
            let text = |value: &T| value.audit_text().map(|text| cut(&text, Self::MOST_BYTES));
            let (before, after) = (text(before), text(after));
            self.fields.push(FieldChange { name: name.to_owned(), before, after });
        }
        self
    }

    /// The change with this field of a new record.
    #[must_use]
    pub fn new_field<T: AuditText>(self, name: &str, value: T) -> Self {
        self.field(name, &None, &Some(value))
    }

    /// The change with this field of a record that was deleted.
    #[must_use]
    pub fn old_field<T: AuditText>(self, name: &str, value: T) -> Self {
        self.field(name, &Some(value), &None)
    }

    /// Cuts the values to at most so many bytes.
    pub fn shorten(&mut self, most_bytes: usize) {
        for field in &mut self.fields {
            for value in [&mut field.before, &mut field.after].into_iter().flatten() {
                *value = cut(value, most_bytes);
            }
        }
    }
}

/// The text, or its beginning and `…` if it has more bytes.
fn cut(text: &str, most_bytes: usize) -> String {
    if text.len() <= most_bytes {
        return text.to_owned();
    }
    let mark = '…';
    let end = text.floor_char_boundary(most_bytes.saturating_sub(mark.len_utf8()));
    format!("{}{mark}", &text[..end])
}

impl<T: AuditText> AuditText for Option<T> {
    fn audit_text(&self) -> Option<String> {
        self.as_ref().and_then(T::audit_text)
    }
}

impl AuditText for bool {
    fn audit_text(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl AuditText for u64 {
    fn audit_text(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl AuditText for String {
    fn audit_text(&self) -> Option<String> {
        Some(mask_numbers(self))
    }
}

impl AuditText for Scopes {
    fn audit_text(&self) -> Option<String> {
        Some(mask_numbers(&self.iter().collect::<Vec<_>>().join(" ")))
    }
}

impl AuditText for Timestamp {
    fn audit_text(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl AuditText for Phone {
    fn audit_text(&self) -> Option<String> {
        Some(self.masked())
    }
}

impl<T: 'static> AuditText for Id<T> {
    fn audit_text(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// A word of JSON.
macro_rules! words {
    ($($word:ty),+) => {$(
        impl AuditText for $word {
            fn audit_text(&self) -> Option<String> {
                let place = <Self as VariantArray>::VARIANTS.iter().position(|word| word == self)?;
                <Self as VariantNames>::VARIANTS.get(place).map(|word| (*word).to_owned())
            }
        }
    )+};
}

words!(AccessType, MethodType, PersonStatus, PersonRequestStatus);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn change() -> AdminChange {
        AdminChange::new(AdminAction::Changed, AuditTarget::Client(Id::from_bytes([1; 16])))
    }

    #[test]
    fn a_field_that_stays_is_left_out_and_a_phone_is_masked() {
        let phone = Phone::parse("+380671000041").unwrap();
        let change = change()
            .field("name", &"one".to_owned(), &"one".to_owned())
            .field("is_blocked", &false, &true)
            .field("access_type", &AccessType::Direct, &AccessType::Broker)
            .new_field("factor", phone)
            .old_field("note", "call +380 67 100 00 41".to_owned());
        let texts: Vec<_> = change
            .fields
            .iter()
            .map(|field| (&field.name[..], field.before.as_deref(), field.after.as_deref()))
            .collect();
        assert_eq!(
            texts,
            [
                ("is_blocked", Some("false"), Some("true")),
                ("access_type", Some("DIRECT"), Some("BROKER")),
                ("factor", None, Some("+38067*****41")),
                ("note", Some("call +380 67 *** ** 41"), None),
            ]
        );
        assert!(!format!("{change:?}").contains("1000041"));
    }

    proptest! {
        #[test]
        fn a_value_is_cut_between_characters(text in "[a-zї]{0,300}", most in 3_usize..200) {
            let mut short = change().new_field("name", text.clone());
            short.shorten(most);
            let value = short.fields[0].after.clone().unwrap();
            prop_assert!(value.len() <= most);
            prop_assert!(text.starts_with(value.trim_end_matches('…')));
            prop_assert_eq!(value == text, text.len() <= most.min(AdminChange::MOST_BYTES));
        }
    }
}
