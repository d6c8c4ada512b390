//! What must not compile: a confidential value in a public message, in a log, in a panic.

#[test]
fn what_is_confidential_does_not_get_out() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
}
