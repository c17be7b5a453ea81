//! Applies a policy to what checks found. Nothing else decides whether a finding counts: the command line, the cockpit and the gate
//! all ask here.

use super::{
    Policy,
    baseline::{Baseline, Lowered},
    globs::{Patterns, Targets},
    owners::Owners,
    twice,
    waiver::{Standing, Waiver, WaiverUse, expired_words, expiry, place_of},
};
use crate::model::{
    Timestamp,
    finding::{Finding, Level, Scope, Status, WaiverNote},
};
use compact_str::CompactString;
use std::collections::{BTreeSet, HashMap};

/// What the policy needs to know besides itself.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// By this, waivers are over.
    pub now: Timestamp,
    /// Who owns a path by the CODEOWNERS file.
    pub codeowners: &'a dyn Fn(&str) -> Option<CompactString>,
    /// The old debt that is accepted.
    pub baseline: Option<&'a Baseline>,
    /// Whether that is the repository's own word, and not that of whoever asks: then it accepts nothing that the user or the system sets
    /// to block.
    pub is_own_baseline: bool,
    /// When a fingerprint was first seen, where that is known: among many of one place the newest are refused.
    pub first_seen: &'a dyn Fn(&str) -> Option<Timestamp>,
    /// The scopes that this run looked at.
    pub scopes: &'a [Scope],
}

impl Circumstances<'_> {
    /// A time, and nothing else known.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            codeowners: &|_| None,
            baseline: None,
            is_own_baseline: false,
            first_seen: &|_| None,
            scopes: &Scope::ALL,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settled {
    /// With their levels, owners and waivers; without what is switched off or excluded.
    pub findings: Vec<Finding>,
    /// Every waiver, in the order of the policy, and what came of it.
    pub waivers: Vec<WaiverUse>,
    /// Where the baseline accepts more than there is.
    pub lowered: Vec<Lowered>,
}

impl Policy {
    /// Applies everything to the findings of a run: what is switched off or excluded is left out; the rest gets the policy's level,
    /// an owner, and a waiver where one holds; then the baseline accepts old debt.
    pub fn settle(&self, findings: Vec<Finding>, at: &Circumstances<'_>) -> Settled {
        let mut rules = Rules::of(self, at.now);
        let owners = Owners::of(self);
        let mut kept = Vec::with_capacity(findings.len());
        for mut finding in findings {
            let rule = rules.rule(&finding.check);
            if !rule.is_enabled || rules.is_excluded(&finding) {
                continue;
            }
            if let Some(level) = rules.rule(&finding.check).level {
                finding.level = level;
            }
            let path = finding.file.as_deref();
            let owner = path.and_then(|path| owners.owner(path).or_else(|| (at.codeowners)(path)));
            finding.owner = owner.or(finding.owner);
            rules.waive(&mut finding);
            kept.push(finding);
        }
        twice::take_out(&mut kept);
        let lowered = at.baseline.map_or_else(Vec::new, |baseline| {
            let may = |finding: &Finding| !at.is_own_baseline || std::ptr::eq(self.ruling(&finding.check), self);
            baseline.accept(&mut kept, at.first_seen, &may);
            baseline.lowered(&kept, at.scopes)
        });
        Settled { findings: kept, waivers: rules.uses(), lowered }
    }
}

/// What the policy says to one check, compiled.
#[derive(Clone, Copy)]
struct Rule {
    is_enabled: bool,
    level: Option<Level>,
    /// Number of the policy that rules it, in the chain.
    ruling: usize,
    /// How many of the waivers, which begin with those of the lowest policy, are honoured.
    honoured: usize,
}

/// A policy, compiled for a run.
struct Rules<'p> {
    policy: &'p Policy,
    /// The policies that may rule a check, with their excludes.
    chain: Vec<(&'p Policy, Patterns)>,
    rules: HashMap<CompactString, Rule>,
    /// Excludes of single checks.
    excludes: HashMap<CompactString, Patterns>,
    /// Targets of the waivers that name a check.
    targets: HashMap<CompactString, Targets>,
    uses: Vec<WaiverUse>,
    /// How many findings each waiver would have waived, if it stood in the policy that rules the check.
    overruled: Vec<usize>,
}

impl<'p> Rules<'p> {
    fn of(policy: &'p Policy, now: Timestamp) -> Self {
        let patterns = |list: &[String]| Patterns::new(list.iter().map(String::as_str));
        let used = |waiver: &Waiver| WaiverUse { waiver: waiver.clone(), standing: waiver.standing(now), matched: 0 };
        Self {
            policy,
            chain: policy.chain().map(|policy| (policy, patterns(&policy.exclude))).collect(),
            rules: HashMap::new(),
            excludes: HashMap::new(),
            targets: HashMap::new(),
            uses: policy.waivers.iter().map(used).collect(),
            overruled: vec![0; policy.waivers.len()],
        }
    }

    fn rule(&mut self, check: &CompactString) -> Rule {
        if let Some(rule) = self.rules.get(check) {
            return *rule;
        }
        let ruling = self.policy.ruling(check);
        let said = ruling.checks.get(check.as_str());
        let rule = Rule {
            is_enabled: self.policy.is_enabled(check),
            level: said.and_then(super::CheckPolicy::level),
            ruling: self.chain.iter().position(|(policy, _)| std::ptr::eq(*policy, ruling)).unwrap_or(0),
            honoured: ruling.waivers.len(),
        };
        if let Some(said) = said.filter(|said| !said.exclude.is_empty()) {
            self.excludes.insert(check.clone(), Patterns::new(said.exclude.iter().map(String::as_str)));
        }
        let naming = self.policy.waivers.iter().enumerate().filter(|(_, waiver)| waiver.names(check));
        let targets = Targets::new(naming.map(|(at, waiver)| (at, waiver.target.as_str())));
        self.targets.insert(check.clone(), targets);
        self.rules.insert(check.clone(), rule);
        rule
    }

    fn is_excluded(&mut self, finding: &Finding) -> bool {
        let rule = self.rule(&finding.check);
        let all = self.chain.get(rule.ruling).map(|(_, patterns)| patterns);
        let own = self.excludes.get(&finding.check);
        all.into_iter().chain(own).any(|patterns| match path_of(finding) {
            Some(path) => patterns.has_path(path),
            None => patterns.has_label(&finding.resource) || patterns.has_label(&place_of(finding)),
        })
    }

    /// What came of the waivers.
    fn uses(mut self) -> Vec<WaiverUse> {
        for (used, overruled) in self.uses.iter_mut().zip(self.overruled) {
            if used.standing == Standing::Valid && used.matched == 0 && overruled > 0 {
                used.standing = Standing::Overruled;
            }
        }
        self.uses
    }

    /// Accepts a finding where a waiver holds; says so where one no longer does.
    fn waive(&mut self, finding: &mut Finding) {
        let honoured = self.rule(&finding.check).honoured;
        let naming = self.targets.get(&finding.check).map(|targets| named(targets, finding)).unwrap_or_default();
        let mut over: Option<String> = None;
        for at in naming {
            let Some(used) = self.uses.get_mut(at) else { continue };
            if at >= honoured {
                self.overruled[at] += 1;
                continue;
            }
            used.matched += 1;
            let waiver = &used.waiver;
            match used.standing {
                Standing::Valid if finding.waiver.is_none() => {
                    finding.waiver = Some(WaiverNote {
                        owner: waiver.owner.as_str().into(),
                        reason: waiver.reason.clone(),
                        expires: expiry(&waiver.expires),
                    });
                    finding.status = Status::Waived;
                }
                Standing::Expired | Standing::Malformed => over = Some(expired_words(waiver, used.standing)),
                _ => {}
            }
        }
        if let (Some(words), None) = (over, &finding.waiver) {
            let gap = if finding.observed.is_empty() { "" } else { " " };
            finding.observed.push_str(&format!("{gap}({words})"));
        }
    }
}

/// How many of these findings a waiver names.
pub fn covered<'f>(waiver: &Waiver, findings: impl Iterator<Item = &'f Finding>) -> usize {
    let targets = Targets::new([(0, waiver.target.as_str())]);
    findings.filter(|finding| waiver.names(&finding.check) && !named(&targets, finding).is_empty()).count()
}

/// The path that a finding is about: its file, or what lives in itself (a folder).
fn path_of(finding: &Finding) -> Option<&str> {
    let itself = (finding.resource == finding.origin).then_some(finding.resource.as_str());
    finding.file.as_deref().or(itself)
}

/// Which targets name a finding: by its fingerprint, by its path, or by the label of its object. What is about a path has no other
/// label, so that `*` stays within a folder.
fn named(targets: &Targets, finding: &Finding) -> BTreeSet<usize> {
    let mut named: BTreeSet<usize> = targets.written(&finding.fingerprint).collect();
    let path = path_of(finding);
    if let Some(path) = path {
        named.extend(targets.with_path(path));
    }
    if path != Some(finding.resource.as_str()) {
        named.extend(targets.with_label(&finding.resource));
    }
    if path.is_none() {
        named.extend(targets.with_label(&place_of(finding)));
    }
    named
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
