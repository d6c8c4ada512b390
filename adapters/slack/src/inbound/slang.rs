//! What Slack makes of people's words, undone: `<@U1|ann>`, `<https://a|b>`, `&amp;`.

use crate::render::text::unescaped;

/// Slack's way of writing as plain text: a person is `@U1`, a room `#C1`, a link its address.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (words, tail) = rest.split_at(start);
        out.push_str(&unescaped(words));
        let inner = tail.get(1..).unwrap_or_default();
        let Some(end) = inner.find('>') else {
            // Slack escapes what people type, so that this is no markup.
            out.push_str(&unescaped(tail));
            return out;
        };
        let (token, after) = inner.split_at(end);
        out.push_str(&unescaped(&meant(token)));
        rest = after.get(1..).unwrap_or_default();
    }
    out.push_str(&unescaped(rest));
    out
}

fn meant(token: &str) -> String {
    let (target, label) = match token.split_once('|') {
        Some((target, label)) => (target, Some(label)),
        None => (token, None),
    };
    match target.chars().next() {
        Some('@' | '#') => target.to_owned(),
        // `<!here>`, `<!subteam^S1|@team>`, `<!date^…|fallback>`.
        Some('!') => label.map_or_else(
            || format!("@{}", target.trim_start_matches('!')),
            str::to_owned,
        ),
        Some(_) if target.starts_with("mailto:") || target.starts_with("tel:") => {
            label.unwrap_or(target).to_owned()
        }
        Some(_) | None => target.to_owned(),
    }
}

/// The text without the mention of `me`, and whether there was one.
pub fn without_mention(text: &str, me: &str) -> (String, bool) {
    let mut out = String::with_capacity(text.len());
    let mut found = false;
    let mut rest = text;
    while let Some(start) = rest.find("<@") {
        let (words, tail) = rest.split_at(start);
        let end = tail.find('>').map_or(tail.len(), |end| end + 1);
        let (token, after) = tail.split_at(end);
        let id = token.trim_start_matches("<@").trim_end_matches('>');
        let mine = id.split('|').next() == Some(me);
        out.push_str(words);
        if mine {
            found = true;
            // One space is left of the two around it.
            rest = if out.is_empty() || out.ends_with(' ') {
                after.trim_start_matches(' ')
            } else {
                after
            };
        } else {
            out.push_str(token);
            rest = after;
        }
    }
    out.push_str(rest);
    (out.trim().to_owned(), found)
}
