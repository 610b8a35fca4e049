/// The operation of a row in the route table. A dialect can word a rejection differently for one operation, and the log
/// of `authentication failed` depends on it.
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
    AdminListDeliveries,
    AdminGetPhone,
    OpenApi,
    DemoIndex,
    DemoMessages,
    DemoReset,
    DemoGateway,
    DemoSetGateway,
}
