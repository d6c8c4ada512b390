//! Rates as Slack documents them: a tier a method, and one message a second a channel.
//! <https://docs.slack.dev/apis/web-api/rate-limits>

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// How often a method may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// 1 a minute.
    One,
    /// 20 a minute.
    Two,
    /// 50 a minute.
    Three,
    /// 100 a minute.
    Four,
    /// `chat.postMessage`: one a second a channel, and several hundred a minute in all.
    Posting,
    /// "Hundreds a minute", taken as 300 here.
    Special,
}

/// "Hundreds a minute": Slack names no number, so this is ours.
const SPECIAL_PER_MINUTE: f64 = 300.0;

impl Tier {
    fn per_minute(self, posts: u32) -> f64 {
        match self {
            // Documented as "1+": Bolt's two clients open connections one after the other.
            Self::One => 1.0,
            Self::Two => 20.0,
            Self::Three => 50.0,
            Self::Four => 100.0,
            Self::Posting => f64::from(posts),
            Self::Special => SPECIAL_PER_MINUTE,
        }
    }
}

/// What is left of an allowance, and when that was so.
struct Bucket {
    left: f64,
    at: DateTime<Utc>,
}

#[derive(Default)]
pub struct Buckets(BTreeMap<String, Bucket>);

impl Buckets {
    /// Takes one; else says after how many whole seconds to come again.
    pub fn take(
        &mut self,
        method: &str,
        tier: Tier,
        channel: Option<&str>,
        (now, posts_per_minute): (DateTime<Utc>, u32),
    ) -> Result<(), u64> {
        if let (Tier::Posting, Some(channel)) = (tier, channel) {
            self.draw(&format!("channel/{channel}"), 1.0, 1.0, now)?;
        }
        // A minute's allowance may be used at once ("bursts are tolerated").
        let burst = match tier {
            // Reconnecting a pair of sockets must work.
            Tier::One => 10.0,
            other => other.per_minute(posts_per_minute),
        };
        let per_second = tier.per_minute(posts_per_minute) / 60.0;
        self.draw(method, per_second, burst, now)
    }

    fn draw(
        &mut self,
        key: &str,
        per_second: f64,
        burst: f64,
        now: DateTime<Utc>,
    ) -> Result<(), u64> {
        let bucket = self.0.entry(key.to_owned()).or_insert(Bucket {
            left: burst,
            at: now,
        });
        let passed = (now - bucket.at).num_milliseconds() as f64 / 1000.0;
        bucket.left = (bucket.left + passed * per_second).min(burst);
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        Err((((1.0 - bucket.left) / per_second).ceil() as u64).max(1))
    }
}
