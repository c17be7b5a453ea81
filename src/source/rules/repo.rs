//! A repository, watched: what is saved is judged within a moment. It is judged always where it carries a `.flightdeck.toml`, and else while
//! the rules are shown. Its files are left for those who judge what is live.

use super::{Clerk, Options, watcher::Watcher, wish::Wish};
use crate::{
    clock,
    model::{
        finding::Scope,
        preflight::{Last, Preflight},
        ruling::{RuleLines, RuleNews},
        topic::{Topic, TopicSet},
        update::Update,
    },
    rulebook::{
        engine::Engine,
        excerpt::excerpt,
        policy::BASELINE,
        preflight,
        syntax::codeowners::Codeowners,
        tree::{Kind, LARGEST, Tree, base_name, name_hash},
    },
    source::{
        SourceError, Spec,
        live::{Gone, Live},
        repo::{
            Repo, book, preflights,
            walk::{Exclude, relative},
        },
        shared::Shared,
        supervisor::{Demand, Teller},
    },
};
use compact_str::CompactString;
use futures_util::future::LocalBoxFuture;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

/// Changes that come within this time are judged together: an editor writes a file in several steps.
const TOGETHER: Duration = Duration::from_millis(100);
/// How often everything is read again though no change was told.
const RESCAN: Duration = Duration::from_secs(60);

/// The source.
pub struct RepoRules {
    options: Arc<Options>,
    shared: Shared,
}

impl RepoRules {
    /// The source for the repository that the options name.
    pub fn new(options: Arc<Options>, shared: Shared) -> Self {
        Self { options, shared }
    }

    /// Whether it is judged while nobody looks.
    fn is_always(&self) -> bool {
        self.options.root.as_ref().is_some_and(|root| root.join(book::FILE).is_file())
    }
}

impl Live for RepoRules {
    fn spec(&self) -> Spec {
        super::spec("rules/repo".into(), RESCAN, Duration::from_secs(30))
    }

    fn watch<'a>(
        &'a mut self,
        mut demand: watch::Receiver<Demand>,
        teller: &'a mut Teller,
    ) -> LocalBoxFuture<'a, Result<(), Gone>> {
        Box::pin(async move {
            let Some(root) = self.options.root.clone() else {
                let reason =
                    "the cockpit was not started in a repository (`repository` in the configuration names one)";
                teller.error(&SourceError::Off { reason: reason.into() }, None).await?;
                return never(&mut demand).await;
            };
            if !self.is_always() {
                let reason =
                    format!("{}: judged while the rules are shown; with a {} always", root.display(), book::FILE);
                teller.error(&SourceError::Off { reason }, None).await?;
                demand
                    .wait_for(|demand| demand.visible.intersects(TopicSet::from(Topic::Rules)))
                    .await
                    .map_err(|_| Gone)?;
            }
            loop {
                match Judge::open(&root, &self.options, Wish::of(&demand)) {
                    Ok(judge) => judge.run(&self.options, &self.shared, &mut demand, teller).await?,
                    Err(reason) => {
                        let hint = "name a folder that can be read: `repository` in the configuration".into();
                        teller.error(&SourceError::Down { reason, hint }, Some(RESCAN)).await?;
                        wait(RESCAN, &mut demand).await?;
                    }
                }
            }
        })
    }
}

async fn never(demand: &mut watch::Receiver<Demand>) -> Result<(), Gone> {
    while demand.changed().await.is_ok() {}
    Err(Gone)
}

pub(super) async fn wait(pause: Duration, demand: &mut watch::Receiver<Demand>) -> Result<(), Gone> {
    let over = async { while demand.changed().await.is_ok() {} };
    tokio::select! {
        () = tokio::time::sleep(pause) => Ok(()),
        () = over => Err(Gone),
    }
}

/// A repository that is being judged.
struct Judge {
    repo: Repo,
    tree: Arc<Tree>,
    engine: Engine,
    clerk: Clerk,
    watcher: Option<Watcher>,
    wish: Wish,
    /// Who went through the pre-flight list last.
    last: Option<Last>,
}

impl Judge {
    fn open(root: &Path, options: &Options, wish: Wish) -> Result<Self, String> {
        let repo = Repo::open(root).map_err(|error| error.to_string())?;
        let clerk = Clerk::new("rules/repo".into(), options);
        let tree = read(&repo, &clerk)?;
        let mut engine = Engine::new(clerk.book.clone());
        engine.judge(&tree, clock::now());
        let tree = Arc::new(tree);
        let mut judge = Self { repo, tree, engine, clerk, watcher: Watcher::new().ok(), wish, last: None };
        judge.read_last(options);
        judge.watch_folders();
        Ok(judge)
    }

    async fn run(
        mut self,
        options: &Options,
        shared: &Shared,
        demand: &mut watch::Receiver<Demand>,
        teller: &mut Teller,
    ) -> Result<(), Gone> {
        loop {
            let news = self.news();
            shared.put_tree(Arc::clone(&self.tree));
            let lines = self.lines(&news);
            let mut updates = vec![Update::Rules(Box::new(news))];
            updates.extend(lines.map(|lines| Update::RuleLines(Box::new(lines))));
            teller.tell(updates).await?;
            if let Some(changed) = self.wait(demand, teller).await? {
                tokio::time::sleep(TOGETHER).await;
                self.take(changed, options);
            } else {
                // Reading a folder anew tells also what the kernel did not.
                self.read_again(options);
            }
        }
    }

    /// Waits until something changed that has to be judged, and shows meanwhile what is asked for; `None` where all has to be read again.
    async fn wait(
        &mut self,
        demand: &mut watch::Receiver<Demand>,
        teller: &mut Teller,
    ) -> Result<Option<Vec<PathBuf>>, Gone> {
        let rescan = tokio::time::sleep(RESCAN);
        tokio::pin!(rescan);
        loop {
            let wish = tokio::select! {
                changed = next(self.watcher.as_mut()) => return Ok(Some(changed)),
                () = &mut rescan => return Ok(None),
                wish = self.wish.other(demand) => wish?,
            };
            let before = std::mem::replace(&mut self.wish, wish);
            if self.wish.is_written_since(&before) {
                return Ok(None);
            }
            if self.wish.open.is_some() {
                let news = self.news();
                if let Some(lines) = self.lines(&news) {
                    teller.tell(vec![Update::RuleLines(Box::new(lines))]).await?;
                }
            }
        }
    }

    /// The lines of the finding whose page is open.
    fn lines(&self, news: &RuleNews) -> Option<RuleLines> {
        let key = self.wish.open.as_ref()?;
        let ruling = news.rulings.iter().find(|ruling| ruling.key() == *key)?;
        let (path, span) = (ruling.finding.file.as_ref()?, ruling.finding.span);
        let file = self.tree.file(path)?;
        let lines = match &file.text {
            Some(text) => excerpt(path, text, span),
            // Of most kinds of file only what was found is kept.
            None if file.listed.size_bytes <= LARGEST => {
                let bytes = std::fs::read(self.repo.root().join(path)).ok()?;
                excerpt(path, &String::from_utf8(bytes).ok()?, span)
            }
            None => None,
        };
        Some(RuleLines { key: key.clone(), lines: lines? })
    }

    /// Judges what changed, or everything where that is not known.
    fn take(&mut self, mut changed: Vec<PathBuf>, options: &Options) {
        let mut is_known = !changed.is_empty();
        while let Some(more) = self.watcher.as_mut().and_then(Watcher::more) {
            is_known &= !more.is_empty();
            changed.extend(more);
        }
        let root = self.repo.root().to_path_buf();
        let touched: BTreeSet<CompactString> = changed.iter().filter_map(|path| relative(&root, path)).collect();
        let baseline = self.clerk.book.policy.baseline.as_deref().unwrap_or(BASELINE);
        let is_of_rules =
            |path: &CompactString| path == book::FILE || path == baseline || path.starts_with(book::RULES);
        // A folder, or a file that was not there: what git says of it has to be asked.
        let is_new = |path: &CompactString| self.tree.file(path).is_none() && root.join(path).exists();
        let is_ignore = |path: &CompactString| base_name(path) == ".gitignore";
        if !is_known || touched.iter().any(|path| is_of_rules(path) || is_new(path) || is_ignore(path)) {
            return self.read_again(options);
        }
        let names = self.tree.files.keys().map(|path| name_hash(base_name(path))).collect();
        // Those who look at the files as they were go on with them.
        let tree = Arc::make_mut(&mut self.tree);
        let mut judged = BTreeSet::new();
        for path in touched {
            // What the tree leaves out is left out still.
            if tree.file(&path).is_none() {
                continue;
            }
            match self.repo.read_file(&path, &names) {
                Some(file) => drop(tree.files.insert(path.clone(), file)),
                None => drop(tree.files.remove(&path)),
            }
            judged.insert(path);
        }
        if !judged.is_empty() {
            tree.settle();
            self.engine.judge_again(&self.tree, &judged, clock::now());
        }
    }

    fn read_last(&mut self, options: &Options) {
        self.last = options.state.as_ref().and_then(|state| preflights::last(state, self.repo.root()));
    }

    fn read_again(&mut self, options: &Options) {
        self.clerk.read_again(options);
        self.read_last(options);
        match read(&self.repo, &self.clerk) {
            Ok(tree) => {
                self.tree = Arc::new(tree);
                self.engine.book = self.clerk.book.clone();
                self.engine.judge(&self.tree, clock::now());
                self.watch_folders();
            }
            Err(why) => self.clerk.problems.push(why),
        }
    }

    fn watch_folders(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        let files = self.tree.files.keys();
        let mut folders: BTreeSet<PathBuf> =
            files.flat_map(|path| Path::new(path.as_str()).ancestors().skip(1).map(Path::to_path_buf)).collect();
        folders.insert(PathBuf::new());
        if let Some(problem) = watcher.watch(self.repo.root(), &folders) {
            self.clerk.problems.push(format!("changes are seen every {} s only: {problem}", RESCAN.as_secs()));
        }
    }

    fn news(&mut self) -> RuleNews {
        let tally = self.engine.tally();
        let owners = self.tree.of_kind(Kind::Codeowners).next().map(|file| Codeowners::parse(file.text()));
        let news = self.clerk.news(tally, &[Scope::Repo], owners.as_ref());
        let findings = news.rulings.iter().map(|ruling| &ruling.finding);
        let list = preflight::list(findings, &self.clerk.book.policy, &self.tree, clock::now());
        RuleNews { preflight: Some(Preflight { last: self.last.clone(), ..list }), ..news }
    }
}

async fn next(watcher: Option<&mut Watcher>) -> Vec<PathBuf> {
    match watcher {
        Some(watcher) => watcher.next().await,
        None => std::future::pending().await,
    }
}

fn read(repo: &Repo, clerk: &Clerk) -> Result<Tree, String> {
    let exclude = Exclude::new(clerk.book.policy.unread().iter().map(String::as_str));
    repo.read(&exclude, &|_, _| ()).map_err(|error| error.to_string())
}
