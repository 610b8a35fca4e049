use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use esoz_otp::entropy::{Entropy, NoEntropy, SystemEntropy};

/// Draws codes one after the other, `from(42)` beginning with the 42nd behind the least one (`100042` of six digits),
/// everything else as the system does: a code is drawn as eight bytes.
pub struct CountedCodes {
    next: AtomicU64,
    system: SystemEntropy,
}

impl CountedCodes {
    pub fn from(first: u64) -> Self {
        Self { next: AtomicU64::new(first), system: SystemEntropy::new() }
    }
}

impl Entropy for CountedCodes {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        if buffer.len() == 8 {
            buffer.copy_from_slice(&self.next.fetch_add(1, Ordering::SeqCst).to_le_bytes());
            return Ok(());
        }
        self.system.fill(buffer)
    }
}

/// Chance that a test can make wait: then an operation stands still between its two writes.
pub struct HeldChance {
    held: Mutex<Option<(Sender<()>, Receiver<()>)>>,
    system: SystemEntropy,
}

/// The next draw, held until this is dropped.
pub struct HeldDraw {
    reached: Receiver<()>,
    _release: Sender<()>,
}

impl HeldChance {
    pub fn new() -> Self {
        Self { held: Mutex::new(None), system: SystemEntropy::new() }
    }

    pub fn hold_next(&self) -> HeldDraw {
        let (tell, reached) = channel();
        let (release, released) = channel();
        *self.held.lock().unwrap() = Some((tell, released));
        HeldDraw { reached, _release: release }
    }
}

impl HeldDraw {
    pub fn wait_until_reached(&self) {
        self.reached.recv().unwrap();
    }
}

impl Entropy for HeldChance {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        let held = self.held.lock().unwrap().take();
        if let Some((tell, released)) = held {
            tell.send(()).unwrap();
            // It is let go by being dropped.
            let _ = released.recv();
        }
        self.system.fill(buffer)
    }
}
