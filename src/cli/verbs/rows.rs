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
    ("client", "Shows and changes clients on the running node"),
    ("key", "Shows, makes and rotates api-keys on the running node"),
    ("token", "Shows, makes and revokes tokens on the running node"),
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
    Verb {
        noun: "client",
        word: "list",
        call: "GET /admin/clients",
        example: "--is-blocked=false",
        view: View::Table(&[
            "id",
            "name",
            "priv_settings.access_type",
            "is_blocked",
            "block_reason",
            "inserted_at",
        ]),
        question: None,
    },
    Verb {
        noun: "client",
        word: "show",
        call: "GET /admin/clients/{id}",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "client",
        word: "add",
        call: "POST /admin/clients",
        example: "--name clinic --access-type BROKER",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "client",
        word: "change",
        call: "PATCH /admin/clients/{id}",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11 --name clinic",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "client",
        word: "block",
        call: "PATCH /admin/clients/{id}/actions/block",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11 --block-reason unpaid",
        view: View::Record,
        question: Some("The tokens and api-keys of this client are refused from now on. Block it?"),
    },
    Verb {
        noun: "client",
        word: "unblock",
        call: "PATCH /admin/clients/{id}/actions/unblock",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "client",
        word: "deactivate-tokens",
        call: "PATCH /admin/clients/{id}/actions/deactivate_tokens",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11",
        view: View::Record,
        question: Some("This revokes every live token of this client. Revoke them?"),
    },
    Verb {
        noun: "client",
        word: "delete",
        call: "DELETE /admin/clients/{id}",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11",
        view: View::Record,
        question: Some("This removes the client. Remove it?"),
    },
    Verb {
        noun: "key",
        word: "list",
        call: "GET /admin/clients/{id}/connections",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11",
        view: View::Table(&[
            "id",
            "consumer_id",
            "redirect_uri",
            "secret_last_four",
            "previous_accepted_until",
            "inserted_at",
        ]),
        question: None,
    },
    Verb {
        noun: "key",
        word: "show",
        call: "GET /admin/clients/{id}/connections/{connection_id}",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11 4a1d7c52-8f0e-4b7c-9a55-0c1f5f2f9e21",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "key",
        word: "put",
        call: "PUT /admin/clients/{id}/connections",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11 --consumer-id 4a1d7c52-8f0e-4b7c-9a55-0c1f5f2f9e21",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "key",
        word: "change",
        call: "PATCH /admin/clients/{id}/connections/{connection_id}",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11 4a1d7c52-8f0e-4b7c-9a55-0c1f5f2f9e21 --redirect-uri https://mis.example/",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "key",
        word: "rotate",
        call: "PATCH /admin/clients/{id}/connections/{connection_id}/actions/refresh_secret",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11 4a1d7c52-8f0e-4b7c-9a55-0c1f5f2f9e21 --overlap-seconds 3600",
        view: View::Record,
        question: Some(
            "This makes another key, and the key so far ends after the overlap. Make it?",
        ),
    },
    Verb {
        noun: "key",
        word: "delete",
        call: "DELETE /admin/clients/{id}/connections/{connection_id}",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11 4a1d7c52-8f0e-4b7c-9a55-0c1f5f2f9e21",
        view: View::Record,
        question: Some("Calls with this key are refused from now on. Remove it?"),
    },
    Verb {
        noun: "token",
        word: "list",
        call: "GET /admin/tokens",
        example: "--client-id 0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11",
        view: View::Table(&["id", "name", "client_id", "user_id", "scope", "expires_at"]),
        question: None,
    },
    Verb {
        noun: "token",
        word: "show",
        call: "GET /admin/tokens/{id}",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "token",
        word: "add",
        call: "POST /admin/tokens",
        example: "--user-id 0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11 --client-id 4a1d7c52-8f0e-4b7c-9a55-0c1f5f2f9e21 --scope otp:read --expires-at +90d",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "token",
        word: "change",
        call: "PATCH /admin/tokens/{id}",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11 --name clinic",
        view: View::Record,
        question: None,
    },
    Verb {
        noun: "token",
        word: "revoke",
        call: "DELETE /admin/tokens/{id}",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11",
        view: View::Record,
        question: Some("Calls with this token are refused from now on. Revoke it?"),
    },
    Verb {
        noun: "token",
        word: "revoke-of-user",
        call: "DELETE /admin/users/{id}/tokens",
        example: "0e3c9d0c-4b1e-4f2a-9f53-2f6f0d9b7c11",
        view: View::Record,
        question: Some("This revokes every live token of this user. Revoke them?"),
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
