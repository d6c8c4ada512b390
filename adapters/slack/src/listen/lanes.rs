//! Who waits for whom: what one person did is taken in one after the other, as it came; different
//! people's at once, so that one commit serves many. A lane is there while it has work.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::workspace::lock;

/// What waits or is under way in all lanes; then nothing more is read, and Slack waits.
const WAITING_MAX: usize = 1_024;

pub struct Lanes<Job> {
    waiting: Mutex<HashMap<u64, VecDeque<Held<Job>>>>,
    places: Arc<Semaphore>,
}

struct Held<Job> {
    job: Job,
    place: OwnedSemaphorePermit,
}

/// A lane that is worked on: each [`Lane::next`] is the next of its jobs.
pub struct Lane<Job> {
    lanes: Arc<Lanes<Job>>,
    number: u64,
    /// Of the job that is under way.
    place: Option<OwnedSemaphorePermit>,
    ended: bool,
}

impl<Job> Lanes<Job> {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            waiting: Mutex::default(),
            places: Arc::new(Semaphore::new(WAITING_MAX)),
        })
    }

    /// Puts a job at a lane's end, once there is a place. The lane comes back if nobody works on it
    /// yet: the caller must.
    pub async fn put(self: &Arc<Self>, number: u64, job: Job) -> Option<Lane<Job>> {
        let place = self.places.clone().acquire_owned().await.ok()?;
        let held = Held { job, place };
        let mut waiting = lock(&self.waiting);
        if let Some(queue) = waiting.get_mut(&number) {
            queue.push_back(held);
            return None;
        }
        waiting.insert(number, VecDeque::from([held]));
        Some(Lane {
            lanes: self.clone(),
            number,
            place: None,
            ended: false,
        })
    }
}

impl<Job> Lane<Job> {
    /// The next job; with `None` the lane is gone.
    pub fn next(&mut self) -> Option<Job> {
        let mut waiting = lock(&self.lanes.waiting);
        let held = waiting.get_mut(&self.number)?.pop_front();
        if held.is_none() {
            waiting.remove(&self.number);
            self.ended = true;
        }
        let (job, place) = held.map(|held| (held.job, held.place)).unzip();
        self.place = place;
        job
    }
}

impl<Job> Drop for Lane<Job> {
    /// Left in the middle: what waits is let go, and whoever comes next begins anew.
    fn drop(&mut self) {
        if !self.ended {
            lock(&self.lanes.waiting).remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lane_has_one_worker_and_keeps_its_order() {
        let lanes = Lanes::new();
        let mut lane = lanes.put(7, 'a').await.expect("nobody works on it");
        assert!(lanes.put(7, 'b').await.is_none());
        let mut other = lanes.put(8, 'x').await.expect("another lane");
        assert_eq!(
            (lane.next(), lane.next(), other.next()),
            (Some('a'), Some('b'), Some('x'))
        );
        assert_eq!(lane.next(), None);
        drop(lane);
        let mut lane = lanes.put(7, 'c').await.expect("it had ended");
        assert_eq!(lane.next(), Some('c'));
        // Its worker fails with work waiting.
        lanes.put(7, 'd').await;
        drop(lane);
        let mut lane = lanes.put(7, 'e').await.expect("it was left");
        assert_eq!(lane.next(), Some('e'));
        drop((lane, other));
        assert_eq!(lanes.places.available_permits(), WAITING_MAX);
    }
}
