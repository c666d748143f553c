//! Reads the register's CSV file, row by row, and says exactly where it is wrong.

use super::fault::{Fault, RegisterError, RegisterErrors, shown};
use super::values::{ShortBreaks, Worded};
use super::{OWN_CARERS_URN_PREFIX, OWN_PROVIDER_PREFIX, ProvisionType, Register, RegisterRow, Strictness};
use care::market::{PLACES_REGISTERED_MAX, URN_CHARACTERS_MAX};
use care::{CouncilId, Date, EstablishmentUrn, ProviderId};
use csv::ByteRecord;
use std::collections::HashMap;
use std::io::Read;
use std::str::FromStr;

/// The largest file that is read. England's register of 5,446 rows is under one megabyte.
pub(super) const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The region in which an establishment has no English authority.
const WALES: &str = "Wales";

macro_rules! columns {
    ($($variant:ident = $name:literal,)*) => {
        /// A column of the register.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Column { $($variant,)* }
        /// Their names, in the order in which Ofsted's data has them. A file may have them in any order.
        pub(super) const COLUMNS: &[&str] = &[$($name),*];
    };
}

columns!(
    Urn = "urn",
    ProvisionType = "provision_type",
    PlaceCode = "place_code_903",
    RegistrationDate = "registration_date",
    Status = "status",
    Region = "region",
    Authority = "utla_code",
    AuthorityName = "local_authority",
    Sector = "sector",
    Places = "places",
    Premises = "sa_premises",
    ShortBreakOnly = "short_break_only",
    OwnerId = "owner_id",
    // Must be there, as in Ofsted's data; what is in it may be anything, since nothing depends on a name.
    Owner = "owner",
    LastInspection = "last_inspection",
    OverallGrade = "overall_grade",
    HelpProtection = "help_protection",
    Leadership = "leadership",
    SupportedOutcome = "sa_outcome",
);

/// Reads a register. A byte order mark, Windows line ends and blank lines are accepted; columns may be in any order.
///
/// # Errors
/// When the file cannot be read, its columns are wrong or it has no rows; under [`Strictness::RefuseAny`] also when any row
/// is wrong. Every error says on which line and in which column.
pub(crate) fn parse_register(reader: impl Read, strictness: Strictness) -> Result<Register, RegisterErrors> {
    let bytes = read_all(reader).map_err(|fault| RegisterErrors::file(1, fault))?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let mut csv = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut lines = Lines { bytes, at: 0, line: 1 };
    let mut record = ByteRecord::new();
    let mut next = |record: &mut ByteRecord| match csv.read_byte_record(record) {
        Ok(true) => Ok(Some(lines.of(record))),
        Ok(false) => Ok(None),
        Err(error) => Err(RegisterErrors::file(lines.line, Fault::Unreadable(error.to_string()))),
    };
    let Some(line) = next(&mut record)? else {
        return Err(RegisterErrors::file(1, Fault::Empty));
    };
    let header = Header::read(line, &record)?;
    let mut register = Register { rows: Vec::new(), rows_skipped: 0, skipped: RegisterErrors::default() };
    let mut urns = Urns::new();
    let mut last_line = line;
    while let Some(line) = next(&mut record)? {
        last_line = line;
        let mut row = Row { line, record: &record, header: &header, errors: Vec::new() };
        let read = row.read().filter(|read| row.is_first(&mut urns, read));
        for error in row.errors {
            register.skipped.push(error);
        }
        match read {
            Some(read) => register.rows.push(read),
            None => register.rows_skipped += 1,
        }
    }
    if register.rows.is_empty() && register.rows_skipped == 0 {
        return Err(RegisterErrors::file(last_line, Fault::NoRows));
    }
    match strictness {
        Strictness::RefuseAny if register.rows_skipped > 0 => Err(register.skipped),
        _ => Ok(register),
    }
}

fn read_all(reader: impl Read) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(limit).read_to_end(&mut bytes).map_err(|error| Fault::Unreadable(error.to_string()))?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Fault::TooLarge(FILE_BYTES_MAX));
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(Fault::Utf16);
    }
    Ok(bytes)
}

/// Counts lines as an editor does. The CSV reader's own count is behind after Windows line ends and blank lines, so
/// only its byte position is used.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, record: &ByteRecord) -> usize {
        let start =
            record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.at);
        while let Some(byte) = self.bytes.get(self.at) {
            if self.at >= start && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.line += usize::from(*byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}

/// Where each column stands in this file.
struct Header {
    /// By column: its index in a row.
    index: Vec<usize>,
    fields: usize,
}

impl Header {
    fn read(line: usize, record: &ByteRecord) -> Result<Self, RegisterErrors> {
        let mut errors = RegisterErrors::default();
        let mut places = vec![None; COLUMNS.len()];
        for (index, name) in record.iter().enumerate() {
            let name = name.trim_ascii();
            let known = COLUMNS.iter().position(|column| column.as_bytes() == name);
            let place = known.and_then(|known| places.get_mut(known));
            let fault = match place {
                None => Fault::ColumnUnknown,
                Some(Some(first)) => Fault::ColumnTwice(*first + 1),
                Some(place) => {
                    *place = Some(index);
                    continue;
                }
            };
            let column = Some((index + 1, shown(name)));
            errors.push(RegisterError { line, column, value: Some(shown(name)), fault });
        }
        for (name, place) in COLUMNS.iter().zip(&places) {
            if place.is_none() {
                errors.push(RegisterError {
                    line,
                    column: None,
                    value: None,
                    fault: Fault::ColumnMissing(name),
                });
            }
        }
        if errors.total > 0 {
            return Err(errors);
        }
        Ok(Self { index: places.into_iter().flatten().collect(), fields: record.len() })
    }
}

/// The URNs that earlier rows lead to.
type Urns = HashMap<String, Earlier>;

/// An earlier row that leads to a URN: its own, and where it stands.
struct Earlier {
    urn: EstablishmentUrn,
    line: usize,
}

/// One row being read. Each reading method reports what is wrong and then gives `None`, so that all of a row's errors
/// are found at once.
struct Row<'a> {
    line: usize,
    record: &'a ByteRecord,
    header: &'a Header,
    errors: Vec<RegisterError>,
}

impl<'a> Row<'a> {
    fn read(&mut self) -> Option<RegisterRow> {
        if self.record.len() != self.header.fields {
            let open_quote = self.record.iter().any(|field| field.contains(&b'\n'));
            let fault =
                Fault::FieldCount { found: self.record.len(), expected: self.header.fields, open_quote };
            self.errors.push(RegisterError { line: self.line, column: None, value: None, fault });
            return None;
        }
        let provision_type = self.word(Column::ProvisionType);
        let urn = self.urn(provision_type);
        let place_code_903 = self.place_code(provision_type);
        let registration_date = self.date(Column::RegistrationDate);
        let status = self.word(Column::Status);
        let region = self.text(Column::Region, "a region such as North East");
        let council = self.council(region);
        let local_authority = self.text(Column::AuthorityName, "the name of an authority such as Durham");
        let sector = self.word(Column::Sector);
        let places = self.places(provision_type);
        let sa_premises = self.number(Column::Premises, u16::MAX);
        let short_breaks = self.word(Column::ShortBreakOnly);
        let owner_id = self.owner_id();
        let owner = std::str::from_utf8(self.bytes(Column::Owner)).map_or("", str::trim);
        let last_inspection = self.date(Column::LastInspection);
        let overall_grade = self.word(Column::OverallGrade);
        let help_protection = self.word(Column::HelpProtection);
        let leadership = self.word(Column::Leadership);
        let sa_outcome = self.word_or_blank(Column::SupportedOutcome);
        Some(RegisterRow {
            urn: urn?,
            provision_type: provision_type?,
            place_code_903: place_code_903?,
            registration_date: registration_date?,
            status: status?,
            region: region?.into(),
            council: council?,
            local_authority: local_authority?.into(),
            sector: sector?,
            places: places?,
            sa_premises: sa_premises?,
            short_break_only: short_breaks.map(|offered: ShortBreaks| offered == ShortBreaks::Only)?,
            owner_id: owner_id?,
            owner: owner.into(),
            last_inspection: last_inspection?,
            overall_grade: overall_grade?,
            help_protection: help_protection?,
            leadership: leadership?,
            sa_outcome: sa_outcome?,
        })
    }

    /// Whether no earlier line leads to a URN of this one; a row that was itself wrong does not count.
    fn is_first(&mut self, urns: &mut Urns, row: &RegisterRow) -> bool {
        let own: Vec<String> = row.provision_type.urns(&row.urn).collect();
        let taken = own.iter().find_map(|urn| urns.get(urn).map(|earlier| (urn, earlier)));
        match taken {
            Some((_, Earlier { urn, line })) if *urn == row.urn => {
                self.wrong(Column::Urn, Fault::UrnTwice(*line));
            }
            Some((shared, Earlier { line, .. })) => {
                let fault = Fault::UrnShared { urn: shared.as_str().into(), line: *line };
                self.wrong(Column::Urn, fault);
            }
            None => {
                let line = self.line;
                urns.extend(own.into_iter().map(|urn| (urn, Earlier { urn: row.urn.clone(), line })));
                return true;
            }
        }
        false
    }

    fn bytes(&self, column: Column) -> &'a [u8] {
        self.record.get(self.header.index[column as usize]).unwrap_or_default()
    }

    fn wrong(&mut self, column: Column, fault: Fault) {
        let index = self.header.index[column as usize];
        let above = self.record.iter().take(index).flatten().filter(|byte| **byte == b'\n').count();
        let bytes = self.bytes(column);
        self.errors.push(RegisterError {
            line: self.line + above,
            column: Some((index + 1, COLUMNS[column as usize].into())),
            value: (!bytes.is_empty()).then(|| shown(bytes)),
            fault,
        });
    }

    /// The field without blanks around it. May be empty.
    fn optional(&mut self, column: Column) -> Option<&'a str> {
        let text = std::str::from_utf8(self.bytes(column)).map(str::trim);
        text.map_err(|_| self.wrong(column, Fault::NotUtf8)).ok()
    }

    fn text(&mut self, column: Column, expected: &'static str) -> Option<&'a str> {
        let text = self.optional(column)?;
        if text.is_empty() {
            self.wrong(column, Fault::Blank(expected));
            return None;
        }
        Some(text)
    }

    fn parsed<T: FromStr>(&mut self, column: Column, expected: &'static str) -> Option<T> {
        let text = self.text(column, expected)?;
        text.parse().map_err(|_| self.wrong(column, Fault::Not(expected))).ok()
    }

    fn word<T: Worded>(&mut self, column: Column) -> Option<T> {
        let value = T::from_word(self.optional(column)?);
        if value.is_none() {
            self.wrong(column, Fault::NotOneOf(T::WORDS.iter().map(|(word, _)| *word).collect()));
        }
        value
    }

    fn word_or_blank<T: Worded>(&mut self, column: Column) -> Option<Option<T>> {
        if self.optional(column)?.is_empty() {
            return Some(None);
        }
        self.word(column).map(Some)
    }

    fn number(&mut self, column: Column, max: u16) -> Option<Option<u16>> {
        let text = self.optional(column)?;
        // `parse` alone would take "+3".
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.wrong(column, Fault::NotANumber(max));
            return None;
        }
        if text.is_empty() {
            return Some(None);
        }
        let number = text.parse().ok().filter(|number| *number <= max);
        if number.is_none() {
            self.wrong(column, Fault::NotANumber(max));
        }
        number.map(Some)
    }

    fn date(&mut self, column: Column) -> Option<Option<Date>> {
        let text = self.optional(column)?;
        if text.is_empty() {
            return Some(None);
        }
        // `Date` alone would take 20250331 and an instant too.
        let shape =
            text.len() == "2025-03-31".len() && text.bytes().filter(|byte| *byte == b'-').count() == 2;
        let date = text.parse().ok().filter(|_| shape);
        if date.is_none() {
            self.wrong(column, Fault::NotADate);
        }
        date.map(Some)
    }

    /// A URN with which every establishment that the row leads to can be entered.
    fn urn(&mut self, provision_type: Option<ProvisionType>) -> Option<EstablishmentUrn> {
        let longest_suffix = provision_type
            .map_or(0, |of| of.urn_suffixes().iter().map(|suffix| suffix.len()).max().unwrap_or_default());
        let characters_max = URN_CHARACTERS_MAX - longest_suffix;
        let text = self.text(Column::Urn, "a URN, such as SC045099 or 2590934")?;
        if text.starts_with(OWN_CARERS_URN_PREFIX) {
            self.wrong(Column::Urn, Fault::Reserved(OWN_CARERS_URN_PREFIX));
            return None;
        }
        let urn = text.parse().ok().filter(|_| text.len() <= characters_max);
        if urn.is_none() {
            self.wrong(Column::Urn, Fault::NotAUrn(characters_max));
        }
        urn
    }

    fn owner_id(&mut self) -> Option<ProviderId> {
        let expected = "an owner's id: 1 to 40 letters and digits, such as P0763";
        let id: ProviderId = self.parsed(Column::OwnerId, expected)?;
        if id.as_str().starts_with(OWN_PROVIDER_PREFIX) {
            self.wrong(Column::OwnerId, Fault::Reserved(OWN_PROVIDER_PREFIX));
            return None;
        }
        Some(id)
    }

    fn place_code(&mut self, provision_type: Option<ProvisionType>) -> Option<&'static str> {
        let text = self.optional(Column::PlaceCode)?;
        // Without a type there is nothing to judge the code by, and the type has been reported.
        let expected = provision_type?.place_codes();
        let code = expected.iter().find(|code| **code == text).copied();
        if code.is_none() {
            self.wrong(Column::PlaceCode, Fault::NotOneOf(expected.to_vec()));
        }
        code
    }

    fn council(&mut self, region: Option<&str>) -> Option<Option<CouncilId>> {
        if region == Some(WALES) && self.optional(Column::Authority)?.is_empty() {
            return Some(None);
        }
        let expected = "the GSS code of an English authority with children's services, such as E06000015";
        self.parsed(Column::Authority, expected).map(Some)
    }

    fn places(&mut self, provision_type: Option<ProvisionType>) -> Option<Option<u16>> {
        let places = self.number(Column::Places, PLACES_REGISTERED_MAX)?;
        if places.is_none()
            && provision_type.is_some_and(|of| of != ProvisionType::IndependentFosteringAgency)
        {
            self.wrong(
                Column::Places,
                Fault::Blank("the number of places (only a fostering agency has none)"),
            );
            return None;
        }
        Some(places)
    }
}
