//! Clusters, by the contexts of the kubeconfig.

use super::{NONE, Unreachable};
use compact_str::CompactString;
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};

/// The contexts that the kubeconfig has.
#[derive(Debug, Default)]
pub struct Contexts {
    config: Option<Kubeconfig>,
    all: Vec<ContextInfo>,
}

/// A context.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContextInfo {
    pub name: CompactString,
    pub cluster: CompactString,
    pub user: CompactString,
    pub namespace: CompactString,
    /// Whether the kubeconfig has it as the current one.
    pub current: bool,
    /// Whether it is watched from the start.
    pub chosen: bool,
}

impl Contexts {
    /// Reads the kubeconfig; `wanted` names contexts, or is `all` or `none`.
    pub fn discover(wanted: &[String]) -> Self {
        if wanted.iter().any(|name| name == NONE) {
            return Self::default();
        }
        let Ok(config) = Kubeconfig::read() else { return Self::default() };
        let current = config.current_context.clone().unwrap_or_default();
        let info = |named: &kube::config::NamedContext| {
            let context = named.context.clone().unwrap_or_default();
            let is_current = named.name == current;
            ContextInfo {
                name: named.name.as_str().into(),
                cluster: context.cluster.into(),
                user: context.user.unwrap_or_default().into(),
                namespace: context.namespace.unwrap_or_default().into(),
                current: is_current,
                chosen: if wanted.is_empty() {
                    is_current
                } else {
                    wanted.iter().any(|w| w == "all" || *w == named.name)
                },
            }
        };
        Self { all: config.contexts.iter().map(info).collect(), config: Some(config) }
    }

    /// All of them, in the order of the kubeconfig.
    pub fn all(&self) -> &[ContextInfo] {
        &self.all
    }

    /// A client for a context.
    ///
    /// # Errors
    /// Why there is none, and what to do.
    pub async fn client(&self, context: &str) -> Result<Client, Unreachable> {
        let failed = |reason: String| Unreachable { reason, hint: "see `kubectl config view`".into() };
        let config = self.config.clone().ok_or_else(|| failed("there is no kubeconfig".into()))?;
        let options = KubeConfigOptions { context: Some(context.into()), ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(config, &options).await.map_err(|e| failed(e.to_string()))?;
        Client::try_from(config).map_err(|e| failed(e.to_string()))
    }
}
