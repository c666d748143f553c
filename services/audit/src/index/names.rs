//! Text that recurs (types, streams, actors), kept once.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

/// A text that is kept. Never zero, so that an optional one takes no more room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Name(NonZeroU32);

/// The texts, by name and back.
#[derive(Default)]
pub(crate) struct Names {
    texts: Vec<Arc<str>>,
    names: HashMap<Arc<str>, Name>,
}

impl Names {
    /// The name of a text, new or known. None once there are 2³² of them.
    pub(crate) fn intern(&mut self, text: &str) -> Option<Name> {
        if let Some(name) = self.names.get(text) {
            return Some(*name);
        }
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        let name = Name(NonZeroU32::new(u32::try_from(self.texts.len()).ok()?)?);
        self.names.insert(text, name);
        Some(name)
    }

    pub(crate) fn text(&self, name: Name) -> &str {
        // A name was made from the number of texts, so it is one of them.
        usize::try_from(name.0.get())
            .ok()
            .and_then(|number| self.texts.get(number - 1))
            .map_or("", |text| text)
    }

    /// Bytes on the heap, roughly.
    #[cfg(test)]
    pub(crate) fn footprint(&self) -> usize {
        let text = |text: &Arc<str>| text.len() + 16;
        let tables = self.texts.capacity() * size_of::<Arc<str>>()
            + self.names.capacity() * 8 / 7 * (size_of::<(Arc<str>, Name)>() + 1);
        tables + self.texts.iter().map(text).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_name() {
        let mut names = Names::default();
        let one = names.intern("place/1").unwrap();
        let other = names.intern("place/2").unwrap();
        assert_ne!(one, other);
        assert_eq!(names.intern("place/1"), Some(one));
        assert_eq!((names.text(one), names.text(other)), ("place/1", "place/2"));
        assert_eq!(size_of::<Option<Name>>(), 4);
    }
}
