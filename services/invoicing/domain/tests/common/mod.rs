//! Commands and facts for the tests of one council's ledger: Derby, which buys from two providers.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail here")]

use care::published::{
    AgreementIssued, AwardTerms, CallOffEvidence, FunderShare, PlacementEnded, PlacementStarted, PriceLine,
    Route,
};
use care::{AgreementId, AwardId, CouncilId, Date, OfferId, Pence, ReferralId, Timestamp};
use invoicing_domain::{
    AccrueNights, Ask, Cause, ClosePeriod, Command, Invoicing, InvoicingEvent, IssueInvoice, PaymentStep,
    Payments, RecordPayment, State,
};
use uuid::Uuid;

pub(crate) fn derby() -> CouncilId {
    "E06000015".parse().unwrap()
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Noon in London's winter or one in its summer: the date is the same in both.
pub(crate) fn noon(on: Date) -> Timestamp {
    format!("{on}T12:00:00Z").parse().unwrap()
}

pub(crate) fn agreement(n: u128) -> AgreementId {
    AgreementId(Uuid::from_u128(n))
}

pub(crate) fn lines(weekly: &[(&str, i64)]) -> Vec<PriceLine> {
    weekly
        .iter()
        .map(|(kind, pence)| PriceLine { kind: (*kind).to_owned(), weekly: Pence(*pence), until: None })
        .collect()
}

pub(crate) fn funders(shares: &[(&str, u32)]) -> Vec<FunderShare> {
    let share = |(funder, basis_points): &(&str, u32)| FunderShare {
        funder: (*funder).to_owned(),
        basis_points: *basis_points,
    };
    shares.iter().map(share).collect()
}

pub(crate) fn issued(
    n: u128,
    provider: &str,
    lines: Vec<PriceLine>,
    funders: Vec<FunderShare>,
) -> AgreementIssued {
    AgreementIssued {
        agreement: agreement(n),
        award: AwardId(Uuid::from_u128(n)),
        council: derby(),
        referral: ReferralId(Uuid::from_u128(1_000 + n)),
        provider: provider.parse().unwrap(),
        urn: "SC045099".parse().unwrap(),
        place: "SC045099-01".parse().unwrap(),
        provision: "RESIDENTIAL".to_owned(),
        start: day("2026-01-10"),
        terms: AwardTerms { offer: OfferId(Uuid::from_u128(n)), route: Route::InHouse, lines, funders },
        schedule_from: None,
        evidence: CallOffEvidence { contracts_position: 1, checks: vec![] },
        at: noon(day("2026-01-08")),
    }
}

/// £4,534.00 a week, of which health pays 30 %, and £100.01 of therapy.
pub(crate) fn usual(n: u128) -> AgreementIssued {
    issued(
        n,
        "acme",
        lines(&[("CORE", 453_400), ("THERAPY", 10_001)]),
        funders(&[("SOCIAL_CARE", 7_000), ("HEALTH", 3_000)]),
    )
}

pub(crate) fn started(n: u128, on: Date) -> PlacementStarted {
    PlacementStarted {
        correction: None,
        agreement: agreement(n),
        award: AwardId(Uuid::from_u128(n)),
        council: derby(),
        place: "SC045099-01".parse().unwrap(),
        on,
        at: noon(on),
    }
}

pub(crate) fn ended(n: u128, on: Date, at: Timestamp) -> PlacementEnded {
    PlacementEnded {
        correction: None,
        ending: None,
        notice_last_day: None,
        agreement: agreement(n),
        award: AwardId(Uuid::from_u128(n)),
        council: derby(),
        place: "SC045099-01".parse().unwrap(),
        on,
        reason: "CARPL".to_owned(),
        at,
    }
}

pub(crate) fn command(cause: u64, today: Date, ask: Ask) -> Command {
    Command { council: derby(), cause: Cause::event("test", cause), at: noon(today), ask }
}

pub(crate) fn accrue(n: u128, through: Date) -> Ask {
    Ask::AccrueNights(AccrueNights { agreement: agreement(n), through, run: None })
}

pub(crate) fn invoice(provider: &str, through: Date) -> Ask {
    Ask::IssueInvoice(IssueInvoice { provider: provider.parse().unwrap(), part: 0, through, run: None })
}

pub(crate) fn pay(invoice: care::InvoiceId, paid_on: Option<Date>) -> Ask {
    Ask::RecordPayment(RecordPayment { invoice, amount: None, paid_on, by: "ann".to_owned() })
}

/// A step of payments that a person takes.
pub(crate) fn by(person: &str, step: PaymentStep) -> Ask {
    Ask::Payments(Payments { by: person.to_owned(), step })
}

/// A month closed whatever is left in it; what is refused of it is a test's of its own.
pub(crate) fn close(month: Date) -> Ask {
    Ask::ClosePeriod(ClosePeriod { month, leave_uncharged: true })
}

/// The events that a series of commands leads to.
pub(crate) fn history(commands: &[Command]) -> Vec<InvoicingEvent> {
    use care::Domain;
    let mut state = State::default();
    let mut all = Vec::new();
    for command in commands {
        let events = Invoicing::decide(&state, command).expect("a history is made of commands that succeed");
        for event in &events {
            Invoicing::evolve(&mut state, event);
        }
        all.extend(events);
    }
    all
}

/// An agreement whose child arrived on 10 January 2026.
pub(crate) fn placed(n: u128) -> Vec<Command> {
    let today = day("2026-01-10");
    let cause = u64::try_from(n).unwrap() * 10_000;
    vec![
        command(cause, today, Ask::OpenAgreement(usual(n))),
        command(cause + 1, today, Ask::OpenCharges(started(n, today))),
    ]
}
