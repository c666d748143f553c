//! What other services tell a ledger, and which of it is news: each fact says all that holds, so one that is older than what is known
//! changes nothing.

use crate::common::derby;
use crate::days::day_of;
use crate::facts::{Away, Facts, Stays};
use crate::model::{Model, Told, blank};
use care::market::{OccupancyEnded, ResaleOf};
use care::published::{
    AbsenceRecorded, AgreementIssued, AgreementTermsSet, FunderShare, OutcomePaymentDue,
    PlacementEndWithdrawn, PlacementEnded, PlacementStarted, PriceLine, Route, StayingPutEnded,
    StayingPutStarted,
};
use care::{AgreementId, CouncilId, Date, Pence, PlaceId, ProviderId, Timestamp};
use invoicing_domain::{Ask, Subject};

/// Nights agreed beforehand, as they are told.
struct Agreed<'a> {
    subject: Subject,
    place: &'a PlaceId,
    token: u64,
    council: CouncilId,
    other: Option<CouncilId>,
    provider: ProviderId,
    nights: (Date, Date),
    weekly: Pence,
    at: Timestamp,
}

impl Model {
    /// What kind of fact it is, what is to be made of it, and which agreement it is about.
    pub(crate) fn fact(&mut self, fact: &Ask) -> (&'static str, (Told, AgreementId)) {
        match fact {
            Ask::OpenAgreement(it) => ("issued", (self.issued(it), it.agreement)),
            Ask::OpenCharges(it) => ("started", (self.started(it), it.agreement)),
            Ask::CloseCharges(it) => ("ended", (self.ended(it), it.agreement)),
            Ask::ReopenCharges(it) => ("end withdrawn", (self.stays_on(it), it.agreement)),
            Ask::SetTerms(it) => ("terms", (self.terms(it), it.agreement)),
            Ask::NoteAbsence(it) => ("absence", (self.absence(it), it.agreement)),
            Ask::OpenStayingPut(it) => ("stays", (self.stays(it), it.agreement)),
            Ask::CloseStayingPut(it) => ("leaves", (self.leaves(it), it.agreement)),
            Ask::ChargeOutcome(it) => ("outcome", (self.outcome(it), it.agreement)),
            Ask::EndReservation(it) => {
                let ids = [Subject::Reservation, Subject::Bought].map(|of| of.id(&it.place, it.token));
                ("reservation ended", (self.ends(&ids, it.council, it.until, it.at), ids[0]))
            }
            Ask::EndBlock(it) => {
                let id = Subject::Block.id(&it.place, it.block);
                ("block ended", (self.ends(&[id], it.council, it.until, it.at), id))
            }
            Ask::YieldNights(it) => {
                let id = Subject::Reservation.id(&it.place, it.yielded[0].token);
                ("yielded", (self.yields(id, it), id))
            }
            beforehand => self.beforehand(beforehand),
        }
    }

    fn issued(&mut self, it: &AgreementIssued) -> Told {
        if self.facts.contains_key(&it.agreement) {
            return Ok(None);
        }
        foreign(it.council)?;
        shares(&it.terms.funders)?;
        let what = (it.agreement, Subject::Placement, 0);
        let facts = blank(what, &it.provider, &it.place, it.start, &it.terms.lines);
        self.opened(Facts {
            provision: it.provision.clone(),
            in_house: it.terms.route == Route::InHouse,
            funders: vec![(facts.start, it.terms.funders.clone())],
            ..facts
        })
    }

    fn known(&mut self, id: AgreementId) -> Result<&mut Facts, &'static str> {
        let placement = self.facts.get_mut(&id).filter(|it| it.subject == Subject::Placement);
        placement.ok_or("AGREEMENT_UNKNOWN")
    }

    fn started(&mut self, it: &PlacementStarted) -> Told {
        foreign(it.council)?;
        let facts = self.known(it.agreement)?;
        let (on, corrects) = (day_of(it.on), it.correction.is_some());
        match facts.from {
            None if facts.end.is_some() => return Err("PLACEMENT_ENDED"),
            Some(from) if from == on || !corrects && Some(it.at) <= facts.arrived_at => return Ok(None),
            Some(_) if !corrects => return Err("PLACEMENT_STARTED_ALREADY"),
            Some(_) if facts.end.is_some_and(|(end, _)| end < on) => return Err("START_AFTER_END"),
            _ => {}
        }
        facts.from = Some(on);
        facts.arrived_at = facts.arrived_at.max(Some(it.at));
        Ok(Some(vec![it.agreement]))
    }

    fn ended(&mut self, it: &PlacementEnded) -> Told {
        foreign(it.council)?;
        let facts = self.known(it.agreement)?;
        let on = day_of(it.on);
        if facts.reopened_at >= Some(it.at) {
            return Ok(None);
        }
        if let Some((known, at)) = facts.end {
            let newer = it.at > at;
            if !newer && (it.correction.is_none() || on == known) {
                return Ok(None);
            }
        }
        if facts.from.is_some_and(|from| on < from) {
            return Err("END_BEFORE_START");
        }
        facts.end = Some((on, facts.end.map_or(it.at, |(_, at)| at.max(it.at))));
        Ok(Some(vec![it.agreement]))
    }

    fn stays_on(&mut self, it: &PlacementEndWithdrawn) -> Told {
        foreign(it.council)?;
        let facts = self.known(it.agreement)?;
        let newest = facts.reopened_at.max(facts.end.map(|(_, at)| at));
        if newest >= Some(it.at) {
            return Ok(None);
        }
        (facts.end, facts.reopened_at) = (None, Some(it.at));
        Ok(Some(vec![it.agreement]))
    }

    fn terms(&mut self, it: &AgreementTermsSet) -> Told {
        foreign(it.council)?;
        let facts = self.known(it.agreement)?;
        if it.terms <= facts.version {
            return Ok(None);
        }
        it.funders.iter().try_for_each(|from| shares(&from.funders))?;
        facts.version = it.terms;
        facts.lines = it.lines.clone();
        facts.funders = it.funders.iter().map(|from| (day_of(from.from), from.funders.clone())).collect();
        facts.rules = it.absence_rules.clone();
        Ok(Some(vec![it.agreement]))
    }

    fn absence(&mut self, it: &AbsenceRecorded) -> Told {
        foreign(it.council)?;
        let facts = self.known(it.agreement)?;
        if facts.absences.get(&it.absence).is_some_and(|known| it.revision <= known.revision) {
            return Ok(None);
        }
        let (from, until) = (day_of(it.from), it.until.map(day_of));
        if until.is_some_and(|until| until < from) {
            return Err("ABSENCE_INVALID");
        }
        let away = Away { revision: it.revision, kind: it.kind.clone(), from, until };
        facts.absences.insert(it.absence, away);
        Ok(Some(vec![it.agreement]))
    }

    /// It is charged, and no news: nothing else of the agreement changes.
    fn outcome(&mut self, it: &OutcomePaymentDue) -> Told {
        foreign(it.council)?;
        let facts = self.known(it.agreement)?;
        if facts.outcomes.contains_key(&it.payment) {
            return Ok(None);
        }
        if it.amount <= Pence::ZERO {
            return Err("AMOUNT_INVALID");
        }
        if it.provider != facts.provider {
            return Err("PROVIDER_FOREIGN");
        }
        facts.outcomes.insert(it.payment, (day_of(it.achieved_on), it.amount.0));
        Ok(Some(vec![it.agreement]))
    }

    fn stays(&mut self, it: &StayingPutStarted) -> Told {
        foreign(it.council)?;
        let facts = self.known(it.agreement)?;
        let from = day_of(it.from);
        if let Some(known) = &facts.stays {
            let same = known.from == from && known.lines == it.lines && known.until.is_none();
            if it.at <= known.at || same {
                return Ok(None);
            }
        }
        facts.stays = Some(Stays { from, lines: it.lines.clone(), until: None, at: it.at });
        Ok(Some(vec![it.agreement]))
    }

    fn leaves(&mut self, it: &StayingPutEnded) -> Told {
        foreign(it.council)?;
        let facts = self.known(it.agreement)?;
        let stays = facts.stays.as_mut().ok_or("STAYING_PUT_UNKNOWN")?;
        let on = day_of(it.on);
        let older = it.at < stays.at || it.at == stays.at && stays.until.is_some();
        if stays.until == Some(on) || older && it.correction.is_none() {
            return Ok(None);
        }
        if on < stays.from {
            return Err("END_BEFORE_START");
        }
        (stays.until, stays.at) = (Some(on), stays.at.max(it.at));
        Ok(Some(vec![it.agreement]))
    }

    fn beforehand(&mut self, ask: &Ask) -> (&'static str, (Told, AgreementId)) {
        let of_council = |council: CouncilId| -> ProviderId { format!("council-{council}").parse().unwrap() };
        let (kind, agreed) = match ask {
            Ask::Reserve(it) => {
                let (provider, nights) = (it.provider.clone(), (it.from, it.until));
                let (place, token, council) = (&it.place, it.token, it.council);
                let (subject, other, weekly, at) = (Subject::Reservation, None, it.weekly, it.at);
                ("reserved", Agreed { subject, place, token, council, other, provider, nights, weekly, at })
            }
            Ask::AllocateBlock(it) => {
                let (provider, nights) = (it.provider.clone(), (it.terms.from, it.terms.until));
                let (place, token, council) = (&it.place, it.block, it.council);
                let (subject, other, weekly, at) = (Subject::Block, None, it.terms.weekly, it.at);
                ("allocated", Agreed { subject, place, token, council, other, provider, nights, weekly, at })
            }
            Ask::SellNights(it) => {
                let (provider, nights) = (of_council(it.buyer), (it.from, it.until));
                let (place, token, council) = (&it.place, it.token, it.seller);
                let (subject, other, weekly, at) = (Subject::Sold, Some(it.buyer), it.weekly, it.at);
                ("sold", Agreed { subject, place, token, council, other, provider, nights, weekly, at })
            }
            Ask::BuyNights(it) => {
                let (provider, nights) = (of_council(it.seller), (it.from, it.until));
                let (place, token, council) = (&it.place, it.token, it.buyer);
                let (subject, other, weekly, at) = (Subject::Bought, Some(it.seller), it.weekly, it.at);
                ("bought", Agreed { subject, place, token, council, other, provider, nights, weekly, at })
            }
            other => panic!("the model does not know {other:?}"),
        };
        let sold_of = match ask {
            Ask::SellNights(it) => Some(self.sold_of(&it.place, it.of)),
            _ => None,
        };
        let id = agreed.subject.id(agreed.place, agreed.token);
        (kind, (self.agreed(id, &agreed, sold_of), id))
    }

    fn sold_of(&self, place: &PlaceId, of: ResaleOf) -> AgreementId {
        match of {
            ResaleOf::Block(number) => Subject::Block.id(place, number),
            ResaleOf::Reservation(token) => {
                let bought = Subject::Bought.id(place, token);
                let known = self.facts.contains_key(&bought);
                if known { bought } else { Subject::Reservation.id(place, token) }
            }
        }
    }

    fn agreed(&mut self, id: AgreementId, it: &Agreed<'_>, sold_of: Option<AgreementId>) -> Told {
        if self.facts.contains_key(&id) {
            return Ok(None);
        }
        foreign(it.council)?;
        let (from, until) = it.nights;
        if until < from {
            return Err("NIGHTS_INVALID");
        }
        let line = PriceLine { kind: it.subject.line().unwrap().to_owned(), weekly: it.weekly, until: None };
        let facts = blank((id, it.subject, it.token), &it.provider, it.place, from, &[line]);
        let (from, end) = (Some(day_of(from)), Some((day_of(until), it.at)));
        self.opened(Facts { sold_of, other_council: it.other, from, end, ..facts })
    }

    /// Ends whichever of these are known, and what was sold of them.
    fn ends(&mut self, ids: &[AgreementId], council: CouncilId, on: Date, at: Timestamp) -> Told {
        foreign(council)?;
        if !ids.iter().any(|id| self.facts.contains_key(id)) {
            return Err("NIGHTS_UNKNOWN");
        }
        let on = day_of(on);
        let mut news = Vec::new();
        for facts in self.facts.values_mut() {
            let of_them = ids.contains(&facts.id) || facts.sold_of.is_some_and(|of| ids.contains(&of));
            if of_them && facts.end.is_none_or(|(end, _)| on < end) {
                facts.end = Some((on.max(facts.start), at));
                news.push(facts.id);
            }
        }
        Ok((!news.is_empty()).then_some(news))
    }

    fn yields(&mut self, id: AgreementId, it: &OccupancyEnded) -> Told {
        foreign(it.council)?;
        let (from, until) = (day_of(it.yielded[0].from), day_of(it.yielded[0].until));
        if until < from {
            return Err("NIGHTS_INVALID");
        }
        let facts = self.facts.get_mut(&id).ok_or("NIGHTS_UNKNOWN")?;
        let (from, until) = (from.max(facts.start), facts.end.map_or(until, |(end, _)| until.min(end)));
        let given_up = |night| facts.yielded.iter().any(|(from, until)| *from <= night && night < *until);
        if (from..until).all(given_up) {
            return Ok(None);
        }
        facts.yielded.push((from, until));
        Ok(Some(vec![id]))
    }
}

fn foreign(council: CouncilId) -> Result<(), &'static str> {
    if council == derby() { Ok(()) } else { Err("LEDGER_FOREIGN") }
}

fn shares(funders: &[FunderShare]) -> Result<(), &'static str> {
    let sum: u32 = funders.iter().map(|share| share.basis_points).sum();
    if sum == 10_000 { Ok(()) } else { Err("TERMS_INVALID") }
}
