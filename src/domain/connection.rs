use serde::{Deserialize, Serialize};

use super::{Client, ClientId, Id, LastFour, SecretDigest, Timestamp};

/// The UUID of a connection, as `/admin/clients/{id}/connections` has it.
pub type ConnectionId = Id<Connection>;

/// An `api-key` of a vendor: the digest of the key that counts, and for a while after a rotation of the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The UUID of the connection.
    pub id: ConnectionId,
    /// The vendor that the key stands for.
    pub client_id: ClientId,
    /// Where the vendor's program sends users back to. Only shown to operators; at most [`Self::MAX_REDIRECT_URI`] bytes.
    pub redirect_uri: Option<String>,
    /// The client that calls with the key, for operators.
    pub consumer_id: Option<ClientId>,
    /// SHA-256 of the key.
    pub secret: SecretDigest,
    /// The key's last characters; `None` if the key came as a digest.
    pub last_four: Option<LastFour>,
    /// The key before the last rotation.
    pub previous: Option<PreviousSecret>,
    /// When the connection was made; `None` for one of a release that did not store it.
    pub inserted_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
}

/// The `api-key` before a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// SHA-256 of the key.
    pub secret: SecretDigest,
    /// The key is refused from this time of the wall clock on.
    pub accepted_until: Timestamp,
}

impl Connection {
    /// The most bytes of a `redirect_uri`.
    pub const MAX_REDIRECT_URI: usize = 1024;

    /// A connection with this key, without a `redirect_uri` and a consumer.
    pub fn new(
        id: ConnectionId,
        client_id: ClientId,
        secret: SecretDigest,
        last_four: Option<LastFour>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            client_id,
            redirect_uri: None,
            consumer_id: None,
            secret,
            last_four,
            previous: None,
            inserted_at: Some(now),
            updated_at: Some(now),
        }
    }

    /// The id of the connection that a load or an import makes for the `api_key` of a client: the client's own, so that
    /// a second load finds it.
    pub fn id_for(client: ClientId) -> ConnectionId {
        ConnectionId::from_bytes(*Id::<Client>::as_bytes(&client))
    }

    /// Whether the key with this digest counts at `now`, the wall clock's time.
    pub fn accepts(&self, secret: &SecretDigest, now: Timestamp) -> bool {
        let is_previous =
            |previous: PreviousSecret| previous.secret == *secret && now < previous.accepted_until;
        self.secret == *secret || self.previous.is_some_and(is_previous)
    }

    /// The connection with another key. The one so far counts until `accepted_until`, if that is later than `now`; one
    /// before it counts no more.
    #[must_use]
    pub fn rotated(
        self,
        secret: SecretDigest,
        last_four: Option<LastFour>,
        accepted_until: Timestamp,
        now: Timestamp,
    ) -> Self {
        let previous = PreviousSecret { secret: self.secret, accepted_until };
        let previous = (accepted_until > now).then_some(previous);
        Self { secret, last_four, previous, updated_at: Some(now), ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_micros(0) + Duration::from_secs(second)
    }

    fn digest(number: usize) -> SecretDigest {
        SecretDigest::of(&number.to_be_bytes())
    }

    proptest! {
        /// Rotations at rising times, each with an overlap: at every time the newest key counts, the one before it within
        /// its overlap, and no other.
        #[test]
        fn the_newest_key_counts_and_the_one_before_it_within_its_overlap(
            rotations in prop::collection::vec((0_u64..5, 0_u64..5), 0..6), later in 0_u64..8,
        ) {
            let id = Id::from_bytes([1; 16]);
            let mut connection = Connection::new(id, Id::from_bytes([2; 16]), digest(0), None, at(0));
            let (mut now, mut end) = (0, 0);
            for (number, (pause, overlap)) in rotations.iter().enumerate() {
                now += pause;
                end = now + overlap;
                connection = connection.rotated(digest(number + 1), None, at(end), at(now));
            }
            now += later;
            for number in 0..=rotations.len() {
                let is_newest = number == rotations.len();
                let is_before = number + 1 == rotations.len() && now < end;
                prop_assert_eq!(connection.accepts(&digest(number), at(now)), is_newest || is_before);
            }
        }
    }
}
