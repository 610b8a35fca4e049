use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use super::answers;

/// What it does with a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Behaviour {
    /// Takes it, and says so.
    #[default]
    Take,
    /// Takes it, and says so after a while.
    Slow(Duration),
    /// Reads it, and says nothing for as long as anybody waits.
    Hang,
    /// Hangs for numbers that end like this, and takes messages for all others.
    HangFor(String),
    /// Resets the connection without reading.
    Reset,
    /// Takes it, and closes the connection.
    TakeAndDrop,
    /// Takes it, and says so no further than to the middle of a word.
    TakeAndStutter,
    /// Says something that is no HTTP.
    Garbage,
    /// Says this.
    Say(Answer),
}

/// An answer that is not the usual one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// Whether it takes the message all the same.
    pub takes: bool,
}

impl Behaviour {
    pub fn status(status: u16) -> Self {
        Self::Say(Answer { status, ..Answer::default() })
    }

    /// 429, and when to come again.
    pub fn too_many(retry_after: Option<&str>) -> Self {
        Self::status_with(429, "Retry-After", retry_after)
    }

    /// No JSON, where JSON is expected.
    pub fn rubbish() -> Self {
        let body = "<html><body>It works!</body></html>".into();
        Self::Say(Answer { status: 200, body, ..Answer::default() })
    }

    pub fn redirect(to: &str) -> Self {
        Self::status_with(307, "Location", Some(to))
    }

    /// The number is none.
    pub fn refused() -> Self {
        Self::json(200, &answers::message(305, "INVALID_PHONE"))
    }

    /// No message at all, for want of money.
    pub fn no_money() -> Self {
        Self::json(200, &answers::request(203, "REQUIRED_BALANCE"))
    }

    /// It has the message already.
    pub fn duplicate() -> Self {
        Self::json(200, &answers::message(427, "NOT_ALLOWED_MESSAGE_DUPLICATE"))
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::Say(Answer { status, body: body.to_string(), ..Answer::default() })
    }

    pub fn status_with(status: u16, header: &'static str, value: Option<&str>) -> Self {
        let headers = value.map(|value| (header, value.to_owned())).into_iter().collect();
        Self::Say(Answer { status, headers, ..Answer::default() })
    }

    /// Those that are a word and nothing more.
    fn words() -> [(&'static str, Self); 9] {
        [
            ("ok", Self::Take),
            ("hang", Self::Hang),
            ("reset", Self::Reset),
            ("take-and-drop", Self::TakeAndDrop),
            ("take-and-stutter", Self::TakeAndStutter),
            ("garbage", Self::Garbage),
            ("rubbish", Self::rubbish()),
            ("refused", Self::refused()),
            ("no-money", Self::no_money()),
        ]
    }

    /// As it is written on a command line.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some((_, behaviour)) = Self::words().into_iter().find(|(word, _)| *word == text) {
            return Ok(behaviour);
        }
        let (word, rest) = text.split_once(':').map_or((text, None), |(a, b)| (a, Some(b)));
        match (word, rest) {
            ("slow", Some(millis)) => {
                let millis = millis.parse().map_err(|_| "slow:MILLISECONDS".to_owned())?;
                Ok(Self::Slow(Duration::from_millis(millis)))
            }
            ("redirect", Some(url)) => Ok(Self::redirect(url)),
            ("hang-for", Some(ending)) => Ok(Self::HangFor(ending.to_owned())),
            (status, retry_after) => match status.parse() {
                Ok(status @ 200..=599) => Ok(Self::status_with(status, "Retry-After", retry_after)),
                _ => Err(format!("`{text}` is no mode: {MODES}")),
            },
        }
    }

    /// As it would be parsed, as far as it can be written.
    pub(super) fn written(&self) -> String {
        if let Some((word, _)) = Self::words().iter().find(|(_, behaviour)| behaviour == self) {
            return (*word).to_owned();
        }
        match self {
            Self::Slow(time) => format!("slow:{}", time.as_millis()),
            Self::HangFor(ending) => format!("hang-for:{ending}"),
            Self::Say(Answer { status, headers, .. }) => match &headers[..] {
                [("Location", url)] if *status == 307 => format!("redirect:{url}"),
                [("Retry-After", when)] => format!("{status}:{when}"),
                _ => status.to_string(),
            },
            _ => unreachable!("{self:?} is a word"),
        }
    }
}

pub const MODES: &str = "ok, slow:MS, hang, hang-for:ENDING, reset, take-and-drop, take-and-stutter, garbage, rubbish, \
                         refused, no-money, redirect:URL, STATUS, STATUS:RETRY-AFTER";

/// How it behaves to the next messages, and to those after them.
#[derive(Default)]
pub(super) struct Script(Mutex<(VecDeque<Behaviour>, Behaviour)>);

impl Script {
    pub(super) fn set(&self, behaviour: Behaviour) {
        self.0.lock().unwrap().1 = behaviour;
    }

    pub(super) fn next(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.0.lock().unwrap().0.extend(behaviours);
    }

    pub(super) fn take(&self) -> Behaviour {
        let (next, standing) = &mut *self.0.lock().unwrap();
        next.pop_front().unwrap_or_else(|| standing.clone())
    }

    /// Whether the next is a reset, which is used up then.
    pub(super) fn take_reset(&self) -> bool {
        let (next, standing) = &mut *self.0.lock().unwrap();
        match next.front() {
            Some(Behaviour::Reset) => next.pop_front().is_some(),
            Some(_) => false,
            None => *standing == Behaviour::Reset,
        }
    }

    /// How it is set, and what comes before that.
    pub(super) fn written(&self) -> (String, Vec<String>) {
        let (next, standing) = &*self.0.lock().unwrap();
        (standing.written(), next.iter().map(Behaviour::written).collect())
    }
}
