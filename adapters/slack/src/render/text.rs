//! Text for Slack: measured as Slack measures, split without losing a character, and escaped so
//! that nothing that a person wrote becomes a mention, a link label or formatting.

/// Length as Slack's clients count it.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The longest beginning of at most `max` units; `None` if all of it fits.
pub fn cut_at(text: &str, max: usize) -> Option<usize> {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > max {
            return Some(at);
        }
    }
    None
}

/// Pieces of at most `max` units that together are the text, broken after a line end or a space
/// where there is one in the second half of a piece.
pub fn split(text: &str, max: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(end) = cut_at(rest, max) {
        let (head, _) = rest.split_at(end);
        let half = end / 2;
        let after = |found: Option<usize>| found.map(|at| at + 1).filter(|at| *at > half);
        let at = after(head.rfind('\n'))
            .or_else(|| after(head.rfind(' ')))
            .unwrap_or(end);
        // A single character over the limit cannot be split further.
        let at = if at == 0 { first_char(rest) } else { at };
        let (piece, more) = rest.split_at(at);
        pieces.push(piece);
        rest = more;
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

fn first_char(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// At most `max` units, with an ellipsis where something is left out.
pub fn clip(text: &str, max: usize) -> String {
    match cut_at(text, max) {
        None => text.to_owned(),
        Some(_) => {
            let end = cut_at(text, max.saturating_sub(1)).unwrap_or(0);
            format!("{}…", text.get(..end).unwrap_or_default())
        }
    }
}

/// The three characters that Slack wants escaped wherever it reads control sequences
/// (<https://docs.slack.dev/messaging/formatting-message-text#escaping>). With `<` gone there is
/// no `<!channel>`, no `<@U1>` and no `<https://evil|label>`.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
    }
    out
}

/// Literal text inside mrkdwn: escaped, and a mark that would open bold, italics, strike-through
/// or code is kept from it by a zero-width space. Where text may be copied as a command it is rich
/// text instead, which knows no marks.
pub fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
        let mark = matches!(c, '*' | '_' | '~' | '`');
        let opens = before.is_none_or(|c| !c.is_alphanumeric())
            && chars.peek().is_some_and(|next| !next.is_whitespace());
        if mark && opens {
            out.push('\u{200b}');
        }
        before = Some(c);
    }
    out
}

/// Undoes Slack's escaping of what people wrote.
pub fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// A piece of plain text: words, or an address to follow.
#[derive(Debug, PartialEq, Eq)]
pub enum Run<'a> {
    Words(&'a str),
    Address(&'a str),
}

/// Finds web addresses, without the punctuation that ends the sentence around them.
pub fn runs(text: &str) -> Vec<Run<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = next_address(rest) {
        let (words, tail) = rest.split_at(start);
        let end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '|'))
            .unwrap_or(tail.len());
        let candidate = tail.get(..end).unwrap_or_default();
        let address =
            candidate.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '\'']);
        if !words.is_empty() {
            found.push(Run::Words(words));
        }
        let scheme = address.find("://").map_or(0, |at| at + 3);
        if address.len() > scheme {
            found.push(Run::Address(address));
        } else {
            found.push(Run::Words(address));
        }
        rest = tail.get(address.len()..).unwrap_or_default();
    }
    if !rest.is_empty() {
        found.push(Run::Words(rest));
    }
    found
}

fn next_address(text: &str) -> Option<usize> {
    let at = |scheme: &str| {
        text.match_indices(scheme).map(|(at, _)| at).find(|at| {
            let before = text.get(..*at).and_then(|text| text.chars().next_back());
            before.is_none_or(|c| !c.is_alphanumeric())
        })
    };
    match (at("https://"), at("http://")) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (found, None) | (None, found) => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, max: usize, pieces: &[&str]) {
        let split = split(text, max);
        assert_eq!(split, pieces, "{text:?}");
        assert_eq!(split.concat(), text, "nothing is lost");
        assert!(split.iter().all(|piece| length(piece) <= max));
    }

    #[test]
    fn text_is_split_and_nothing_is_lost() {
        check("", 5, &[]);
        check("short", 5, &["short"]);
        check("two words", 5, &["two ", "words"]);
        check("abcdefghij", 4, &["abcd", "efgh", "ij"]);
        check("line\nline\nend", 9, &["line\n", "line\nend"]);
        // Outside the basic plane a character is two units.
        check("🌹🌹🌹", 4, &["🌹🌹", "🌹"]);
        check("äöü", 2, &["äö", "ü"]);
    }

    #[test]
    fn a_clipped_text_fits() {
        assert_eq!(clip("report", 6), "report");
        assert_eq!(clip("reports", 6), "repor…");
        assert_eq!(clip("🌹🌹🌹", 4), "🌹…");
    }

    #[test]
    fn what_a_person_wrote_commands_nothing() {
        assert_eq!(
            escaped("<!channel> & <@U1>"),
            "&lt;!channel&gt; &amp; &lt;@U1&gt;"
        );
        assert_eq!(
            unescaped(&escaped("a < b && c &lt; d")),
            "a < b && c &lt; d"
        );
        assert_eq!(
            literal("*all* of_it __init__"),
            "*\u{200b}all* of_it _\u{200b}_\u{200b}init__"
        );
        assert_eq!(literal("3 * 4 and 5*6"), "3 * 4 and 5*6");
    }

    #[test]
    fn addresses_are_found_without_the_sentence_around_them() {
        use Run::{Address, Words};
        let check = |text, expected: &[Run<'_>]| assert_eq!(runs(text), expected, "{text}");
        check(
            "see https://a.example/x.",
            &[Words("see "), Address("https://a.example/x"), Words(".")],
        );
        check(
            "(http://a.example)",
            &[Words("("), Address("http://a.example"), Words(")")],
        );
        check("xhttps://a", &[Words("xhttps://a")]);
        check("https://", &[Words("https://")]);
        check("https://a|<b>", &[Address("https://a"), Words("|<b>")]);
    }
}
