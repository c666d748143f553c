//! Each rule shown to leave a place out, alone, with the fact it read; and what it says would help shown to help.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

mod support;

use care::market::{
    BlockAllocated, BlockTerms, EstablishmentRegistered, Market, MarketEvent, Mix, PlaceHeld, PlaceOccupied,
    PlaceOpened, PlaceReserved, ProviderRegistered, Registration, RegistrationStatus,
    RestrictionNoticeServed, Sexes, VacancyAdvertised, VacancyWithdrawn,
};
use care::published::PlaceClaimed;
use care::{AwardId, Date, Pence, ReferralId};
use geography::Miles;
use matching::{Criteria, Index, Operator, Rule, rules};
use std::fmt::Write as _;
use support::{apply, at, evidence, folded};
use uuid::Uuid;

const fn jan(day: i8) -> Date {
    Date::constant(2026, 1, day)
}

/// A simulated home in Darlington with one place, which matches everything in [`asked`].
struct Home {
    entry: EstablishmentRegistered,
    vacancy: VacancyAdvertised,
    later: Vec<MarketEvent>,
}

impl Home {
    fn new() -> Self {
        let registration = Registration {
            status: RegistrationStatus::Active,
            grade: "GOOD".into(),
            age_from: 8,
            age_to: 17,
            sexes: Sexes::Any,
            places_registered: 2,
        };
        let entry = EstablishmentRegistered {
            urn: "h".parse().unwrap(),
            provider: "P1".parse().unwrap(),
            provision: "RESIDENTIAL".into(),
            place_code: "K2".into(),
            utla: "E06000005".into(),
            sector: "DL1 5".into(),
            operated_by: None,
            registered_on: jan(1),
            registration,
            at: at(0),
        };
        let vacancy = VacancyAdvertised {
            place: "h-01".parse().unwrap(),
            available_from: jan(1),
            needs: ["TRAUMA".to_owned()].into(),
            sexes: Sexes::Any,
            age_from: 10,
            age_to: 15,
            note: String::new(),
            exclusions: [].into(),
            mix: None,
            reservation: None,
            at: at(0),
        };
        Self { entry, vacancy, later: Vec::new() }
    }

    fn then(&mut self, event: impl Into<MarketEvent>) {
        self.later.push(event.into());
    }

    /// Another place of the home that a child lives in, until a day if one is given.
    fn child(&mut self, number: u8, end: Option<Date>, solo: bool) {
        let (urn, place) = (self.entry.urn.clone(), format!("h-{number:02}").parse().unwrap());
        let (award, council) = (AwardId(Uuid::from_u128(number.into())), "E06000015".parse().unwrap());
        if number > 1 {
            self.then(PlaceOpened { place, urn: urn.clone(), household: None, at: at(0) });
        }
        let place: care::PlaceId = format!("h-{number:02}").parse().unwrap();
        self.then(PlaceClaimed {
            award,
            council,
            referral: ReferralId(Uuid::from_u128(1)),
            referral_version: 1,
            place: place.clone(),
            urn,
            provider: "P1".parse().unwrap(),
            start: jan(2),
            solo,
            token: 1,
            evidence: evidence(),
            at: at(0),
        });
        let on = jan(2);
        self.then(PlaceOccupied { award, council, place: place.clone(), on, counted_from: on, at: at(0) });
        if let Some(on) = end {
            self.then(care::market::OccupancyEnded {
                award,
                council,
                place,
                on,
                yielded: Vec::new(),
                at: at(0),
            });
        }
    }

    fn hold(&mut self, minutes: i64) {
        self.then(PlaceHeld {
            place: "h-01".parse().unwrap(),
            council: "E06000015".parse().unwrap(),
            referral: ReferralId(Uuid::from_u128(1)),
            referral_version: 1,
            from: jan(5),
            token: 1,
            expires_at: at(minutes),
            at: at(0),
        });
    }

    fn market(&self) -> Market {
        let (place, urn) = (self.vacancy.place.clone(), self.entry.urn.clone());
        let provider = "P1".parse().unwrap();
        let mut events: Vec<MarketEvent> = vec![
            ProviderRegistered { provider, name: "Simulated".into(), at: at(0) }.into(),
            self.entry.clone().into(),
            PlaceOpened { place, urn, household: None, at: at(0) }.into(),
            self.vacancy.clone().into(),
        ];
        events.extend(self.later.clone());
        folded(&events)
    }
}

fn asked() -> Criteria {
    Criteria {
        council: Some("E06000005".parse().unwrap()),
        provisions: ["RESIDENTIAL".to_owned()].into(),
        age_years: Some(14),
        sex: Some("F".into()),
        needs: ["TRAUMA".to_owned()].into(),
        near: Some("DL1".parse().unwrap()),
        within: Some(Miles::whole(20)),
        available_on: Some(jan(10)),
        ..Criteria::default()
    }
}

/// The place that matched is left out by this rule alone, says this, and matches again with what it says would help.
#[track_caller]
fn leaves_out(rule: Rule, says: &str, change: impl FnOnce(&mut Home, &mut Criteria)) {
    let (mut home, mut criteria) = (Home::new(), asked());
    let found = |home: &Home, criteria: &Criteria, at| {
        Index::of(&home.market()).search(criteria, at, 9).matches.iter().any(|it| it.place.as_str() == "h-01")
    };
    assert!(found(&home, &criteria, at(0)), "it matches as it is");
    change(&mut home, &mut criteria);
    let index = Index::of(&home.market());
    let explained = index.explain(&criteria, at(0));
    let place = explained.excluded().find(|it| it.place().as_str() == "h-01").unwrap();
    let findings: Vec<_> = place.findings().collect();
    let [finding] = &findings[..] else { panic!("one rule alone: {findings:?}") };
    assert_eq!((finding.rule, finding.version), (rule, rule.about().version));
    assert_eq!(finding.to_string(), format!("{rule} (version {}): {says}", finding.version));
    match finding.counterfactual {
        None => assert!(!says.contains("would match"), "{says}"),
        Some(instead) => {
            let (mut other, mut then) = (criteria.clone(), at(0));
            apply(instead, &mut other, &mut then);
            assert!(found(&home, &other, then), "{instead}");
        }
    }
}

#[test]
fn provision() {
    let says = "its provision is RESIDENTIAL; would match if RESIDENTIAL were asked for too";
    leaves_out(Rule::Provision, says, |_, asked| asked.provisions = ["FOSTERING".to_owned()].into());
}

#[test]
fn operator() {
    let instead = "would match if anybody's provision came into question";
    leaves_out(Rule::Operator, &format!("an external provider's; {instead}"), |_, asked| {
        asked.operator = Operator::InHouse;
    });
    leaves_out(Rule::Operator, &format!("Derby operates it; {instead}"), |home, asked| {
        home.entry.operated_by = Some("E06000015".parse().unwrap());
        asked.operator = Operator::External;
    });
}

#[test]
fn avoided_area() {
    let says = "it lies in Darlington; would match if Darlington need not be avoided";
    leaves_out(Rule::AvoidedArea, says, |_, asked| {
        asked.avoid_areas = ["E06000005", "E06000015"].map(str::to_owned).into();
    });
}

#[test]
fn registration() {
    for status in [RegistrationStatus::Suspended, RegistrationStatus::Resigned, RegistrationStatus::Cancelled]
    {
        leaves_out(Rule::Registration, &format!("its registration is {status}"), |home, _| {
            home.entry.registration.status = status;
        });
    }
    leaves_out(Rule::Registration, "it is unregistered", |home, asked| {
        home.entry.provision = "UNREGISTERED".into();
        asked.provisions.clear();
    });
}

#[test]
fn restricted() {
    leaves_out(Rule::Restricted, "a notice restricts it since 2026-01-03", |home, _| {
        home.then(RestrictionNoticeServed { urn: "h".parse().unwrap(), on: jan(3), at: at(0) });
    });
}

#[test]
fn grade() {
    let says = "its grade is GOOD; would match if GOOD were good enough";
    leaves_out(Rule::Grade, says, |_, asked| asked.grade_at_least = Some("OUTSTANDING".into()));
    for grade in ["NONE", "INADEQUATE"] {
        let says = format!("its grade is {grade}; would match if any grade were good enough");
        leaves_out(Rule::Grade, &says, |home, asked| {
            home.entry.registration.grade = grade.into();
            asked.grade_at_least = Some("REQUIRES_IMPROVEMENT".into());
        });
    }
}

#[test]
fn distance() {
    let says = "it is 31.1 miles away; would match if the radius were 11.1 miles more";
    leaves_out(Rule::Distance, says, |_, asked| asked.near = Some("NE1 1".parse().unwrap()));
    let says = "where it lies is not known; would match if no distance were asked for";
    leaves_out(Rule::Distance, says, |home, _| home.entry.sector = "XX1 1".into());
}

#[test]
fn not_advertised() {
    leaves_out(Rule::NotAdvertised, "its provider does not advertise it", |home, _| {
        home.then(VacancyWithdrawn { place: "h-01".parse().unwrap(), at: at(0) });
    });
}

#[test]
fn not_available() {
    let says = "it can be had from 2026-01-12; would match if the first night were 2026-01-12";
    leaves_out(Rule::NotAvailable, says, |home, _| home.vacancy.available_from = jan(12));
}

#[test]
fn age() {
    let says = "it takes ages 10 to 15; would match if the child were 10 to 15 years old";
    for age in [9, 16] {
        leaves_out(Rule::Age, says, |_, asked| asked.age_years = Some(age));
    }
    leaves_out(Rule::Age, "it takes no age", |home, asked| {
        home.entry.provision = "SUPPORTED_ACCOMMODATION".into();
        asked.provisions.clear();
    });
}

#[test]
fn sex() {
    leaves_out(Rule::Sex, "it is advertised for MALE and registered or approved for ANY", |home, _| {
        home.vacancy.sexes = Sexes::Male;
    });
}

#[test]
fn needs() {
    let says = "it does not say it can meet AUTISM; would match if AUTISM were not asked for";
    leaves_out(Rule::Needs, says, |_, asked| {
        asked.needs.insert("AUTISM".into());
        asked.all_needs = true;
    });
}

#[test]
fn excluded_need() {
    let says = "the home cannot take TRAUMA at present; would match if TRAUMA were not asked for";
    leaves_out(Rule::ExcludedNeed, says, |home, _| {
        home.vacancy.exclusions = ["TRAUMA".to_owned(), "OFFENDING".to_owned()].into();
    });
}

#[test]
fn claimed() {
    let says = "it is on hold, with a hold until 2026-01-05T11:00:00Z; would match if it were asked from \
                2026-01-05T11:00:00Z on";
    leaves_out(Rule::Claimed, says, |home, _| home.hold(60));
    let says =
        "it is taken, as far as is known until 2026-01-20; would match if the first night were 2026-01-20";
    leaves_out(Rule::Claimed, says, |home, _| home.child(1, Some(jan(20)), false));
    leaves_out(Rule::Claimed, "it is taken", |home, _| home.child(1, None, false));
    let says = "a solo placement takes the whole home, as far as is known until 2026-01-20; would match if the first \
                night were 2026-01-20";
    leaves_out(Rule::Claimed, says, |home, _| home.child(2, Some(jan(20)), true));
    let says = "it is taken, as far as is known until 2026-01-20, with a hold until 2026-01-05T11:00:00Z";
    leaves_out(Rule::Claimed, says, |home, _| {
        home.child(1, Some(jan(20)), false);
        home.hold(60);
    });
}

#[test]
fn not_empty() {
    let instead = "would match if the solo requirement were lifted";
    leaves_out(Rule::NotEmpty, &format!("other places of the home are claimed; {instead}"), |home, asked| {
        home.child(2, None, false);
        asked.solo = true;
    });
    leaves_out(Rule::NotEmpty, &format!("2 live there, as its provider says; {instead}"), |home, asked| {
        home.vacancy.mix = Some(Mix { children: 2, age_from: 13, age_to: 15, needs: [].into() });
        asked.solo = true;
    });
}

fn reserved(council: &str) -> MarketEvent {
    PlaceReserved {
        place: "h-01".parse().unwrap(),
        urn: "h".parse().unwrap(),
        provider: "P1".parse().unwrap(),
        council: council.parse().unwrap(),
        referral: None,
        from: jan(6),
        until: jan(20),
        weekly: Pence(105_000),
        token: 1,
        approver: "Head of Placements".into(),
        at: at(0),
    }
    .into()
}

fn in_block(council: &str) -> MarketEvent {
    let partners = [].into();
    BlockAllocated {
        place: "h-01".parse().unwrap(),
        block: 1,
        urn: "h".parse().unwrap(),
        provider: "P1".parse().unwrap(),
        council: council.parse().unwrap(),
        terms: BlockTerms {
            from: jan(2),
            until: jan(25),
            weekly: Pence(420_000),
            partners,
            resale_weekly: None,
        },
        approver: "Head of Placements".into(),
        at: at(0),
    }
    .into()
}

#[test]
fn reserved_by_another_council() {
    let says = "another council has reserved it until 2026-01-20; would match if it were asked on 2026-01-20 or later, for no night before that";
    leaves_out(Rule::Reserved, says, |home, _| home.then(reserved("E06000015")));
    // Nights behind those that it pays for are no more to be had, while they last: so it is for a hold and an award.
    leaves_out(Rule::Reserved, says, |home, asked| {
        home.then(reserved("E06000015"));
        asked.available_on = Some(jan(25));
    });
}

#[test]
fn in_the_block_of_another_council() {
    let says = "it is another council's by a block contract until 2026-01-25; would match if it were asked on \
                2026-01-25 or later, for no night before that";
    leaves_out(Rule::BlockOfAnotherCouncil, says, |home, _| home.then(in_block("E06000015")));
    leaves_out(Rule::BlockOfAnotherCouncil, says, |home, asked| {
        home.then(in_block("E06000015"));
        asked.available_on = Some(jan(25));
    });
}

#[test]
fn what_is_the_councils_own_is_found_and_told() {
    let mut home = Home::new();
    home.then(reserved("E06000005"));
    home.then(in_block("E06000005"));
    let found = Index::of(&home.market()).search(&asked(), at(0), 1).matches.remove(0);
    assert_eq!((found.reserved_until, found.block_until), (Some(jan(20)), Some(jan(25))));
    let reasons = found.reasons();
    for own in
        ["the council has reserved it until 2026-01-20", "the council's by a block contract until 2026-01-25"]
    {
        assert!(reasons.iter().any(|reason| reason == own), "{reasons:?}");
    }
}

#[test]
fn a_match_says_both_measures_and_what_weighs() {
    let mut home = Home::new();
    home.vacancy.mix =
        Some(Mix { children: 2, age_from: 12, age_to: 15, needs: ["SELF_HARM".to_owned()].into() });
    let criteria = Criteria {
        needs: ["SELF_HARM".to_owned()].into(),
        home: Some("DL3 7".parse().unwrap()),
        centre: Some("E06000015".parse::<care::CouncilId>().unwrap().council().centre.parse().unwrap()),
        ..asked()
    };
    let two_days = 2 * 24 * 60;
    let found = Index::of(&home.market()).search(&criteria, at(two_days), 1).matches.remove(0);
    assert_eq!(
        found.reasons(),
        [
            "meets 0 of 1 needs",
            "impact 2: SELF_HARM beside SELF_HARM: one child's self-harm sets off the other's",
            "0.3 miles away",
            "from the child's home: 0.4 miles, within 20",
            "from the council's centre: 110.9 miles, more than 20",
            "grade GOOD",
            "confirmed on 2026-01-05, FRESH",
        ]
    );
    assert_eq!(found.impact.map(|impact| impact.score), Some(2));
}

#[test]
fn a_digest_is_of_the_market_the_question_and_the_instant() {
    let (home, criteria) = (Home::new(), asked());
    let digest = |home: &Home, criteria: &Criteria, at, position| {
        Index::of(&home.market()).explain(criteria, at).digest(position)
    };
    let first = digest(&home, &criteria, at(0), 4);
    assert_eq!(digest(&home, &criteria, at(0), 4), first);
    assert_ne!(digest(&home, &criteria, at(0), 5), first);
    assert_ne!(digest(&home, &criteria, at(1), 4), first);
    assert_ne!(
        digest(&home, &Criteria { home: Some("DL1".parse().unwrap()), ..criteria.clone() }, at(0), 4),
        first
    );
    let (mut other, mut better) = (Home::new(), Home::new());
    other.vacancy.sexes = Sexes::Male;
    better.entry.registration.grade = "OUTSTANDING".into();
    assert_ne!(digest(&other, &criteria, at(0), 4), first, "what is left out counts");
    assert_ne!(digest(&better, &criteria, at(0), 4), first, "what it is ranked by counts");
}

/// A search that was recorded by earlier versions of the rules is made again by those, which are named as they were then.
#[test]
fn a_search_of_before_is_made_again_under_the_versions_of_before() {
    let before = "51e6e4745c9fb7c6";
    let (home, criteria) = (Home::new(), asked());
    let index = Index::of(&home.market());
    let digest = |rules: &str| index.explain_under(&criteria, at(0), rules).map(|it| it.digest(4));
    let now = index.explain(&criteria, at(0)).digest(4);
    assert_eq!(digest(&matching::rules_name()), Some(now));
    let then = digest(before).expect("these versions are known");
    assert_ne!(then, now, "the versions are part of a digest");
    assert_eq!(digest("0000000000000000"), None);
}

/// By the first versions of the rules on what councils agree beforehand, nights of others before the first one were not in the way.
#[test]
fn a_search_of_before_does_not_read_the_nights_before() {
    let (mut home, mut criteria) = (Home::new(), asked());
    home.then(reserved("E06000015"));
    criteria.available_on = Some(jan(25));
    let index = Index::of(&home.market());
    let passing = |rules: &str| index.explain_under(&criteria, at(0), rules).unwrap().result(5).matches.len();
    assert_eq!((passing("51e6e4745c9fb7c6"), passing(&matching::rules_name())), (1, 0));
}

/// And so what another council had agreed kept a place from a search only on its own nights: another first night would have helped.
#[test]
fn a_search_of_before_is_explained_by_what_would_have_helped_then() {
    let told = |event: MarketEvent, rules: &str| {
        let mut home = Home::new();
        home.then(event);
        let (index, criteria) = (Index::of(&home.market()), asked());
        let explained = index.explain_under(&criteria, at(0), rules).unwrap();
        let found = explained.excluded().next().unwrap();
        found
            .findings()
            .map(|it| (it.fact, it.counterfactual))
            .map(|it| format!("{it:?}"))
            .collect::<Vec<_>>()
    };
    let (before, now) = ("51e6e4745c9fb7c6", matching::rules_name());
    let one = |fact: matching::Fact<'_>, instead: matching::Counterfactual<'_>| {
        vec![format!("{:?}", (fact, Some(instead)))]
    };
    use matching::{
        Counterfactual::{FirstNight, OnceOver},
        Fact::{BlockedUntil, ReservedUntil},
    };
    let other = "E06000015";
    assert_eq!(told(reserved(other), before), one(ReservedUntil(jan(20)), FirstNight(jan(20))));
    assert_eq!(told(reserved(other), &now), one(ReservedUntil(jan(20)), OnceOver(jan(20))));
    assert_eq!(told(in_block(other), before), one(BlockedUntil(jan(25)), FirstNight(jan(25))));
    assert_eq!(told(in_block(other), &now), one(BlockedUntil(jan(25)), OnceOver(jan(25))));
}

/// A departure was put right after the place had been closed, and another opened: the household is full though that one is free.
#[test]
fn a_household_that_is_full_by_its_children_is_left_out() {
    use care::market::{HouseholdApproval, HouseholdRegistered, OccupancyEnded, PlaceClosed};
    let mut home = Home::new();
    let approval = HouseholdApproval {
        approved_on: jan(1),
        children: 1,
        exempt: false,
        age_from: 8,
        age_to: 17,
        sexes: Sexes::Any,
        sibling_groups: true,
        short_breaks_only: false,
        siblings_only: false,
    };
    let (sector, utla) = ("DL3 7".to_owned(), "E06000005".to_owned());
    let (id, urn) = ("h-h01".parse().unwrap(), "h".parse().unwrap());
    home.then(HouseholdRegistered { household: id, urn, approval, sector, utla, at: at(0) });
    let household = || Some("h-h01".parse().unwrap());
    for number in [2, 3] {
        let place: care::PlaceId = format!("h-{number:02}").parse().unwrap();
        let urn = "h".parse().unwrap();
        home.then(PlaceOpened { place: place.clone(), urn, household: household(), at: at(0) });
        home.then(VacancyAdvertised { place, ..home.vacancy.clone() });
    }
    home.child(2, Some(jan(20)), false);
    home.then(PlaceClosed { place: "h-02".parse().unwrap(), at: at(0) });
    let told = |home: &Home, first: Date| {
        let criteria = Criteria { available_on: Some(first), ..asked() };
        let index = Index::of(&home.market());
        let explained = index.explain(&criteria, at(0));
        let found = explained.excluded().find(|it| it.place().as_str() == "h-03");
        found.map(|it| it.findings().map(|it| it.to_string()).collect::<Vec<_>>()).unwrap_or_default()
    };
    let says = "CLAIMED (version 2): its household is approved for 1 child, who is there or to come";
    assert_eq!(told(&home, jan(19)), [says]);
    assert_eq!(told(&home, jan(20)), [""; 0], "by then the child has left");
    let (award, council) = (AwardId(Uuid::from_u128(2)), "E06000015".parse().unwrap());
    let (place, yielded) = ("h-02".parse().unwrap(), Vec::new());
    home.then(OccupancyEnded { award, council, place, on: jan(10), yielded, at: at(0) });
    assert_eq!(told(&home, jan(19)), [""; 0], "and so when that was put right");
}

#[test]
fn a_place_in_a_household_lies_and_is_approved_where_and_as_that_is() {
    use care::market::{HouseholdApproval, HouseholdRegistered};
    let in_household = |change: fn(&mut HouseholdRegistered)| {
        let mut home = Home::new();
        let mut household = HouseholdRegistered {
            household: "h-h01".parse().unwrap(),
            urn: "h".parse().unwrap(),
            approval: HouseholdApproval {
                approved_on: jan(1),
                children: 2,
                exempt: false,
                age_from: 8,
                age_to: 17,
                sexes: Sexes::Any,
                sibling_groups: true,
                short_breaks_only: false,
                siblings_only: false,
            },
            sector: "DL3 7".into(),
            utla: "E06000005".into(),
            at: at(0),
        };
        change(&mut household);
        let id = Some(household.household.clone());
        home.then(household);
        let (place, urn) = ("h-02".parse().unwrap(), "h".parse().unwrap());
        home.then(PlaceOpened { place, urn, household: id, at: at(0) });
        home.then(VacancyAdvertised { place: "h-02".parse().unwrap(), ..home.vacancy.clone() });
        // A solo child in the agency's own place takes no household.
        home.child(1, None, true);
        let (index, criteria) = (Index::of(&home.market()), asked());
        let explained = index.explain(&criteria, at(0));
        let told = |it: matching::Excluded<'_>| it.findings().map(|it| it.rule).collect::<Vec<_>>();
        let found = explained.excluded().find(|it| it.place().as_str() == "h-02").map(told);
        found.unwrap_or_default()
    };
    assert_eq!(in_household(|_| {}), []);
    assert_eq!(in_household(|it| it.sector = "NE1 1".into()), [Rule::Distance]);
    assert_eq!(in_household(|it| it.sector = String::new()), [], "then it is where its agency is");
    assert_eq!(in_household(|it| it.approval.age_to = 13), [Rule::Age]);
    assert_eq!(in_household(|it| it.approval.sexes = Sexes::Male), [Rule::Sex]);
    assert_eq!(in_household(|it| it.approval.short_breaks_only = true), [Rule::Provision]);
}

#[test]
fn every_councils_centre_lies_in_its_own_area() {
    for council in care::councils() {
        let sector = council.centre.parse().unwrap_or_else(|error| panic!("{}: {error}", council.name));
        let authority = geography::authority_of(sector).unwrap();
        assert_eq!(authority.gss, council.id.gss(), "{}: {}", council.name, council.centre);
    }
}

/// The page that people read, out of the registry that the search reads.
fn page() -> String {
    let mut page = String::from(
        "# Matching: the rules\n\nGenerated from `crates/matching/src/rules.rs` and `impact.rs`; `UPDATE_DOCS=1 cargo test -p matching --test rules` \
         writes it anew.\n\nA search judges every open place by every rule below. A place that fails none is ranked; one that fails some is left \
         out, and each failed rule is told with its version, the fact that it read, and what would have to be asked instead for this rule to pass \
         (a *counterfactual*). Where all that a place fails have one, the place matches with all of them. A search that only counts tells the \
         first rule that each place fails, in this order.\n",
    );
    for about in &rules::ALL {
        write!(
            page,
            "\n## {}\n\nVersion {}.\n\n- **Leaves out:** {}\n- **Reads:** {}\n- **Why:** {}\n- **Counterfactual:** {}\n",
            about.rule, about.version, about.excludes, about.reads, about.why, about.counterfactual
        )
        .unwrap();
    }
    write!(
        page,
        "\n# The order\n\nVersion {}. Places that fail no rule are ranked by, in this order: the number of needs that they do not say they can meet; \
         impact; distance from where was asked; grade (outstanding, good, requires improvement, ungraded, inadequate); place id. The two 20-mile \
         measures, from the child's home and from the council's centre, are told with each match and rank nothing.\n",
        matching::RANKING_VERSION
    )
    .unwrap();
    impact_page(&mut page);
    page
}

fn impact_page(page: &mut String) {
    use matching::impact::{
        AGE_GAP_WEIGHT, AGE_GAP_YEARS, IMPACT_VERSION, PAIRS, YOUNGER_WEIGHT, YOUNGER_YEARS,
    };
    write!(
        page,
        "\n# Impact on the children already there\n\nVersion {IMPACT_VERSION}. **This score never replaces the provider's impact risk assessment.** It is a \
         prompt: it knows only what the provider stated of the group as a whole and what the referral says of the child, and the registered person \
         decides. The weights are practice, not law, and come from no statistics.\n\nThe score is the sum of what weighs. Ranked first are homes where \
         nothing was found (an empty one included), then those of which nothing is stated, then the others by their score. Of a single child no needs \
         are stated: they would be that child's own.\n\n| the child, or a child in the home | the other | weight | why |\n|---|---|---|---|\n"
    )
    .unwrap();
    for pair in &PAIRS {
        writeln!(page, "| {} | {} | {} | {} |", pair.one, pair.other, pair.weight, pair.why).unwrap();
    }
    write!(
        page,
        "\nAn age gap of {AGE_GAP_YEARS} years or more to the youngest or the oldest weighs {AGE_GAP_WEIGHT}. HARMFUL_SEXUAL_BEHAVIOUR beside a child \
         who is {YOUNGER_YEARS} years younger or more weighs {YOUNGER_WEIGHT}; of a group that has it, any child may be the one.\n"
    )
    .unwrap();
}

#[test]
fn the_committed_page_is_what_the_registry_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/matching-rules.md");
    let registry = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &registry).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == registry,
        "docs/matching-rules.md is not current: run this test with UPDATE_DOCS=1 and commit it"
    );
}
