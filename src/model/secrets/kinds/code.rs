//! Tokens of hosts of code, registries of packages and builders.

use super::Kind;

pub const KINDS: &[Kind] = &[
    Kind::token("GitHub personal access token", &["ghp_"], "ghp_[A-Za-z0-9]{36,255}", 3.0),
    Kind::token("GitHub OAuth token", &["gho_"], "gho_[A-Za-z0-9]{36,255}", 3.0),
    Kind::token("GitHub app token", &["ghu_", "ghs_"], "gh[us]_[A-Za-z0-9]{36,255}", 3.0),
    Kind::token("GitHub refresh token", &["ghr_"], "ghr_[A-Za-z0-9]{36,255}", 3.0),
    Kind::token("GitHub fine-grained token", &["github_pat_"], "github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", 3.0),
    Kind::token(
        "GitLab personal access token",
        &["glpat-"],
        r"glpat-[A-Za-z0-9_-]{20,300}(?:\.[0-9a-z]{2,11}){0,2}",
        3.0,
    ),
    Kind::token(
        "GitLab token",
        &[
            "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "gloas-", "glsoat-", "glrtr-",
            "glffct-",
        ],
        r"gl(?:dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_-]{20,128}(?:\.[0-9a-z]{2,11}){0,2}",
        3.0,
    ),
    Kind::token("GitLab runner registration token", &["gr1348941"], "GR1348941[A-Za-z0-9_-]{20}", 3.0),
    Kind::named("Gitea token", &["gitea", "forgejo"], "[0-9a-f]{40}", 3.0),
    Kind::token("Bitbucket app password", &["atbb"], "ATBB[A-Za-z0-9]{32}", 3.5),
    Kind::token("Bitbucket access token", &["atctt3x"], "ATCTT3xFfG[A-Za-z0-9_=-]{100,250}", 3.8),
    Kind::token("Atlassian API token", &["atatt3x"], "ATATT3xFfG[A-Za-z0-9_=-]{100,250}", 3.8),
    Kind::token("Sourcegraph token", &["sgp_"], "sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}", 3.0),
    Kind::token("CircleCI token", &["ccipat_"], "CCIPAT_[A-Za-z0-9]{22}_[0-9a-f]{40}", 3.0),
    Kind::token("Buildkite token", &["bkua_", "bkct_"], "bk(?:ua|ct)_[A-Za-z0-9]{40}", 3.0),
    Kind::token("SonarQube token", &["sqp_", "squ_", "sqa_"], "sq[pua]_[0-9a-f]{40}", 3.0),
    Kind::named("Snyk token", &["snyk"], "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", 3.0),
    Kind::token("npm token", &["npm_"], "npm_[A-Za-z0-9]{36}", 3.0),
    Kind::token(
        "npm registry credential",
        &[":_auth", ":_password", "_authtoken", "_auth="],
        r#"(?::_(?:authToken|auth|password)|_authToken|_auth)=["']?([A-Za-z0-9+/=_-]{12,512})"#,
        3.0,
    ),
    Kind::token("PyPI token", &["pypi-"], "pypi-AgE[A-Za-z0-9_-]{50,500}", 3.5),
    Kind::token("RubyGems key", &["rubygems_"], "rubygems_[0-9a-f]{48}", 3.0),
    Kind::token("NuGet key", &["oy2"], "oy2[a-z0-9]{43}", 3.5),
    Kind::token("crates.io token", &["cio"], "cio[A-Za-z0-9]{32}", 3.8),
    Kind::token("Packagist token", &["packagist_"], "packagist_[ou][ru]t_[0-9a-f]{68}", 3.0),
    Kind::token("Clojars token", &["clojars_"], "CLOJARS_[a-z0-9]{60}", 3.5),
    Kind::token("Docker Hub token", &["dckr_pat_", "dckr_oat_"], "dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,32}", 3.0),
    Kind::token(
        "Docker registry credentials",
        &["\"auth\""],
        r#""auth"[ \t]{0,8}:[ \t]{0,8}"([A-Za-z0-9+/]{16}[A-Za-z0-9+/]*={0,2})""#,
        3.0,
    ),
    // `{"auths":` in base64, as in a Secret of the type `kubernetes.io/dockerconfigjson`.
    Kind::token(
        "Docker registry credentials in base64",
        &["eyjhdxrocyi6"],
        "eyJhdXRocyI6[A-Za-z0-9+/]{30}[A-Za-z0-9+/]*={0,2}",
        3.5,
    ),
    Kind::token("Artifactory API key", &["akcp"], "AKCp[A-Za-z0-9]{69}", 3.8),
    Kind::token("Artifactory reference token", &["cmvmd"], "cmVmdGtuO[A-Za-z0-9]{55}", 3.8),
    Kind::token("Postman API key", &["pmak-"], "PMAK-[0-9a-f]{24}-[0-9a-f]{34}", 3.0),
];
