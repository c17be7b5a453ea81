//! Asking an API server beforehand what it would allow (`SelfSubjectAccessReview`). That changes nothing.

use super::kubernetes::{connect, failure};
use crate::{client::Clients, model::kubernetes::Access};
use compact_str::CompactString;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::{Api, api::PostParams};
use std::time::Duration;

/// How long the answers may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a server said: the thing, whether it is allowed, and why.
pub type Said = (Access, bool, CompactString);

/// Asks. What the server does not say is left out.
pub fn review(context: &str, wanted: Vec<Access>, clients: &Clients) -> Vec<Said> {
    let asked = super::execute::within(super::execute::in_time(PATIENCE, async {
        let client = connect(context, clients).await?;
        let reviews: Api<SelfSubjectAccessReview> = Api::all(client);
        let mut said = Vec::new();
        for access in wanted {
            let review = SelfSubjectAccessReview {
                spec: SelfSubjectAccessReviewSpec {
                    resource_attributes: Some(attributes(&access)),
                    ..SelfSubjectAccessReviewSpec::default()
                },
                ..SelfSubjectAccessReview::default()
            };
            let answer = reviews.create(&PostParams::default(), &review).await.map_err(failure)?;
            if let Some(status) = answer.status {
                said.push((access, status.allowed, status.reason.unwrap_or_default().into()));
            }
        }
        Ok(said)
    }));
    asked.unwrap_or_else(|why| {
        tracing::warn!(context, %why, "what may be done could not be asked");
        Vec::new()
    })
}

fn attributes(access: &Access) -> ResourceAttributes {
    let (resource, group) = access.resource.split_once('.').unwrap_or((&access.resource, ""));
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    ResourceAttributes {
        verb: some(&access.verb),
        resource: some(resource),
        group: some(group),
        subresource: some(&access.subresource),
        namespace: some(&access.namespace),
        name: some(&access.name),
        ..ResourceAttributes::default()
    }
}
