//! The route table: every method with its access, its limits and its handler.

use std::time::Duration;

use super::handler::{Call, Handler};
use super::media_type::MediaType;
use super::operation::Operation;
use super::refusal::Rejection;
use super::request::body::Body;
use super::request::query::Parameters;
use super::resources::{
    admin, authentication_factor, deliveries, demo, demo_index, health, person_requests, receipts,
    verifications,
};
use super::response::Success;
use super::route::{Access, Row, Surface};
use super::state::ApiState;
use crate::contract::Shaped as _;
use crate::domain::Scope;

const PERSON_READ: Access = Access::Scope("person:read");
const PERSON_REQUEST_READ: Access = Access::Scope("person_request:read");
const PERSON_REQUEST_WRITE: Access = Access::Scope("person_request:write");
const OTP_READ: Access = Access::Scope("otp:read");
const OTP_WRITE: Access = Access::Scope("otp:write");
const ADMIN_READ: Access = Access::Scope("admin:read");
const ADMIN_WRITE: Access = Access::Scope("admin:write");

/// Every row of the API. A path and method stand in one row only.
pub static ROUTES: &[Row] = &[
    Row {
        operation: Operation::ResendOtp,
        path: "/api/person_requests/{id}/actions/resend_otp",
        access: PERSON_REQUEST_WRITE,
        body: Body::AnyJson,
        ..change("POST", Handler::Async(person_requests::resend_otp))
    },
    Row { path: "/api/person_requests/{id}/actions/approve", ..APPROVE },
    Row { path: "/api/v2/person_requests/{id}/actions/approve", ..APPROVE },
    Row { path: "/api/v3/person_requests/{id}/actions/approve", ..APPROVE },
    Row { path: "/api/person_requests/{id}", ..GET_PERSON_REQUEST },
    Row { path: "/api/v2/person_requests/{id}", ..GET_PERSON_REQUEST },
    Row { path: "/api/v3/person_requests/{id}", ..GET_PERSON_REQUEST },
    Row {
        operation: Operation::ListDeliveries,
        path: "/api/person_requests/{id}/deliveries",
        access: PERSON_REQUEST_READ,
        ..read(deliveries::list)
    },
    Row {
        operation: Operation::AuthenticationFactor,
        path: "/api/cabinet/authentication_factor",
        access: PERSON_READ,
        ..read(authentication_factor::get)
    },
    Row {
        operation: Operation::Initialize,
        path: "/api/verifications",
        access: OTP_WRITE,
        ..change("POST", Handler::Async(verifications::initialize))
    },
    Row {
        operation: Operation::Complete,
        path: "/api/verifications/{phone}/actions/complete",
        access: OTP_WRITE,
        ..change("PATCH", Handler::Async(verifications::complete))
    },
    Row {
        operation: Operation::GetVerifiedPhone,
        path: "/api/verifications/{phone}",
        access: OTP_READ,
        ..read(verifications::get)
    },
    Row {
        operation: Operation::GetDelivery,
        path: "/api/verifications/{id}/delivery",
        access: OTP_READ,
        ..read(deliveries::get)
    },
    Row {
        operation: Operation::InternalInitialize,
        path: "/verifications",
        surface: Surface::Internal,
        ..change("POST", Handler::Async(verifications::initialize))
    },
    Row {
        operation: Operation::InternalComplete,
        path: "/verifications/{phone}/actions/complete",
        surface: Surface::Internal,
        ..change("PATCH", Handler::Async(verifications::complete))
    },
    Row {
        operation: Operation::InternalGetVerifiedPhone,
        path: "/verifications/{phone}",
        surface: Surface::Internal,
        ..read(verifications::get)
    },
    Row {
        operation: Operation::InternalGetDelivery,
        path: "/verifications/{id}/delivery",
        surface: Surface::Internal,
        ..read(deliveries::get)
    },
    Row {
        operation: Operation::Receipts,
        path: "/receipts/{driver}/{secret}",
        body: Body::JsonWithEveryDigit,
        max_body: 64 * 1024,
        ..change("POST", Handler::Async(receipts::receive))
    },
    Row { operation: Operation::Live, path: "/health/live", ..read(health::live) },
    Row { operation: Operation::Ready, path: "/health/ready", ..read(health::ready) },
    Row {
        operation: Operation::ReadAudit,
        path: "/admin/audit",
        answers: &[MediaType::Json, MediaType::NdJson],
        parameters: Parameters::Only(admin::audit::AuditParameters::SHAPE),
        surface: Surface::Internal,
        access: ADMIN_READ,
        body: Body::None,
        max_body: 0,
        ..change("GET", Handler::Async(admin::audit::list))
    },
    Row {
        operation: Operation::UnlockPhone,
        path: "/admin/phones/{phone}/actions/unlock",
        parameters: Parameters::NONE,
        surface: Surface::Internal,
        access: ADMIN_WRITE,
        body: Body::AnyJson,
        ..change("POST", Handler::Async(admin::phones::unlock))
    },
    Row {
        operation: Operation::AdminGetDelivery,
        path: "/admin/verifications/{id}/delivery",
        parameters: Parameters::NONE,
        surface: Surface::Internal,
        access: ADMIN_READ,
        ..read(admin::deliveries::get)
    },
    Row {
        operation: Operation::AdminListDeliveries,
        path: "/admin/deliveries",
        parameters: Parameters::Only(admin::deliveries::DeliveryParameters::SHAPE),
        surface: Surface::Internal,
        access: ADMIN_READ,
        body: Body::None,
        max_body: 0,
        ..change("GET", Handler::Async(admin::deliveries::list))
    },
    Row {
        operation: Operation::AdminGetPhone,
        path: "/admin/phones/{phone}",
        parameters: Parameters::NONE,
        surface: Surface::Internal,
        access: ADMIN_READ,
        ..read(admin::phones::get)
    },
    Row {
        operation: Operation::DemoIndex,
        path: "/",
        answers: &[MediaType::Json, MediaType::Html],
        surface: Surface::Demo,
        ..read(demo_index::get)
    },
    Row {
        operation: Operation::DemoMessages,
        path: "/demo/messages",
        parameters: Parameters::Only(demo::MessagesQuery::SHAPE),
        surface: Surface::Demo,
        body: Body::None,
        max_body: 0,
        ..change("GET", Handler::Async(demo::messages))
    },
    Row {
        operation: Operation::DemoReset,
        path: "/demo/reset",
        parameters: Parameters::NONE,
        surface: Surface::Demo,
        ..change("POST", Handler::Async(demo::reset))
    },
    Row {
        operation: Operation::DemoGateway,
        path: "/demo/gateway",
        parameters: Parameters::NONE,
        surface: Surface::Demo,
        ..read(demo::gateway)
    },
    Row {
        operation: Operation::DemoSetGateway,
        path: "/demo/gateway",
        parameters: Parameters::NONE,
        surface: Surface::Demo,
        ..change("POST", Handler::Async(demo::set_gateway))
    },
];

/// Method, path and scope of each row.
pub(super) fn methods() -> Vec<(&'static str, &'static str, Option<Scope>)> {
    ROUTES.iter().map(|row| (row.method, row.path, row.access.scope())).collect()
}

/// The scopes that the rows require, with repetitions.
pub fn scopes() -> Vec<Scope> {
    ROUTES.iter().filter_map(|row| row.access.scope()).collect()
}

/// The common fields of the three paths of approve. Live clients use all three versions, and they do the same.
const APPROVE: Row = Row {
    operation: Operation::Approve,
    access: PERSON_REQUEST_WRITE,
    ..change("PATCH", Handler::Async(person_requests::approve))
};

/// The common fields of the three paths of a person request.
const GET_PERSON_REQUEST: Row = Row {
    operation: Operation::GetPersonRequest,
    access: PERSON_REQUEST_READ,
    ..read(person_requests::get)
};

/// The defaults of a row that reads: `GET`, no body.
const fn read(handler: fn(&ApiState, &Call) -> Result<Success, Rejection>) -> Row {
    Row { body: Body::None, max_body: 0, ..change("GET", Handler::Sync(handler)) }
}

/// The defaults of a row: public, without a scope, JSON of at most 16 KiB, any query parameters, 5 seconds.
const fn change(method: &'static str, handler: Handler) -> Row {
    Row {
        operation: Operation::Live,
        method,
        path: "",
        surface: Surface::Public,
        access: Access::Anyone,
        body: Body::Json,
        parameters: Parameters::Any,
        max_body: 16 * 1024,
        answers: &[MediaType::Json],
        deadline: Duration::from_secs(5),
        handler,
    }
}
