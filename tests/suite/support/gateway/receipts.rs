use std::time::Duration;

use serde_json::json;
use ureq::http::Request;

/// What it says later of a message, by calling.
#[derive(Clone, Debug, Default)]
pub struct Receipts {
    /// Whom it calls; nobody when empty, but then it can be asked.
    pub url: String,
    pub when: When,
    /// How long it waits before it calls after an answer.
    pub delay: Duration,
}

/// When it calls, and what it says then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Before it answers that it took the message.
    BeforeAnswer,
    #[default]
    After,
    Twice,
    Never,
    /// After the answer, that the message could not be delivered.
    Undelivered,
}

impl When {
    pub const ALL: [(&'static str, Self); 5] = [
        ("before-answer", Self::BeforeAnswer),
        ("after", Self::After),
        ("twice", Self::Twice),
        ("never", Self::Never),
        ("undelivered", Self::Undelivered),
    ];

    pub fn parse(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|(word, _)| *word == text);
        let words = Self::ALL.map(|(word, _)| word).join(", ");
        found.map(|(_, when)| when).ok_or_else(|| format!("`{text}` is none of {words}"))
    }

    /// As it would be parsed.
    pub(super) fn written(self) -> &'static str {
        let found = Self::ALL.into_iter().find(|(_, when)| *when == self);
        found.expect("all of them are there").0
    }

    /// What it says of the message.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::BeforeAnswer | Self::After | Self::Twice => "Delivered",
            Self::Never => "Sent",
            Self::Undelivered => "Undelivered",
        }
    }
}

impl Receipts {
    /// Calls before the answer, if it is so set.
    pub(super) fn before(&self, gateway_id: &str) {
        if self.when == When::BeforeAnswer {
            self.call(gateway_id);
        }
    }

    /// Calls after the answer, from a thread of its own, as often as is set.
    pub(super) fn after(&self, gateway_id: &str) {
        let times = match self.when {
            When::BeforeAnswer | When::Never => 0,
            When::After | When::Undelivered => 1,
            When::Twice => 2,
        };
        if times == 0 || self.url.is_empty() {
            return;
        }
        let (receipts, gateway_id) = (self.clone(), gateway_id.to_owned());
        std::thread::spawn(move || {
            std::thread::sleep(receipts.delay);
            for _ in 0..times {
                receipts.call(&gateway_id);
            }
        });
    }

    /// Whoever is called may be gone: that is no business of a gateway's.
    fn call(&self, gateway_id: &str) {
        let body = json!({"message_id": gateway_id, "status": self.when.word()}).to_string();
        let request =
            Request::post(&self.url).header("content-type", "application/json").body(body);
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(10)))
            .build()
            .into();
        if let Ok(request) = request {
            drop(agent.run(request));
        }
    }
}
