//! Logs as other services write them, heard in any order, and the figures that come of them.

use care::market::{
    BlockAllocated, BlockTerms, EstablishmentAmended, EstablishmentRegistered, HouseholdAmended,
    HouseholdApproval, HouseholdRegistered, OccupancyEnded, PlaceClosed, PlaceOccupied, PlaceOpened,
    PlaceReserved, Registration, RegistrationStatus, Sexes,
};
use care::published::{ClaimEvidence, PlaceClaimed};
use care::{
    AwardId, CouncilId, Date, Domain, EstablishmentUrn, EventBody, HouseholdId, Pence, PlaceId, ProviderId,
    ReferralId, Timestamp, encode_body, london_midnight,
};
use contracts_domain::Frameworks;
use contracts_domain::frameworks::{
    CouncilJoined, FrameworkCreated, FrameworkEvent, Procurement, ProviderAdmitted, Regime,
};
use contracts_domain::monitoring::{
    Facts, Heard, Placement, Quarter, Quarters, Row, Scope, Source, Viewer, report,
};
use jiff::civil::date;
use serde_json::json;
use uuid::Uuid;

/// The councils of the framework `north`; the first leads it. [`OUTSIDER`] is in none.
pub(crate) const COUNCILS: [&str; 5] = ["E06000005", "E06000047", "E06000001", "E06000002", "E06000003"];
pub(crate) const OUTSIDER: &str = "E06000059";
/// The day on which figures are asked for.
pub(crate) const TODAY: Date = date(2027, 2, 15);

pub(crate) fn id<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().unwrap_or_else(|| panic!("{text:?} is not an id"))
}

pub(crate) fn council(n: usize) -> CouncilId {
    id(COUNCILS.get(n).copied().unwrap_or(OUTSIDER))
}

pub(crate) fn provider(n: usize) -> ProviderId {
    id(&format!("P{n}"))
}

pub(crate) fn urn(n: usize) -> EstablishmentUrn {
    id(&format!("SC00000{n}"))
}

pub(crate) fn award(n: u32) -> AwardId {
    AwardId(Uuid::from_u128(n.into()))
}

pub(crate) fn referral(n: u32) -> ReferralId {
    ReferralId(Uuid::from_u128(10_000_000 + u128::from(n)))
}

/// So many days after 1 April 2025.
pub(crate) fn day(days: u32) -> Date {
    date(2025, 4, 1) + jiff::Span::new().days(i64::from(days))
}

/// Noon of a day, and so many minutes.
pub(crate) fn noon(day: Date, minutes: i64) -> Timestamp {
    london_midnight(day) + jiff::Span::new().minutes(12 * 60 + minutes)
}

/// An event in its log.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    source: Source,
    event_type: String,
    payload: Vec<u8>,
}

fn said(source: Source, event_type: &str, payload: &serde_json::Value) -> Said {
    Said { source, event_type: event_type.to_owned(), payload: serde_json::to_vec(payload).unwrap() }
}

fn market<B: EventBody>(body: &B) -> Said {
    Said { source: Source::Vacancies, event_type: B::TYPE.to_owned(), payload: encode_body(body) }
}

pub(crate) fn released(council: CouncilId, n: u32, provider: &ProviderId, at: Timestamp) -> Said {
    let payload = json!({"council": council, "referral": referral(n), "provider": provider, "stage": "BROADCAST", "at": at});
    said(Source::Referrals(council), "ReferralReleased", &payload)
}

pub(crate) fn offered(council: CouncilId, n: u32, provider: &ProviderId, at: Timestamp) -> Said {
    let payload = json!({"council": council, "offer": offer(at), "referral": referral(n), "provider": provider, "terms": {}, "at": at});
    said(Source::Referrals(council), "OfferSubmitted", &payload)
}

/// The offer that was made then; of one invitation there is one at a time.
fn offer(made_at: Timestamp) -> Uuid {
    Uuid::from_u128(made_at.as_second().unsigned_abs().into())
}

/// The offer that was made then is taken back.
pub(crate) fn taken_back(council: CouncilId, n: u32, provider: &ProviderId, made_at: Timestamp) -> Said {
    let payload = json!({"council": council, "offer": offer(made_at), "referral": referral(n), "provider": provider, "at": made_at});
    said(Source::Referrals(council), "OfferWithdrawn", &payload)
}

pub(crate) fn declined(council: CouncilId, n: u32, provider: &ProviderId, reason: &str) -> Said {
    let payload =
        json!({"council": council, "referral": referral(n), "provider": provider, "reason": reason});
    said(Source::Referrals(council), "ReferralDeclined", &payload)
}

pub(crate) fn posted(council: CouncilId, n: u32, anchor: Option<&str>) -> Said {
    let payload = json!({"council": council, "referral": referral(n), "requirements": {"anchor": anchor}});
    said(Source::Referrals(council), "ReferralPosted", &payload)
}

/// Lines are nights and pence.
pub(crate) fn invoice(
    council: CouncilId,
    n: u32,
    provider: &ProviderId,
    on: Date,
    lines: &[(i64, i64)],
) -> Said {
    let net: i64 = lines.iter().map(|(_, amount)| amount).sum();
    let kind = if net < 0 { "CREDIT_NOTE" } else { "INVOICE" };
    let lines: Vec<_> =
        lines.iter().map(|(nights, amount)| json!({"nights_count": nights, "amount": amount})).collect();
    let payload = json!({"invoice": Uuid::from_u128(n.into()), "provider": provider, "kind": kind, "issued_on": on, "lines": lines});
    said(Source::Invoicing(council), "InvoiceIssued", &payload)
}

pub(crate) fn paid(council: CouncilId, n: u32, on: Date) -> Said {
    let payload = json!({"invoice": Uuid::from_u128(n.into()), "paid_on": on});
    said(Source::Invoicing(council), "PaymentRecorded", &payload)
}

fn registration(status: RegistrationStatus) -> Registration {
    Registration {
        status,
        grade: "GOOD".to_owned(),
        age_from: 8,
        age_to: 17,
        sexes: Sexes::Any,
        places_registered: 3,
    }
}

pub(crate) fn home(n: usize, provider: &ProviderId, operated_by: Option<CouncilId>) -> Said {
    market(&EstablishmentRegistered {
        urn: urn(n),
        provider: provider.clone(),
        provision: "RESIDENTIAL".to_owned(),
        place_code: "K2".to_owned(),
        utla: "E06000005".to_owned(),
        sector: format!("DL{n} 1"),
        operated_by,
        registered_on: day(0),
        registration: registration(RegistrationStatus::Active),
        at: noon(day(0), 0),
    })
}

/// The register says something else of a home's status.
pub(crate) fn registered_as(n: usize, status: RegistrationStatus, on: Date) -> Said {
    let registration = registration(status);
    market(&EstablishmentAmended { urn: urn(n), registration, sector: None, at: noon(on, 0) })
}

fn household(n: usize) -> HouseholdId {
    id(&format!("SC000000-h{n}"))
}

/// Households of the first home lie where it is told.
pub(crate) fn household_in(n: usize, sector: &str) -> [Said; 2] {
    let approval = HouseholdApproval {
        approved_on: day(0),
        children: 2,
        exempt: false,
        age_from: 0,
        age_to: 17,
        sexes: Sexes::Any,
        sibling_groups: false,
        short_breaks_only: false,
        siblings_only: false,
    };
    let (household, urn, utla, at) = (household(n), urn(0), String::new(), noon(day(0), 0));
    let registered = HouseholdRegistered {
        household: household.clone(),
        urn: urn.clone(),
        approval: approval.clone(),
        sector: String::new(),
        utla: utla.clone(),
        at,
    };
    let amended = HouseholdAmended { household, urn, approval, sector: sector.to_owned(), utla, at };
    [market(&registered), market(&amended)]
}

pub(crate) fn opened_in_household(n: u32, of: usize, on: Date) -> Said {
    market(&PlaceOpened { place: place(n), urn: urn(0), household: Some(household(of)), at: noon(on, 0) })
}

pub(crate) fn place(n: u32) -> PlaceId {
    id(&format!("PL-{n}"))
}

pub(crate) fn opened(n: u32, home: usize, on: Date) -> Said {
    market(&PlaceOpened { place: place(n), urn: urn(home), household: None, at: noon(on, 0) })
}

pub(crate) fn closed(n: u32, on: Date) -> Said {
    market(&PlaceClosed { place: place(n), at: noon(on, 0) })
}

pub(crate) fn came(n: u32, of: CouncilId, in_place: u32, from: Date) -> Said {
    let occupied = PlaceOccupied {
        award: award(n),
        council: of,
        place: place(in_place),
        on: from,
        counted_from: from,
        at: noon(from, 0),
    };
    market(&occupied)
}

pub(crate) fn left(n: u32, of: CouncilId, in_place: u32, on: Date) -> Said {
    let ended = OccupancyEnded {
        award: award(n),
        council: of,
        place: place(in_place),
        on,
        yielded: Vec::new(),
        at: noon(on, 0),
    };
    market(&ended)
}

pub(crate) fn block(of: CouncilId, in_place: u32, from: Date, until: Date) -> Said {
    let terms = BlockTerms { from, until, weekly: Pence(1), partners: [].into(), resale_weekly: None };
    market(&BlockAllocated {
        place: place(in_place),
        block: 1,
        urn: urn(0),
        provider: provider(0),
        council: of,
        terms,
        approver: "post".to_owned(),
        at: noon(from, 0),
    })
}

pub(crate) fn reserved(of: CouncilId, in_place: u32, from: Date, until: Date) -> Said {
    market(&PlaceReserved {
        place: place(in_place),
        urn: urn(0),
        provider: provider(0),
        council: of,
        referral: None,
        from,
        until,
        weekly: Pence(1),
        token: 2,
        approver: "post".to_owned(),
        at: noon(from, 0),
    })
}

pub(crate) fn graded(n: u32, of: CouncilId, grade: &str) -> Said {
    claimed(n, of, 1, grade, false)
}

pub(crate) fn claimed_solo(n: u32, of: CouncilId, in_place: u32) -> Said {
    claimed(n, of, in_place, "GOOD", true)
}

pub(crate) fn claimed(n: u32, of: CouncilId, in_place: u32, grade: &str, solo: bool) -> Said {
    market(&PlaceClaimed {
        award: award(n),
        council: of,
        referral: referral(n),
        referral_version: 1,
        place: place(in_place),
        urn: urn(0),
        provider: provider(0),
        start: day(0),
        solo,
        token: 1,
        evidence: ClaimEvidence {
            registration: "ACTIVE".to_owned(),
            provision: "RESIDENTIAL".to_owned(),
            grade: grade.to_owned(),
            age_from: 8,
            age_to: 17,
            age_years: 12,
            places_registered: 3,
            places_claimed: 1,
            accommodation: None,
        },
        at: noon(day(0), 0),
    })
}

/// An agreement of an award, called off from `north`.
pub(crate) fn placement(n: u32, of: CouncilId, provider: &ProviderId, issued_on: Date) -> Placement {
    Placement {
        council: of,
        provider: provider.clone(),
        urn: urn(0),
        award: award(n),
        referral: referral(n),
        issued_on,
        route: "FRAMEWORK",
        framework: Some(id("north")),
        core: Pence(450_000),
        ceiling: Some(Pence(500_000)),
        started: None,
        ended: None,
    }
}

/// What was heard.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct World {
    pub(crate) heard: Heard,
    pub(crate) placements: Vec<Placement>,
    /// The members of frameworks that there are beside `north`, by number; each began a year later, is led by the first and admits the same providers.
    pub(crate) beside: Vec<(&'static str, Vec<usize>)>,
    /// When they began, if not a year later than `north`.
    pub(crate) began: Option<Date>,
}

impl World {
    pub(crate) fn hear(&mut self, said: &Said) {
        self.heard.hear(said.source, &said.event_type, 1, &said.payload).unwrap();
    }

    pub(crate) fn hears(said: &[Said]) -> Self {
        let mut world = Self::default();
        said.iter().for_each(|said| world.hear(said));
        world
    }

    pub(crate) fn rows(&self, scope: &Scope, viewer: &Viewer, quarters: Quarters) -> Vec<Row> {
        let mut frameworks = frameworks();
        for (name, members) in &self.beside {
            found(&mut frameworks, name, members, self.began.unwrap_or(date(2021, 1, 1)));
        }
        let near = |anchor: &str, sector: &str| anchor.split_once(' ').map(|_| anchor == sector);
        let facts = Facts {
            heard: &self.heard,
            placements: &self.placements,
            frameworks: &frameworks,
            today: TODAY,
            within_20_miles: &near,
        };
        report(&facts, scope, viewer, quarters)
    }

    /// The row of a figure in one quarter.
    pub(crate) fn row(&self, scope: &Scope, viewer: &Viewer, quarter: &str, kpi: &str, of: &str) -> Row {
        let quarter = id(quarter);
        let rows = self.rows(scope, viewer, Quarters::new(quarter, quarter).unwrap());
        rows.into_iter()
            .find(|row| row.kpi == kpi && row.of == of)
            .unwrap_or_else(|| panic!("no row of {kpi} {of}"))
    }

    /// Value, numerator and denominator of a council's own figure.
    pub(crate) fn own(
        &self,
        n: usize,
        quarter: &str,
        kpi: &str,
        of: &str,
    ) -> (Option<i64>, Option<i64>, i64) {
        let row = self.row(&Scope::Council(council(n)), &Viewer::Own, quarter, kpi, of);
        assert_eq!(row.suppressed, None);
        (row.value, row.numerator, row.denominator.unwrap())
    }
}

/// `north`, in force all the time; P0 to P4 are admitted.
pub(crate) fn frameworks() -> Frameworks {
    let mut frameworks = Frameworks::default();
    found(&mut frameworks, "north", &[0, 1, 2, 3, 4], date(2020, 1, 1));
    frameworks
}

fn found(frameworks: &mut Frameworks, name: &str, members: &[usize], from: Date) {
    let framework = || id(name);
    let created = FrameworkCreated {
        framework: framework(),
        name: name.to_owned(),
        lead: council(members[0]),
        regime: Regime::ProcurementAct2023,
        starts: from,
        ends: date(2030, 1, 1),
        grade_floor: None,
        procurement: Procurement::default(),
    };
    let members =
        members.iter().map(|n| CouncilJoined { framework: framework(), council: council(*n), from });
    let admitted = (0..5).map(|n| ProviderAdmitted {
        framework: framework(),
        lot: id("all"),
        provider: provider(n),
        from,
        prices: [].into(),
        until: None,
        rows: Vec::new(),
        branches: [].into(),
    });
    let mut apply = |event: FrameworkEvent| Frameworks::evolve(frameworks, &event);
    apply(created.into());
    members.for_each(|event| apply(event.into()));
    admitted.for_each(|event| apply(event.into()));
}

pub(crate) fn all_quarters() -> Quarters {
    Quarters::new(id("2025-26-Q1"), Quarter::of(TODAY)).unwrap()
}

/// The logs of these events, each in its own order, woven together as `picks` says.
pub(crate) fn woven(said: &[Said], picks: &[u8]) -> Vec<Said> {
    let mut logs: Vec<(Source, std::collections::VecDeque<Said>)> = Vec::new();
    for said in said {
        match logs.iter_mut().find(|(source, _)| *source == said.source) {
            Some((_, log)) => log.push_back(said.clone()),
            None => logs.push((said.source, [said.clone()].into())),
        }
    }
    let mut woven = Vec::new();
    for pick in picks.iter().cycle().take(said.len() * 50) {
        let at = usize::from(*pick) % logs.len().max(1);
        if let Some(next) = logs.get_mut(at).and_then(|(_, log)| log.pop_front()) {
            woven.push(next);
        }
    }
    woven.extend(logs.into_iter().flat_map(|(_, log)| log));
    woven
}

/// A day of the quarter that most cases are in.
pub(crate) fn date_in_q1() -> Date {
    date(2026, 5, 6)
}
