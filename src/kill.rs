//! Points at which a test may kill the process. Without the feature `sim` there is nothing here.

/// Waits to be killed here, if this is the point, reached for the time, that the test named in
/// `UNDERROSE_KILL_AT` (`after-commit:3`).
#[cfg(feature = "sim")]
pub fn point(name: &str, inputs: usize) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static REACHED: AtomicU32 = AtomicU32::new(0);
    let wanted = WANTED.get_or_init(|| {
        let value = std::env::var("UNDERROSE_KILL_AT").ok()?;
        let (name, count) = value.split_once(':')?;
        Some((name.to_owned(), count.parse().ok()?))
    });
    if let Some((wanted, count)) = wanted
        && wanted == name
        && inputs > 0
        && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == *count
    {
        eprintln!("kill-point {name}");
        loop {
            std::thread::park();
        }
    }
}

#[cfg(not(feature = "sim"))]
#[inline]
pub fn point(_name: &str, _inputs: usize) {}
