//! Whether the API still serves those who built on it: `buf breaking` against the state of `proto/` that main had before.

use crate::place::Place;
use crate::shell::{self, Failure, read, say};
use crate::tools;
use std::path::{Path, PathBuf};
use std::process::Command;

const WITHOUT_GIT: &str = "install git (Debian: apt-get install git)";
const WITHOUT_TAR: &str = "install tar (Debian: apt-get install tar)";

/// What the API is compared with.
#[derive(Debug, PartialEq, Eq)]
enum Baseline {
    Commit(String),
    /// There is nothing to compare with, and why.
    None(&'static str),
}

pub(crate) fn run(place: &Place) -> Result<(), Failure> {
    let commit = match baseline(&place.root)? {
        Baseline::Commit(commit) => commit,
        Baseline::None(why) => {
            say(&format!("nothing to compare proto/ with: {why}"));
            return Ok(());
        }
    };
    let before = extract(place, &commit)?;
    let mut buf = Command::new(tools::buf(place)?);
    buf.args(["breaking", "proto", "--against"]).arg(before).current_dir(&place.root);
    shell::run(&mut buf, "").map_err(|failure| match failure {
        Failure::Found(what) => Failure::Found(format!(
            "{what}; clients of {commit} would break: add instead of changing, or name the file under `breaking: ignore` in \
             proto/buf.yaml with the reason why it may break"
        )),
        other => other,
    })
}

/// The commit whose API must still be served: on a branch the one where it left main, on main the one before. The published main
/// goes before the local one.
fn baseline(root: &Path) -> Result<Baseline, Failure> {
    if !root.join(".git").exists() {
        return Ok(Baseline::None("this is not a git checkout"));
    }
    // A repository that git refuses to read (another owner's, say) is an error, not a first run.
    read(git(root).args(["rev-parse", "--git-dir"]), WITHOUT_GIT)?;
    let found = |arguments: &[&str]| read(git(root).args(arguments), WITHOUT_GIT).ok();
    let head = found(&["rev-parse", "--verify", "HEAD"]);
    let left_main =
        ["origin/main", "main"].into_iter().filter_map(|main| found(&["merge-base", "HEAD", main]));
    let before = found(&["rev-parse", "--verify", "HEAD~1"]);
    let Some(commit) = left_main.filter(|base| Some(base) != head.as_ref()).chain(before).next() else {
        return Ok(Baseline::None(
            "no commit before this one is here: it is the first, or the clone is shallow",
        ));
    };
    if found(&["cat-file", "-e", &format!("{commit}:proto/buf.yaml")]).is_none() {
        return Ok(Baseline::None("main had no proto/ before"));
    }
    Ok(Baseline::Commit(commit))
}

/// Copies `proto/` of a commit out of git, because buf's own reading of a repository does not know worktrees.
fn extract(place: &Place, commit: &str) -> Result<PathBuf, Failure> {
    let folder = place.target.join("proto-baseline");
    let archive = folder.join("proto.tar");
    let broken = |error: std::io::Error| Failure::Missing(format!("{}: {error}", folder.display()));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(broken)?;
    }
    std::fs::create_dir_all(&folder).map_err(broken)?;
    read(git(&place.root).args(["archive", "--output"]).arg(&archive).args([commit, "proto"]), WITHOUT_GIT)?;
    read(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&folder), WITHOUT_TAR)?;
    Ok(folder.join("proto"))
}

fn git(root: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(root);
    git
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Repository(tempfile::TempDir);

    impl Repository {
        fn new() -> Self {
            let repository = Self(tempfile::tempdir().unwrap());
            repository.git(&["init", "--quiet", "--initial-branch=main"]);
            repository
        }

        fn root(&self) -> &Path {
            self.0.path()
        }

        fn git(&self, arguments: &[&str]) -> String {
            let identity =
                ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
            read(git(self.root()).args(identity).args(arguments), WITHOUT_GIT).unwrap()
        }

        /// Commits one file and gives the commit's id.
        fn commit(&self, path: &str, text: &str) -> String {
            let file = self.root().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
            self.git(&["add", "."]);
            self.git(&["commit", "--quiet", "--message", "change"]);
            self.git(&["rev-parse", "HEAD"])
        }
    }

    fn no_baseline(root: &Path) -> &'static str {
        match baseline(root).unwrap() {
            Baseline::None(why) => why,
            Baseline::Commit(commit) => panic!("compares with {commit}"),
        }
    }

    #[test]
    fn without_an_earlier_api_it_says_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(no_baseline(folder.path()).contains("not a git checkout"));
        let repository = Repository::new();
        assert!(no_baseline(repository.root()).contains("the first"));
        repository.commit("README.md", "a");
        assert!(no_baseline(repository.root()).contains("the first"));
        repository.commit("proto/buf.yaml", "version: v2");
        assert!(no_baseline(repository.root()).contains("had no proto/"));
    }

    #[test]
    fn main_is_compared_with_the_commit_before_and_a_branch_with_where_it_left_main() {
        let repository = Repository::new();
        let first = repository.commit("proto/buf.yaml", "version: v2");
        let second = repository.commit("proto/a.proto", "1");
        assert_eq!(baseline(repository.root()).unwrap(), Baseline::Commit(first.clone()));
        repository.git(&["checkout", "--quiet", "-b", "branch"]);
        assert_eq!(baseline(repository.root()).unwrap(), Baseline::Commit(first.clone()));
        repository.commit("proto/a.proto", "2");
        repository.commit("proto/a.proto", "3");
        assert_eq!(baseline(repository.root()).unwrap(), Baseline::Commit(second));
        repository.git(&["update-ref", "refs/remotes/origin/main", &first]);
        assert_eq!(
            baseline(repository.root()).unwrap(),
            Baseline::Commit(first),
            "what is published goes first"
        );
    }

    #[test]
    fn the_api_of_a_commit_is_copied_whole_and_over_what_was_there() {
        let repository = Repository::new();
        let commit = repository.commit("proto/x/a.proto", "old");
        repository.commit("proto/x/a.proto", "new");
        let place = Place { root: repository.root().into(), target: repository.root().join("target") };
        let stale = place.target.join("proto-baseline/proto/stale.proto");
        std::fs::create_dir_all(stale.parent().unwrap()).unwrap();
        std::fs::write(&stale, "").unwrap();
        let folder = extract(&place, &commit).unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("x/a.proto")).unwrap(), "old");
        assert!(!stale.exists());
    }
}
