use std::hash::Hash;

/// What keys a tree has; their bytes sort as the keys do.
pub trait TableKey: Clone + Eq + Hash + Send + Sync + 'static {
    /// The key as bytes.
    fn to_bytes(&self) -> Vec<u8>;
    /// The key that these bytes are.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}
