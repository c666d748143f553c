//! Reads what requests say of a referral: names, requirements, identity, routes. Nothing of an identity is repeated in
//! a violation.

use crate::seal::{Clear, Person, SealedCodes, age_on};
use api::common;
use api::referrals as proto;
use care::published::{Approval, FunderShare};
use care::{CodeSet, CouncilId, Date, Refusal, RefusalKind, Timestamp, Violation, code_sets, last_day_ahead};
use geography::{Outcode, Postcode, Sector, locate, locate_outcode, sector_of};
use referrals_domain::{AVOID_AREAS_MAX, Education, FamilyTime, Profile, Requirements, age_max};
use service_kit::terms::funder_given;
use service_kit::{Fields, Form, refuse};
use std::collections::BTreeSet;
use std::fmt::Display;

/// The longest narrative, in characters.
const NARRATIVE_CHARS_MAX: usize = 20_000;
/// How many days ago a home may have been needed.
const DAYS_BACK_MAX: usize = 92;
/// An age that nothing in a form is wrong with: young enough for a child, old enough for every route.
const RIGHT_FOR_ALL: u8 = 16;
/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 100;

const POSTCODE_NOWHERE: &str =
    "no address lies in this postcode sector: check it, or leave it empty if it is not known";

/// A postcode of the right form in a sector, or an outcode, that nobody has an address in.
#[derive(Debug, PartialEq, Eq)]
struct PostcodeUnknown {
    field: &'static str,
}

impl Display for PostcodeUnknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {POSTCODE_NOWHERE}", self.field)
    }
}

impl std::error::Error for PostcodeUnknown {}

impl Refusal for PostcodeUnknown {
    fn reason(&self) -> &'static str {
        "POSTCODE_UNKNOWN"
    }
    fn kind(&self) -> RefusalKind {
        RefusalKind::Invalid
    }
    fn violations(&self) -> Vec<Violation> {
        vec![Violation { field: self.field.to_owned(), description: POSTCODE_NOWHERE.to_owned() }]
    }
}

/// What a request says of a referral.
pub(crate) struct Asked {
    pub(crate) requirements: Requirements,
    pub(crate) clear: Clear,
}

/// The age and anchor of the referral as it stands, which an amendment may leave out, and the day that it may leave as it is.
#[derive(Default, Clone)]
pub(crate) struct Before {
    pub(crate) age: Option<(u8, bool)>,
    pub(crate) anchor: Option<String>,
    pub(crate) needed_from: Option<Date>,
}

/// Reads requirements and identity together: age and anchor come from the identity if they can. `names` reads the fields around them,
/// so that everything wrong is told at once.
pub(crate) fn asked<N>(
    mut fields: Fields,
    requirements: Option<&proto::Requirements>,
    identity: Option<&proto::Identity>,
    before: &Before,
    today: Date,
    names: Option<N>,
) -> Form<(N, Asked)> {
    let mut unknown = Vec::new();
    let (clear, sector) = clear(&mut fields, &mut unknown, identity, today);
    let empty = proto::Requirements::default();
    if requirements.is_none() {
        fields.violation("requirements", "must be given");
    }
    let from = requirements.unwrap_or(&empty);
    let birth = clear.person.as_ref().and_then(|person| person.date_of_birth);
    let age = age(&mut fields, from, birth, before, today);
    let anchor = anchor(&mut fields, &mut unknown, &from.anchor, sector, before);
    // Where one of these is wrong anything right stands in for it, so that what is wrong elsewhere is told with it.
    let home = identity.is_some_and(|identity| !identity.home_postcode.trim().is_empty());
    let anchored = home || !from.anchor.trim().is_empty();
    let anchor = anchor.or_else(|| anchored.then(|| "DE1".to_owned()));
    let needed_from = needed_from(&mut fields, &from.needed_from, before, today);
    let areas = avoid_areas(&mut fields, &from.avoid_areas);
    let profile = profile(from, areas);
    let read =
        read(from, age.unwrap_or((RIGHT_FOR_ALL, false)), needed_from.unwrap_or(today), anchor, profile);
    if requirements.is_some() {
        for violation in read.violations(today) {
            fields.violation(format!("requirements.{}", violation.field), violation.description);
        }
    }
    if fields.are_wrong() {
        for field in &unknown {
            fields.violation(*field, POSTCODE_NOWHERE);
        }
    }
    let complete = requirements.and(age).and(needed_from).map(|_| read);
    let form = fields.finish(|| Some((names?, Asked { requirements: complete?, clear })))?;
    match unknown.into_iter().next() {
        Some(field) => Err(refuse(&PostcodeUnknown { field })),
        None => Ok(form),
    }
}

/// The day from which a home is needed: near enough to today that a slip of the year is noticed, or as it was.
fn needed_from(fields: &mut Fields, given: &str, before: &Before, today: Date) -> Option<Date> {
    const FIELD: &str = "requirements.needed_from";
    let date = fields.date(FIELD, given)?;
    let range = first_day_back(today)..=last_day_ahead(today);
    if range.contains(&date) || before.needed_from == Some(date) {
        return Some(date);
    }
    fields.violation(FIELD, format!("{date} is out of range: expected {} to {}", range.start(), range.end()));
    None
}

/// The first day that a referral may be for: a home found in an emergency is put down after the night.
fn first_day_back(today: Date) -> Date {
    std::iter::successors(Some(today), |day| day.yesterday().ok()).nth(DAYS_BACK_MAX).unwrap_or(Date::MIN)
}

fn read(
    from: &proto::Requirements,
    (age_years, age_assessed): (u8, bool),
    needed_from: Date,
    anchor: Option<String>,
    profile: Profile,
) -> Requirements {
    let all = || vec![FunderShare { funder: "SOCIAL_CARE".to_owned(), basis_points: 10_000 }];
    Requirements {
        provisions: from.provisions.clone(),
        age_years,
        age_assessed,
        sex: given(&from.sex).unwrap_or_else(|| "U".to_owned()),
        needs: from.needs.clone(),
        category_of_need: given(&from.category_of_need),
        legal_status: given(&from.legal_status),
        urgency: from.urgency.clone(),
        needed_from,
        expected_weeks: from.expected_weeks.map(short),
        anchor,
        max_distance_miles: from.max_distance_miles.map(short),
        solo: from.solo,
        sibling_group_size: from.sibling_group_size.map(|size| u8::try_from(size).unwrap_or(u8::MAX)),
        uasc: from.uasc,
        budget_code: given(&from.budget_code),
        funders: if from.funders.is_empty() {
            all()
        } else {
            from.funders.iter().map(funder_given).collect()
        },
        profile,
    }
}

/// Empty is not known.
fn given(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// What does not fit is the largest there is, which the requirements' own limits refuse.
fn short(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// The areas that a home must not lie in.
fn avoid_areas(fields: &mut Fields, names: &[String]) -> BTreeSet<CouncilId> {
    const FIELD: &str = "requirements.avoid_areas";
    if fields.at_most(FIELD, names.len(), AVOID_AREAS_MAX).is_none() {
        return BTreeSet::new();
    }
    let each = names.iter().enumerate();
    each.filter_map(|(i, name)| fields.council(&format!("{FIELD}[{i}]"), name)).collect()
}

/// The wider form. An absent message is one of which nothing is known.
fn profile(from: &proto::Requirements, avoid_areas: BTreeSet<CouncilId>) -> Profile {
    let education = from.education.clone().unwrap_or_default();
    let family_time = from.family_time.clone().unwrap_or_default();
    Profile {
        risks: from.risks.clone(),
        strengths: from.strengths.clone(),
        education: Education {
            phase: given(&education.phase),
            ehcp: given(&education.ehcp),
            send: education.send,
        },
        family_time: FamilyTime {
            frequency: given(&family_time.frequency),
            max_miles: family_time.max_miles.map(short),
        },
        siblings: given(&from.siblings),
        sibling_reason: given(&from.sibling_reason),
        parent_and_child: given(&from.parent_and_child),
        deprivation_of_liberty: given(&from.deprivation_of_liberty),
        national_transfer: given(&from.national_transfer),
        route_into_care: given(&from.route_into_care),
        exclusions: from.exclusions.clone(),
        avoid_areas,
    }
}

/// The age in years, and whether it was assessed.
fn age(
    fields: &mut Fields,
    from: &proto::Requirements,
    birth: Option<Date>,
    before: &Before,
    today: Date,
) -> Option<(u8, bool)> {
    const FIELD: &str = "requirements.age_years";
    let oldest = age_max(given(&from.route_into_care).as_deref());
    match (birth, from.age_years) {
        (Some(_), Some(_)) => {
            fields.violation(FIELD, "leave it out: the age follows from the date of birth");
            None
        }
        (Some(birth), None) => match age_on(birth, today) {
            Some(age) if age <= oldest => Some((age, false)),
            _ => {
                let whose = "it must be that of a child, born and not yet 18, or with route_into_care CARE_LEAVER of somebody not yet 25";
                fields.violation("identity.date_of_birth", whose);
                None
            }
        },
        // Whether it is too old the requirements say.
        (None, Some(age)) => Some((u8::try_from(age).unwrap_or(u8::MAX), true)),
        (None, None) => {
            if before.age.is_none() {
                fields.violation(FIELD, "give the assessed age where no date of birth is known");
            }
            before.age
        }
    }
}

/// The anchor as given, else the sector of the home, else as it was.
fn anchor(
    fields: &mut Fields,
    unknown: &mut Vec<&'static str>,
    given: &str,
    home: Option<Sector>,
    before: &Before,
) -> Option<String> {
    const FIELD: &str = "requirements.anchor";
    let given = given.trim();
    if given.is_empty() {
        return home.map(|sector| sector.to_string()).or_else(|| before.anchor.clone());
    }
    let (text, exists) = if given.contains(' ') {
        let sector: Sector = fields.check(FIELD, given.parse())?;
        (sector.to_string(), locate(sector).is_ok())
    } else {
        let outcode: Outcode = fields.check(FIELD, given.parse())?;
        (outcode.to_string(), locate_outcode(outcode).is_ok())
    };
    if !exists {
        unknown.push(FIELD);
    }
    Some(text)
}

/// What the identity says, and the sector that the home lies in.
fn clear(
    fields: &mut Fields,
    unknown: &mut Vec<&'static str>,
    identity: Option<&proto::Identity>,
    today: Date,
) -> (Clear, Option<Sector>) {
    let Some(from) = identity else { return (Clear::default(), None) };
    let given_name = name(fields, "identity.given_name", &from.given_name);
    let family_name = name(fields, "identity.family_name", &from.family_name);
    let mut text = |field: &str, text: &str, most: usize| {
        fields.text_optional(&format!("identity.{field}"), text, most).unwrap_or_default()
    };
    let case_reference = text("case_reference", &from.case_reference, 40);
    let narrative = text("narrative", &from.narrative, NARRATIVE_CHARS_MAX);
    let (home_postcode, sector) = home(fields, unknown, &from.home_postcode);
    let date_of_birth = birth(fields, &from.date_of_birth, today);
    let codes = sealed_codes(fields, from, today);
    let person = Person { given_name, family_name, date_of_birth, home_postcode, case_reference };
    let clear = Clear {
        person: Some(person).filter(|person| *person != Person::default()),
        narrative: Some(narrative).filter(|narrative| !narrative.is_empty()),
        codes: Some(codes).filter(|codes| *codes != SealedCodes::default()),
    };
    (clear, sector)
}

/// A child's name, empty if it is not known; without one letter it is no name.
fn name(fields: &mut Fields, field: &str, text: &str) -> String {
    let Some(name) = fields.text_optional(field, text, NAME_CHARS_MAX) else { return String::new() };
    if text.is_empty() || (name.chars().any(char::is_alphabetic) && !name.contains('\n')) {
        return name;
    }
    fields.violation(
        field,
        "it is no name: expected one line with a letter in it, or nothing if it is not known",
    );
    String::new()
}

/// The codes that are sealed. A wrong one is not repeated, since it would stand in clear in the refusal.
fn sealed_codes(fields: &mut Fields, from: &proto::Identity, today: Date) -> SealedCodes {
    let year = code_sets::collection_year(today);
    let mut wrong = |field: &str, set: care::CodeSet, codes: &[String], several: bool| {
        let repeated = codes.iter().collect::<BTreeSet<_>>().len() < codes.len();
        let none = codes.len() > 1 && codes.iter().any(|code| code == "NONE");
        if repeated || none || codes.iter().any(|code| set.check(code, year).is_err()) {
            let expected: Vec<&str> = set.codes.iter().map(|code| code.code).collect();
            let how = if several { "codes, each once, and NONE alone" } else { "code" };
            fields.violation(
                format!("identity.{field}"),
                format!("expected {} {how}: {}", set.name, expected.join(", ")),
            );
        }
    };
    wrong("health", code_sets::HEALTH, &from.health, true);
    for (field, set, code) in [
        ("ethnicity", code_sets::ETHNICITY, &from.ethnicity),
        ("religion", code_sets::RELIGION, &from.religion),
        ("language", code_sets::LANGUAGE, &from.language),
    ] {
        wrong(field, set, given(code).as_slice(), false);
    }
    SealedCodes {
        health: from.health.clone(),
        ethnicity: from.ethnicity.clone(),
        religion: from.religion.clone(),
        language: from.language.clone(),
    }
}

fn home(fields: &mut Fields, unknown: &mut Vec<&'static str>, text: &str) -> (String, Option<Sector>) {
    const FIELD: &str = "identity.home_postcode";
    if text.trim().is_empty() {
        return (String::new(), None);
    }
    let Some(postcode) = fields.check(FIELD, text.parse::<Postcode>()) else {
        return (String::new(), None);
    };
    let sector = sector_of(postcode).ok();
    if sector.is_none() {
        unknown.push(FIELD);
    }
    (postcode.to_string(), sector)
}

fn birth(fields: &mut Fields, text: &str, today: Date) -> Option<Date> {
    if text.is_empty() {
        return None;
    }
    let date = text.parse().ok().filter(|date| text.len() == 10 && *date <= today);
    if date.is_none() {
        fields.violation("identity.date_of_birth", "expected YYYY-MM-DD, not in the future");
    }
    date
}

/// A referral's name.
pub(crate) fn referral(
    fields: &mut Fields,
    field: &str,
    name: &str,
) -> Option<(CouncilId, care::ReferralId)> {
    fields.council_resource(field, name, "referrals")
}

/// An offer's name: `councils/{gss}/referrals/{uuid}/offers/{uuid}`.
pub(crate) fn offer(
    fields: &mut Fields,
    field: &str,
    name: &str,
) -> Option<(CouncilId, care::ReferralId, care::OfferId)> {
    let Some((parent, offer)) = name.rsplit_once("/offers/") else {
        fields.violation(field, "expected councils/{gss}/referrals/{uuid}/offers/{uuid}");
        return None;
    };
    let referral = referral(fields, field, parent);
    let offer = fields.check(field, offer.parse());
    referral.zip(offer).map(|((council, referral), offer)| (council, referral, offer))
}

/// The CASCADE_STEP code that is asked for; none where nothing is named.
pub(crate) fn step_asked(fields: &mut Fields, step: &str, today: Date) -> Option<Option<String>> {
    if step.is_empty() {
        return Some(None);
    }
    fields.code("cascade_step", code_sets::CASCADE_STEP, step, today).map(Some)
}

/// A search's name: `councils/{gss}/referrals/{uuid}/searches/{number}`.
pub(crate) fn search(
    fields: &mut Fields,
    field: &str,
    name: &str,
) -> Option<(CouncilId, care::ReferralId, u32)> {
    let number =
        |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0 && number.to_string() == text);
    let Some((parent, number)) = name.rsplit_once("/searches/").and_then(|(a, b)| Some((a, number(b)?)))
    else {
        fields
            .violation(field, "expected councils/{gss}/referrals/{uuid}/searches/{number}, numbered from 1");
        return None;
    };
    referral(fields, field, parent).map(|(council, referral)| (council, referral, number))
}

/// A question's name: `councils/{gss}/referrals/{uuid}/questions/{uuid}`.
pub(crate) fn question(
    fields: &mut Fields,
    field: &str,
    name: &str,
) -> Option<(CouncilId, care::ReferralId, care::QuestionId)> {
    let Some((parent, question)) = name.rsplit_once("/questions/") else {
        fields.violation(field, "expected councils/{gss}/referrals/{uuid}/questions/{uuid}");
        return None;
    };
    let referral = referral(fields, field, parent);
    let question = fields.check(field, question.parse());
    referral.zip(question).map(|((council, referral), question)| (council, referral, question))
}

/// A version as an etag.
pub(crate) fn etag(fields: &mut Fields, field: &str, etag: &str) -> Option<u32> {
    let version = etag.parse().ok();
    if version.is_none() {
        fields.violation(field, "send the etag of what you read");
    }
    version
}

/// An approval given now, in `field`.
pub(crate) fn approval(
    fields: &mut Fields,
    field: &str,
    given: Option<&common::Approval>,
    at: Timestamp,
) -> Option<Approval> {
    let given = given?;
    let approver = fields.text(&format!("{field}.approver"), &given.approver, 80)?;
    Some(Approval { approver, role: given.role.clone(), at })
}

/// A code that may be left out, which is empty.
pub(crate) fn code_optional(
    fields: &mut Fields,
    field: &str,
    set: CodeSet,
    text: &str,
    on: Date,
) -> Option<Option<String>> {
    if text.is_empty() { Some(None) } else { fields.code(field, set, text, on).map(Some) }
}
