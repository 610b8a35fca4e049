//! `otp.*`: one-time codes.

use std::time::Duration;

use crate::config::cross_check::CrossCheck;
use crate::config::setting::{Row, Section, section};
use crate::config::value_type::{TextFormat, ValueType, number};
use crate::domain::{CodeFormat, Phone, VerificationRules};

/// Numbers without a subscriber. Written as `0…` they are dialled as a call abroad: +380029012345 as 0029012345.
pub(super) const ABROAD_PREFIX: &str = "+3800";

section! {
    /// One-time codes.
    pub struct OtpConfig {
        /// Length of a code.
        format: CodeFormat = CodeFormat::new(6).expect("six is between four and ten")
            => ["otp.digits", number(CodeFormat::BOUNDS, "digits")],
        /// Life and attempts of a code: `otp.life_seconds`, `otp.attempts`.
        rules: VerificationRules = VerificationRules { life: Duration::from_mins(5), attempts: 3 } => nested,
        /// Prefixes of numbers that get no code: free-phone and premium ranges, and one that `number = "national"` would
        /// dial abroad.
        refused_prefixes: Vec<String> = [ABROAD_PREFIX, "+380800", "+380900"].map(str::to_owned).to_vec()
            => ["otp.refused_prefixes", ValueType::List { of: prefix(), may_be_empty: true }],
        /// Prefixes of numbers that get codes; every other number gets none. If the list is empty, every number that is not
        /// refused gets codes.
        allowed_prefixes: Vec<String> = Vec::new()
            => ["otp.allowed_prefixes", ValueType::List { of: prefix(), may_be_empty: true }],
        /// Answers a guess for a phone without a code like a wrong code, in the same time; otherwise the answer is 404.
        strict_enumeration: bool = false => ["otp.strict_enumeration", ValueType::Boolean],
        /// Codes that are made ahead, so that a send waits for no hash; 0 makes none.
        ready: usize = 2048 => ["otp.ready", number(0..=65_536, "codes")],
        /// Cost of the hash of a code: `otp.argon2.*`.
        argon2: Argon2Cost = Argon2Cost::default() => nested,
    }
}

section! {
    /// Cost of one argon2id hash. The default is the first choice of OWASP's Password Storage Cheat Sheet.
    #[derive(Copy)]
    pub struct Argon2Cost {
        /// Memory for the hash of one code.
        memory_kib: u32 = 19_456 => ["otp.argon2.memory_kib", number(4096..=262_144, "KiB")],
        /// Passes of a hash over its memory.
        passes: u32 = 2 => ["otp.argon2.passes", number(1..=10, "passes")],
    }
}

impl Section for VerificationRules {
    fn rows() -> Vec<Row<Self>> {
        vec![
            Row::of_field(
                "otp.life_seconds",
                number(30..=VerificationRules::LONGEST_LIFE, "seconds"),
                &["Time until a code expires."],
                |rules: &Self| &rules.life,
                |rules| &mut rules.life,
            ),
            Row::of_field(
                "otp.attempts",
                number(1..=5, "attempts"),
                &["Guesses that a code allows."],
                |rules: &Self| &rules.attempts,
                |rules| &mut rules.attempts,
            ),
        ]
    }
}

/// Rules of `otp.*`.
pub(super) const CHECKS: [CrossCheck<OtpConfig>; 1] = [CrossCheck::new(
    &["otp.allowed_prefixes", "otp.refused_prefixes"],
    |otp| {
        let (allowed, refused) = otp.allowed_prefixes.iter().find_map(|allowed| {
            Some((allowed, first_prefix_of(allowed, &otp.refused_prefixes)?))
        })?;
        Some(format!(
            "has \"{allowed}\", and otp.refused_prefixes has \"{refused}\": no number that begins so gets a code"
        ))
    },
    "Remove it from one of them.",
)];

/// Why a number gets no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSentTo<'a> {
    /// It begins with this entry of `otp.refused_prefixes`.
    Refused(&'a str),
    /// It begins with no entry of `otp.allowed_prefixes`.
    NotAllowed,
}

impl OtpConfig {
    /// Why this phone gets no code; `None` if it gets codes.
    pub fn not_sent_to(&self, phone: Phone) -> Option<NotSentTo<'_>> {
        let number = phone.full();
        if let Some(prefix) = first_prefix_of(&number, &self.refused_prefixes) {
            return Some(NotSentTo::Refused(prefix));
        }
        let is_allowed = self.allowed_prefixes.is_empty()
            || first_prefix_of(&number, &self.allowed_prefixes).is_some();
        (!is_allowed).then_some(NotSentTo::NotAllowed)
    }
}

/// The first of the `prefixes` that `number` begins with.
fn first_prefix_of<'p>(number: &str, prefixes: &'p [String]) -> Option<&'p str> {
    prefixes.iter().map(String::as_str).find(|prefix| number.starts_with(prefix))
}

fn prefix() -> TextFormat {
    TextFormat::new("starts of phone numbers: +380 and one to nine digits", |text| {
        let digits = text.strip_prefix("+380").unwrap_or_default();
        (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}
