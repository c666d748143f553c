//! What the rules judge: the workspace as Cargo sees it, its sources and its folders.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One crate of the workspace.
pub(crate) struct Member {
    pub(crate) name: String,
    /// From the workspace's root: `services/referrals/domain`.
    pub(crate) folder: String,
    /// What its manifest names, for whatever purpose: normal, dev or build.
    pub(crate) dependencies: Vec<Dependency>,
    /// Its `Cargo.toml`.
    pub(crate) manifest: String,
    /// Every crate that is compiled into it on Linux, itself not; dev-dependencies do not count.
    pub(crate) compiled_in: BTreeSet<String>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Dependency {
    /// The package's own name, whatever the manifest renames it to.
    pub(crate) name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

impl Dependency {
    pub(crate) fn new(name: &str, kind: Option<&str>, ours: bool) -> Self {
        Self { name: name.into(), kind: kind.map(Into::into), path: ours.then(PathBuf::new) }
    }

    /// Whether it is of this workspace.
    pub(crate) const fn is_ours(&self) -> bool {
        self.path.is_some()
    }

    /// Whether only tests have it.
    pub(crate) fn is_for_tests(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

/// A text file of ours.
pub(crate) struct Source {
    /// From the workspace's root.
    pub(crate) path: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Option<Resolve>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("tests/ is a folder of the workspace").into()
}

/// Every crate of the workspace.
pub(crate) fn members() -> Vec<Member> {
    let root = root();
    let ours: Metadata = metadata(&["--no-deps"]);
    // One platform, so that the result does not depend on where it runs, and Windows and browser crates do not count.
    let all: Metadata = metadata(&["--filter-platform", "x86_64-unknown-linux-gnu"]);
    let names = all.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
    let edges = all.resolve.as_ref().map(edges).unwrap_or_default();
    let member = |package: &Package| {
        let folder = package.manifest_path.parent().and_then(|folder| folder.strip_prefix(&root).ok());
        Member {
            name: package.name.clone(),
            folder: folder.expect("a member lies in the workspace").display().to_string(),
            dependencies: package.dependencies.clone(),
            manifest: read(&package.manifest_path),
            compiled_in: reach(&package.id, &edges, &names),
        }
    };
    ours.packages.iter().map(member).collect()
}

/// What each package needs in order to be compiled, by id.
fn edges(resolve: &Resolve) -> BTreeMap<&str, Vec<&str>> {
    let compiled = |edge: &&Edge| edge.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"));
    let mut edges = BTreeMap::new();
    for node in &resolve.nodes {
        let needs: Vec<_> = node.deps.iter().filter(compiled).map(|edge| edge.pkg.as_str()).collect();
        edges.insert(node.id.as_str(), needs);
    }
    edges
}

fn reach(from: &str, edges: &BTreeMap<&str, Vec<&str>>, names: &BTreeMap<&str, &str>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(id) = waiting.pop() {
        let next = edges.get(id).into_iter().flatten().copied();
        waiting.extend(next.filter(|id| seen.insert(*id)));
    }
    seen.iter().filter_map(|id| names.get(id)).map(|name| (*name).into()).collect()
}

fn metadata<T: DeserializeOwned>(arguments: &[&str]) -> T {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1"]).args(arguments).current_dir(root());
    let output = cargo.output().expect("the cargo that built this test runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints what its format 1 says")
}

/// Every feature of a crate of ours, and of what is compiled into it, that is on when it is built by itself; with `tests`, when its tests
/// are. One a line, as `cargo tree` names them.
pub(crate) fn features(package: &str, tests: bool) -> String {
    let edges = if tests { "features,normal,build,dev" } else { "features,normal,build" };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--prefix", "none", "--package", package, "--edges", edges]);
    let output = cargo.current_dir(root()).output().expect("the cargo that built this test runs");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo tree prints text")
}

/// Every source file under the folders that hold code, in order. The API in `proto/` is left to buf: one file a service, in which
/// names are looked up.
pub(crate) fn sources() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    let mut waiting = ["crates", "deploy", "services", "tests"].map(|folder| root.join(folder)).to_vec();
    while let Some(folder) = waiting.pop() {
        for entry in entries(&folder) {
            if entry.is_dir() {
                waiting.push(entry);
            } else if is_source(&entry) {
                let path = entry.strip_prefix(&root).expect("it lies under the root").display().to_string();
                found.push(Source { path, text: read(&entry) });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn is_source(path: &Path) -> bool {
    let kinds = ["rs", "sql", "py", "sh"];
    path.extension().and_then(|kind| kind.to_str()).is_some_and(|kind| kinds.contains(&kind))
}

/// The folders beside the workspace's manifest, without those that `.gitignore` names there.
pub(crate) fn top_level_folders() -> Vec<String> {
    let ignore = read(&root().join(".gitignore"));
    let folders = entries(&root()).into_iter().filter(|path| path.is_dir());
    let names = folders.filter_map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    names.filter(|name| !ignore.lines().any(|line| line.strip_prefix('/') == Some(name))).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    listed.map(|entry| entry.expect("a listed entry can be read").path()).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
