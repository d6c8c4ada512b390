//! Only an event's sealed body writes it down.
use underrose::domain::confidential::Confidential;

fn main() {
    let secret = Confidential::new(String::from("secret"));
    let _ = serde_json::to_string(&secret);
}
