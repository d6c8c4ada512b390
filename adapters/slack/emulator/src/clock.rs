//! The emulator's clock: the machine's, moved forward by tests. Whatever expires or is retried
//! looks here, so that half an hour passes in no time. It never stands still and never runs back.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

pub struct Clock {
    ahead: watch::Sender<TimeDelta>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            ahead: watch::Sender::new(TimeDelta::zero()),
        }
    }
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the emulator's one clock")]
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + *self.ahead.borrow()
    }

    /// Lets time pass for everybody at once: retries that were due by then go out.
    pub fn advance(&self, by: Duration) {
        let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::zero());
        self.ahead.send_modify(|ahead| *ahead += by);
    }

    /// Resolves when `at` has come, by this clock.
    pub async fn until(&self, at: DateTime<Utc>) {
        let mut moved = self.ahead.subscribe();
        loop {
            moved.mark_unchanged();
            let Ok(rest) = (at - self.now()).to_std() else {
                return;
            };
            if rest.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(rest) => {}
                _ = moved.changed() => {}
            }
        }
    }

    pub async fn pass(&self, by: Duration) {
        let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::zero());
        self.until(self.now() + by).await;
    }
}
