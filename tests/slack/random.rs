//! When the bot is killed.

/// Kills after some number of calls of the bot's, from a seed.
pub struct Random {
    pub state: u64,
    pub at: u64,
    pub kills_left: usize,
}

impl Random {
    /// Between 1 and 16 (Knuth's MMIX generator: its high bits are good enough).
    pub fn next(&mut self) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        1 + (self.state >> 60)
    }
}
