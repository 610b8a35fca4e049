//! The keys of trees, and their bytes.

use crate::domain::limits::BudgetOwner;
use crate::domain::{Id, Phone, SecretDigest, Timestamp, VerificationId};
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

/// A time and a verification: the order in which messages are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AtKey {
    /// When the message is due.
    pub at: Timestamp,
    /// The message's verification.
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

/// A question to a driver. The questions to one driver are in the order of their times.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuestionKey {
    /// The driver's name, without a zero byte.
    pub driver: String,
    /// When to ask.
    pub at: Timestamp,
    /// The message's verification.
    pub id: VerificationId,
}

impl QuestionKey {
    /// A key behind all questions to `driver`.
    pub fn last_of(driver: String) -> Self {
        Self { driver, at: Timestamp::from_micros(i64::MAX), id: Id::from_bytes([u8::MAX; 16]) }
    }
}

impl TableKey for QuestionKey {
    fn to_bytes(&self) -> Vec<u8> {
        [self.driver.as_bytes(), &[0], &order(self.at)[..], self.id.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (driver, rest) = split_text(bytes)?;
        let AtKey { at, id } = AtKey::from_bytes(rest)?;
        Some(Self { driver, at, id })
    }
}

/// A gateway's id of a message. Two gateways may give the same id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GatewayKey {
    /// The driver's name, without a zero byte.
    pub driver: String,
    /// The id that the gateway gave.
    pub gateway_id: String,
}

impl TableKey for GatewayKey {
    fn to_bytes(&self) -> Vec<u8> {
        [self.driver.as_bytes(), &[0], self.gateway_id.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (driver, rest) = split_text(bytes)?;
        Some(Self { driver, gateway_id: String::from_bytes(rest)? })
    }
}

/// A limit and the subject of its budget.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RateKey {
    /// The name of the limit's row, without a zero byte.
    pub limit: String,
    /// The client, range or node that spends from the budget.
    pub subject: BudgetOwner,
}

impl TableKey for RateKey {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.limit.as_bytes().to_vec();
        bytes.push(0);
        match self.subject {
            BudgetOwner::Node => bytes.push(0),
            BudgetOwner::Client(None) => bytes.push(1),
            BudgetOwner::Client(Some(id)) => {
                bytes.push(2);
                bytes.extend_from_slice(id.as_bytes());
            }
            BudgetOwner::Range(digits) => {
                bytes.push(3);
                bytes.extend_from_slice(&digits.to_be_bytes());
            }
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (limit, subject) = split_text(bytes)?;
        let subject = match subject.split_first()? {
            (0, []) => BudgetOwner::Node,
            (1, []) => BudgetOwner::Client(None),
            (2, id) => BudgetOwner::Client(Some(Id::from_bytes(id.try_into().ok()?))),
            (3, digits) => BudgetOwner::Range(u32::from_be_bytes(digits.try_into().ok()?)),
            (_, _) => return None,
        };
        Some(Self { limit, subject })
    }
}

/// An entry of the index for sweeping: a record, and when to look at it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// The text before the first zero byte, and the bytes behind that.
fn split_text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((String::from_bytes(&bytes[..end])?, &bytes[end + 1..]))
}

/// Bytes that sort as times do, those before 1970 included.
pub(super) fn order(at: Timestamp) -> [u8; 8] {
    (at.as_micros() ^ i64::MIN).to_be_bytes()
}

pub(super) fn time_of(bytes: &[u8]) -> Option<Timestamp> {
    let ordered = i64::from_be_bytes(bytes.try_into().ok()?);
    Some(Timestamp::from_micros(ordered ^ i64::MIN))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Purpose;

    /// Holds that the key comes back from its bytes, and returns these.
    fn bytes<K: TableKey + std::fmt::Debug>(key: &K) -> Vec<u8> {
        let bytes = key.to_bytes();
        assert_eq!(K::from_bytes(&bytes).as_ref(), Some(key));
        bytes
    }

    proptest! {
        #[test]
        fn keys_come_back_and_sort_by_time(
            a in any::<i64>(), b in any::<i64>(), table in any::<u8>(), key in any::<Vec<u8>>(),
        ) {
            let due = |at| bytes(&DueKey { at: Timestamp::from_micros(at), table, key: key.clone() });
            prop_assert_eq!(due(a).cmp(&due(b)), a.cmp(&b));
        }

        #[test]
        fn keys_of_what_is_due_come_back_and_sort_by_time(
            a in any::<i64>(), b in any::<i64>(), id in any::<[u8; 16]>(),
        ) {
            let key = |at| bytes(&AtKey { at: Timestamp::from_micros(at), id: Id::from_bytes(id) });
            prop_assert_eq!(key(a).cmp(&key(b)), a.cmp(&b));
        }

        #[test]
        fn questions_come_back_and_sort_by_driver_and_time(
            one in "[a-z]{1,9}", other in "[a-z]{1,9}", a in any::<i64>(), b in any::<i64>(),
            id in any::<[u8; 16]>(),
        ) {
            let key = |driver: &String, at| bytes(&QuestionKey {
                driver: driver.clone(),
                at: Timestamp::from_micros(at),
                id: Id::from_bytes(id),
            });
            let (first, second) = (key(&one, a), key(&other, b));
            prop_assert_eq!(first.cmp(&second), (&one, a).cmp(&(&other, b)));
            let last = QuestionKey::last_of(one.clone()).to_bytes();
            prop_assert!(first <= last && (last < second) == (one < other));
        }

        #[test]
        fn a_gateway_s_key_comes_back(driver in "[a-z]{1,9}", gateway_id in "[ -~]{0,40}") {
            bytes(&GatewayKey { driver, gateway_id });
        }

        #[test]
        fn a_budget_s_key_comes_back(digits in 0_u32..100_000, id in any::<[u8; 16]>()) {
            for subject in [
                BudgetOwner::Node,
                BudgetOwner::Client(None),
                BudgetOwner::Client(Some(Id::from_bytes(id))),
                BudgetOwner::Range(digits),
            ] {
                bytes(&RateKey { limit: "sends_per_node".into(), subject });
            }
        }

        #[test]
        fn phone_and_purpose_come_back(number in 0_u32..=999_999_999, id in any::<[u8; 16]>()) {
            let phone = Phone::from_national(number).unwrap();
            for purpose in [Purpose::PhoneVerification, Purpose::PersonRequest(Id::from_bytes(id))] {
                bytes(&(phone, purpose));
            }
        }
    }
}
