//! Files and folders that kustomizations name.

use crate::rulebook::{
    check::Judged,
    out::Out,
    subject::{
        kustomize::{self, Named},
        places,
    },
    tree::{File, Kind, Tree},
};

/// Judges the paths of every kustomization.
pub fn judge(tree: &Tree, out: &mut Out<'_>) -> Judged {
    let mut judged = Judged::No;
    for file in tree.of_kind(Kind::Kustomization) {
        for document in file.documents() {
            for named in kustomize::named(document) {
                judged = Judged::Yes;
                if let Some(wrong) = wrong(tree, file, &named) {
                    out.at(file, document.span_of(&named.pointer))
                        .observed(format!("{}, {wrong}", named.path))
                        .expected("a path that is there")
                        .fix("Correct the path, or add the file.")
                        .fail();
                }
            }
        }
    }
    judged
}

/// What is wrong with a path, if anything is.
fn wrong(tree: &Tree, file: &File, named: &Named) -> Option<&'static str> {
    // What lies outside of the repository is not known.
    let path = places::below(file.folder(), &named.path)?;
    if tree.file(&path).is_some() {
        return None;
    }
    if path.is_empty() || tree.has_folder(&path) {
        let is_right = named.may_be_folder && kustomize::of_folder(tree, &path).is_some();
        return (!is_right).then_some(if named.may_be_folder {
            "a folder without a kustomization"
        } else {
            "a folder where a file is expected"
        });
    }
    Some("which is not there")
}
