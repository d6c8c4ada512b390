//! How Slack rewrites what is written: control characters escaped in people's texts, bare
//! addresses linked in everybody's. <https://docs.slack.dev/messaging/formatting-message-text>

/// Bare web addresses between angle brackets, as history shows them.
pub fn linked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = ["https://", "http://"]
        .iter()
        .filter_map(|s| rest.find(s))
        .min()
    {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '|' | '"' | '`'))
            .unwrap_or(from.len());
        let mut address = &from[..end];
        while address.ends_with(['.', ',', ')', ';', ':', '!', '?', '\'']) {
            address = &address[..address.len() - 1];
        }
        let already = before.ends_with('<') || before.ends_with('|') || out.ends_with('`');
        if already {
            out.push_str(address);
        } else {
            out.push('<');
            out.push_str(address);
            out.push('>');
        }
        rest = &from[address.len()..];
    }
    out.push_str(rest);
    out
}

/// What a person typed, as the app gets it.
pub fn typed(text: &str, mention: impl Fn(&str) -> Option<String>) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    linked(&mentions(&escaped, mention))
}

/// `@name` and `#name` replaced where somebody or something is called so.
pub fn mentions(text: &str, mention: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['@', '#']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from[1..]
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')))
            .map_or(from.len(), |end| end + 1);
        let alone = before
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric());
        match mention(from[..end].trim_end_matches('.')).filter(|_| alone) {
            Some(known) => {
                out.push_str(&known);
                let word = from[..end].trim_end_matches('.').len();
                rest = &from[word..];
            }
            None => {
                out.push_str(&from[..end]);
                rest = &from[end..];
            }
        }
    }
    out.push_str(rest);
    out
}
