//! Nor to a committee room, where people sit who are recused.
use underrose::domain::tell::{Text, ToCommittee};

fn main() {
    let title = String::from("the kubelet logs tokens");
    let _ = Text::<ToCommittee>::line(&[&title.as_str()]);
}
