//! How often Slack may be asked: its tiers by method, one message a second a channel, and what a
//! `Retry-After` said. Pure: an instant in, whether to wait out.
//! <https://docs.slack.dev/apis/web-api/rate-limits/>

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Between two messages in one channel: Slack's second, and a little more, since the way there does
/// not take equally long each time.
pub const PER_CHANNEL: Duration = Duration::from_millis(1_050);

/// The window of the tiers.
const MINUTE: Duration = Duration::from_secs(60);

/// Slack counts on its own clock: a little less than it allows is never too much.
const MARGIN: usize = 1;

/// Lines that are remembered; older ones are over long since.
const LINES_MAX: usize = 4_096;

/// In the place of a channel.
const ALL: &str = "";

/// A method, and the channel where a limit counts by channel.
type Line = (&'static str, String);

#[derive(Default)]
pub struct Budget {
    calls: BTreeMap<&'static str, VecDeque<Instant>>,
    posted: BTreeMap<String, Instant>,
    blocked: BTreeMap<Line, Instant>,
}

/// Calls a minute that a method's tier allows; `None` where another rule counts.
fn tier(method: &str) -> Option<usize> {
    match method {
        "chat.postMessage" | "auth.test" | "chat.getPermalink" => None,
        "apps.connections.open" | crate::api::RESPONSE_URL => None,
        "conversations.create"
        | "conversations.archive"
        | "conversations.setTopic"
        | "conversations.setPurpose"
        | "pins.add"
        | "usergroups.list"
        | "usergroups.users.update"
        | "users.list" => Some(20),
        "chat.update"
        | "conversations.info"
        | "conversations.open"
        | "conversations.join"
        | "conversations.invite"
        | "conversations.kick"
        | "conversations.history"
        | "conversations.replies"
        | "users.conversations" => Some(50),
        _ => Some(100),
    }
}

/// Slack limits messages by channel, everything else by method.
fn line(method: &'static str, channel: &str) -> Line {
    let by_channel = method == "chat.postMessage";
    (
        method,
        if by_channel {
            channel.to_owned()
        } else {
            ALL.to_owned()
        },
    )
}

impl Budget {
    /// Takes a call out of the budget, or says how long to wait for it.
    pub fn take(
        &mut self,
        method: &'static str,
        channel: &str,
        now: Instant,
    ) -> Result<(), Duration> {
        let until = |at: Instant| at.saturating_duration_since(now);
        let lines = [line(method, channel), line(method, ALL)];
        let blocked = lines.iter().filter_map(|line| self.blocked.get(line));
        if let Some(at) = blocked.max().filter(|at| **at > now) {
            return Err(until(*at));
        }
        if method == "chat.postMessage" {
            let free = self.posted.get(channel).map(|last| *last + PER_CHANNEL);
            if let Some(at) = free.filter(|at| *at > now) {
                return Err(until(at));
            }
            self.forget(now);
            self.posted.insert(channel.to_owned(), now);
            return Ok(());
        }
        let Some(most) = tier(method) else {
            return Ok(());
        };
        let calls = self.calls.entry(method).or_default();
        while calls.front().is_some_and(|first| *first + MINUTE <= now) {
            calls.pop_front();
        }
        match calls.front() {
            Some(first) if calls.len() + MARGIN >= most => Err(until(*first + MINUTE)),
            Some(_) | None => {
                calls.push_back(now);
                Ok(())
            }
        }
    }

    /// Slack said `Retry-After`. It does not say of what: when it is said of a second channel while
    /// the first still waits, it is the whole workspace's, for which Slack names no number.
    pub fn block(&mut self, method: &'static str, channel: &str, now: Instant, after: Duration) {
        self.forget(now);
        let (this, all) = (line(method, channel), line(method, ALL));
        let of_another = |(line, at): (&Line, &Instant)| {
            line.0 == method && *line != this && *line != all && *at > now
        };
        let at = now + after;
        if self.blocked.iter().any(of_another) {
            let known = self.blocked.entry(all).or_insert(at);
            *known = at.max(*known);
        }
        self.blocked.insert(this, at);
    }

    fn forget(&mut self, now: Instant) {
        if self.posted.len() + self.blocked.len() >= LINES_MAX {
            self.posted.retain(|_, last| *last + PER_CHANNEL > now);
            self.blocked.retain(|_, at| *at > now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_a_second_a_channel() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(budget.take("chat.postMessage", "C1", at(0)), Ok(()));
        assert_eq!(budget.take("chat.postMessage", "C2", at(0)), Ok(()));
        let wait = Err(Duration::from_millis(650));
        assert_eq!(budget.take("chat.postMessage", "C1", at(400)), wait);
        assert_eq!(budget.take("chat.postMessage", "C1", at(1_050)), Ok(()));
    }

    #[test]
    fn a_tier_is_counted_over_a_minute() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for _ in 0..19 {
            assert_eq!(budget.take("pins.add", "C1", at(0)), Ok(()));
        }
        assert_eq!(
            budget.take("pins.add", "C2", at(20)),
            Err(Duration::from_secs(40))
        );
        assert_eq!(budget.take("chat.update", "C2", at(20)), Ok(()));
        assert_eq!(budget.take("pins.add", "C2", at(60)), Ok(()));
    }

    #[test]
    fn what_slack_said_holds_for_that_method_and_channel_alone() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        let five = Duration::from_secs(5);
        budget.block("chat.postMessage", "C1", start, five);
        budget.block("pins.add", "C1", start, five);
        assert_eq!(budget.take("chat.postMessage", "C1", start), Err(five));
        assert_eq!(budget.take("chat.postMessage", "C2", start), Ok(()));
        assert_eq!(budget.take("pins.add", "C2", start), Err(five));
        assert_eq!(budget.take("pins.add", "C2", start + five), Ok(()));
    }

    #[test]
    fn a_second_channel_that_is_limited_means_all_of_them() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        let (two, five) = (Duration::from_secs(2), Duration::from_secs(5));
        budget.block("chat.postMessage", "C1", start, two);
        budget.block("chat.postMessage", "C2", start, five);
        assert_eq!(budget.take("chat.postMessage", "C3", start), Err(five));
        assert_eq!(budget.take("chat.update", "C3", start), Ok(()));
        assert_eq!(budget.take("chat.postMessage", "C3", start + five), Ok(()));
        // One that was limited long ago says nothing of the others.
        budget.block("chat.postMessage", "C4", start + five, five);
        let (taken, later) = (Ok(()), start + five);
        assert_eq!(budget.take("chat.postMessage", "C5", later), taken);
    }
}
