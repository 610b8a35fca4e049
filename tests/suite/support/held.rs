use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;

use esoz_otp::store::{Priority, Store, StoreError, Write};

use super::TestNode;

/// The store's one writer, at rest until this is dropped.
pub struct HeldWriter {
    store: Store,
    release: Option<Sender<()>>,
    writing: Option<JoinHandle<()>>,
}

impl TestNode {
    pub fn hold_writes(&self) -> HeldWriter {
        HeldWriter::hold(self.store.clone())
    }
}

impl HeldWriter {
    pub fn hold(store: Store) -> Self {
        let writer = store.clone();
        let (release, released) = channel::<()>();
        let (tell, told) = channel();
        let writing = std::thread::spawn(move || {
            let rest = move |_: &mut Write<'_>| {
                tell.send(()).unwrap();
                // It is let go by being dropped.
                let _ = released.recv();
                Ok::<_, StoreError>(())
            };
            writer.write_blocking(Priority::Normal, rest).unwrap();
        });
        told.recv().unwrap();
        Self { store, release: Some(release), writing: Some(writing) }
    }
}

/// Writes that wait for their turn.
pub type Waiting<'s> = Vec<Pin<Box<dyn Future<Output = Result<(), StoreError>> + 's>>>;

impl HeldWriter {
    /// Queues writes behind the held one until no more are taken.
    pub fn fill_the_queue(&self) -> Waiting<'_> {
        let mut waiting = Waiting::new();
        loop {
            let mut write =
                Box::pin(self.store.write(Priority::Normal, |_: &mut Write<'_>| Ok(())));
            match write.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Pending => waiting.push(write),
                Poll::Ready(Err(StoreError::Busy)) => return waiting,
                Poll::Ready(other) => panic!("{other:?} while the writer is held"),
            }
        }
    }
}

impl Drop for HeldWriter {
    fn drop(&mut self) {
        drop(self.release.take());
        if let Some(writing) = self.writing.take() {
            drop(writing.join());
        }
    }
}
