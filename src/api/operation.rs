/// What a row does: the name that dialects and handlers know it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the rows say it")]
pub enum Operation {
    ResendOtp,
    Approve,
    GetPersonRequest,
    AuthenticationFactor,
    Initialize,
    Complete,
    GetVerifiedPhone,
    GetDelivery,
    ListDeliveries,
    InternalInitialize,
    InternalComplete,
    InternalGetVerifiedPhone,
    InternalGetDelivery,
    Receipts,
    Live,
    Ready,
    ReadAudit,
    UnlockPhone,
    AdminGetDelivery,
    DemoMessages,
    DemoReset,
    DemoGateway,
    DemoSetGateway,
}
