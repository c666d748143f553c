//! The table of sectors, read once from the embedded file, and what can be asked of it.

use crate::{Location, Outcode, Postcode, Sector};
use std::sync::OnceLock;

/// What `data/README.md` describes.
const SECTORS_CSV: &str = include_str!("../data/sectors_gb.csv");
const HEADER: &str = "sector,easting,northing,r95_m,utla_code,utla_share,postcodes";

/// A sector that no postcode lies in, as far as the Office for National Statistics knew in November 2025.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no postcode sector {0} in Great Britain: check the postcode for a slip of the keyboard (Northern Ireland, the Isle of Man and the Channel Islands are not covered)"
)]
pub struct SectorUnknown(pub Sector);

/// An outcode that no sector lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no outcode {0} in Great Britain: check the part of the postcode before the space (Northern Ireland, the Isle of Man and the Channel Islands are not covered)"
)]
pub struct OutcodeUnknown(pub Outcode);

/// The upper-tier authority that holds most of a sector's postcodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authority {
    /// Its GSS code, such as `E06000047`; of England, Wales (`W…`) or Scotland (`S…`).
    pub gss: &'static str,
    /// The part of the sector's postcodes that it holds, in thousandths: 1000 is all of them.
    pub share_thousandths: u16,
}

/// One sector. Twenty bytes, so that the whole table takes a quarter of a megabyte.
struct Row {
    location: Location,
    sector: Sector,
    authority: u8,
    share_thousandths: u16,
    postcodes: u16,
}

struct Table {
    /// In order of sector.
    rows: Vec<Row>,
    /// In order of outcode.
    outcodes: Vec<(Outcode, Location)>,
    /// GSS codes in order; a row keeps the index.
    authorities: Vec<&'static str>,
}

/// Where a sector is: the median of its postcodes.
///
/// # Errors
/// When there is no such sector.
pub fn locate(sector: Sector) -> Result<Location, SectorUnknown> {
    row(sector).map(|row| row.location)
}

/// Where an outcode is: the median of its sectors, each counted as often as it has postcodes.
///
/// # Errors
/// When there is no such outcode.
pub fn locate_outcode(outcode: Outcode) -> Result<Location, OutcodeUnknown> {
    let outcodes = &table().outcodes;
    let found = outcodes.binary_search_by_key(&outcode, |(outcode, _)| *outcode);
    found.map(|index| outcodes[index].1).map_err(|_| OutcodeUnknown(outcode))
}

/// The sector a postcode lies in, if that sector exists.
///
/// A postcode that does not exist is refused to the depth of its sector only: its last two letters are not checked.
///
/// # Errors
/// When there is no such sector.
pub fn sector_of(postcode: Postcode) -> Result<Sector, SectorUnknown> {
    row(postcode.sector()).map(|row| row.sector)
}

/// The authority that holds most of a sector's postcodes. A sector on a border has others too: look at the share.
///
/// # Errors
/// When there is no such sector.
pub fn authority_of(sector: Sector) -> Result<Authority, SectorUnknown> {
    row(sector).map(|row| Authority {
        gss: table().authorities[usize::from(row.authority)],
        share_thousandths: row.share_thousandths,
    })
}

/// The sectors whose main authority has this GSS code, in order, each with its location and its number of postcodes.
///
/// Empty for a code that is no upper-tier authority of Great Britain.
pub fn sectors_in(authority_gss: &str) -> impl Iterator<Item = (&'static Sector, Location, u32)> + use<> {
    let table = table();
    let wanted = table.authorities.binary_search(&authority_gss).ok();
    let rows = table.rows.iter().filter(move |row| Some(usize::from(row.authority)) == wanted);
    rows.map(|row| (&row.sector, row.location, u32::from(row.postcodes)))
}

fn row(sector: Sector) -> Result<&'static Row, SectorUnknown> {
    let rows = &table().rows;
    let found = rows.binary_search_by_key(&sector, |row| row.sector);
    found.map(|index| &rows[index]).map_err(|_| SectorUnknown(sector))
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    // The file is part of the program, not input: a test reads every line of it.
    TABLE.get_or_init(|| Table::read(SECTORS_CSV).expect("the embedded table of sectors is well formed"))
}

impl Table {
    fn read(csv: &'static str) -> Result<Self, String> {
        let mut lines = csv.lines();
        if lines.next() != Some(HEADER) {
            return Err(format!("line 1: expected the columns {HEADER}"));
        }
        let mut raw = Vec::with_capacity(12_100);
        for (index, line) in lines.enumerate() {
            raw.push(Raw::read(line).ok_or_else(|| format!("line {}: {line:?}", index + 2))?);
        }
        let mut authorities: Vec<&'static str> = raw.iter().map(|raw| raw.authority_gss).collect();
        authorities.sort_unstable();
        authorities.dedup();
        let mut rows = Vec::with_capacity(raw.len());
        for Raw { sector, location, authority_gss, share_thousandths, postcodes } in raw {
            let index = authorities.binary_search(&authority_gss).ok();
            let authority = index
                .and_then(|index| u8::try_from(index).ok())
                .ok_or_else(|| format!("{sector}: more than 256 authorities"))?;
            rows.push(Row { location, sector, authority, share_thousandths, postcodes });
        }
        // Look-ups are binary searches. As text "AB1 0" sorts before "AB10 1", and so it does here.
        if let Some(pair) = rows.windows(2).find(|pair| pair[0].sector >= pair[1].sector) {
            return Err(format!("{} is not after {}", pair[1].sector, pair[0].sector));
        }
        let outcodes = rows
            .chunk_by(|a, b| a.sector.outcode() == b.sector.outcode())
            .map(|sectors| (sectors[0].sector.outcode(), median(sectors)))
            .collect();
        Ok(Self { rows, outcodes, authorities })
    }
}

/// One line as it was read, before the authorities are numbered.
struct Raw {
    sector: Sector,
    location: Location,
    authority_gss: &'static str,
    share_thousandths: u16,
    postcodes: u16,
}

impl Raw {
    fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split(',');
        let mut next = || fields.next();
        let sector = next()?.parse().ok()?;
        let location = Location { easting_m: next()?.parse().ok()?, northing_m: next()?.parse().ok()? };
        let _r95_m = next()?;
        let authority_gss = next()?;
        let share_thousandths = thousandths(next()?)?;
        let postcodes = next()?.parse().ok().filter(|count| *count > 0)?;
        fields.next().is_none().then_some(Self {
            sector,
            location,
            authority_gss,
            share_thousandths,
            postcodes,
        })
    }
}

/// Reads a share such as `0.887` or `1.0`.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.')?;
    let scale = 10u16.checked_pow(3u32.checked_sub(u32::try_from(decimals.len()).ok()?)?)?;
    let share =
        whole.parse::<u16>().ok()?.checked_mul(1000)? + decimals.parse::<u16>().ok()?.checked_mul(scale)?;
    (share <= 1000).then_some(share)
}

/// The weighted median of each coordinate: as many postcodes lie on one side as on the other.
fn median(sectors: &[Row]) -> Location {
    let half: u32 = sectors.iter().map(|row| u32::from(row.postcodes)).sum::<u32>().div_ceil(2);
    let along = |coordinate: fn(&Location) -> i32| {
        let mut points: Vec<(i32, u32)> =
            sectors.iter().map(|row| (coordinate(&row.location), u32::from(row.postcodes))).collect();
        points.sort_unstable();
        let mut seen = 0;
        let middle = points.iter().find(|(_, postcodes)| {
            seen += postcodes;
            seen >= half
        });
        middle.map_or(0, |(point, _)| *point)
    };
    Location {
        easting_m: along(|location| location.easting_m),
        northing_m: along(|location| location.northing_m),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        HEADER, Row, SECTORS_CSV, Table, authority_of, locate, locate_outcode, median, sector_of, sectors_in,
    };
    use crate::{Authority, Location, Outcode, Postcode, Sector};

    fn sector(text: &str) -> Sector {
        text.parse().unwrap()
    }

    #[test]
    fn every_line_of_the_file_can_be_asked_for() {
        assert_eq!(size_of::<Row>(), 20);
        let mut lines = 0;
        for line in SECTORS_CSV.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let asked = sector(fields[0]);
            assert_eq!(asked.to_string(), fields[0]);
            let location = locate(asked).unwrap();
            assert_eq!(
                format!("{},{}", location.easting_m, location.northing_m),
                format!("{},{}", fields[1], fields[2])
            );
            let Authority { gss, share_thousandths } = authority_of(asked).unwrap();
            assert_eq!(gss, fields[4]);
            let share = format!("{}.{:03}", share_thousandths / 1000, share_thousandths % 1000);
            assert_eq!(share, format!("{:0<5}", fields[5]));
            lines += 1;
        }
        assert_eq!(lines, 12_018);
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        let unknown = sector("DH1 0");
        assert_eq!(locate(unknown).unwrap_err().0, unknown);
        assert_eq!(authority_of(unknown).unwrap_err().0, unknown);
        let postcode: Postcode = "DH1 0AB".parse().unwrap();
        let message = sector_of(postcode).unwrap_err().to_string();
        assert!(
            message.starts_with("there is no postcode sector DH1 0 in Great Britain: check the postcode"),
            "{message}"
        );
        let outcode: Outcode = "ZZ9".parse().unwrap();
        assert_eq!(locate_outcode(outcode).unwrap_err().0, outcode);
        // Belfast is real but not covered.
        assert!(locate_outcode("BT1".parse().unwrap()).is_err());
    }

    #[test]
    fn durham_is_in_durham() {
        let asked = sector_of("dh13ab".parse().unwrap()).unwrap();
        assert_eq!(asked, sector("DH1 3"));
        assert_eq!(authority_of(asked).unwrap(), Authority { gss: "E06000047", share_thousandths: 1000 });
        let durham = locate(asked).unwrap();
        let newcastle = locate(sector("NE1 4")).unwrap();
        assert_eq!(durham.miles_to(newcastle).to_string(), "14.0");
        assert!(durham.within(locate_outcode("DH1".parse().unwrap()).unwrap(), crate::Miles::whole(2)));
    }

    #[test]
    fn an_authority_lists_its_sectors_in_order() {
        let durham: Vec<_> = sectors_in("E06000047").collect();
        assert!(durham.is_sorted_by(|a, b| a.0 < b.0));
        let expected = SECTORS_CSV.lines().filter(|line| line.split(',').nth(4) == Some("E06000047")).count();
        assert_eq!(durham.len(), expected);
        assert!(durham.iter().all(|(sector, location, _)| locate(**sector) == Ok(*location)));
        assert_eq!(sectors_in("E99999999").count(), 0);
        assert_eq!(sectors_in("").count(), 0);
        let all: usize = super::table().authorities.iter().map(|gss| sectors_in(gss).count()).sum();
        assert_eq!(all, 12_018);
    }

    #[test]
    fn the_median_is_weighted() {
        let row = |east, north, postcodes| Row {
            location: Location { easting_m: east, northing_m: north },
            sector: sector("DH1 3"),
            authority: 0,
            share_thousandths: 1000,
            postcodes,
        };
        let rows = [row(0, 900, 1), row(100, 500, 10), row(9_000, 0, 2)];
        assert_eq!(median(&rows), Location { easting_m: 100, northing_m: 500 });
        let rows = [row(0, 900, 1), row(100, 500, 1), row(9_000, 0, 7)];
        assert_eq!(median(&rows), Location { easting_m: 9_000, northing_m: 0 });
        let rows = [row(9_000, 900, 1), row(0, 0, 1), row(100, 500, 1)];
        assert_eq!(median(&rows), Location { easting_m: 100, northing_m: 500 }, "in any order");
        assert_eq!(median(&rows[..1]), Location { easting_m: 9_000, northing_m: 900 });
    }

    #[test]
    fn a_bad_table_is_refused_by_line() {
        let read = |rows: &str| Table::read(format!("{HEADER}\n{rows}").leak()).map(|table| table.rows.len());
        let good = "DH1 3,427300,542500,400,E06000047,1.0,300";
        assert_eq!(read(good), Ok(1));
        assert_eq!(read("DH1 3,427300,542500"), Err("line 2: \"DH1 3,427300,542500\"".into()));
        assert_eq!(read(&format!("{good}\n{good}")), Err("DH1 3 is not after DH1 3".into()));
        for bad in ["1.001,300", "0.8877,300", "1,300", "1.0,0", "1.0,300,", "-0.1,1"] {
            let line = format!("DH1 3,427300,542500,400,E06000047,{bad}");
            assert_eq!(read(&line), Err(format!("line 2: {line:?}")));
        }
        assert!(Table::read("").is_err_and(|error| error.starts_with("line 1")));
    }
}
