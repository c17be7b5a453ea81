//! Files of this host whose rights and content matter to the rule book: sockets of container engines and their settings.

use crate::{
    client::docker::Endpoint,
    rulebook::subject::live::{HostFile, HostFileKind},
    source::host::{
        bytes::{lines, lossy, number},
        read::Root,
    },
};
use compact_str::{CompactString, format_compact};
use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Settings are no longer than that.
const LONGEST: u64 = 1 << 20;

/// The sockets of the engines of this host that are there, and the settings of those engines.
pub fn of_engines<'e>(root: &Root, endpoints: impl Iterator<Item = &'e Endpoint>) -> Vec<HostFile> {
    let names = Names::read(root);
    let sockets: Vec<&Path> = endpoints.filter_map(Endpoint::socket).collect();
    let mut wanted: Vec<(HostFileKind, PathBuf, Option<&Person>)> = vec![
        (HostFileKind::DockerSettings, root.join("etc/docker/daemon.json"), None),
        (HostFileKind::PodmanSettings, root.join("etc/containers/containers.conf"), None),
        (HostFileKind::PodmanSettings, root.join("etc/containers/registries.conf"), None),
    ];
    for socket in &sockets {
        let person = names.person_of(socket);
        wanted.push((HostFileKind::Socket, socket.to_path_buf(), person));
        let Some(person) = person else { continue };
        let settings = |place: &str| root.join(&*person.home).join(".config").join(place);
        wanted.push((HostFileKind::DockerSettings, settings("docker/daemon.json"), Some(person)));
        wanted.push((HostFileKind::PodmanSettings, settings("containers/containers.conf"), Some(person)));
        wanted.push((HostFileKind::PodmanSettings, settings("containers/registries.conf"), Some(person)));
    }
    let mut seen = BTreeSet::new();
    let mut files: Vec<HostFile> =
        wanted.into_iter().filter_map(|(kind, path, person)| file(kind, &path, person, &names)).collect();
    files.retain(|file| seen.insert(file.path.clone()));
    files
}

/// A file as it is; `None` where there is none.
fn file(kind: HostFileKind, path: &Path, person: Option<&Person>, names: &Names) -> Option<HostFile> {
    // What it leads to is what counts: `/var/run` is `/run`.
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => path.to_path_buf(),
        Err(_) => return None,
    };
    let mut told = HostFile {
        kind,
        path: real.to_string_lossy().as_ref().into(),
        user: person.map(|person| person.name.clone()),
        mode: 0,
        owner: CompactString::default(),
        group: CompactString::default(),
        text: None,
        problem: None,
    };
    match fs::metadata(&real) {
        Ok(metadata) => {
            told.mode = metadata.mode() & 0o7777;
            told.owner = names.user(metadata.uid());
            told.group = names.group(metadata.gid());
            if kind != HostFileKind::Socket {
                match text(&real, &metadata) {
                    Ok(text) => told.text = Some(text),
                    Err(problem) => told.problem = Some(problem),
                }
            }
        }
        // Whether it is there cannot be told either: somebody else's home is closed to us.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && kind != HostFileKind::Socket => return None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => told.problem = Some(error.to_string()),
    }
    Some(told)
}

fn text(path: &Path, metadata: &fs::Metadata) -> Result<String, String> {
    if !metadata.is_file() {
        return Err("it is no file".into());
    }
    if metadata.len() > LONGEST {
        return Err(format!("it is longer than {} KiB", LONGEST >> 10));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Person {
    uid: u32,
    name: CompactString,
    home: String,
}

/// Names of users and groups, from the files only: asking the name service may hang.
#[derive(Debug, Default)]
struct Names {
    people: Vec<Person>,
    groups: Vec<(u32, CompactString)>,
}

impl Names {
    fn read(root: &Root) -> Self {
        let (passwd, group) = (root.read("etc/passwd").unwrap_or_default(), root.read("etc/group").unwrap_or_default());
        let fields = |line: &[u8]| -> Vec<Vec<u8>> { line.split(|byte| *byte == b':').map(<[u8]>::to_vec).collect() };
        let id = |field: &[u8]| number(field).and_then(|id| u32::try_from(id).ok());
        let people = lines(&passwd).filter_map(|line| {
            let fields = fields(line);
            let home = String::from_utf8_lossy(fields.get(5)?).into_owned();
            Some(Person { uid: id(fields.get(2)?)?, name: lossy(&fields[0]), home })
        });
        let groups = lines(&group).filter_map(|line| {
            let fields = fields(line);
            Some((id(fields.get(2)?)?, lossy(&fields[0])))
        });
        Self { people: people.collect(), groups: groups.collect() }
    }

    fn user(&self, uid: u32) -> CompactString {
        let person = self.people.iter().find(|person| person.uid == uid);
        person.map_or_else(|| format_compact!("{uid}"), |person| person.name.clone())
    }

    fn group(&self, gid: u32) -> CompactString {
        let group = self.groups.iter().find(|(id, _)| *id == gid);
        group.map_or_else(|| format_compact!("{gid}"), |(_, name)| name.clone())
    }

    /// Whose engine it is, where it runs without root: its socket lies in the run-time folder or in the home of a user.
    fn person_of(&self, socket: &Path) -> Option<&Person> {
        let text = socket.to_string_lossy();
        let uid = text.strip_prefix("/run/user/").and_then(|rest| rest.split('/').next()?.parse::<u32>().ok());
        if let Some(uid) = uid {
            return self.people.iter().find(|person| person.uid == uid && uid != 0);
        }
        let lives_there =
            |person: &&Person| person.uid != 0 && person.home.len() > 1 && socket.starts_with(&person.home);
        self.people.iter().find(lives_there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::host::read::fixture;
    use std::os::unix::{fs::PermissionsExt, net::UnixListener};

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n";

    fn endpoint(socket: &Path) -> Endpoint {
        Endpoint {
            name: "docker".into(),
            url: format!("unix://{}", socket.display()),
            tls: None,
            chosen: true,
            found_by: String::new(),
            problem: None,
        }
    }

    #[test]
    fn a_socket_is_told_once_where_it_really_is_with_who_may_use_it() {
        let (folder, root) = fixture(&[
            ("etc/passwd", PASSWD),
            ("etc/group", "root:x:0:\n"),
            ("etc/docker/daemon.json", "{\"icc\": true}"),
            ("run/x", ""),
        ]);
        let real = folder.path().join("run/docker.sock");
        let _listener = UnixListener::bind(&real).expect("bound");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o666)).expect("set");
        let link = folder.path().join("docker.sock");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        let gone = folder.path().join("gone.sock");
        let endpoints = [endpoint(&link), endpoint(&real), endpoint(&gone)];
        let files = of_engines(&root, endpoints.iter());
        let real = real.canonicalize().expect("there");
        let told: Vec<_> = files.iter().map(|file| (file.kind, file.path.as_str())).collect();
        let settings = folder.path().join("etc/docker/daemon.json").canonicalize().expect("there");
        assert_eq!(
            told,
            [
                (HostFileKind::DockerSettings, settings.to_str().expect("text")),
                (HostFileKind::Socket, real.to_str().expect("text"))
            ]
        );
        assert_eq!((files[1].mode, files[1].text.as_deref()), (0o666, None));
        assert_eq!(files[0].text.as_deref(), Some("{\"icc\": true}"));
        let uid = rustix::process::getuid().as_raw();
        assert_eq!(files[1].owner, if uid == 0 { "root".to_owned() } else { uid.to_string() });
    }

    #[test]
    fn an_engine_without_root_belongs_to_its_user() {
        let (_folder, root) = fixture(&[("etc/passwd", PASSWD)]);
        let names = Names::read(&root);
        let of = |path: &str| names.person_of(Path::new(path)).map(|person| person.name.to_string());
        assert_eq!(of("/run/user/1000/docker.sock"), Some("ada".into()));
        assert_eq!(of("/home/ada/.docker/run/docker.sock"), Some("ada".into()));
        assert_eq!(
            (of("/run/docker.sock"), of("/run/user/7/podman/podman.sock"), of("/root/x.sock")),
            (None, None, None)
        );
        assert_eq!((names.user(4), names.group(4)), ("4".into(), "4".into()));
    }

    #[test]
    fn what_is_no_file_is_not_read() {
        let (folder, root) = fixture(&[("etc/passwd", PASSWD)]);
        fs::create_dir_all(folder.path().join("etc/docker/daemon.json")).expect("made");
        let files = of_engines(&root, [].iter());
        assert_eq!((files.len(), files[0].problem.as_deref()), (1, Some("it is no file")));
    }
}
