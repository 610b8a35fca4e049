//! The table of verbs. A new verb is a row: its arguments, and their texts in `--help`, come from the row of its method in
//! the route table.

use crate::api::Row;
use crate::api::routes::ROUTES;

/// A command `esoz-otp NOUN VERB`, which calls a method of the node.
pub(in crate::cli) struct Verb {
    /// The kind of record.
    pub(super) noun: &'static str,
    /// The operation; empty if the noun alone is the command.
    pub(super) word: &'static str,
    /// Method and path of the row in the route table.
    pub(super) call: &'static str,
    /// The arguments of the example in `--help`.
    pub(super) example: &'static str,
    /// The text of the answer.
    pub(super) view: View,
    /// The question before a verb that can't be taken back.
    pub(super) question: Option<&'static str>,
}

/// How the data of an answer becomes text.
pub(super) enum View {
    /// A list: these fields of each entry are the columns.
    Table(&'static [&'static str]),
    /// An object: a line for each field, and a table for each list in it.
    Record,
}

/// Each noun, and its line in `esoz-otp --help`.
pub(super) const NOUNS: &[(&str, &str)] = &[
    ("phone", "Shows and unlocks phones on the running node"),
    ("delivery", "Shows messages with codes on the running node"),
    ("driver", "Shows and tests drivers on the running node"),
    ("limits", "Shows limits of the running node"),
    ("status", "Shows the state of the running node"),
    ("audit", "Verifies the audit log, and lists its rows"),
];

/// Every verb, by nouns.
pub(super) const VERBS: &[Verb] = &[
    Verb {
        noun: "phone",
        word: "show",
        call: "GET /admin/phones/{phone}",
        example: "+380671234567",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "phone",
        word: "unlock",
        call: "POST /admin/phones/{phone}/actions/unlock",
        example: "+380671234567",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "delivery",
        word: "list",
        call: "GET /admin/deliveries",
        example: "--status failed --page-size 100",
        view: View::Table(&[
            "verification_id",
            "status",
            "queued_at",
            "phone_number",
            "driver",
            "attempts",
        ]),
        question: None,
    },
    Verb {
        noun: "delivery",
        word: "show",
        call: "GET /admin/verifications/{id}/delivery",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "audit",
        word: "list",
        call: "GET /admin/audit",
        example: "--event token_refused --order desc",
        view: View::Table(&[
            "number",
            "at",
            "event",
            "reason",
            "client_id",
            "peer",
            "uid",
            "phone_number",
            "times",
        ]),
        question: None,
    },
    Verb {
        noun: "driver",
        word: "list",
        call: "GET /admin/drivers",
        example: "",
        view: View::Table(&[
            "name",
            "state",
            "failures",
            "paused_until",
            "answered_at",
            "failed_at",
            "host",
        ]),
        question: None,
    },
    Verb {
        noun: "driver",
        word: "test",
        call: "POST /admin/drivers/{name}/actions/test",
        example: "turbosms --phone-number +380671234567",
        view: View::Record,
        question: Some("This sends a real message, which is paid for. Send it?"),
    },
    Verb {
        noun: "limits",
        word: "show",
        call: "GET /admin/limits",
        example: "",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "status",
        word: "",
        call: "GET /admin/status",
        example: "--report",
        view: View::Record,
        question: None,
    },
];

impl Verb {
    /// The words of the command.
    pub(super) fn words(&self) -> String {
        format!("{} {}", self.noun, self.word).trim_end().to_owned()
    }

    /// The row of the method.
    pub(super) fn row(&self) -> &'static Row {
        let (method, path) = self.call.split_once(' ').expect("a call is a method and a path");
        let found = ROUTES.iter().find(|row| (row.method, row.path) == (method, path));
        found.expect("every call has a row in the route table")
    }

    /// Whether the verb changes something.
    pub(super) fn is_change(&self) -> bool {
        !self.call.starts_with("GET ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_its_noun_and_a_method_of_administration() {
        for verb in VERBS {
            assert!(NOUNS.iter().any(|(noun, _)| *noun == verb.noun), "{}", verb.words());
            assert!(verb.row().is_administration(), "{}", verb.words());
            let same = VERBS.iter().filter(|it| it.words() == verb.words()).count();
            assert_eq!(same, 1, "{}", verb.words());
        }
    }

    #[test]
    fn every_noun_has_a_verb() {
        for (noun, _) in NOUNS {
            assert!(VERBS.iter().any(|verb| verb.noun == *noun), "{noun}");
        }
    }
}
