//! `[[notify]]`: who is told of incidents, and how. Secrets stand in files and variables, never here.

use super::{Config, watch::secret};
use crate::{
    client::{
        http::Auth,
        named::is_plain_name,
        receiver::{Address, PAGERDUTY, Receiver, Way, template::Template},
    },
    model::{journal::Sev, text::clean_to},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// In which form a receiver is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReceiverKind {
    /// JSON of one's own form.
    #[default]
    Webhook,
    /// An incoming webhook of Slack, or of what takes the same: Mattermost, Rocket.Chat.
    Slack,
    /// PagerDuty's Events API v2, or what takes the same.
    PagerDuty,
}

/// Somebody who is told of incidents.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct NotifyReceiver {
    /// Name by which it is shown and recorded.
    pub name: String,
    /// In which form it is told.
    pub kind: ReceiverKind,
    /// Where it listens; for PagerDuty it is known. An address that is a secret by itself stands in a file or a variable instead.
    pub url: Option<String>,
    /// File that holds the address.
    pub url_file: Option<PathBuf>,
    /// Variable of the environment that holds the address.
    pub url_variable: Option<String>,
    /// File that holds PagerDuty's routing key.
    pub routing_key_file: Option<PathBuf>,
    /// Variable of the environment that holds it.
    pub routing_key_variable: Option<String>,
    /// File that holds a bearer token for a webhook.
    pub bearer_token_file: Option<PathBuf>,
    /// Variable of the environment that holds a bearer token.
    pub bearer_token_variable: Option<String>,
    /// The JSON that a webhook gets, as a text with places such as `{{summary}}`: event, kind, key, at, severity, summary, source, details, and
    /// `details.NAME`. All of them unless it is given.
    pub template: Option<String>,
    /// The severities of incidents that it is told of; all unless some are named.
    pub severities: Vec<String>,
    /// Whether it is told of drills.
    pub drills: bool,
}

/// Who is told, and what is wrong with the rest, in words.
pub fn receivers(config: &Config) -> (Vec<Receiver>, Vec<String>) {
    let (mut all, mut problems): (Vec<Receiver>, Vec<String>) = Default::default();
    for written in &config.notify {
        let problem = |why: &str| format!("configuration: [[notify]] «{}»: {why}", clean_to(&written.name, 60));
        match written.receiver() {
            Err(why) => problems.push(problem(&why)),
            Ok(one) if all.iter().any(|known| known.name == one.name) => {
                problems.push(problem("there are two of that name"));
            }
            Ok(one) => all.push(one),
        }
    }
    (all, problems)
}

impl NotifyReceiver {
    fn receiver(&self) -> Result<Receiver, String> {
        if !is_plain_name(&self.name) {
            return Err("write a name of letters, digits, «-», «_» and «.»".into());
        }
        Ok(Receiver { name: self.name.clone(), way: self.way()?, severities: self.severities()?, drills: self.drills })
    }

    fn way(&self) -> Result<Way, String> {
        let key = secret(self.routing_key_file.as_ref(), self.routing_key_variable.as_ref(), "routing-key")?;
        let token = secret(self.bearer_token_file.as_ref(), self.bearer_token_variable.as_ref(), "bearer-token")?;
        let is_webhook = self.kind == ReceiverKind::Webhook;
        if !is_webhook && (self.template.is_some() || token.is_some()) {
            return Err("a template and a bearer token are for kind = \"webhook\"".into());
        }
        match self.kind {
            ReceiverKind::PagerDuty => {
                let routing_key = key.ok_or("write routing-key-file or routing-key-variable")?;
                Ok(Way::PagerDuty { url: self.url.clone().unwrap_or_else(|| PAGERDUTY.into()), routing_key })
            }
            _ if key.is_some() => Err("a routing key is for kind = \"pagerduty\"".into()),
            ReceiverKind::Slack => Ok(Way::Slack { address: self.address()? }),
            ReceiverKind::Webhook => Ok(Way::Webhook {
                address: self.address()?,
                auth: token.map_or(Auth::None, Auth::Bearer),
                template: self.template.as_deref().map(Template::parse).transpose()?.unwrap_or_default(),
            }),
        }
    }

    fn address(&self) -> Result<Address, String> {
        match (&self.url, secret(self.url_file.as_ref(), self.url_variable.as_ref(), "url")?) {
            (Some(url), None) if !url.starts_with("http://") && !url.starts_with("https://") => {
                Err("url begins with https:// or http://".into())
            }
            (Some(url), None) => Ok(Address::Plain(url.clone())),
            (None, Some(from)) => Ok(Address::Secret(from)),
            (None, None) => Err("write url, url-file or url-variable".into()),
            (Some(_), Some(_)) => Err("write one of url, url-file and url-variable".into()),
        }
    }

    fn severities(&self) -> Result<Vec<Sev>, String> {
        let read = |word: &String| {
            let found = Sev::ALL.into_iter().find(|severity| severity.word() == word);
            found.ok_or_else(|| format!("severities: «{}» is none: sev1, sev2, sev3 or sev4", clean_to(word, 20)))
        };
        if self.severities.is_empty() { Ok(Sev::ALL.to_vec()) } else { self.severities.iter().map(read).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::secret::SecretFrom,
        config::layers::{Layer, resolve},
    };

    fn read(text: &str) -> (Vec<Receiver>, Vec<String>) {
        let loaded = resolve(&[Layer::File { path: "c.toml".into(), text: text.into() }]);
        assert_eq!(loaded.warnings, []);
        receivers(&loaded.config)
    }

    #[test]
    fn receivers_and_their_secrets_are_read() {
        let (all, problems) = read(
            r#"
            [[notify]]
            name = "pager"
            kind = "pagerduty"
            routing-key-file = "/run/secrets/pager"
            severities = ["sev1", "sev2"]
            [[notify]]
            name = "chat"
            kind = "slack"
            url-variable = "CHAT_URL"
            drills = true
            [[notify]]
            name = "ours"
            url = "https://hooks.example.org/x"
            template = '{"text": "{{severity}}: {{summary}}"}'
            "#,
        );
        assert_eq!(problems, [""; 0]);
        let [pager, chat, ours] = all.as_slice() else { panic!("three") };
        let routing_key = SecretFrom::File("/run/secrets/pager".into());
        assert_eq!(pager.way, Way::PagerDuty { url: PAGERDUTY.into(), routing_key });
        assert_eq!((pager.severities.as_slice(), pager.drills), (&[Sev::Sev1, Sev::Sev2][..], false));
        assert_eq!(chat.way, Way::Slack { address: Address::Secret(SecretFrom::Variable("CHAT_URL".into())) });
        assert_eq!((chat.severities.len(), chat.drills), (4, true));
        assert!(matches!(&ours.way, Way::Webhook { auth: Auth::None, .. }));
    }

    #[test]
    fn what_is_wrong_is_said_and_the_rest_works() {
        let (all, problems) = read(
            r#"
            [[notify]]
            url = "http://x"
            [[notify]]
            name = "a"
            [[notify]]
            name = "b"
            kind = "pagerduty"
            [[notify]]
            name = "c"
            kind = "slack"
            url = "http://x"
            template = "{}"
            [[notify]]
            name = "d"
            url = "http://x"
            template = "{\"a\": \"{{sumary}}\"}"
            [[notify]]
            name = "e"
            url = "http://x"
            severities = ["bad"]
            [[notify]]
            name = "good"
            url = "http://x"
            [[notify]]
            name = "good"
            url = "http://x"
            "#,
        );
        assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["good"]);
        assert_eq!(
            problems,
            [
                "configuration: [[notify]] «»: write a name of letters, digits, «-», «_» and «.»",
                "configuration: [[notify]] «a»: write url, url-file or url-variable",
                "configuration: [[notify]] «b»: write routing-key-file or routing-key-variable",
                "configuration: [[notify]] «c»: a template and a bearer token are for kind = \"webhook\"",
                "configuration: [[notify]] «d»: the template names «sumary», which there is not (did you mean «summary»?)",
                "configuration: [[notify]] «e»: severities: «bad» is none: sev1, sev2, sev3 or sev4",
                "configuration: [[notify]] «good»: there are two of that name",
            ]
        );
    }
}
