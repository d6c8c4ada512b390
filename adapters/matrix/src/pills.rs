//! People who were mentioned by a pill, as accounts: a client writes a display name into the plain
//! body, which names nobody for sure. Pure.

/// How a link to somebody begins.
const TO: &str = "<a href=\"https://matrix.to/#/";

/// The body with each pill's name replaced by the account that it stands for. The bot's own is left
/// as it is: by what name it was called is for others to see.
pub fn named(body: &str, html: Option<&str>, me: &str) -> String {
    let html = html.unwrap_or_default();
    // What is quoted is not said.
    let mut rest = html
        .split_once("</mx-reply>")
        .map_or(html, |(_, said)| said);
    let mut out = String::new();
    let mut left = body;
    while let Some((_, after)) = rest.split_once(TO) {
        let Some((target, after)) = after.split_once("\">") else {
            break;
        };
        let Some((name, after)) = after.split_once("</a>") else {
            break;
        };
        rest = after;
        let account = target.replace("%40", "@").replace("%3A", ":");
        if !account.starts_with('@') || account == me {
            continue;
        }
        let name = name
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&");
        if let Some((before, after)) = split_at_word(left, &name) {
            out.push_str(before);
            out.push_str(&account);
            left = after;
        }
    }
    out + left
}

/// What stands before and after a name, where it is no part of a longer word.
fn split_at_word<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let joins = |one: Option<char>, other: Option<char>| {
        one.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
    };
    let (first, last) = (name.chars().next()?, name.chars().next_back());
    let mut found = text.match_indices(name).map(|(at, _)| {
        let (before, rest) = text.split_at(at);
        (before, &rest[name.len()..])
    });
    found.find(|(before, after)| {
        !joins(before.chars().next_back(), Some(first)) && !joins(last, after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, html: &str, expected: &str) {
        assert_eq!(named(body, Some(html), "@bot:a.example"), expected);
    }

    #[test]
    fn a_pill_is_its_account() {
        let frank = "<a href=\"https://matrix.to/#/@f:a.example\">Frank &amp; Co</a>";
        check(
            "!vuln add Frank & Co as fix because Frank & Co knows",
            &format!("!vuln add {frank} as fix because Frank &amp; Co knows"),
            "!vuln add @f:a.example as fix because Frank & Co knows",
        );
        let encoded = "<a href=\"https://matrix.to/#/%40f%3Aa.example\">F</a>";
        check("add F", &format!("add {encoded}"), "add @f:a.example");
    }

    #[test]
    fn a_name_within_a_longer_word_is_none() {
        let al = "<a href=\"https://matrix.to/#/@al:a.example\">al</a>";
        check(
            "!vuln recall and lead al, also here",
            &format!("!vuln recall and lead {al}, also here"),
            "!vuln recall and lead @al:a.example, also here",
        );
        check(
            "also finally",
            &format!("also finally {al}"),
            "also finally",
        );
        let at = "<a href=\"https://matrix.to/#/@al:a.example\">@al</a>";
        check("add:@al's", &format!("add:{at}'s"), "add:@al:a.example's");
    }

    #[test]
    fn what_is_no_pill_of_another_stays() {
        let bot = "<a href=\"https://matrix.to/#/@bot:a.example\">Rose</a>";
        check("Rose: help", &format!("{bot}: help"), "Rose: help");
        let room = "<a href=\"https://matrix.to/#/!r:a.example\">there</a>";
        check("see there", &format!("see {room}"), "see there");
        let quoted = "<mx-reply><a href=\"https://matrix.to/#/@f:a.example\">yes</a></mx-reply>yes";
        check("yes", quoted, "yes");
        check("broken", "<a href=\"https://matrix.to/#/@f:a", "broken");
        assert_eq!(named("plain", None, "@bot:a.example"), "plain");
    }
}
