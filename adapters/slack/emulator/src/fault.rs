//! What can be made to go wrong, on request.

use std::time::Duration;

/// What goes wrong with calls of one method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is done, and the answer is lost: the connection closes.
    DropAnswer,
    /// The connection closes, and nothing is done.
    DropCall,
    /// Nothing is done; this status, and a body that is no JSON.
    Status(u16),
    /// Nothing is done; this error.
    Error(String),
    /// Nothing is done; 429 with this `Retry-After`.
    RateLimited { seconds: u64 },
    /// It takes that long, by the emulator's clock.
    Latency(Duration),
    /// `conversations.create` does not see that the name is taken, as when two creations race.
    NameRace,
}

#[derive(Clone, Debug)]
pub struct Fault {
    /// A method, or `*` for any; `response_url` for those addresses.
    pub method: String,
    pub trouble: Trouble,
    /// How many calls it still hits.
    pub times: usize,
}

/// Takes the next fault for this method that `wanted` names.
pub fn take(
    faults: &mut Vec<Fault>,
    method: &str,
    wanted: impl Fn(&Trouble) -> bool,
) -> Option<Trouble> {
    let at = faults.iter().position(|fault| {
        (fault.method == method || fault.method == "*") && wanted(&fault.trouble)
    })?;
    let trouble = faults[at].trouble.clone();
    faults[at].times -= 1;
    if faults[at].times == 0 {
        faults.remove(at);
    }
    Some(trouble)
}
