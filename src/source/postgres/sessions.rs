//! Connections to servers that are asked by SQL again and again: kept while they work, made anew when they do not.

use crate::{
    client::postgres::{Login, Purpose, Session},
    model::{
        Timestamp,
        postgres::server::{Server, ServerState},
    },
};
use compact_str::CompactString;
use futures_util::future::join_all;
use std::{collections::HashMap, time::Duration};

/// How long a server is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// How a server is asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    By(Login),
    /// Address, and why it is not.
    Refused(CompactString, String),
}

/// Connections, by server.
#[derive(Default)]
pub(super) struct Sessions {
    open: HashMap<CompactString, (Login, Session)>,
}

impl Sessions {
    /// Asks all of them at once.
    pub async fn ask(&mut self, wanted: Vec<(CompactString, Asked)>, at: Timestamp) -> Vec<Server> {
        let mut asked = Vec::with_capacity(wanted.len());
        for (name, how) in wanted {
            let kept = self.open.remove(&name);
            asked.push(ask(name, how, kept, at));
        }
        let mut servers = Vec::with_capacity(asked.len());
        for (server, session) in join_all(asked).await {
            if let Some(session) = session {
                self.open.insert(server.name.clone(), session);
            }
            servers.push(server);
        }
        // What is not wanted any more was not put back, and is closed.
        self.open.retain(|name, _| servers.iter().any(|server| server.name == *name));
        servers
    }
}

async fn ask(
    name: CompactString,
    how: Asked,
    kept: Option<(Login, Session)>,
    at: Timestamp,
) -> (Server, Option<(Login, Session)>) {
    let mut server = Server { name, ..Server::default() };
    match how {
        Asked::Refused(address, why) => {
            (server.address, server.problem) = (address, Some(why));
            (server, None)
        }
        Asked::By(login) => {
            server.address = login.address().into();
            let kept = kept.filter(|(known, _)| *known == login).map(|(_, session)| session);
            match tokio::time::timeout(PATIENCE, state(&login, kept, at)).await {
                Ok(Ok((state, session))) => {
                    server.state = Some(state);
                    (server, Some((login, session)))
                }
                Ok(Err(why)) => {
                    server.problem = Some(why);
                    (server, None)
                }
                Err(_late) => {
                    server.problem = Some(format!("no answer within {} s", PATIENCE.as_secs()));
                    (server, None)
                }
            }
        }
    }
}

/// A kept connection may have been broken meanwhile, by a restart or a failover: then a new one is tried.
async fn state(login: &Login, kept: Option<Session>, at: Timestamp) -> Result<(ServerState, Session), String> {
    if let Some(mut session) = kept
        && let Ok(state) = session.state(at).await
    {
        return Ok((state, session));
    }
    let mut session = login.connect(Purpose::Look, PATIENCE).await.map_err(|error| error.reason)?;
    let state = session.state(at).await?;
    Ok((state, session))
}
