//! What an attempt's outcome is to the queue, and what the engine is told of it.

use chrono::{DateTime, Utc};
use underrose_chat::{DeliverError, Receipt};

use super::queue::{Queue, Retry};
use crate::engine::{Input, Row};

impl Queue {
    /// Takes an attempt's outcome in; the engine is told by what it makes.
    pub fn outcome(
        &mut self,
        Row { id, promise, .. }: Row,
        outcome: Result<Receipt, DeliverError>,
        now: DateTime<Utc>,
    ) -> Input {
        match outcome {
            Ok(receipt) => {
                self.done(id);
                Input::Delivered {
                    id,
                    promise,
                    receipt,
                }
            }
            Err(DeliverError::Reject { reason }) => {
                self.done(id);
                Input::Undeliverable {
                    id,
                    promise,
                    reason,
                }
            }
            Err(DeliverError::Retry { after, reason }) => match self.retry(id, now, after) {
                Retry::Again {
                    not_before,
                    attempts,
                } => Input::Attempted {
                    id,
                    promise,
                    attempts,
                    not_before,
                },
                Retry::GaveUp => Input::Undeliverable {
                    id,
                    promise,
                    reason,
                },
            },
        }
    }
}
