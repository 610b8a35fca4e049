use strum::{VariantArray, VariantNames};

use crate::contract::words;

/// The query parameter `order` of a list.
#[derive(Clone, Copy, Debug, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub(super) enum ListOrder {
    /// Oldest first.
    Asc,
    /// Newest first.
    Desc,
}

words!(ListOrder);
