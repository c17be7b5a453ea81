//! What somebody else does between our look at an object and our change of it.

use crate::bed::{Bed, IMAGE, Namespace, armed, on_testbed};
use flightdeck::{
    client::{Clients, kubernetes::Contexts},
    model::object::{ObjectKind, ObjectRef},
    ops::{
        execute::{Deed, execute},
        gate::Gate,
        ledger::LogOnly,
        operation::{KubeAct, Operation},
    },
};
use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

/// `kubectl proxy`, which is gone when this is dropped: the API server without its TLS, so that it can be seen what is asked.
struct Plain(Child, String);

impl Plain {
    fn start(bed: &Bed) -> Self {
        let mut proxy = bed
            .kubectl_command()
            .args(["proxy", "--port=0", "--reject-methods=^$"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("kubectl");
        let mut line = String::new();
        BufReader::new(proxy.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit(' ').next().expect("an address").to_owned();
        Self(proxy, address)
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Stands before a server that speaks HTTP/1.1, and has something done before the first change that is asked of it in earnest. Returns its address.
fn before_the_first_change(server: &str, meanwhile: Command) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (server, meanwhile) = (server.to_owned(), Arc::new(Mutex::new(Some(meanwhile))));
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let (server, meanwhile) = (server.clone(), Arc::clone(&meanwhile));
            // One that breaks concerns nobody else.
            thread::spawn(move || lead(near, &server, &meanwhile));
        }
    });
    address
}

/// One request a connection.
fn lead(mut near: TcpStream, server: &str, meanwhile: &Mutex<Option<Command>>) -> io::Result<()> {
    let mut reader = BufReader::new(near.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line == "\r\n" {
            break;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if head.starts_with("PATCH ")
        && !head.contains("dryRun=")
        && let Some(mut command) = meanwhile.lock().expect("none panics with it").take()
    {
        let done = command.output()?;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let mut far = TcpStream::connect(server)?;
    write!(far, "{head}connection: close\r\n\r\n")?;
    far.write_all(&body)?;
    io::copy(&mut far, &mut near).map(drop)
}

/// Rolls a workload back to its first revision, while somebody else does something right before our change.
fn roll_back(bed: &Bed, target: &ObjectRef, meanwhile: Command) -> Result<Deed, String> {
    let plain = Plain::start(bed);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    let address = before_the_first_change(&plain.1, meanwhile);
    let config = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "testbed",
        "clusters": [{ "name": "c", "cluster": { "server": format!("http://{address}") } }],
        "contexts": [{ "name": "testbed", "context": { "cluster": "c", "user": "u" } }],
        "users": [{ "name": "u", "user": {} }],
    });
    fs::write(&file, config.to_string()).expect("written");
    let clients = Clients { kube: Contexts::from_files(&["testbed".into()], &[file]), ..Clients::default() };
    let operation = Operation::Kube { target: target.clone(), act: KubeAct::Rollback { revision: 1 } };
    let mut world = bed.world();
    bed.ask(&mut world, &operation);
    let permit = Gate::permit(operation, &world, &armed()).map_err(|why| format!("gate: {why}"))?;
    execute(permit, &Arc::new(clients), &|_| {}, &LogOnly)
}

/// A workload, called after its kind, of which there are two revisions; the second is asked for.
fn with_two_revisions(bed: &Bed, space: &Namespace, kind: ObjectKind) {
    let what = format!("{}/{}", kind.word(), kind.word());
    space.workload(kind, kind.word(), 1);
    space.kubectl(&["set", "image", &what, "web=testbed/not-there:9"]);
    bed.wait_for("the controller has seen it", || {
        space.kubectl(&["get", &what, "-o", "jsonpath={.metadata.generation} {.status.observedGeneration}"]) == "2 2"
    });
}

/// Generation, label and image of a workload.
fn told(space: &Namespace, kind: ObjectKind) -> String {
    let path = "{.metadata.generation} {.metadata.labels.seen} {.spec.template.spec.containers[0].image}";
    space.kubectl(&["get", kind.word(), kind.word(), "-o", &format!("jsonpath={path}")])
}

#[test]
fn what_changes_nothing_that_is_asked_for_is_looked_past() {
    on_testbed("between::what_changes_nothing_that_is_asked_for_is_looked_past", |bed| {
        let space = Namespace::new(bed, "past");
        for kind in [ObjectKind::Deployment, ObjectKind::StatefulSet] {
            with_two_revisions(bed, &space, kind);
            let mut label = bed.kubectl_command();
            label.args(["-n", &space.name, "label", kind.word(), kind.word(), "seen=by-another"]);
            let done = roll_back(bed, &space.object(kind, kind.word()), label).expect("rolled back");
            assert!(done.text.contains("revision 1"), "{}", done.text);
            assert_eq!(told(&space, kind), format!("3 by-another {IMAGE}"));
        }
    });
}

#[test]
fn what_somebody_else_asked_for_meanwhile_stays() {
    on_testbed("between::what_somebody_else_asked_for_meanwhile_stays", |bed| {
        let space = Namespace::new(bed, "stays");
        for kind in [ObjectKind::Deployment, ObjectKind::StatefulSet] {
            with_two_revisions(bed, &space, kind);
            let mut third = bed.kubectl_command();
            third.args([
                "-n",
                &space.name,
                "set",
                "image",
                &format!("{}/{}", kind.word(), kind.word()),
                "web=testbed/third:3",
            ]);
            let refused = roll_back(bed, &space.object(kind, kind.word()), third).expect_err("refused");
            assert!(refused.contains("somebody else changed it meanwhile; nothing was done"), "{refused}");
            assert_eq!(told(&space, kind), "3  testbed/third:3");
        }
    });
}
