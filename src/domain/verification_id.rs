use super::Id;

/// The UUID of a verification.
pub type VerificationId = Id<OfVerification>;

/// What a [`VerificationId`] is an id of. It stands for [`Verification`](super::Verification), which names the person
/// request that it is for: a person request, which names the verification that approved it, knows no more of it than this.
#[derive(Clone, Copy, Debug)]
pub enum OfVerification {}
