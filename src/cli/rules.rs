//! What `flightdeck check` can be told to write into the files of the rules, and to go through before work begins.

use clap::{Args, ValueEnum};

/// A point of the pre-flight list that a person confirms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Point {
    /// The authority's documents are read.
    Read,
    /// Existing solutions are searched for.
    Searched,
}

impl Point {
    /// Its word in the list.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Searched => "searched",
        }
    }
}

/// Heading of these in the help.
const HEADING: &str = "Writing into the rules";
/// What each of them cannot stand beside.
const ALONE: [&str; 4] = ["explain", "test_rules", "write_baseline", "since_last"];

/// What is to be written into the files of the rules, in place of judging and printing.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct WriteArguments {
    /// Accept for a time what this check finds: `11f` for every place where it finds something now, `11f:deploy/debug.yml` for one
    /// (a path, `Deployment shop/web`, a fingerprint; `compose.yml:4`, as reports print it, is what is found there). A path where
    /// nothing is found now is refused. Repeatable. The difference is printed.
    #[arg(long, value_name = "CHECK[:TARGET]", requires = "reason", conflicts_with_all = ALONE, help_heading = HEADING)]
    pub waive: Vec<String>,
    /// Vouch for a rule of which no machine can check all: `12`, or `14:release 7`. The difference is printed.
    #[arg(
        long, value_name = "RULE[:SUBJECT]", requires_all = ["evidence", "role"], conflicts_with_all = ALONE, conflicts_with = "waive",
        help_heading = HEADING
    )]
    pub attest: Option<String>,
    /// Add what this check finds now to the repository's baseline, without an end: `11f`, or `11f:deploy/debug.yml`. Repeatable.
    #[arg(
        long, value_name = "CHECK[:TARGET]", conflicts_with_all = ALONE, conflicts_with_all = ["waive", "attest", "baseline"],
        help_heading = HEADING
    )]
    pub accept: Vec<String>,
    /// Why it is accepted, for --waive.
    #[arg(long, value_name = "TEXT", requires = "waive", help_heading = HEADING)]
    pub reason: Option<String>,
    /// Who answers for it, for --waive; who owns the place (`owners` of the policy, CODEOWNERS) or else who acts, unless given.
    #[arg(long, value_name = "NAME", requires = "waive", help_heading = HEADING)]
    pub owner: Option<String>,
    /// Last day in UTC (2026-12-31) or days from now (30d); 14 days for --waive and 90 for --attest, unless given.
    #[arg(long, value_name = "DATE", help_heading = HEADING)]
    pub expires: Option<String>,
    /// Proof, for --attest: a file of the repository, which is hashed, or an address.
    #[arg(long, value_name = "PATH", requires = "attest", help_heading = HEADING)]
    pub evidence: Option<String>,
    /// SHA-256 that the proof has to have, for --attest.
    #[arg(long, value_name = "HASH", requires = "attest", help_heading = HEADING)]
    pub sha256: Option<String>,
    /// Who vouches, for --attest; who acts, unless given.
    #[arg(long, value_name = "NAME", requires = "attest", help_heading = HEADING)]
    pub by: Option<String>,
    /// In which role, for --attest: security, architecture, on-call.
    #[arg(long, value_name = "NAME", requires = "attest", help_heading = HEADING)]
    pub role: Option<String>,
    /// Who asked for it, for --attest: rules 14 and 20 need another person than the one who vouches.
    #[arg(long, value_name = "NAME", requires = "attest", help_heading = HEADING)]
    pub requested_by: Option<String>,
    /// Write into your own configuration, and not into the repository.
    #[arg(long, conflicts_with = "accept", help_heading = HEADING)]
    pub own: bool,
    /// Print the difference, and write nothing.
    #[arg(long, help_heading = HEADING)]
    pub dry_run: bool,
}

impl WriteArguments {
    /// Whether anything is to be written.
    pub fn is_asked(&self) -> bool {
        !self.waive.is_empty() || self.attest.is_some() || !self.accept.is_empty()
    }

    /// Flags that mean something only beside those that write.
    pub fn is_lost(&self) -> bool {
        !self.is_asked() && (self.expires.is_some() || self.own || self.dry_run)
    }
}
