//! How runbooks of tests begin, and how steps of theirs are verified.

/// The machine that the test runs on, as a target.
pub const HERE: &str = r#"host = { host = "here" }"#;

/// The beginning of a runbook: what has to be typed, what it is about, and its variables, with what is said of each beside its name.
pub fn head(title: &str, typed: Option<&str>, target: &str, variables: &[(&str, &str)]) -> String {
    let typed = typed.map_or_else(String::new, |word| format!("typed = {word:?}\n"));
    let variables =
        variables.iter().map(|(name, more)| format!("[[variable]]\nname = {name:?}\ntitle = {name:?}\n{more}\n"));
    let head = format!("title = {title:?}\nabout = \"For a test.\"\n{typed}[target]\n{target}\n");
    head + &variables.collect::<String>()
}

/// One question that verifies what a step did, and that tells whether it did where nobody knows: the path in the answer, and what is there
/// when it is done and when it is not.
pub fn verified(ask: &str, path: &str, [done, not_done]: [&str; 2]) -> String {
    format!(
        r#"[[step.verify]]
title = "it is done"
ask = {ask}
within = "20s"
expect = [{{ path = "{path}", is = {done} }}]
[step.observe]
ask = {ask}
patience = "10s"
done = [{{ path = "{path}", is = {done} }}]
not-done = [{{ path = "{path}", is = {not_done} }}]
"#
    )
}
