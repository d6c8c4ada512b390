//! Up to which place of the stream of syncs everything was handed on: noted only when all before it
//! was, so that whoever starts again knows whether the rooms have to be read back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use matrix_sdk::Client;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::adapter::Account;
use crate::room_work::Shared;

const HANDLED: &[u8] = b"dev.underrose.handled";

/// What the last life noted.
pub async fn stored(client: &Client) -> Option<String> {
    let handled = client.state_store().get_custom_value(HANDLED).await;
    let bytes = handled.ok().flatten()?;
    String::from_utf8(bytes).ok()
}

/// One sync's share of work: when the last copy is gone, all of it was handed on.
pub struct Step {
    number: u64,
    open: Arc<Mutex<BTreeMap<u64, Option<String>>>>,
    account: Arc<Account>,
    /// The runtime is told, since a drop cannot wait.
    runtime: tokio::runtime::Handle,
    /// What is dropped once this is cancelled was perhaps never looked at.
    ended: CancellationToken,
    /// Set when something was not handed on: then this place is never called handled.
    pub failed: AtomicBool,
    token: String,
    /// Tells the listening that it need not wait for this any longer.
    answering: Mutex<Option<DropGuard>>,
}

impl Step {
    /// What is left waits for something that comes by a later sync, or for minutes.
    pub fn takes_long(&self) {
        let answering = self.answering.lock();
        answering.unwrap_or_else(PoisonError::into_inner).take();
    }
}

#[derive(Default)]
pub struct Handled {
    next: u64,
    /// Steps in order, with their places once they are done.
    open: Arc<Mutex<BTreeMap<u64, Option<String>>>>,
}

impl Handled {
    /// A sync's step, and what is cancelled when it is done or takes long.
    pub fn step(&mut self, token: String, shared: &Shared) -> (Arc<Step>, CancellationToken) {
        let number = self.next;
        self.next += 1;
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number, None);
        let answered = CancellationToken::new();
        let step = Arc::new(Step {
            number,
            open: self.open.clone(),
            account: shared.account.clone(),
            runtime: tokio::runtime::Handle::current(),
            ended: shared.ended.clone(),
            failed: AtomicBool::new(false),
            token,
            answering: Mutex::new(Some(answered.clone().drop_guard())),
        });
        (step, answered)
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if self.failed.load(Ordering::SeqCst) || self.ended.is_cancelled() {
            // It stays open, and so does everything after it.
            return;
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(self.number, Some(self.token.clone()));
        let mut reached = None;
        while let Some(entry) = open.first_entry() {
            if entry.get().is_none() {
                break;
            }
            reached = entry.remove();
        }
        drop(open);
        let Some(token) = reached.filter(|token| !token.is_empty()) else {
            return;
        };
        let account = self.account.clone();
        self.runtime.spawn(async move {
            let store = account.client.state_store();
            let _ = store
                .set_custom_value_no_read(HANDLED, token.into_bytes())
                .await;
        });
    }
}
