//! What commands do with the package managers of distributions.

use super::script::{Command, ShellWord};

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// `apt-get`, `apt`, `aptitude`.
    Apt,
    Apk,
    /// `dnf`, `microdnf`, `yum`, `tdnf`.
    Dnf,
}

/// A command that installs or removes packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packages<'c> {
    pub manager: Manager,
    pub removes: bool,
    /// What it names: packages, and of apk and dnf also groups. Options are not in it.
    pub named: Vec<&'c ShellWord>,
    /// The name under which `apk add --virtual` keeps them.
    pub group: Option<&'c str>,
}

/// Options of apt whose value is the next word (apt-get(8)).
const APT_VALUES: [&str; 10] = [
    "-t",
    "-o",
    "-c",
    "-a",
    "--target-release",
    "--default-release",
    "--option",
    "--config-file",
    "--host-architecture",
    "--solver",
];
/// The same of apk (apk(8)).
const APK_VALUES: [&str; 13] = [
    "-t",
    "-X",
    "-p",
    "--virtual",
    "--repository",
    "--root",
    "--repositories-file",
    "--keys-dir",
    "--cache-dir",
    "--cache-max-age",
    "--arch",
    "--wait",
    "--timeout",
];
/// The same of dnf, yum and microdnf.
const DNF_VALUES: [&str; 9] =
    ["-c", "-x", "--installroot", "--releasever", "--setopt", "--enablerepo", "--disablerepo", "--exclude", "--repo"];

/// What a command does, where it installs or removes packages.
pub fn packages(command: &Command) -> Option<Packages<'_>> {
    let manager = match command.name() {
        "apt-get" | "apt" | "aptitude" => Manager::Apt,
        "apk" => Manager::Apk,
        "dnf" | "microdnf" | "yum" | "tdnf" => Manager::Dnf,
        _ => return None,
    };
    let mut found = Packages { manager, removes: false, named: Vec::new(), group: None };
    let mut verb = None;
    let mut words = command.program().iter().skip(1);
    while let Some(word) = words.next() {
        if let Some(option) = word.text.strip_prefix('-').map(|_| word.text.as_str()) {
            let value = if takes_value(manager, option) {
                words.next().map(|word| word.text.as_str())
            } else {
                option.split_once('=').map(|(_, value)| value)
            };
            let name = option.split('=').next().unwrap_or(option);
            if manager == Manager::Apk && (name == "--virtual" || is_cluster(name, 't')) {
                found.group = value;
            }
        } else if verb.is_none() {
            verb = Some(word.text.as_str());
        } else {
            found.named.push(word);
        }
    }
    match (manager, verb?) {
        (Manager::Apt, "install") | (Manager::Apk, "add") | (Manager::Dnf, "install") => {}
        (Manager::Apt, "remove" | "purge" | "autoremove" | "autopurge")
        | (Manager::Apk, "del")
        | (Manager::Dnf, "remove" | "erase" | "autoremove") => found.removes = true,
        _ => return None,
    }
    Some(found)
}

fn takes_value(manager: Manager, option: &str) -> bool {
    let (known, short): (&[&str], &str) = match manager {
        Manager::Apt => (&APT_VALUES, "toca"),
        Manager::Apk => (&APK_VALUES, "tXp"),
        Manager::Dnf => (&DNF_VALUES, "cx"),
    };
    known.contains(&option) || short.chars().any(|last| is_cluster(option, last))
}

/// Whether an option is a row of single letters that ends with this one: `-yt`. What stands behind the letter in the same word is its
/// value (`-oX=1`), so it has to be the last.
fn is_cluster(option: &str, last: char) -> bool {
    let letters = option.strip_prefix('-').unwrap_or_default();
    letters.ends_with(last) && letters.chars().all(|c| c.is_ascii_alphabetic())
}

/// A package's name without version, release, architecture or repository: `git` of `git=1:2.39-1`, `git~2`, `git@edge`, `gcc:amd64`.
pub fn bare_name(package: &str) -> &str {
    package.split(['=', '~', '<', '>', '@', ':', '/']).next().unwrap_or(package)
}

#[cfg(test)]
mod tests {
    use super::{super::ShellText, *};

    fn told(text: &str) -> Vec<String> {
        let shell = ShellText { text: text.into(), line: 1, shell: Vec::new() };
        let commands = super::super::script::commands(&shell);
        let line = |found: Packages<'_>| {
            let names: Vec<_> = found.named.iter().map(|word| word.text.as_str()).collect();
            let sign = if found.removes { "-" } else { "+" };
            format!("{sign}{}{}", names.join(" "), found.group.map_or(String::new(), |group| format!(" ({group})")))
        };
        commands.iter().filter_map(packages).map(line).collect()
    }

    #[test]
    fn options_are_no_packages() {
        assert_eq!(
            told("apt-get -yqq -o Dpkg::Use-Pty=0 install -t stable -yt sid git -q=2 -oX=1 curl"),
            ["+git curl"]
        );
        assert_eq!(
            told("apk --no-cache add -X https://x --virtual .deps gcc && apk del .deps"),
            ["+gcc (.deps)", "-.deps"]
        );
        assert_eq!(told("apk add --virtual=.b -U make; apk add --no-cache -t .c cmake"), ["+make (.b)", "+cmake (.c)"]);
        assert_eq!(
            told("yum install -y gcc --enablerepo epel git; apt-get update; apt list; apk update"),
            ["+gcc git"]
        );
        assert_eq!(told("apt-get purge -y --auto-remove gcc"), ["-gcc"]);
    }

    #[test]
    fn names() {
        for package in ["git=1:2", "git~2", "git>2", "git@edge", "git:amd64", "git/stable", "git"] {
            assert_eq!(bare_name(package), "git");
        }
    }
}
