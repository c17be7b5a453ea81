//! The words that screens, exports and the command line have for what events say.

use super::{ActionKind, Milestone, Phase, ReviewState, Role, Section, Sev, TaskState};

impl Sev {
    /// Every severity, the worst first.
    pub const ALL: [Self; 4] = [Self::Sev1, Self::Sev2, Self::Sev3, Self::Sev4];

    /// As it is written everywhere: `sev1`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sev1 => "sev1",
            Self::Sev2 => "sev2",
            Self::Sev3 => "sev3",
            Self::Sev4 => "sev4",
        }
    }
}

impl Phase {
    /// Every phase, in the order in which work goes through them.
    pub const ALL: [Self; 5] =
        [Self::Investigating, Self::Identified, Self::Mitigating, Self::Monitoring, Self::Resolved];

    /// As it is written everywhere.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Mitigating => "mitigating",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
        }
    }
}

impl Role {
    /// Every role, in the order of lists.
    pub const ALL: [Self; 5] = [Self::Commander, Self::Deputy, Self::Scribe, Self::Communications, Self::SubjectExpert];

    /// As JSON and the command line have it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Commander => "commander",
            Self::Deputy => "deputy",
            Self::Scribe => "scribe",
            Self::Communications => "communications",
            Self::SubjectExpert => "subject-expert",
        }
    }

    /// For a header that is read by people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Commander => "Incident commander",
            Self::Deputy => "Deputy",
            Self::Scribe => "Scribe",
            Self::Communications => "Communications",
            Self::SubjectExpert => "Subject expert",
        }
    }

    /// Whether several may have it at a time.
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::SubjectExpert)
    }
}

impl Milestone {
    /// Every milestone, in the order in which they come.
    pub const ALL: [Self; 5] =
        [Self::ImpactStarted, Self::Detected, Self::Acknowledged, Self::Mitigated, Self::Resolved];

    /// As JSON and the command line have it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ImpactStarted => "impact-started",
            Self::Detected => "detected",
            Self::Acknowledged => "acknowledged",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
        }
    }

    /// In a sentence: `impact started`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ImpactStarted => "impact started",
            other => other.word(),
        }
    }
}

impl TaskState {
    /// As it is written everywhere.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Dropped => "dropped",
        }
    }
}

impl ActionKind {
    /// Every kind, in the order of lists.
    pub const ALL: [Self; 5] = [Self::Investigate, Self::Mitigate, Self::Repair, Self::Detect, Self::Prevent];

    /// As it is written everywhere.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Investigate => "investigate",
            Self::Mitigate => "mitigate",
            Self::Repair => "repair",
            Self::Detect => "detect",
            Self::Prevent => "prevent",
        }
    }
}

impl Section {
    /// Every section, in the order of the document.
    pub const ALL: [Self; 6] =
        [Self::Summary, Self::Impact, Self::ContributingFactors, Self::WentWell, Self::WentBadly, Self::Luck];

    /// As JSON and the command line have it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Impact => "impact",
            Self::ContributingFactors => "contributing-factors",
            Self::WentWell => "went-well",
            Self::WentBadly => "went-badly",
            Self::Luck => "luck",
        }
    }

    /// Its header.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Impact => "Impact",
            Self::ContributingFactors => "Contributing factors",
            Self::WentWell => "What went well",
            Self::WentBadly => "What went badly",
            Self::Luck => "Where we were lucky",
        }
    }
}

impl ReviewState {
    /// Every state, in order.
    pub const ALL: [Self; 4] = [Self::Draft, Self::InReview, Self::Reviewed, Self::Closed];

    /// As JSON and the command line have it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in-review",
            Self::Reviewed => "reviewed",
            Self::Closed => "closed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    fn written(value: impl Serialize) -> String {
        serde_json::to_string(&value).expect("writes").trim_matches('"').to_owned()
    }

    #[test]
    fn the_words_are_those_of_the_json() {
        Sev::ALL.iter().for_each(|word| assert_eq!(written(word), word.word()));
        Phase::ALL.iter().for_each(|word| assert_eq!(written(word), word.word()));
        Role::ALL.iter().for_each(|word| assert_eq!(written(word), word.word()));
        Milestone::ALL.iter().for_each(|word| assert_eq!(written(word), word.word()));
        ActionKind::ALL.iter().for_each(|word| assert_eq!(written(word), word.word()));
        Section::ALL.iter().for_each(|word| assert_eq!(written(word), word.word()));
        ReviewState::ALL.iter().for_each(|word| assert_eq!(written(word), word.word()));
    }
}
