//! Forms of values, as plain constant data.

/// The form of a value.
#[derive(Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text(TextForm),
    /// The id of a record.
    Id {
        /// The kind of record, such as `person request`.
        of: &'static str,
        /// Whether it is the value's own id, and not that of another record.
        is_own: bool,
    },
    /// One of a few words.
    Keyword(&'static [&'static str]),
    /// A phone number that the node sends codes to.
    Recipient,
    /// A one-time code: a text of as many digits as the node's codes have, or a number.
    Code,
    /// A whole number within these bounds, both included.
    Integer {
        /// The least that it can be.
        least: u64,
        /// The most that it can be.
        most: u64,
    },
    /// `true` or `false`.
    Boolean,
    /// This number only: the version of a format.
    Version(u32),
    /// `true` only.
    True,
    /// A list of values of one form.
    List(&'static Shape),
    /// An object with these fields.
    Object(Fields),
    /// An object with exactly one of these fields.
    OneField(Fields),
    /// Any value.
    Any,
}

/// The form of a text: `{what} {rule}` is a sentence, such as "a phone number is +380 and nine digits".
#[derive(Debug, PartialEq, Eq)]
pub struct TextForm {
    /// A noun, such as `a phone number`.
    pub what: &'static str,
    /// The rest of the sentence. Empty for a text that can be any.
    pub rule: &'static str,
    /// The rule as a regular expression, if it is one.
    pub pattern: Option<&'static str>,
    /// The name of the form in JSON Schema, such as `uuid`.
    pub format: Option<&'static str>,
    /// A text of this form, for documents.
    pub example: Option<&'static str>,
}

/// The fields of an object.
#[derive(Debug, PartialEq, Eq)]
pub struct Fields {
    /// The object's purpose: the doc comment of its type.
    pub about: &'static str,
    /// The fields, in the order in which they are read.
    pub all: &'static [Field],
}

/// A field of an object.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in the text.
    pub name: &'static str,
    /// The field's purpose: its doc comment.
    pub about: &'static str,
    /// The form of its value.
    pub shape: &'static Shape,
    /// Whether it may be missing.
    pub presence: Presence,
}

/// Whether a field may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It may not.
    Required,
    /// It may be missing or `null`.
    Nullable,
    /// It may be missing, but not `null`. Its value is then this JSON text.
    Default(&'static str),
}

impl Shape {
    /// The fields, if it is an object.
    pub fn fields(&self) -> &'static [Field] {
        match self {
            Self::Object(fields) | Self::OneField(fields) => fields.all,
            _ => &[],
        }
    }

    /// The steps to its innermost values.
    pub const fn depth(&self) -> usize {
        match self {
            Self::List(item) => 1 + item.depth(),
            Self::Object(Fields { all, .. }) | Self::OneField(Fields { all, .. }) => {
                let (mut deepest, mut index) = (0, 0);
                while index < all.len() {
                    let depth = 1 + all[index].shape.depth();
                    deepest = if depth > deepest { depth } else { deepest };
                    index += 1;
                }
                deepest
            }
            _ => 0,
        }
    }
}

impl TextForm {
    /// A text that can be any.
    pub const fn any(what: &'static str) -> Self {
        Self { what, rule: "", pattern: None, format: None, example: None }
    }
}
