//! What goes to the public was approved by its hash.
use underrose::domain::confidential::Cleared;
use underrose::domain::tell::Text;

fn main() {
    let text = Cleared::by_approval(String::from("not approved"));
    let _ = Text::announcement(text);
}
