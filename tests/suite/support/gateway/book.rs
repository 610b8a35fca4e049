use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use esoz_otp::domain::Id;
use esoz_otp::entropy::{SystemEntropy, draw_id};
use serde_json::Value;

use super::request::Request;

/// Nothing that is waited for takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A message that it took.
#[derive(Clone, Debug)]
pub struct Took {
    /// What whoever sent it calls it: `sequence_id` or `id`.
    pub id: Option<String>,
    pub method: String,
    /// With the query, if there is one.
    pub path: String,
    pub phone: String,
    pub text: String,
    /// What it is called from now on.
    pub gateway_id: String,
    pub body: Value,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    /// The number of the connection that it came over.
    pub connection: u64,
}

/// What it took.
#[derive(Default)]
pub(super) struct Book {
    taken: Mutex<Vec<Took>>,
    more: Condvar,
    /// Requests for messages, taken or not.
    asked: AtomicU64,
}

impl Took {
    pub(super) fn of(request: &Request, connection: u64) -> Self {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let first = |places: &[&str]| {
            let found = places.iter().find_map(|at| body.pointer(at)?.as_str());
            found.map(str::to_owned)
        };
        let id: Id<()> = draw_id(&SystemEntropy::new()).unwrap();
        Self {
            id: first(&["/sequence_id", "/id"]),
            method: request.method.clone(),
            path: request.path.clone(),
            phone: first(&["/recipients/0", "/phone", "/to"]).unwrap_or_default(),
            text: first(&["/sms/text", "/text"]).unwrap_or_default(),
            gateway_id: id.to_string(),
            headers: request.headers.clone(),
            body,
            connection,
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(its, _)| its == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Book {
    pub(super) fn note(&self, took: Took) {
        self.taken.lock().unwrap().push(took);
        self.more.notify_all();
    }

    pub(super) fn taken(&self) -> Vec<Took> {
        self.taken.lock().unwrap().clone()
    }

    pub(super) fn count(&self) -> usize {
        self.taken.lock().unwrap().len()
    }

    pub(super) fn knows(&self, gateway_id: &str) -> bool {
        self.taken.lock().unwrap().iter().any(|took| took.gateway_id == gateway_id)
    }

    pub(super) fn wait_for(&self, messages: usize) -> Vec<Took> {
        let taken = self.taken.lock().unwrap();
        let few = |taken: &mut Vec<Took>| taken.len() < messages;
        let (taken, waited) = self.more.wait_timeout_while(taken, PATIENCE, few).unwrap();
        assert!(!waited.timed_out(), "{} messages of {messages} have come", taken.len());
        taken.clone()
    }

    pub(super) fn count_request(&self) {
        let _whoever_waits_sees_it = self.taken.lock().unwrap();
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.more.notify_all();
    }

    pub(super) fn wait_for_requests(&self, requests: u64) {
        let taken = self.taken.lock().unwrap();
        let few = |_: &mut Vec<Took>| self.requests() < requests;
        let (_taken, waited) = self.more.wait_timeout_while(taken, PATIENCE, few).unwrap();
        assert!(!waited.timed_out(), "{} requests of {requests} have come", self.requests());
    }

    pub(super) fn requests(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// How many messages it took of each number and each id.
    pub(super) fn counts(&self) -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
        let (mut phones, mut ids) = (BTreeMap::new(), BTreeMap::new());
        for took in &*self.taken.lock().unwrap() {
            *phones.entry(took.phone.clone()).or_default() += 1;
            *ids.entry(took.id.clone().unwrap_or_default()).or_default() += 1;
        }
        (phones, ids)
    }
}
