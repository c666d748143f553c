//! Postcodes, sectors and outcodes: read strictly, kept in their one normal form.

use std::fmt;
use std::str::FromStr;

/// The longest text worth reading, in bytes. A postcode has eight characters; the rest is room for blanks.
const TEXT_BYTES_MAX: usize = 64;

/// The outcode that Newport had before it became NP1 to NP44, the only one without a digit. Old records still hold it.
const NEWPORT_OLD: [u8; 4] = *b"NPT ";

/// The part of a postcode before the space: `DH1`, `SW1A`. Ordered as text.
// Padded with spaces, so that the derived order is the order of the text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outcode([u8; 4]);

/// An outcode and the digit after the space: `DH1 3`. Ordered as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sector {
    outcode: Outcode,
    digit: u8,
}

/// A full postcode: `DH1 3AB`. Ordered as text.
///
/// `Display` writes it in full; `Debug` writes its sector alone, so that it does not slip into a log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Postcode {
    sector: Sector,
    unit: [u8; 2],
}

/// Which code was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// A full postcode.
    Postcode,
    /// A sector.
    Sector,
    /// An outcode.
    Outcode,
}

/// What is wrong with the text of a code. Positions are in characters from 1, after leading blanks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeFault {
    /// Nothing but blanks.
    #[error("it is empty")]
    Empty,
    /// More than any code can have.
    #[error("it is too long")]
    TooLong,
    /// Neither an English letter, a digit nor a blank.
    #[error("{character:?} at position {position} is neither a letter A-Z, a digit nor a space")]
    Character {
        /// The first such character.
        character: char,
        /// Where it stands.
        position: usize,
    },
    /// The part before the space has the wrong shape.
    #[error(
        "the part before the space must be one or two letters, a digit, and perhaps one more digit or letter, such as DH1, M1, DH97 or SW1A"
    )]
    Outward,
    /// The part after the space has the wrong shape.
    #[error(
        "the part after the space must be a digit and two letters other than C, I, K, M, O and V, such as 3AB"
    )]
    Inward,
    /// A sector ends in something else than one digit.
    #[error("the part after the space must be one digit")]
    SectorDigit,
    /// A sector without its space could as well be an outcode.
    #[error(
        "it has no space: write one before the last digit, because DH13 could be DH1 3 or the outcode DH13"
    )]
    SpaceMissing,
    /// A space where none belongs.
    #[error("it has a space in the wrong place")]
    SpaceMisplaced,
}

/// A text that is not the code expected. It does not repeat the text, which may be a child's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {code}: {fault}; expected a {code} such as {}", .code.example())]
pub struct CodeInvalid {
    /// What was expected.
    pub code: Code,
    /// What is wrong.
    pub fault: CodeFault,
}

impl Code {
    /// One that is right.
    #[must_use]
    pub const fn example(self) -> &'static str {
        match self {
            Self::Postcode => "DH1 3AB",
            Self::Sector => "DH1 3",
            Self::Outcode => "DH1",
        }
    }

    const fn invalid(self, fault: CodeFault) -> CodeInvalid {
        CodeInvalid { code: self, fault }
    }

    /// Upper-cases `text` and splits it at its only run of blanks.
    fn split(self, text: &str) -> Result<(Vec<u8>, Option<Vec<u8>>), CodeInvalid> {
        let text = text.trim();
        if text.len() > TEXT_BYTES_MAX {
            return Err(self.invalid(CodeFault::TooLong));
        }
        let foreign = |character: &char| !character.is_ascii_alphanumeric() && !character.is_whitespace();
        if let Some((index, character)) = text.chars().enumerate().find(|(_, character)| foreign(character)) {
            return Err(self.invalid(CodeFault::Character { character, position: index + 1 }));
        }
        let mut parts = text.split_whitespace().map(|part| part.to_ascii_uppercase().into_bytes());
        match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Err(self.invalid(CodeFault::Empty)),
            (Some(first), second, None) => Ok((first, second)),
            _ => Err(self.invalid(CodeFault::SpaceMisplaced)),
        }
    }

    fn outcode(self, text: &[u8]) -> Result<Outcode, CodeInvalid> {
        let mut padded = *b"    ";
        let shape = match text {
            [a, b, rest @ ..] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => rest,
            [a, rest @ ..] if a.is_ascii_uppercase() => rest,
            _ => &[],
        };
        let right = match shape {
            [digit] | [digit, _] => digit.is_ascii_digit(),
            _ => false,
        };
        if let Some(place) = padded.get_mut(..text.len()) {
            place.copy_from_slice(text);
        }
        if right || padded == NEWPORT_OLD {
            Ok(Outcode(padded))
        } else {
            Err(self.invalid(CodeFault::Outward))
        }
    }
}

impl Postcode {
    /// The sector it lies in. That the sector exists is for [`crate::sector_of`] to say.
    #[must_use]
    pub const fn sector(self) -> Sector {
        self.sector
    }

    /// The outcode it lies in.
    #[must_use]
    pub const fn outcode(self) -> Outcode {
        self.sector.outcode
    }
}

impl Sector {
    /// The outcode it lies in.
    #[must_use]
    pub const fn outcode(self) -> Outcode {
        self.outcode
    }
}

impl FromStr for Outcode {
    type Err = CodeInvalid;

    /// Reads `DH1`, in any case and with blanks around it.
    fn from_str(text: &str) -> Result<Self, CodeInvalid> {
        match Code::Outcode.split(text)? {
            (outward, None) => Code::Outcode.outcode(&outward),
            _ => Err(Code::Outcode.invalid(CodeFault::SpaceMisplaced)),
        }
    }
}

impl FromStr for Sector {
    type Err = CodeInvalid;

    /// Reads `DH1 3`, in any case. The space is needed: without it `DH13` is an outcode.
    fn from_str(text: &str) -> Result<Self, CodeInvalid> {
        let (outward, Some(inward)) = Code::Sector.split(text)? else {
            return Err(Code::Sector.invalid(CodeFault::SpaceMissing));
        };
        let outcode = Code::Sector.outcode(&outward)?;
        match inward.as_slice() {
            [digit] if digit.is_ascii_digit() => Ok(Self { outcode, digit: *digit }),
            _ => Err(Code::Sector.invalid(CodeFault::SectorDigit)),
        }
    }
}

impl FromStr for Postcode {
    type Err = CodeInvalid;

    /// Reads `DH1 3AB`, in any case, with or without the space.
    fn from_str(text: &str) -> Result<Self, CodeInvalid> {
        let (first, second) = Code::Postcode.split(text)?;
        let (outward, inward) = match &second {
            Some(inward) => (first.as_slice(), inward.as_slice()),
            None => first.split_at(first.len().saturating_sub(3)),
        };
        let (digit, unit) = match inward {
            [digit, a, b] if digit.is_ascii_digit() && is_unit_letter(*a) && is_unit_letter(*b) => {
                (*digit, [*a, *b])
            }
            _ => return Err(Code::Postcode.invalid(CodeFault::Inward)),
        };
        let outcode = Code::Postcode.outcode(outward)?;
        Ok(Self { sector: Sector { outcode, digit }, unit })
    }
}

/// Royal Mail leaves out the letters that are easily misread in the last two places.
fn is_unit_letter(byte: u8) -> bool {
    byte.is_ascii_uppercase() && !b"CIKMOV".contains(&byte)
}

impl fmt::Display for Outcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Made of ASCII letters and digits alone, by parsing.
        f.pad(std::str::from_utf8(&self.0).unwrap_or_default().trim_end())
    }
}

impl fmt::Display for Sector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.outcode, char::from(self.digit))
    }
}

impl fmt::Display for Postcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.unit;
        write!(f, "{}{}{}", self.sector, char::from(a), char::from(b))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postcode => "postcode",
            Self::Sector => "postcode sector",
            Self::Outcode => "outcode",
        })
    }
}

impl fmt::Debug for Outcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outcode({self})")
    }
}

impl fmt::Debug for Sector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sector({self})")
    }
}

impl fmt::Debug for Postcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Postcode({}..)", self.sector)
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, CodeFault, CodeInvalid, Outcode, Postcode, Sector};
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    fn postcode(text: &str) -> Result<String, CodeFault> {
        text.parse::<Postcode>().map(|read| read.to_string()).map_err(|error| error.fault)
    }

    #[test]
    fn postcodes_are_normalised() {
        for (text, normal) in [
            ("dh13ab", "DH1 3AB"),
            ("  DH1   3ab\t", "DH1 3AB"),
            ("m11ae", "M1 1AE"),
            ("SW1A1AA", "SW1A 1AA"),
            ("w1a 0ax", "W1A 0AX"),
            ("DH97 1AA", "DH97 1AA"),
            ("npt1aa", "NPT 1AA"),
        ] {
            assert_eq!(postcode(text), Ok(normal.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_postcode_is_said() {
        for (text, fault) in [
            ("", CodeFault::Empty),
            (" \u{a0}\n", CodeFault::Empty),
            ("DH1", CodeFault::Inward),
            ("DH1 3", CodeFault::Inward),
            ("DH1 3AO", CodeFault::Inward),
            ("DH13 AB", CodeFault::Inward),
            ("3AB", CodeFault::Outward),
            ("DH 3AB", CodeFault::Outward),
            ("DHX 3AB", CodeFault::Outward),
            ("1DH 3AB", CodeFault::Outward),
            ("DH123 3AB", CodeFault::Outward),
            ("DHHH1 3AB", CodeFault::Outward),
            ("D H1 3AB", CodeFault::SpaceMisplaced),
            ("DH1-3AB", CodeFault::Character { character: '-', position: 4 }),
            ("ＤＨ1 3AB", CodeFault::Character { character: 'Ｄ', position: 1 }),
            ("DH1 ३AB", CodeFault::Character { character: '३', position: 5 }),
        ] {
            assert_eq!(postcode(text), Err(fault), "{text:?}");
        }
        assert_eq!(postcode(&"A".repeat(65)), Err(CodeFault::TooLong));
    }

    #[test]
    fn sectors_and_outcodes_are_read_strictly() {
        let sector = "dh1  3".parse::<Sector>().unwrap();
        assert_eq!((sector.to_string().as_str(), sector.outcode().to_string().as_str()), ("DH1 3", "DH1"));
        let fault = |text: &str| text.parse::<Sector>().unwrap_err().fault;
        assert_eq!(fault("DH13"), CodeFault::SpaceMissing);
        assert_eq!(fault("DH1 3AB"), CodeFault::SectorDigit);
        assert_eq!(fault("DH 3"), CodeFault::Outward);
        assert_eq!(" sw1a ".parse::<Outcode>().unwrap().to_string(), "SW1A");
        let fault = |text: &str| text.parse::<Outcode>().unwrap_err().fault;
        assert_eq!(fault("DH1 3"), CodeFault::SpaceMisplaced);
        assert_eq!(fault("DH"), CodeFault::Outward);
        assert_eq!(fault("DH1AA"), CodeFault::Outward);
    }

    #[test]
    fn neither_errors_nor_debug_repeat_a_postcode() {
        let error = "DH1 3AO".parse::<Postcode>().unwrap_err();
        assert_eq!(error, CodeInvalid { code: Code::Postcode, fault: CodeFault::Inward });
        assert_eq!(
            error.to_string(),
            "not a valid postcode: the part after the space must be a digit and two letters other than C, I, K, M, O \
             and V, such as 3AB; expected a postcode such as DH1 3AB"
        );
        assert_eq!(format!("{:?}", "DH1 3YZ".parse::<Postcode>().unwrap()), "Postcode(DH1 3..)");
    }

    #[test]
    fn order_is_the_order_of_the_text() {
        let mut sectors =
            ["AB10 1", "AB1 9", "AB1 0", "W1A 0", "W1 5"].map(|text| text.parse::<Sector>().unwrap());
        sectors.sort_unstable();
        assert_eq!(sectors.map(|sector| sector.to_string()), ["AB1 0", "AB1 9", "AB10 1", "W1 5", "W1A 0"]);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,12}|.{0,80}|[A-Za-z0-9 ]{0,9}") {
            // What is accepted is written as something that is read as the same.
            if let Ok(read) = text.parse::<Postcode>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
                prop_assert!(read.to_string().replace(' ', "").eq_ignore_ascii_case(
                    &text.split_whitespace().collect::<String>()
                ));
            }
            if let Ok(read) = text.parse::<Sector>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
            if let Ok(read) = text.parse::<Outcode>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }

        #[test]
        fn every_well_formed_postcode_is_read(text in "[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][ABD-HJLNP-UW-Z]{2}") {
            let spaced = text.parse::<Postcode>().unwrap();
            prop_assert_eq!(text.replace(' ', "").to_lowercase().parse(), Ok(spaced));
            prop_assert_eq!(spaced.to_string(), text);
        }
    }
}
