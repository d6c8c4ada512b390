//! A port for a peer that must be told one before it listens.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Where such ports begin: below those that the system gives to connections and to whoever asks
/// for any (32,768 and up on Linux), so that none of these takes one between the look and the
/// listening.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// A port of this machine on which nobody listens, another one each time.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that run side by side begin apart.
    let begin = u64::from(std::process::id()) * 31;
    (0..COUNT)
        .map(|_| {
            let place = begin + u64::from(NEXT.fetch_add(1, Ordering::Relaxed));
            FIRST + u16::try_from(place % u64::from(COUNT)).unwrap_or_default()
        })
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("some port is free")
}
