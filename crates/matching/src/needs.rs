//! Sets of needs, a bit for each code of `code_sets::NEED`.

use care::code_sets;

// A set is one word: more codes need a wider one.
const _: () = assert!(code_sets::NEED.codes.len() <= 32);

/// Some codes of `code_sets::NEED`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NeedSet(u32);

impl NeedSet {
    /// Those of the codes that the set has. What the market and the searches hold was checked against it before.
    #[must_use]
    pub fn of<'a>(codes: impl IntoIterator<Item = &'a String>) -> Self {
        Self(codes.into_iter().fold(0, |set, code| set | Self::code(code).0))
    }

    /// One code; none if there is no such code.
    pub(crate) fn code(code: &str) -> Self {
        let position = code_sets::NEED.codes.iter().position(|entry| entry.code == code);
        Self(position.map_or(0, |position| 1 << position))
    }

    /// Those that both have.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that the other does not have.
    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many.
    #[must_use]
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// The codes, in the order of their set.
    pub fn codes(self) -> impl Iterator<Item = &'static str> {
        let numbered = code_sets::NEED.codes.iter().enumerate();
        numbered.filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, entry)| entry.code)
    }
}
