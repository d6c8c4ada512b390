//! What must not compile. Only `cargo test --doc` reads this file. Each example stands beside its
//! twin, which differs in what is forbidden alone and compiles: so none fails for another reason.

/// A title, once revealed, is a `String`. It may be told in the room of its case:
///
/// ```
/// use underrose::domain::tell::{Text, ToCase};
/// let title = String::from("the kubelet logs tokens");
/// let _ = Text::<ToCase>::line(&[&title]);
/// ```
///
/// but not to the public:
///
/// ```compile_fail,E0277
/// use underrose::domain::tell::{Text, ToPublic};
/// let title = String::from("the kubelet logs tokens");
/// let _ = Text::<ToPublic>::line(&[&title]);
/// ```
///
/// nor to a committee room, where people sit who are recused:
///
/// ```compile_fail,E0277
/// use underrose::domain::tell::{Text, ToCommittee};
/// let title = String::from("the kubelet logs tokens");
/// let _ = Text::<ToCommittee>::line(&[&title]);
/// ```
///
/// A sentence's own words may be told to anybody:
///
/// ```
/// use underrose::domain::tell::{Text, ToCommittee, ToPublic};
/// let _ = Text::<ToPublic>::line(&[&"the kubelet"]);
/// let _ = Text::<ToCommittee>::line(&[&"the kubelet"]);
/// ```
///
/// but a borrowed title is no such words:
///
/// ```compile_fail,E0597
/// use underrose::domain::tell::{Text, ToCommittee};
/// let title = String::from("the kubelet logs tokens");
/// let _ = Text::<ToCommittee>::line(&[&title.as_str()]);
/// ```
///
/// A confidential value can be made and copied:
///
/// ```
/// use underrose::domain::confidential::Confidential;
/// let secret = Confidential::new(String::from("secret"));
/// let _ = secret.clone();
/// ```
///
/// but not shown in a sentence:
///
/// ```compile_fail,E0277
/// use underrose::domain::confidential::Confidential;
/// let secret = Confidential::new(String::from("secret"));
/// println!("{secret}");
/// ```
///
/// nor in a log, nor in a panic:
///
/// ```compile_fail,E0277
/// use underrose::domain::confidential::Confidential;
/// let secret = Confidential::new(String::from("secret"));
/// println!("{secret:?}");
/// ```
///
/// nor written down: only an event's sealed body does that.
///
/// ```compile_fail,E0277
/// use underrose::domain::confidential::Confidential;
/// let secret = Confidential::new(String::from("secret"));
/// let _ = serde_json::to_string(&secret);
/// ```
///
/// Only [`pass`](super::pass) says who may read a case:
///
/// ```
/// use underrose::domain::case::Case;
/// use underrose::domain::confidential::Pass;
/// fn read<'a>(pass: &Pass<'a>) -> &'a str {
///     &pass.facts().title
/// }
/// ```
///
/// a pass is not made by hand:
///
/// ```compile_fail,E0423
/// use underrose::domain::case::Case;
/// use underrose::domain::confidential::Pass;
/// fn read(case: &Case) -> &str {
///     &Pass(case).facts().title
/// }
/// ```
///
/// What goes to the public was approved by its hash:
///
/// ```
/// use underrose::domain::confidential::Cleared;
/// use underrose::domain::tell::{Text, ToPublic};
/// fn say(text: Cleared<String>) -> Text<ToPublic> {
///     Text::announcement(text)
/// }
/// ```
///
/// and nobody else clears a text:
///
/// ```compile_fail,E0624
/// use underrose::domain::confidential::Cleared;
/// use underrose::domain::tell::{Text, ToPublic};
/// fn say(text: String) -> Text<ToPublic> {
///     Text::announcement(Cleared::by_approval(text))
/// }
/// ```
fn what_is_confidential_does_not_get_out() {}
