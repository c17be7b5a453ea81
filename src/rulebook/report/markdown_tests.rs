//! Tests of the Markdown form.

use super::{super::sample, *};
use proptest::prelude::*;

const PAGE: &str = r"# Rule book

**3 violations**, 1 unknown, 2 waived, 5 passed; 2026-05-01T10:00:00Z to 2026-05-01T10:00:01.5Z.

| Rule | block | error | warn | info | unknown | waived | passed |
|:-|-:|-:|-:|-:|-:|-:|-:|
| 5 professional standards | · | · | · | · | · | 1 | · |
| 11 container standards | 1 | 1 | · | 1 | 1 | 1 | 5 |

## block

### 11 container standards

- **11f** container runs privileged · `local: container web`: `Privileged: true`
  - Remove privileged.

## error

### 11 container standards

- **unknown** · **11a** image without tag, or \`latest\` · [charts/web.yaml](charts/web.yaml) · service web: `the image is a template: {{ .Values.image }}`
  - Name a version.
- **11a** image without tag, or \`latest\` · [deploy/compose.yml:2](deploy/compose.yml#L2) · service web: `nginx:latest`; expected: a tag that names a version; owner `@ops/web`
  - Name a version.

… and 1 more.

<details><summary>2 waived</summary>

- **05z** odd \| check · [a b/ü\#.yml](a%20b/%C3%BC%23.yml): moves in May (`@sec`, until 2026-06-01T00:00:00Z)
- **11a** image without tag, or \`latest\` · [old/compose.yml:2](old/compose.yml#L2): moves in May (`baseline`)

</details>

## Not read

- `kube prod`: connection refused

## Attestations

- 5 professional standards: restore of the backup tested is expired
";

#[test]
fn a_page_counts_lists_and_cuts() {
    let page = write(&sample::report(), &Style { most: 3, ..Style::default() });
    assert_eq!(page, PAGE);
    let base = "https://host/o/r/blob/abc/".to_owned();
    let page = write(&sample::report(), &Style { base, ..Style::default() });
    assert!(page.contains("(https://host/o/r/blob/abc/deploy/compose.yml#L2)") && !page.contains(" more."), "{page}");
}

#[test]
fn text_is_text() {
    assert_eq!(escaped("<b> @me [x](y) a|b `c` *d* _e_\n"), r"&lt;b&gt; &#64;me \[x\](y) a\|b \`c\` \*d\* \_e\_·");
    assert_eq!(code("a`b``c"), "```a`b``c```");
    assert_eq!(code("`"), "`` ` ``");
    assert_eq!(code("plain"), "`plain`");
}

proptest! {
    #[test]
    fn whatever_was_found_breaks_no_line_and_no_list(text in any::<String>()) {
        let mut report = sample::report();
        let lines = write(&report, &Style::default()).lines().count();
        let finding = &mut report.findings[0];
        finding.observed = format!("x{text}");
        finding.resource = text.as_str().into();
        finding.owner = Some(text.as_str().into());
        finding.title = text.as_str().into();
        let page = write(&report, &Style::default());
        prop_assert_eq!(page.lines().count(), lines);
        prop_assert!(page.chars().all(|c| c == '\n' || crate::model::text::is_harmless(c)));
    }
}
