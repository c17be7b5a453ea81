//! Programs that take passwords by flags whose names do not say so.

/// A program that takes passwords by flags of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Client {
    /// `-u user:password`.
    Curl,
    /// `-pSECRET`.
    Mysql,
    /// `-p SECRET`, `-pSECRET`.
    Sshpass,
    /// `-a SECRET`, `-w SECRET`.
    Apart,
}

impl Client {
    /// The client that a word of a command line calls. Any word may: wrappers stand before it (`timeout 9`, `docker exec db`).
    fn named(word: &str) -> Option<Self> {
        if word.starts_with('-') || word.contains("://") {
            return None;
        }
        // `/usr/bin/curl`, `a|curl`, `x=$(curl`.
        let name = word.rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).next();
        match name.unwrap_or_default() {
            "curl" | "wget" => Some(Self::Curl),
            "sshpass" => Some(Self::Sshpass),
            "redis-cli" | "ldapsearch" | "ldapadd" | "ldapmodify" | "smbclient" => Some(Self::Apart),
            name => ["mysql", "mariadb", "mycli"].iter().any(|start| name.starts_with(start)).then_some(Self::Mysql),
        }
    }

    /// What is to be done with the argument after this one.
    fn after(self, argument: &str) -> Next {
        // `-sSu` is `-s -S -u`.
        let short = argument.strip_prefix('-').filter(|flags| flags.chars().all(|c| c.is_ascii_alphabetic()));
        match (self, argument) {
            (Self::Curl, "--user" | "--proxy-user") => Next::HidePassword,
            (Self::Curl, _) if short.is_some_and(|flags| flags.ends_with(['u', 'U'])) => Next::HidePassword,
            (Self::Sshpass | Self::Apart, "-p" | "-a" | "-w") => Next::Hide,
            _ => Next::Show,
        }
    }

    /// Where the password begins that is part of this flag: `-pSECRET`, `-uuser:SECRET`.
    fn glued(self, argument: &str) -> Option<usize> {
        let (flag, rest) = argument.split_at_checked(2).filter(|(_, rest)| !rest.is_empty())?;
        match (self, flag) {
            (Self::Mysql | Self::Sshpass, "-p") | (Self::Apart, "-w") => Some(flag.len()),
            (Self::Curl, "-u" | "-U") => after_colon(rest).map(|from| flag.len() + from),
            _ => None,
        }
    }
}

/// Reads a command line on, and knows whose flags are read: those of the client that was named last.
#[derive(Default)]
pub(super) struct Flags {
    client: Option<Client>,
    next: Next,
}

impl Flags {
    /// From which byte on the next argument is to be hidden, if at all.
    pub(super) fn read(&mut self, argument: &str) -> Option<usize> {
        match std::mem::take(&mut self.next) {
            Next::Hide if !argument.starts_with("--") => {
                // The rest of its line is the command that it runs.
                self.client = self.client.filter(|client| *client != Client::Sshpass);
                return Some(0);
            }
            Next::HidePassword => return after_colon(argument),
            _ => {}
        }
        self.client = Client::named(argument).or(self.client);
        self.next = self.client.map_or(Next::Show, |client| client.after(argument));
        self.client?.glued(argument)
    }
}

/// What to do with the argument after one.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Next {
    #[default]
    Show,
    Hide,
    /// It is `user:password`.
    HidePassword,
}

/// Where the password of `user:password` begins; with nothing behind the colon the user is the secret.
fn after_colon(argument: &str) -> Option<usize> {
    let colon = argument.find(':')?;
    Some(if colon + 1 == argument.len() { 0 } else { colon + 1 })
}
