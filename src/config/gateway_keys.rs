//! What the sections and settings of a gateway are called.

/// The section that has a section for each gateway.
pub(super) const SECTION: &str = "gateway";

/// The section within a gateway's that says how it is learnt what became of a message.
pub(super) const RECEIPTS: &str = "receipts";

/// The section of the gateway of this name.
pub(super) fn section_of(name: &str) -> String {
    format!("{SECTION}.{name}")
}

/// The key of a setting of the gateway of this name.
pub(super) fn key_of(name: &str, key: &str) -> String {
    format!("{SECTION}.{name}.{key}")
}
