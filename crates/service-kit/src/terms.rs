//! The terms of an offer or agreement, as requests and answers have them: how the place is bought, its price by line, who pays.

use crate::fields::Fields;
use crate::names::framework_name;
use api::common;
use api::common::route as given;
use care::published::{FunderShare, PRICE_LINES_MAX, PriceLine, Route};
use care::{Date, Pence, code_sets};
use std::collections::BTreeSet;

/// The longest name of a priced level, in characters.
pub const LEVEL_CHARS_MAX: usize = 40;
/// The longest justification of a spot purchase, in characters.
pub const JUSTIFICATION_CHARS_MAX: usize = 500;

/// Whether a spot purchase's justification, which is the council's to give and to see, goes with its route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Justification {
    /// It does.
    Shown,
    /// It is left out: empty.
    Hidden,
}

/// Reads `route`. Whether a justification says anything is for the domain to judge.
pub fn route(
    fields: &mut Fields,
    route: Option<&common::Route>,
    justification: Justification,
) -> Option<Route> {
    match route.and_then(|route| route.route.as_ref()) {
        None => {
            fields.violation("route", "must be given: framework, in_house or spot");
            None
        }
        Some(given::Route::Framework(called)) => {
            let framework = fields.framework("route.framework.framework", &called.framework);
            let lot = fields.parse("route.framework.lot", &called.lot);
            let level = fields.text("route.framework.level", &called.level, LEVEL_CHARS_MAX);
            let attributes = attributes(fields, "route.framework.attributes", &called.attributes);
            Some(Route::Framework {
                framework: framework?,
                lot: lot?,
                level: level?,
                attributes: attributes?,
            })
        }
        Some(given::Route::InHouse(_)) => Some(Route::InHouse),
        Some(given::Route::Spot(_)) if justification == Justification::Hidden => {
            Some(Route::Spot { justification: String::new() })
        }
        Some(given::Route::Spot(spot)) => {
            let field = "route.spot.justification";
            let justification = fields.text_optional(field, &spot.justification, JUSTIFICATION_CHARS_MAX)?;
            Some(Route::Spot { justification })
        }
    }
}

/// Reads what a framework price goes by beside level and age: `PRICE_ATTRIBUTE` codes, each once.
pub fn attributes(fields: &mut Fields, field: &str, given: &[String]) -> Option<BTreeSet<String>> {
    // Its codes are those of every year.
    let codes = fields.codes(field, code_sets::PRICE_ATTRIBUTE, given, Date::MAX)?;
    Some(codes.into_iter().collect())
}

/// Reads `lines`, the weekly price by line: at most [`PRICE_LINES_MAX`], each of a kind that there is on the day `on`.
pub fn lines(fields: &mut Fields, lines: &[common::PriceLine], on: Date) -> Option<Vec<PriceLine>> {
    fields.at_most("lines", lines.len(), PRICE_LINES_MAX)?;
    let mut read = Vec::with_capacity(lines.len());
    for (n, line) in lines.iter().enumerate() {
        let kind = fields.code(&format!("lines[{n}].kind"), code_sets::PRICE_LINE, &line.kind, on);
        let weekly = fields.pence(&format!("lines[{n}].weekly_pence"), line.weekly_pence);
        let until = fields.date_optional(&format!("lines[{n}].until"), &line.until);
        read.extend(kind.zip(weekly).zip(until).map(|((kind, weekly), until)| PriceLine {
            kind,
            weekly,
            until,
        }));
    }
    (read.len() == lines.len()).then_some(read)
}

/// Reads `funders`: at most as many as there are funders, each of them one on the day `on`, with 1 to 10,000 basis points.
pub fn funders(fields: &mut Fields, shares: &[common::FunderShare], on: Date) -> Option<Vec<FunderShare>> {
    fields.at_most("funders", shares.len(), code_sets::FUNDER.codes.len())?;
    let mut read = Vec::with_capacity(shares.len());
    for (n, share) in shares.iter().enumerate() {
        let funder = fields.code(&format!("funders[{n}].funder"), code_sets::FUNDER, &share.funder, on);
        let field = format!("funders[{n}].basis_points");
        let points = fields.number::<u32>(&field, share.basis_points, 1..=10_000);
        read.extend(funder.and(points).map(|_| funder_given(share)));
    }
    (read.len() == shares.len()).then_some(read)
}

/// A share just as it is given, for a domain that judges all shares together.
#[must_use]
pub fn funder_given(share: &common::FunderShare) -> FunderShare {
    FunderShare { funder: share.funder.clone(), basis_points: share.basis_points }
}

/// A route as clients see it.
#[must_use]
pub fn route_shown(route: &Route, justification: Justification) -> common::Route {
    let route = match route {
        Route::Framework { framework, lot, level, attributes } => {
            given::Route::Framework(given::FrameworkCallOff {
                framework: framework_name(framework),
                lot: lot.to_string(),
                level: level.clone(),
                attributes: attributes.iter().cloned().collect(),
            })
        }
        Route::InHouse => given::Route::InHouse(given::InHouse {}),
        Route::Spot { justification: reason } => given::Route::Spot(given::Spot {
            justification: match justification {
                Justification::Shown => reason.clone(),
                Justification::Hidden => String::new(),
            },
        }),
    };
    common::Route { route: Some(route) }
}

/// A weekly price by line as clients see it.
#[must_use]
pub fn lines_shown(lines: &[PriceLine]) -> Vec<common::PriceLine> {
    let line = |PriceLine { kind, weekly: Pence(weekly_pence), until }: &PriceLine| common::PriceLine {
        kind: kind.clone(),
        weekly_pence: *weekly_pence,
        until: until.map(|until| until.to_string()).unwrap_or_default(),
    };
    lines.iter().map(line).collect()
}

/// Who pays, as clients see it.
#[must_use]
pub fn funders_shown(shares: &[FunderShare]) -> Vec<common::FunderShare> {
    let share = |share: &FunderShare| common::FunderShare {
        funder: share.funder.clone(),
        basis_points: share.basis_points,
    };
    shares.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt;

    const JUNE: Date = Date::constant(2026, 6, 1);

    fn wrong_fields(fields: Fields) -> Vec<String> {
        let status = fields.finish(|| Some(())).unwrap_err();
        let request = status.get_error_details().bad_request().cloned().unwrap();
        request.field_violations.into_iter().map(|violation| violation.field).collect()
    }

    fn line(kind: &str, weekly_pence: i64) -> common::PriceLine {
        common::PriceLine { kind: kind.to_owned(), weekly_pence, until: String::new() }
    }

    fn share(funder: &str, basis_points: u32) -> common::FunderShare {
        common::FunderShare { funder: funder.to_owned(), basis_points }
    }

    #[test]
    fn what_is_shown_is_read_back() {
        let framework = Route::Framework {
            framework: "north".parse().unwrap(),
            lot: "lot-1".parse().unwrap(),
            level: "core".to_owned(),
            attributes: ["CWD".to_owned(), "SOLO".to_owned()].into(),
        };
        let spot = Route::Spot { justification: "none had a place".to_owned() };
        let mut fields = Fields::new();
        for was in [framework, Route::InHouse, spot.clone()] {
            let shown = route_shown(&was, Justification::Shown);
            assert_eq!(route(&mut fields, Some(&shown), Justification::Shown), Some(was));
        }
        let hidden = Some(Route::Spot { justification: String::new() });
        let shown = route_shown(&spot, Justification::Shown);
        assert_eq!(route(&mut fields, Some(&shown), Justification::Hidden), hidden);
        let shown = route_shown(&spot, Justification::Hidden);
        assert_eq!(route(&mut fields, Some(&shown), Justification::Shown), hidden);
        let until = "2026-12-01".to_owned();
        let prices = [line("CORE", 400_000), common::PriceLine { until, ..line("THERAPY", 0) }];
        assert_eq!(lines_shown(&lines(&mut fields, &prices, JUNE).unwrap()), prices);
        let shares = [share("SOCIAL_CARE", 9_999), share("HEALTH", 1)];
        assert_eq!(funders_shown(&funders(&mut fields, &shares, JUNE).unwrap()), shares);
    }

    #[test]
    fn each_wrong_line_and_share_is_told_by_its_place() {
        let mut fields = Fields::new();
        let until = "soon".to_owned();
        let wrong = [line("CORE", -1), line("TEA", 1), common::PriceLine { until, ..line("THERAPY", 1) }];
        assert_eq!(lines(&mut fields, &wrong, JUNE), None);
        assert_eq!(funders(&mut fields, &[share("HEALTH", 1), share("LOTTERY", 10_001)], JUNE), None);
        assert_eq!(route(&mut fields, None, Justification::Shown), None);
        let wrong = [
            "lines[0].weekly_pence",
            "lines[1].kind",
            "lines[2].until",
            "funders[1].funder",
            "funders[1].basis_points",
            "route",
        ];
        assert_eq!(wrong_fields(fields), wrong);
    }

    #[test]
    fn there_are_no_more_lines_than_kinds() {
        let mut fields = Fields::new();
        let mut many = vec![line("CORE", 1); 6];
        assert_eq!(lines(&mut fields, &many, JUNE).map(|read| read.len()), Some(6));
        many.push(line("CORE", 1));
        assert_eq!(lines(&mut fields, &many, JUNE), None);
        assert_eq!(wrong_fields(fields), ["lines"]);
    }
}
