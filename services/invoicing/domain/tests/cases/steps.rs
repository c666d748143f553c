//! The sentences of the money cases, each read into what it asks of the ledger.

use super::{pounds, sent};
use crate::common::{day, derby, funders, noon};
use care::market::{
    BlockAllocated, BlockEnded, BlockTerms, OccupancyEnded, PlaceReserved, ResaleBought, ResaleOf,
    ResaleSold, ReservationEnded, Yielded,
};
use care::published::{
    AbsenceRecorded, AbsenceRule, AgreementIssued, AgreementTermsSet, AwardTerms, CallOffEvidence,
    FunderShare, FundersFrom, OutcomePaymentDue, PlacementEndWithdrawn, PlacementEnded, PlacementStarted,
    PriceLine, Route, StayingPutEnded, StayingPutStarted, TermLine,
};
use care::{AgreementId, AwardId, Date, OfferId, Pence, PlaceId, ReferralId};
use invoicing_domain::{
    AccrueNights, Ask, ClosePeriod, IssueInvoice, RecordPayment, RegistrationTold, State,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What a row asks for.
pub(crate) enum Step {
    /// The same request or delivery once more.
    Again,
    /// The same news, delivered as something new.
    Anew,
    /// One or more commands.
    Asks(Vec<Ask>),
}

pub(super) type Read<T> = Result<T, String>;

impl Step {
    pub(crate) fn read(what: &str, today: Date, state: &State) -> Read<Self> {
        let words: Vec<&str> = what.split_whitespace().collect();
        if let Some(ask) = super::payment_steps::read(&words, state)? {
            return Ok(Self::Asks(vec![ask]));
        }
        let ask = match words.as_slice() {
            ["again"] => return Ok(Self::Again),
            ["again", "as", "news"] => return Ok(Self::Anew),
            ["agree", ..] => Ask::OpenAgreement(agree(what, today)?),
            ["arrive", name, on, "corrected"] => {
                let correction = Some("it was wrong".to_owned());
                let Ask::OpenCharges(started) = arrive(name, date(on)?, today) else {
                    return Err(format!("{what:?} is no arrival"));
                };
                Ask::OpenCharges(PlacementStarted { correction, ..started })
            }
            ["arrive", name, rest @ ..] => arrive(name, date_or(rest, today)?, today),
            ["stay", name, on] => Ask::ReopenCharges(PlacementEndWithdrawn {
                agreement: id(name),
                award: award(name),
                council: derby(),
                place: name.parse().map_err(|_| "no place".to_owned())?,
                on: date(on)?,
                reason: "the carers keep the child".to_owned(),
                at: noon(today),
            }),
            ["leave", name, on, rest @ ..] => leave(name, date(on)?, rest, today),
            ["charge", "all", "before", to] => {
                let through = date(to)?;
                // As the service asks for a run over all of them.
                let due: BTreeSet<_> =
                    state.to_accrue(through).into_iter().chain(state.to_commit(today)).collect();
                let asks = due.into_iter().map(|agreement| AccrueNights { agreement, through, run: None });
                return Ok(Self::Asks(asks.map(Ask::AccrueNights).collect()));
            }
            ["charge", name, "before", to] => {
                Ask::AccrueNights(AccrueNights { agreement: id(name), through: date(to)?, run: None })
            }
            ["terms", name, version, cause, ..] => {
                Ask::SetTerms(terms(name, version, cause, what, today, state)?)
            }
            ["away", name, number, kind, from, rest @ ..] => {
                Ask::NoteAbsence(away(name, number, kind, date(from)?, rest, today)?)
            }
            ["home", registered @ ("registered" | "gone"), "from", from] => {
                Ask::NoteRegistrations(vec![RegistrationTold {
                    urn: "SC045099".parse().unwrap(),
                    registered: *registered == "registered",
                    from: date(from)?,
                    dates: None,
                    at: noon(today),
                }])
            }
            ["outcome", name, number, amount, on] => Ask::ChargeOutcome(OutcomePaymentDue {
                agreement: id(name),
                award: award(name),
                council: derby(),
                provider: "acme".parse().unwrap(),
                outcome: 1,
                payment: number.parse().map_err(|_| format!("{number:?} is no number"))?,
                amount: money(amount)?,
                achieved_on: date(on)?,
                measure: "a step down that held".to_owned(),
                approver: "head of service".to_owned(),
                at: noon(today),
            }),
            ["stay", "put", name, "ends", on, rest @ ..] => Ask::CloseStayingPut(StayingPutEnded {
                agreement: id(name),
                award: award(name),
                council: derby(),
                on: date(on)?,
                correction: rest.contains(&"corrected").then(|| "it was wrong".to_owned()),
                at: noon(today),
            }),
            ["stay", "put", name, from, ..] => Ask::OpenStayingPut(StayingPutStarted {
                agreement: id(name),
                award: award(name),
                council: derby(),
                provider: "acme".parse().unwrap(),
                from: date(from.trim_end_matches(':'))?,
                lines: prices(after_colon(what)?)?,
                at: noon(today),
            }),
            ["reserve" | "reservation" | "yield" | "block" | "sell" | "buy", ..] => {
                beforehand(&words, today)?
            }
            ["arrange" | "tolerate" | "send" | "credit" | "query" | "answer" | "resolve", ..] => {
                sent::read(what, &words, today, state)?
            }
            ["close", month, rest @ ..] => Ask::ClosePeriod(ClosePeriod {
                month: date(&format!("{month}-01"))?,
                leave_uncharged: rest == ["uncharged"],
            }),
            ["invoice", provider, "before", to] => Ask::IssueInvoice(IssueInvoice {
                provider: provider.parse().map_err(|_| format!("{provider} is no provider"))?,
                part: 0,
                through: date(to)?,
                run: None,
            }),
            ["pay", number, rest @ ..] => {
                let invoice = match number.parse::<usize>() {
                    Ok(nth) => {
                        state.invoice_numbers.get(nth - 1).copied().ok_or("there is no such invoice")?
                    }
                    Err(_) => sent::invoice(state, number)?,
                };
                let (amount, on) = match rest {
                    ["in", "part", amount, on @ ..] => (Some(money(amount)?), on),
                    on => (None, on),
                };
                let paid_on = on.first().map(|on| date(on)).transpose()?;
                Ask::RecordPayment(RecordPayment { invoice, amount, paid_on, by: "ann".to_owned() })
            }
            _ => return Err(format!("{what:?} is no step")),
        };
        Ok(Self::Asks(vec![ask]))
    }
}

/// An agreement is known by a letter.
pub(super) fn id(name: &str) -> AgreementId {
    AgreementId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
}

fn award(name: &str) -> AwardId {
    AwardId(id(name).0)
}

pub(super) fn date(text: &str) -> Read<Date> {
    text.trim_end_matches([',', ';']).parse().map_err(|_| format!("{text:?} is no date"))
}

fn date_or(rest: &[&str], today: Date) -> Read<Date> {
    rest.first().map_or(Ok(today), |on| date(on))
}

pub(super) fn after_colon(what: &str) -> Read<&str> {
    what.split_once(':').map(|(_, rest)| rest.trim()).ok_or(format!("{what:?} has no colon"))
}

pub(super) fn money(text: &str) -> Read<Pence> {
    pounds(text).ok_or(format!("{text:?} is no amount"))
}

/// `CORE 700, THERAPY 100 until 2026-03-01`.
fn prices(text: &str) -> Read<Vec<PriceLine>> {
    let line = |text: &str| {
        let (kind, weekly) = text.trim().split_once(' ').ok_or(format!("{text:?} is no price"))?;
        let (weekly, until) = match weekly.split_once(" until ") {
            Some((weekly, until)) => (weekly, Some(date(until)?)),
            None => (weekly, None),
        };
        Ok(PriceLine { kind: kind.to_owned(), weekly: money(weekly.trim())?, until })
    };
    text.split(',').map(line).collect()
}

/// `SOCIAL_CARE 70 HEALTH 30`, in per cent.
fn shares(words: &[&str]) -> Read<Vec<FunderShare>> {
    let share = |pair: &[&str]| match pair {
        [funder, percent] => {
            let basis_points =
                u32::try_from(money(percent)?.0).map_err(|_| format!("{percent:?} is no share"))?;
            Ok(((*funder).to_owned(), basis_points))
        }
        _ => Err(format!("{pair:?} is no share")),
    };
    let shares: Vec<(String, u32)> = words.chunks(2).map(share).collect::<Read<_>>()?;
    let named: Vec<(&str, u32)> = shares.iter().map(|(funder, share)| (funder.as_str(), *share)).collect();
    Ok(funders(&named))
}

/// `agree A acme RESIDENTIAL at P1 in-house from 2026-01-10: CORE 700, THERAPY 100 / SOCIAL_CARE 70 HEALTH 30`.
fn agree(what: &str, today: Date) -> Read<AgreementIssued> {
    let (head, prices_of) = what.split_once(':').ok_or("an agreement needs prices after a colon")?;
    let (lines, paid_by) = prices_of.split_once('/').unwrap_or((prices_of, "SOCIAL_CARE 100"));
    let words: Vec<&str> = head.split_whitespace().collect();
    let [_, name, provider, provision, rest @ ..] = words.as_slice() else {
        return Err(format!("{head:?} is no agreement"));
    };
    let after = |word: &str| rest.windows(2).find(|pair| pair[0] == word).map(|pair| pair[1]);
    let route = if rest.contains(&"in-house") {
        Route::InHouse
    } else {
        Route::Spot { justification: "the framework is exhausted".to_owned() }
    };
    let (agreement, council) = (id(name), derby());
    Ok(AgreementIssued {
        agreement,
        award: award(name),
        council,
        referral: ReferralId(agreement.0),
        provider: provider.parse().map_err(|_| format!("{provider} is no provider"))?,
        urn: "SC045099".parse().unwrap(),
        place: after("at").unwrap_or(name).parse().map_err(|_| "no place".to_owned())?,
        provision: (*provision).to_owned(),
        start: after("from").map_or(Ok(today), date)?,
        terms: AwardTerms {
            offer: OfferId(agreement.0),
            route,
            lines: prices(lines.trim())?,
            funders: shares(&paid_by.split_whitespace().collect::<Vec<_>>())?,
        },
        schedule_from: None,
        evidence: CallOffEvidence { contracts_position: 1, checks: vec![] },
        at: noon(today),
    })
}

fn arrive(name: &str, on: Date, today: Date) -> Ask {
    let place = name.parse().unwrap();
    let (agreement, award, council) = (id(name), award(name), derby());
    Ask::OpenCharges(PlacementStarted {
        agreement,
        award,
        council,
        place,
        on,
        correction: None,
        at: noon(today),
    })
}

fn leave(name: &str, on: Date, rest: &[&str], today: Date) -> Ask {
    let reason = rest.first().filter(|word| **word != "corrected").unwrap_or(&"CARPL");
    Ask::CloseCharges(PlacementEnded {
        agreement: id(name),
        award: award(name),
        council: derby(),
        place: name.parse().unwrap(),
        on,
        reason: (*reason).to_owned(),
        ending: None,
        notice_last_day: None,
        correction: rest.contains(&"corrected").then(|| "it was wrong".to_owned()),
        at: noon(today),
    })
}

/// `terms A 2 UPLIFT: 1 CORE 700 from D, 2 UPLIFT 21 from D to D / from D SOCIAL_CARE 70 HEALTH 30, from D … / MISSING 7 then 50 0 none 28`:
/// lines, then funders, then absence rules; what is left out stays as it is.
fn terms(
    name: &str,
    version: &str,
    cause: &str,
    what: &str,
    today: Date,
    state: &State,
) -> Read<AgreementTermsSet> {
    let cause = cause.trim_end_matches(':');
    let known = state.agreements.get(&id(name)).map(|agreement| agreement.terms.clone());
    let mut parts = after_colon(what)?.split('/').map(str::trim);
    let lines: Vec<TermLine> = parts
        .next()
        .unwrap_or_default()
        .split(',')
        .map(|line| term_line(line, cause))
        .collect::<Read<_>>()?;
    let funders = match parts.next().filter(|text| !text.is_empty()) {
        Some(text) => text.split(',').map(funders_from).collect::<Read<_>>()?,
        None => known.as_ref().map_or_else(Vec::new, |terms| terms.funders.clone()),
    };
    let absence_rules = match parts.next().filter(|text| !text.is_empty()) {
        Some(text) => text.split(',').map(absence_rule).collect::<Read<_>>()?,
        None => known.map_or_else(Vec::new, |terms| terms.absence_rules),
    };
    let from = lines.iter().map(|line| line.from).max().unwrap_or(today);
    Ok(AgreementTermsSet {
        agreement: id(name),
        award: award(name),
        council: derby(),
        terms: version.parse().map_err(|_| format!("{version:?} is no version"))?,
        lines,
        funders,
        absence_rules,
        absence_rules_from: Vec::new(),
        from,
        cause: cause.to_owned(),
        reason: "as agreed".to_owned(),
        at: noon(today),
    })
}

fn term_line(text: &str, cause: &str) -> Read<TermLine> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [number, kind, weekly, "from", from, rest @ ..] = words.as_slice() else {
        return Err(format!("{text:?} is no line"));
    };
    Ok(TermLine {
        line: number.parse().map_err(|_| format!("{number:?} is no number of a line"))?,
        kind: (*kind).to_owned(),
        weekly: money(weekly)?,
        from: date(from)?,
        until: rest.get(1).map(|to| date(to)).transpose()?,
        cause: cause.to_owned(),
        note: String::new(),
        worked_out: String::new(),
    })
}

fn funders_from(text: &str) -> Read<FundersFrom> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let ["from", from, rest @ ..] = words.as_slice() else {
        return Err(format!("{text:?} does not say who pays"));
    };
    Ok(FundersFrom { from: date(from)?, funders: shares(rest)? })
}

fn absence_rule(text: &str) -> Read<AbsenceRule> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [absence, full, "then", core, other, rest @ ..] = words.as_slice() else {
        return Err(format!("{text:?} is no absence rule"));
    };
    let points = |text: &str| u32::try_from(money(text)?.0).map_err(|_| format!("{text:?} is no share"));
    let nights = |text: &str| text.parse().map_err(|_| format!("{text:?} is no number of nights"));
    Ok(AbsenceRule {
        absence: (*absence).to_owned(),
        full_nights: nights(full)?,
        core_basis_points: points(core)?,
        other_basis_points: points(other)?,
        nothing_after: rest.get(1).map(|text| nights(text)).transpose()?,
    })
}

/// `away A 1.2 MISSING D to D`: absence 1, told for the second time.
fn away(
    name: &str,
    number: &str,
    kind: &str,
    from: Date,
    rest: &[&str],
    today: Date,
) -> Read<AbsenceRecorded> {
    let numbers = number.split_once('.').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let (absence, revision) = numbers.ok_or(format!("{number:?} is no absence"))?;
    Ok(AbsenceRecorded {
        agreement: id(name),
        award: award(name),
        council: derby(),
        absence,
        revision,
        kind: kind.to_owned(),
        from,
        until: rest.get(1).map(|to| date(to)).transpose()?,
        by: None,
        at: noon(today),
    })
}

/// Reservations, blocks and resales, each of a place and its token there: `P1#3`.
fn beforehand(words: &[&str], today: Date) -> Read<Ask> {
    let at = noon(today);
    let (place, token) = words[1].split_once('#').ok_or(format!("{} is no place with a token", words[1]))?;
    let token: u64 = token.parse().map_err(|_| format!("{token:?} is no token"))?;
    let place: PlaceId = place.parse().map_err(|_| format!("{place:?} is no place"))?;
    let (council, urn) = (derby(), "SC045099".parse().unwrap());
    let approver = "Head of Service".to_owned();
    Ok(match words {
        ["reserve", _, provider, from, "to", until, "at", weekly] => Ask::Reserve(PlaceReserved {
            place,
            urn,
            provider: provider.parse().unwrap(),
            council,
            referral: None,
            from: date(from)?,
            until: date(until)?,
            weekly: money(weekly)?,
            token,
            approver,
            at,
        }),
        ["reservation", _, "ends", on, reason] => Ask::EndReservation(ReservationEnded {
            place,
            council,
            token,
            from: day("2026-01-01"),
            until: date(on)?,
            weekly: Pence::ZERO,
            reason: reason.parse().map_err(|_| format!("{reason:?} is no reason"))?,
            at,
        }),
        ["yield", _, from, "to", until] => {
            let (from, until, weekly) = (date(from)?, date(until)?, Pence::ZERO);
            let yielded = vec![Yielded { token, from, until, weekly }];
            Ask::YieldNights(OccupancyEnded { award: award("A"), council, place, on: until, yielded, at })
        }
        ["block", _, provider, from, "to", until, "at", weekly] => Ask::AllocateBlock(BlockAllocated {
            place,
            block: token,
            urn,
            provider: provider.parse().unwrap(),
            council,
            terms: BlockTerms {
                from: date(from)?,
                until: date(until)?,
                weekly: money(weekly)?,
                partners: BTreeSet::new(),
                resale_weekly: None,
            },
            approver,
            at,
        }),
        ["block", _, "ends", on] => Ask::EndBlock(BlockEnded {
            place,
            block: token,
            council,
            from: day("2026-01-01"),
            until: date(on)?,
            weekly: Pence::ZERO,
            at,
        }),
        ["sell", _, "of", what, number, "to", buyer, from, "to", until, "at", weekly] => {
            let number = number.parse().map_err(|_| format!("{number:?} is no number"))?;
            Ask::SellNights(ResaleSold {
                place,
                resale: token,
                seller: council,
                buyer: buyer.parse().unwrap(),
                of: if *what == "block" { ResaleOf::Block(number) } else { ResaleOf::Reservation(number) },
                from: date(from)?,
                until: date(until)?,
                weekly: money(weekly)?,
                token,
                at,
            })
        }
        ["buy", _, "of", seller, from, "to", until, "at", weekly] => Ask::BuyNights(ResaleBought {
            place,
            resale: token,
            seller: seller.parse().unwrap(),
            buyer: council,
            from: date(from)?,
            until: date(until)?,
            weekly: money(weekly)?,
            token,
            approver,
            at,
        }),
        _ => return Err(format!("{words:?} is no step")),
    })
}
