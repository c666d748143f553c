//! Answers that are files, or the pieces of one: they go as they are to `--out FILE`, or to stdout. Nothing is held but the piece that has come,
//! and FILE is there only once it is whole.

use crate::terminal::say_bytes;
use prost_reflect::{DynamicMessage, Kind, MethodDescriptor};
use std::fs::File;
use std::io::{Error, Write};
use std::path::{Path, PathBuf};

/// Whether a method is answered with a file: bytes that are called `content`.
pub(super) fn is_answered_with_one(method: &MethodDescriptor) -> bool {
    method.output().get_field_by_name("content").is_some_and(|field| field.kind() == Kind::Bytes)
}

/// Where a file goes.
pub(super) struct Sink {
    /// None for stdout.
    path: Option<PathBuf>,
    /// What is there of it, under another name.
    begun: Option<(File, PathBuf)>,
}

impl Sink {
    /// To this path, or to stdout where it is `-` or not given. Nothing is made yet.
    pub(super) fn to(path: Option<&str>) -> Self {
        Self { path: path.filter(|path| *path != "-").map(PathBuf::from), begun: None }
    }

    /// Takes the piece that an answer has.
    ///
    /// # Errors
    /// When the file cannot be made or written, with its name.
    pub(super) fn take(&mut self, answer: &DynamicMessage) -> Result<(), String> {
        let content = answer.get_field_by_name("content");
        let piece = content.as_ref().and_then(|value| value.as_bytes()).map_or(&[][..], |piece| piece);
        let Some(path) = self.path.as_deref() else {
            say_bytes(piece);
            return Ok(());
        };
        let of = |part: &Path, error: Error| format!("--out: {}: {error}", part.display());
        if self.begun.is_none() {
            let mut part = path.as_os_str().to_owned();
            part.push(".part");
            let part = PathBuf::from(part);
            let file = File::create(&part).map_err(|error| of(&part, error))?;
            self.begun = Some((file, part));
        }
        match &mut self.begun {
            Some((file, part)) => file.write_all(piece).map_err(|error| of(part, error)),
            None => Ok(()),
        }
    }

    /// Puts the whole file in its place.
    ///
    /// # Errors
    /// When it cannot be kept there, with its name.
    pub(super) fn finish(mut self) -> Result<(), String> {
        let (Some(path), Some((file, part))) = (&self.path, &self.begun) else { return Ok(()) };
        let kept = file.sync_all().and_then(|()| std::fs::rename(part, path));
        kept.map_err(|error| format!("--out: {}: {error}", path.display()))?;
        self.begun = None;
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Some((_, part)) = &self.begun {
            // Half a file is none.
            let _ = std::fs::remove_file(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_reflect::Value;

    fn piece(text: &str) -> DynamicMessage {
        let pool = super::super::pool();
        let descriptor = pool.get_message_by_name("brokerage.invoicing.v1.ExportJournalResponse").unwrap();
        let mut message = DynamicMessage::new(descriptor);
        message.set_field_by_name("content", Value::Bytes(text.as_bytes().to_vec().into()));
        message
    }

    #[test]
    fn a_file_is_there_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("books.journal");
        let files = || std::fs::read_dir(folder.path()).unwrap().count();
        let mut cut_short = Sink::to(path.to_str());
        cut_short.take(&piece("one")).unwrap();
        assert!(!path.exists());
        drop(cut_short);
        assert_eq!(files(), 0, "nothing is left of half a file");
        let mut whole = Sink::to(path.to_str());
        whole.take(&piece("one ")).unwrap();
        whole.take(&piece("two")).unwrap();
        whole.finish().unwrap();
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), files()), ("one two", 1));
        let nowhere = folder.path().join("none").join("books.journal");
        let refused = Sink::to(nowhere.to_str()).take(&piece("x")).unwrap_err();
        assert!(refused.starts_with("--out: ") && refused.contains("books.journal"), "{refused}");
    }

    #[test]
    fn these_methods_are_answered_with_files() {
        let all = super::super::pool().services().flat_map(|it| it.methods().collect::<Vec<_>>());
        let names: Vec<String> =
            all.filter(is_answered_with_one).map(|method| method.name().to_owned()).collect();
        assert_eq!(
            names.iter().map(String::as_str).collect::<std::collections::BTreeSet<_>>(),
            [
                "ExportJournal",
                "GetInvoiceDocument",
                "GetMonitoringDocument",
                "GetPaymentRunDocument",
                "PrintAgreement"
            ]
            .into()
        );
    }
}
