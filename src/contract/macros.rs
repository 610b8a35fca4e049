//! The declarations: `shape!` for structs, `words!` for enums.

/// Declares a struct that is read from an object. The doc comments are the descriptions in its [`Shape`](super::Shape).
///
/// A field is `name: Type`; with `as "other"` it has another name in the text; with `= value` it may be missing. A type that
/// is `Option` may be missing or `null`.
macro_rules! shape {
    ($(
        $(#[doc = $about:literal])+
        $visibility:vis struct $name:ident {
            $(
                $(#[doc = $field_about:literal])+
                $field_visibility:vis $field:ident: $type:ty $(as $text:literal)? $(= $default:literal)?,
            )*
        }
    )*) => {$(
        $(#[doc = $about])+
        #[derive(Debug)]
        #[allow(clippy::struct_field_names, reason = "the names are those of the text")]
        $visibility struct $name {
            $($(#[doc = $field_about])+ $field_visibility $field: $type,)*
        }

        const _: () = assert!(
            <$name as $crate::contract::Shaped>::SHAPE.depth() <= $crate::contract::MOST_STEPS
        );

        impl $crate::contract::Shaped for $name {
            const SHAPE: &'static $crate::contract::Shape =
                &$crate::contract::Shape::Object($crate::contract::Fields {
                    about: concat!($($about),+),
                    all: &[$($crate::contract::Field {
                        name: shape!(@name $field $($text)?),
                        about: concat!($($field_about),+),
                        shape: <$type as $crate::contract::Shaped>::SHAPE,
                        presence: shape!(@presence $type $(, $default)?),
                    }),*],
                });

            fn read<'a, S: $crate::contract::Source<'a>>(
                reader: &mut $crate::contract::Reader,
                value: S,
            ) -> Result<Self, $crate::contract::Reported> {
                let members = reader.object(Self::SHAPE, value)?;
                $(
                    let $field: Result<$type, $crate::contract::Reported> =
                        shape!(@read reader members $type, shape!(@name $field $($text)?) $(, $default)?);
                )*
                Ok(Self { $($field: $field?),* })
            }
        }
    )*};
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $text:literal) => { $text };
    (@presence $type:ty) => { <$type as $crate::contract::Shaped>::PRESENCE };
    (@presence $type:ty, $default:literal) => {
        $crate::contract::Presence::Default(stringify!($default))
    };
    (@read $reader:ident $members:ident $type:ty, $name:expr) => {
        $reader.field::<$type, S>(&$members, $name)
    };
    (@read $reader:ident $members:ident $type:ty, $name:expr, $default:literal) => {
        Ok($reader.field_or::<$type, S>(&$members, $name, <$type>::from($default)))
    };
}

/// Makes enums readable that derive `strum::VariantNames` and `strum::VariantArray`: a value is one of a few words.
macro_rules! words {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::contract::Shaped for $type {
            const SHAPE: &'static $crate::contract::Shape =
                &$crate::contract::Shape::Keyword(<$type as strum::VariantNames>::VARIANTS);

            fn read<'a, S: $crate::contract::Source<'a>>(
                reader: &mut $crate::contract::Reader,
                value: S,
            ) -> Result<Self, $crate::contract::Reported> {
                let text = reader.text(Self::SHAPE, value)?;
                let words = <$type as strum::VariantNames>::VARIANTS;
                let mut all = words.iter().zip(<$type as strum::VariantArray>::VARIANTS);
                let found = all.find(|(word, _)| **word == text).map(|(_, one)| *one);
                found.ok_or_else(|| reader.broken($crate::contract::Broken::Keyword(words)))
            }
        }
    )*};
}

pub(crate) use {shape, words};
