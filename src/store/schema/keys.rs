//! What keys the trees have, and their bytes.

use crate::domain::limits::Subject;
use crate::domain::{Id, Phone, Purpose, SecretDigest, Timestamp, VerificationId};
use crate::store::key::TableKey;
use crate::store::table::TableId;

impl<T: 'static> TableKey for Id<T> {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Id::from_bytes)
    }
}

impl TableKey for SecretDigest {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(SecretDigest::from_bytes)
    }
}

impl TableKey for Phone {
    fn to_bytes(&self) -> Vec<u8> {
        self.national().to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Phone::from_national(u32::from_be_bytes(bytes.try_into().ok()?))
    }
}

impl TableKey for (Phone, Purpose) {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.to_bytes();
        match self.1 {
            Purpose::PhoneVerification => bytes.push(0),
            Purpose::PersonRequest(id) => {
                bytes.push(1);
                bytes.extend_from_slice(id.as_bytes());
            }
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (phone, purpose) = bytes.split_at_checked(4)?;
        let purpose = match purpose.split_first()? {
            (0, []) => Purpose::PhoneVerification,
            (1, id) => Purpose::PersonRequest(Id::from_bytes(id.try_into().ok()?)),
            (_, _) => return None,
        };
        Some((Phone::from_bytes(phone)?, purpose))
    }
}

impl TableKey for String {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::from_utf8(bytes.to_vec()).ok()
    }
}

impl TableKey for u64 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

/// Something of a verification that has its time: the order of what is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AtKey {
    /// When.
    pub at: Timestamp,
    /// Of which verification.
    pub id: VerificationId,
}

impl TableKey for AtKey {
    fn to_bytes(&self) -> Vec<u8> {
        [&order(self.at)[..], self.id.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, id) = bytes.split_at_checked(8)?;
        Some(Self { at: time_of(at)?, id: Id::from_bytes(id.try_into().ok()?) })
    }
}

/// A question to a driver: each driver's in the order of their times.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuestionKey {
    /// The driver.
    pub driver: String,
    /// When it is asked.
    pub at: Timestamp,
    /// Of which verification.
    pub id: VerificationId,
}

impl QuestionKey {
    /// Behind all questions to this driver.
    pub fn last_of(driver: String) -> Self {
        Self { driver, at: Timestamp::from_micros(i64::MAX), id: Id::from_bytes([u8::MAX; 16]) }
    }
}

impl TableKey for QuestionKey {
    fn to_bytes(&self) -> Vec<u8> {
        [self.driver.as_bytes(), &[0], &order(self.at)[..], self.id.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let (driver, rest) = bytes.split_at_checked(end)?;
        let AtKey { at, id } = AtKey::from_bytes(rest.get(1..)?)?;
        Some(Self { driver: String::from_utf8(driver.to_vec()).ok()?, at, id })
    }
}

/// What a gateway calls a message: ids are its own only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GatewayKey {
    /// The driver that speaks to it.
    pub driver: String,
    /// Its id.
    pub gateway_id: String,
}

impl TableKey for GatewayKey {
    fn to_bytes(&self) -> Vec<u8> {
        [self.driver.as_bytes(), &[0], self.gateway_id.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (driver, gateway_id) = std::str::from_utf8(bytes).ok()?.split_once('\0')?;
        Some(Self { driver: driver.to_owned(), gateway_id: gateway_id.to_owned() })
    }
}

/// A row of the limits' table, and the subject of the budget.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RateKey {
    /// The row's name.
    pub limit: String,
    /// The subject of the budget.
    pub subject: Subject,
}

impl TableKey for RateKey {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.limit.as_bytes().to_vec();
        bytes.push(0);
        match self.subject {
            Subject::Node => bytes.push(0),
            Subject::Client(None) => bytes.push(1),
            Subject::Client(Some(id)) => {
                bytes.push(2);
                bytes.extend_from_slice(id.as_bytes());
            }
            Subject::Range(digits) => {
                bytes.push(3);
                bytes.extend_from_slice(&digits.to_be_bytes());
            }
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let (limit, subject) = bytes.split_at_checked(end)?;
        let subject = match subject.get(1..)?.split_first()? {
            (0, []) => Subject::Node,
            (1, []) => Subject::Client(None),
            (2, id) => Subject::Client(Some(Id::from_bytes(id.try_into().ok()?))),
            (3, digits) => Subject::Range(u32::from_be_bytes(digits.try_into().ok()?)),
            (_, _) => return None,
        };
        Some(Self { limit: String::from_utf8(limit.to_vec()).ok()?, subject })
    }
}

/// When to look at which record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::store) struct DueKey {
    pub(in crate::store) at: Timestamp,
    pub(in crate::store) table: TableId,
    pub(in crate::store) key: Vec<u8>,
}

impl TableKey for DueKey {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = order(self.at).to_vec();
        bytes.push(self.table);
        bytes.extend_from_slice(&self.key);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, rest) = bytes.split_at_checked(8)?;
        let (table, key) = rest.split_first()?;
        Some(Self { at: time_of(at)?, table: *table, key: key.to_vec() })
    }
}

/// Bytes that sort as times do, those before 1970 included.
fn order(at: Timestamp) -> [u8; 8] {
    (at.as_micros() ^ i64::MIN).to_be_bytes()
}

fn time_of(bytes: &[u8]) -> Option<Timestamp> {
    let ordered = i64::from_be_bytes(bytes.try_into().ok()?);
    Some(Timestamp::from_micros(ordered ^ i64::MIN))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_come_back_and_sort_by_time(
            a in any::<i64>(), b in any::<i64>(), table in any::<u8>(), key in any::<Vec<u8>>(),
        ) {
            let due = |at| DueKey { at: Timestamp::from_micros(at), table, key: key.clone() };
            prop_assert_eq!(DueKey::from_bytes(&due(a).to_bytes()), Some(due(a)));
            prop_assert_eq!(due(a).to_bytes().cmp(&due(b).to_bytes()), a.cmp(&b));
        }

        #[test]
        fn keys_of_what_is_due_come_back_and_sort_by_time(
            a in any::<i64>(), b in any::<i64>(), id in any::<[u8; 16]>(),
        ) {
            let key = |at| AtKey { at: Timestamp::from_micros(at), id: Id::from_bytes(id) };
            prop_assert_eq!(AtKey::from_bytes(&key(a).to_bytes()), Some(key(a)));
            prop_assert_eq!(key(a).to_bytes().cmp(&key(b).to_bytes()), a.cmp(&b));
        }

        #[test]
        fn questions_come_back_and_sort_by_driver_and_time(
            one in "[a-z]{1,9}", other in "[a-z]{1,9}", a in any::<i64>(), b in any::<i64>(),
            id in any::<[u8; 16]>(),
        ) {
            let key = |driver: &String, at| QuestionKey {
                driver: driver.clone(),
                at: Timestamp::from_micros(at),
                id: Id::from_bytes(id),
            };
            let (a, b) = ((&one, a), (&other, b));
            let [first, second] = [a, b].map(|(driver, at)| key(driver, at).to_bytes());
            prop_assert_eq!(QuestionKey::from_bytes(&first), Some(key(a.0, a.1)));
            prop_assert_eq!(first.cmp(&second), a.cmp(&b));
            let last = QuestionKey::last_of(one.clone()).to_bytes();
            prop_assert!(first <= last && (last < second) == (one < other));
        }

        #[test]
        fn a_gateway_s_key_comes_back(driver in "[a-z]{1,9}", gateway_id in "[ -~]{0,40}") {
            let key = GatewayKey { driver, gateway_id };
            prop_assert_eq!(GatewayKey::from_bytes(&key.to_bytes()), Some(key));
        }

        #[test]
        fn a_budget_s_key_comes_back(digits in 0_u32..100_000, id in any::<[u8; 16]>()) {
            for subject in [
                Subject::Node,
                Subject::Client(None),
                Subject::Client(Some(Id::from_bytes(id))),
                Subject::Range(digits),
            ] {
                let key = RateKey { limit: "sends_per_node".into(), subject };
                prop_assert_eq!(RateKey::from_bytes(&key.to_bytes()), Some(key));
            }
        }

        #[test]
        fn phone_and_purpose_come_back(number in 0_u32..=999_999_999, id in any::<[u8; 16]>()) {
            let phone = Phone::from_national(number).unwrap();
            for purpose in [Purpose::PhoneVerification, Purpose::PersonRequest(Id::from_bytes(id))] {
                prop_assert_eq!(
                    <(Phone, Purpose)>::from_bytes(&(phone, purpose).to_bytes()),
                    Some((phone, purpose))
                );
            }
        }
    }
}
