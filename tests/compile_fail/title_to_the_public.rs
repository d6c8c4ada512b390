//! A title, once revealed, is a `String`: it may not be told to the public.
use underrose::domain::tell::{Text, ToPublic};

fn main() {
    let title = String::from("the kubelet logs tokens");
    let _ = Text::<ToPublic>::line(&[&title]);
}
