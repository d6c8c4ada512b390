//! Not in a sentence.
use underrose::domain::confidential::Confidential;

fn main() {
    let secret = Confidential::new(String::from("secret"));
    println!("{secret}");
}
