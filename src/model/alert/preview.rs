//! What a silence would do, by the alerts that are known: asked before it is made.

use super::{Alert, Matcher, compile, silence::join};
use crate::model::attention::Severity;
use std::sync::Arc;

/// What a silence would do now.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Alerts that it fits, the worst first.
    pub fits: Vec<Arc<Alert>>,
    /// How many of them somebody is told of now.
    pub loud: usize,
    /// Of how many.
    pub of: usize,
    /// What a person has to know before.
    pub warnings: Vec<String>,
}

impl Preview {
    /// In one sentence.
    pub fn words(&self) -> String {
        let alerts = |count: usize| if count == 1 { "1 alert".to_owned() } else { format!("{count} alerts") };
        match (self.fits.len(), self.loud) {
            (0, _) => format!("fits none of {} that are known", alerts(self.of)),
            (fits, loud) if fits == loud => format!("silences {} of {}", alerts(loud), self.of),
            (fits, loud) => format!("silences {} of {}; {} more are quiet already", alerts(loud), self.of, fits - loud),
        }
    }
}

/// Which of the known alerts matchers would silence.
///
/// # Errors
/// A pattern that is none.
pub fn preview(alerts: &[Arc<Alert>], matchers: &[Matcher]) -> Result<Preview, String> {
    let compiled = compile(matchers)?;
    let is_fit = |alert: &&Arc<Alert>| compiled.iter().all(|matcher| matcher.matches(&alert.labels));
    let mut fits: Vec<_> = alerts.iter().filter(is_fit).cloned().collect();
    fits.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
    let loud = fits.iter().filter(|alert| alert.is_loud()).count();
    let mut warnings = Vec::new();
    match fits.len() {
        0 => warnings.push(format!("nothing that is known fits {}: it would silence only what comes", join(matchers))),
        1 => {}
        all if all == alerts.len() => {
            warnings.push(format!("it fits everything: all {all} alerts that are known"));
        }
        _ => {}
    }
    let names = {
        let mut names: Vec<_> = fits.iter().map(|alert| alert.name()).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    if names.len() > 1 {
        let few = names.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        let more = if names.len() > 5 { format!(" and {} more", names.len() - 5) } else { String::new() };
        warnings.push(format!("it fits alerts of {} names: {few}{more}", names.len()));
    }
    let critical = fits.iter().filter(|alert| alert.is_loud() && alert.severity == Severity::Critical).count();
    if critical > 0 {
        warnings.push(format!("{critical} of them {} critical", if critical == 1 { "is" } else { "are" }));
    }
    if !matchers.iter().any(|matcher| matcher.is_equal) {
        warnings.push("it only says what is left out: whatever else comes is silenced".into());
    }
    Ok(Preview { fits, loud, of: alerts.len(), warnings })
}
