//! A cluster as the configuration names it: where it is, and who asks.

use super::Login;
use crate::{
    client::{
        http::{Auth, Http, Server},
        named::is_plain_name,
        patroni,
        secret::SecretFrom,
    },
    model::{
        postgres::{Limits, patroni::Member},
        text::clean_to,
    },
};
use std::time::Duration;

/// A cluster as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterOptions {
    /// Without strokes. Its identity.
    pub name: String,
    /// Addresses of members' Patroni: `http://10.0.0.1:8008`. Any one answers for all; name several, so that one is always there.
    pub patroni: Vec<String>,
    /// How all of them are spoken with: certificates, and the credentials that Patroni wants of who changes something. Its address counts
    /// for nothing.
    pub api: Server,
    /// How members are asked by SQL: `postgres://USER@MEMBER/DATABASE`, with each member's own host and port in the place of `MEMBER`.
    pub member_url: Option<String>,
    /// Servers without Patroni, by name: `postgres://USER@HOST:PORT/DATABASE`.
    pub servers: Vec<(String, String)>,
    /// Where the password is, for all of them.
    pub password: Option<SecretFrom>,
    /// Who promotes a server, in the place of the user in its address, who may only look.
    pub operator: Option<String>,
    pub operator_password: Option<SecretFrom>,
    pub limits: Limits,
}

impl ClusterOptions {
    /// What is wrong with it, in words.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let name = clean_to(&self.name, 60);
        let mut wrong = |what: String| found.push(format!("configuration: [[postgres]] «{name}»: {what}"));
        if !is_plain_name(&self.name) {
            wrong("write a name of letters, digits, «-», «_» and «.»".into());
        }
        if self.operator.as_ref().is_some_and(|name| !is_plain_name(name)) {
            wrong("write the operator's name in letters, digits, «-», «_» and «.»".into());
        }
        match (self.patroni.is_empty(), self.servers.is_empty()) {
            (true, true) => wrong("name the addresses of its Patroni, or its servers".into()),
            (false, false) => wrong("a cluster is under Patroni, or has servers of its own: name one of both".into()),
            _ => {}
        }
        if let Some((server, _)) = self.servers.iter().find(|(name, _)| !is_plain_name(name)) {
            wrong(format!("«{}» is no name of a server: letters, digits, «-», «_» and «.»", clean_to(server, 60)));
        }
        for url in self.patroni.iter().filter(|url| patroni::base(url).is_none()) {
            let place = Server::at(url.as_str()).place();
            wrong(format!("{place} is no address of Patroni: write http://HOST:8008, without credentials"));
        }
        if let Some(Err(why)) = self.patroni.first().filter(|url| patroni::base(url).is_some()).map(|_| self.headers())
        {
            wrong(why);
        }
        let logins = self.servers.iter().map(|(_, url)| url).chain(&self.member_url);
        for url in logins {
            if let Err(error) = self.login(url).check() {
                wrong(format!("{}; {}", error.reason, error.hint));
            }
        }
        found
    }

    /// Whether what is said of all members can be sent; files may be there later.
    fn headers(&self) -> Result<(), String> {
        let bare = Server {
            url: "http://member".into(),
            auth: Auth::None,
            headers: self.api.headers.clone(),
            ..Server::default()
        };
        Http::to(&bare, Duration::from_secs(1), 1)
            .map(drop)
            .map_err(|error| format!("{}; {}", error.reason, error.hint))
    }

    /// How a server is asked by who may change it. An operator without a password of their own has it in `~/.pgpass`.
    pub fn operator_login(&self, url: &str) -> Login {
        let Some(operator) = &self.operator else { return self.login(url) };
        let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
        let place = rest.find(['/', '?']).unwrap_or(rest.len());
        let after = rest[..place].rfind('@').map_or(0, |at| at + 1);
        let url = format!("{scheme}://{operator}@{}", &rest[after..]);
        Login { url, password: self.operator_password.clone(), server: None }
    }

    /// How a member is asked by SQL, where that is configured and its host and port are known.
    ///
    /// # Errors
    /// Its host is none that credentials are sent to; with its address.
    pub fn member_login(&self, member: &Member) -> Option<Result<Login, (String, &'static str)>> {
        let (host, port) = (member.host.as_ref()?, member.port?);
        let login = Login { server: Some((host.to_string(), port)), ..self.login(self.member_url.as_ref()?) };
        // It comes from an answer. Credentials go to hosts that the configuration names, or that prove who they are.
        let names =
            |url: &String| patroni::base(url).and_then(|base| host_of(&base)).is_some_and(|named| named == *host);
        Some(if self.patroni.iter().any(names) || login.is_verified() {
            Ok(login)
        } else {
            let why = "its host is none of those that the configuration names: no password is sent there";
            Err((login.address(), why))
        })
    }

    /// How one server or member is asked by SQL: by who looks, and by who may change it. The members of Patroni are asked for first.
    ///
    /// # Errors
    /// There is none of that name, or no way to it.
    pub async fn logins_of(&self, name: &str, patience: Duration) -> Result<(Login, Login), String> {
        if let Some((_, url)) = self.servers.iter().find(|(known, _)| known == name) {
            return Ok((self.login(url), self.operator_login(url)));
        }
        let Some(url) = &self.member_url else {
            let known = self.servers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            let why =
                if self.patroni.is_empty() { format!("it has {known}") } else { "member-url is not configured".into() };
            return Err(format!("{} has no server {name} that is asked by SQL: {why}", self.name));
        };
        let bases: Vec<_> = self.patroni.iter().filter_map(|url| patroni::base(url)).collect();
        let client = patroni::Patroni::new(&self.api, patience);
        let answer = client.cluster_of_any(&bases).await.answer;
        let members = answer.ok_or_else(|| format!("nobody answers for the cluster {}", self.name))?.1.members;
        let member = members.iter().find(|member| member.name == name);
        let member = member.ok_or_else(|| format!("the cluster {} has no member {name}", self.name))?;
        let found = self.member_login(member).ok_or_else(|| format!("where {name} listens is not known"))?;
        let login = found.map_err(|(address, why)| format!("{address}: {why}"))?;
        let operator = Login { server: login.server.clone(), ..self.operator_login(url) };
        Ok((login, operator))
    }

    /// How a server is asked.
    pub fn login(&self, url: &str) -> Login {
        Login { url: url.to_owned(), password: self.password.clone(), server: None }
    }
}

fn host_of(base: &str) -> Option<String> {
    let uri: http::Uri = base.parse().ok()?;
    Some(uri.host()?.trim_matches(['[', ']']).to_owned())
}
