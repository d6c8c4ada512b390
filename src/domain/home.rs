//! The bot's own page, where a network has one: what waits for you, the cases that you may see,
//! who is on call. Whoever is nobody to the committee sees how to report, and nothing else.

use super::ask::Ask;
use super::tell::casual;
use super::{look, oncall, say};

pub fn show(ask: &mut Ask<'_>) {
    let known = ask.is_member()
        || ask
            .state
            .cases
            .values()
            .any(|case| ask.pass(case).is_some() || case.reporter == ask.who);
    let mut page = say::home_intro(&ask.policy.project);
    if known {
        page = page.then(look::waiting(ask)).then(look::cases(ask));
    }
    if ask.is_member() {
        page = page.then(oncall::on_duty(ask));
    }
    ask.answer(page.choice(casual("Report a vulnerability", "vuln report".to_owned())));
}
