//! The route table: the rows of all resources.

use super::resources::{
    admin, authentication_factor, deliveries, demo, demo_index, health, openapi, person_requests,
    receipts, verifications,
};
use super::route::Row;
use crate::domain::Scope;

const RESOURCES: [&[Row]; 21] = [
    person_requests::ROUTES,
    authentication_factor::ROUTES,
    verifications::ROUTES,
    deliveries::ROUTES,
    receipts::ROUTES,
    health::ROUTES,
    openapi::ROUTES,
    admin::audit::ROUTES,
    admin::phones::ROUTES,
    admin::deliveries::ROUTES,
    admin::apply::ROUTES,
    admin::clients::ROUTES,
    admin::connections::ROUTES,
    admin::tokens::ROUTES,
    admin::drivers::ROUTES,
    admin::limits::ROUTES,
    admin::status::ROUTES,
    admin::users::ROUTES,
    admin::factors::ROUTES,
    demo_index::ROUTES,
    demo::ROUTES,
];

/// Every row of the API. A path and method stand in one row only.
pub static ROUTES: &[Row] = &JOINED;

static JOINED: [Row; COUNT] = {
    let mut rows = [RESOURCES[0][0]; COUNT];
    let (mut resource, mut next) = (0, 0);
    while resource < RESOURCES.len() {
        let own = RESOURCES[resource];
        rows.split_at_mut(next).1.split_at_mut(own.len()).0.copy_from_slice(own);
        (resource, next) = (resource + 1, next + own.len());
    }
    rows
};

const COUNT: usize = {
    let (mut resource, mut count) = (0, 0);
    while resource < RESOURCES.len() {
        count += RESOURCES[resource].len();
        resource += 1;
    }
    count
};

/// Method, path and scope of each row.
pub(super) fn methods() -> Vec<(&'static str, &'static str, Option<Scope>)> {
    ROUTES.iter().map(|row| (row.method, row.path, row.access.scope())).collect()
}

/// The scopes that the rows require, with repetitions.
pub fn scopes() -> Vec<Scope> {
    ROUTES.iter().filter_map(|row| row.access.scope()).collect()
}
