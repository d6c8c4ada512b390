//! Only `pass` says who may read a case.
use underrose::domain::case::Case;
use underrose::domain::confidential::Pass;

fn read(case: &Case) -> &str {
    &Pass(case).facts().title
}

fn main() {}
