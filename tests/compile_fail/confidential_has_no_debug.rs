//! Not in a log, not in a panic message.
use underrose::domain::confidential::Confidential;

fn main() {
    let secret = Confidential::new(String::from("secret"));
    println!("{:?}", secret);
}
