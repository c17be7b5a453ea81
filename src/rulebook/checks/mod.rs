//! The checks: one file each, and one line in the list below.

use super::check::Check;

/// One line a check: its folder (the rule), its file, its name there; and, where no pack names it or its whole rule, the packs that it is in
/// (`changelog::Changelog in "changes" "docs"`).
macro_rules! checks {
    (attested { $($attested:ident,)* } $($rule:ident { $($file:ident::$check:ident $(in $($pack:literal)+)?,)* })*) => {
        pub mod attested;
        $(pub mod $rule { $(pub mod $file;)* })*
        /// Every check, in the order of their names; then those of what a person vouches for.
        pub static CHECKS: &[&dyn Check] = &[$($(&$rule::$file::$check,)*)* $(&attested::$attested,)*];
        /// Packs that are named in this list.
        pub static PACKED: &[(&dyn Check, &[&str])] = &[$($($((&$rule::$file::$check, &[$($pack),+]),)?)*)*];
    };
}

checks! {
    attested {
        R01,
        R02,
        R03,
        R04,
        R05,
        R06,
        R09,
        R10,
        R12,
        R14,
        R15,
        R16,
        R17,
        R18,
        R19,
        R20,
    }
    r00 {
        unreadable::Unreadable,
        unrendered::Unrendered,
    }
    r01 {
        placeholder::Placeholder,
        undefined_variable::UndefinedVariable,
        missing_path::MissingPath,
        api_version::ApiVersion,
    }
    r02 {
        removed::Removed,
        rollback::Rollback,
        rolling_update::RollingUpdate,
        replicas::Replicas,
    }
    r03 {
        drift::Drift,
        no_source::NoSource,
        dangling::Dangling,
        compose_references::ComposeReferences,
    }
    r04 {
        near_duplicates::NearDuplicates,
        service_twice::ServiceTwice,
        alerts::Alerts,
    }
    r05 {
        secret_in_text::SecretInText,
        plain_secret::PlainSecret,
        secret_file_tracked::SecretFileTracked,
        terraform_backend::TerraformBackend,
        rbac::Rbac,
        semver::SemVer,
        backup::Backup,
    }
    r06 {
        central::Central,
        runbook::Runbook,
        decisions::Decisions,
    }
    r07 {
        outside_folders::OutsideFolders,
        strict::Strict,
        unquoted::Unquoted,
        first_aid::FirstAid,
        unverified::Unverified,
        unpinned::Unpinned,
        unpinned_packages::UnpinnedPackages,
    }
    r08 {
        exact_versions::ExactVersions,
        documented::Documented,
        prints::Prints,
        swallowed::Swallowed,
        arguments::Arguments,
    }
    r09 {
        leftover::Leftover,
        twins::Twins,
    }
    r10 {
        deletion::Deletion,
        dangling::Dangling,
    }
    r11 {
        image_tag::ImageTag,
        image_digest::ImageDigest,
        root_user::RootUser,
        health_check::HealthCheck,
        limits::Limits,
        privileged::Privileged,
        engine_socket::EngineSocket,
        host_namespaces::HostNamespaces,
        host_paths::HostPaths,
        hardening::Hardening,
        writable_root::WritableRoot,
        image_secrets::ImageSecrets,
        port_registry::PortRegistry,
        all_interfaces::AllInterfaces,
        build_tools::BuildTools,
        outside_folder::OutsideFolder,
        image_scans::ImageScans,
        docker_daemon::DockerDaemon,
    }
    r12 {
        one_deploy::OneDeploy,
        paths::Paths,
        direct::Direct,
        unhealthy::Unhealthy,
    }
    r13 {
        unreferenced::Unreferenced,
        engine_waste::EngineWaste,
        unused::Unused,
        requests::Requests,
    }
    r14 {
        signoff::Signoff,
    }
    r15 {
        documents::Documents,
        stale::Stale,
    }
    r16 {
        ai_resources::AiResources,
        host_pressure::HostPressure,
    }
    r17 {
        authority::Authority,
        contradiction::Contradiction,
    }
    r18 {
        changelog::Changelog in "changes" "docs",
    }
    r19 {
        entry::Entry,
        unexplained::Unexplained,
    }
    r20 {
        protected_change::ProtectedChange,
        protected::ProtectedServer,
    }
}

/// The check of this name.
pub fn find(id: &str) -> Option<&'static dyn Check> {
    CHECKS.iter().copied().find(|check| check.meta().id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own() {
        let mut ids: Vec<&str> = CHECKS.iter().map(|check| check.meta().id).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all);
        assert!(ids.iter().all(|id| find(id).is_some_and(|check| check.meta().id == *id)));
    }
}
