/// The operation of a row, by which dialects and the log name it.
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
