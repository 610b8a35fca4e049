use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Bytes;
use hyper::header::HeaderValue;

use crate::domain::Id;
use crate::entropy::{Entropy, NoEntropy, draw_id};

/// Names for requests that bring none: `<uuid of this process>#<counter>`, the form the gateway of ЕСОЗ makes
/// (`6617aeec-15e2-4d6f-b9bd-53559c358f97#17810`).
pub(in crate::api) struct RequestIds {
    /// The process's id and `#`.
    process: String,
    counter: AtomicU64,
}

impl RequestIds {
    pub(in crate::api) fn start(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let process: Id<Self> = draw_id(entropy)?;
        Ok(Self { process: format!("{process}#"), counter: AtomicU64::new(0) })
    }

    pub(in crate::api) fn next(&self) -> HeaderValue {
        let number = self.counter.fetch_add(1, Ordering::Relaxed) + 1;
        let text = [&self.process, &*number.to_string()].concat();
        HeaderValue::from_maybe_shared(Bytes::from(text))
            .expect("a UUID, a # and digits are visible ASCII")
    }
}
