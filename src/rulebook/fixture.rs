//! What a path says of a file that is nobody's work to operate: tests and their data, what came from elsewhere, what a program made.
//! Checks of manners leave such files alone, by a parameter that a policy can set.

use super::{
    check::{Parameter, Value},
    subject::script::{is_below, is_foreign, is_test},
    tree::{base_name, folder_of},
};

/// The parameter of a check that leaves such folders alone. Whoever declares it is not shown their files, objects and containers.
pub const NOT_BELOW: Parameter = Parameter {
    name: "not-below",
    about: "names of folders, at whatever depth, in which it does not judge: tests, and what came from elsewhere or out of a generator",
    default: Value::Texts(FOLDERS),
};

/// Folders of tests, of what is vendored, of what is generated.
const FOLDERS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "testsuite",
    "testdata",
    "test-data",
    "test_data",
    "fixtures",
    "__tests__",
    "__snapshots__",
    "e2e",
    "vendor",
    "vendored",
    "_vendor",
    "third_party",
    "third-party",
    "node_modules",
    "site-packages",
    "patched",
    "generated",
    ".venv",
    "venv",
    ".terraform",
    "__pycache__",
];

/// Whether any folder of a path is among these.
pub fn is_among(path: &str, folders: &[&str]) -> bool {
    folder_of(path).split('/').any(|folder| folders.iter().any(|name| name.eq_ignore_ascii_case(folder)))
}

/// Whether a file is a test, belongs to tests, came from elsewhere, or was made by a program.
pub fn is_fixture(path: &str) -> bool {
    let stem = base_name(path).split('.').next().unwrap_or_default();
    is_test(path)
        || stem == "tests"
        || stem.ends_with("_tests")
        || is_foreign(path)
        || is_among(path, FOLDERS)
        || path.ends_with("PKG-INFO")
        || folder_of(path).split('/').any(|folder| folder.ends_with(".egg-info"))
        || is_below(path, &["t", "mocks", "bench", "benches", "benchmarks"])
}

/// The line from which on a file of Rust is tests: `#[cfg(test)]` before a `mod` with its body.
pub fn tests_from(path: &str, text: &str) -> Option<u32> {
    if !path.ends_with(".rs") {
        return None;
    }
    let mut lines = text.lines().zip(1_u32..).peekable();
    while let Some((line, number)) = lines.next() {
        let opens = |next: &&str| next.trim_start().starts_with("mod ") && next.trim_end().ends_with('{');
        if line.trim() == "#[cfg(test)]" && lines.peek().map(|(next, _)| next).is_some_and(opens) {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_the_works_of_others() {
        for path in [
            "tests/a.sh",
            "a/Vendor/b.yaml",
            "x/patched/pip/_vendor/a.py",
            "a_test.go",
            "src/x/tests.rs",
            "src/x/y_tests.rs",
            "a.egg-info/PKG-INFO",
        ] {
            assert!(is_fixture(path), "{path}");
        }
        for path in ["deploy/contest.sh", "latest/a.yaml", "scripts/test.yaml/a.sh", "a.py", "attest.sh"] {
            assert!(!is_fixture(path), "{path}");
        }
    }

    #[test]
    fn tests_within_a_file() {
        assert_eq!(tests_from("a.rs", "fn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n"), Some(3));
        assert_eq!(tests_from("a.rs", "#[cfg(test)]\nmod tests;\nfn a() {}\n"), None);
        assert_eq!(tests_from("a.py", "#[cfg(test)]\nmod tests {\n"), None);
    }
}
