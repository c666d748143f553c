//! The fold of what other services' logs say, as far as figures are made of it. What is said twice is known once, and each log touches entries
//! of its own alone: in whatever order several logs are heard, it comes to the same.

use care::market::{
    BlockAllocated, BlockEnded, EstablishmentAmended, EstablishmentRegistered, HouseholdAmended,
    HouseholdRegistered, OccupancyEnded, PlaceClosed, PlaceOccupied, PlaceOpened, PlaceReserved,
    RegistrationStatus, ReservationEnded,
};
use care::published::PlaceClaimed;
use care::published::monitoring::{
    HomeSought, InvitationDeclined, InvitationSent, InvoicePaid, InvoiceTold, InvoiceToldLine, OfferMade,
    OfferTakenBack,
};
use care::{
    AwardId, CouncilId, Date, DecodeError, EstablishmentUrn, EventBody, HouseholdId, InvoiceId, OfferId,
    PlaceId, ProviderId, ReferralId, Timestamp, decode_body, london_date,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The log that an event stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A council's referrals.
    Referrals(CouncilId),
    /// The region's market.
    Vacancies,
    /// A council's invoicing.
    Invoicing(CouncilId),
}

/// A referral that was released to a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Invitation {
    /// When it was, first.
    pub(super) sent_at: Timestamp,
    /// When the provider offered first, whether it took that back or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) offered_at: Option<Timestamp>,
    /// Its offers that were not taken back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) standing: BTreeSet<OfferId>,
    /// Why it declined last, a DECLINE code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) declined: Option<String>,
}

/// What one council's referrals say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) invitations: BTreeMap<ReferralId, BTreeMap<ProviderId, Invitation>>,
    /// Where each referral measures from.
    pub(super) anchors: BTreeMap<ReferralId, String>,
}

/// An establishment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Establishment {
    pub(super) provider: ProviderId,
    pub(super) operated_by: Option<CouncilId>,
    pub(super) sector: String,
    /// Between which days it might take children, as the register said.
    pub(super) active: Spans,
}

/// Spans [from, until) of days, in order; the last may not have ended.
pub(super) type Spans = Vec<(Date, Option<Date>)>;

/// Begins or ends a span on a day, if that is not how it stands.
fn turn(spans: &mut Spans, on: Date, begins: bool) {
    match spans.last_mut() {
        Some((_, end @ None)) if !begins => *end = Some(on),
        Some((_, None)) => {}
        _ if begins => spans.push((on, None)),
        _ => {}
    }
}

/// A place, and between which days it was open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenPlace {
    pub(super) urn: EstablishmentUrn,
    /// The carer household that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) household: Option<HouseholdId>,
    pub(super) spans: Spans,
    /// What was bought of its nights beforehand, by token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) beforehand: BTreeMap<u64, Beforehand>,
}

/// Nights [from, until) that a council pays for whether a child comes or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Beforehand {
    pub(super) council: CouncilId,
    pub(super) from: Date,
    pub(super) until: Date,
    /// Whether it is a paid reservation, and not a block bed.
    pub(super) reserved: bool,
}

/// A place that was claimed for an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    pub(super) place: PlaceId,
    /// Whether the child has the whole home for itself.
    pub(super) solo: bool,
    /// The establishment's grade when the award was judged, a GRADE code.
    pub(super) grade: String,
}

/// The nights [from, until) of a child in a place, as the market counts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Occupancy {
    pub(super) council: CouncilId,
    pub(super) place: PlaceId,
    pub(super) from: Date,
    pub(super) until: Option<Date>,
}

/// An invoice or credit note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Invoice {
    pub(super) provider: ProviderId,
    pub(super) issued_on: Date,
    pub(super) credit_note: bool,
    /// What its lines bill, less discounts, and what they take back of earlier lines, in pence; both as positive amounts.
    pub(super) billed: i64,
    pub(super) taken_back: i64,
    /// Whether a line takes nights back that were billed before.
    pub(super) corrects: bool,
    pub(super) paid_on: Option<Date>,
}

/// What other services' logs say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    pub(super) asked: BTreeMap<CouncilId, Asked>,
    pub(super) establishments: BTreeMap<EstablishmentUrn, Establishment>,
    pub(super) places: BTreeMap<PlaceId, OpenPlace>,
    pub(super) occupancies: BTreeMap<AwardId, Occupancy>,
    /// The postcode sector of each carer household; empty where it was not told.
    pub(super) households: BTreeMap<HouseholdId, String>,
    pub(super) claims: BTreeMap<AwardId, Claim>,
    pub(super) invoices: BTreeMap<CouncilId, BTreeMap<InvoiceId, Invoice>>,
}

impl Heard {
    /// Takes in the next event of a log. One that says nothing to figures is passed over, whatever it holds.
    ///
    /// # Errors
    /// When an event that does cannot be read: figures without it would be wrong.
    pub fn hear(
        &mut self,
        source: Source,
        event_type: &str,
        version: u16,
        payload: &[u8],
    ) -> Result<(), DecodeError> {
        match source {
            Source::Referrals(council) => {
                self.asked.entry(council).or_default().hear(event_type, version, payload)
            }
            Source::Vacancies => self.hear_market(event_type, version, payload),
            Source::Invoicing(council) => {
                hear_invoicing(self.invoices.entry(council).or_default(), event_type, version, payload)
            }
        }
    }

    fn hear_market(&mut self, event_type: &str, version: u16, payload: &[u8]) -> Result<(), DecodeError> {
        match event_type {
            PlaceOpened::TYPE => {
                let PlaceOpened { place, urn, household, at } = decode_body(version, payload)?;
                let new = || OpenPlace { urn, household, spans: Vec::new(), beforehand: BTreeMap::new() };
                turn(&mut self.places.entry(place).or_insert_with(new).spans, london_date(at), true);
            }
            PlaceClosed::TYPE => {
                let PlaceClosed { place, at } = decode_body(version, payload)?;
                if let Some(place) = self.places.get_mut(&place) {
                    turn(&mut place.spans, london_date(at), false);
                }
            }
            <PlaceClaimed>::TYPE => {
                let PlaceClaimed { award, place, solo, evidence, .. } =
                    decode_body::<PlaceClaimed>(version, payload)?;
                self.claims.insert(award, Claim { place, solo, grade: evidence.grade });
            }
            PlaceOccupied::TYPE => {
                let PlaceOccupied { award, council, place, counted_from: from, .. } =
                    decode_body(version, payload)?;
                self.occupancies.insert(award, Occupancy { council, place, from, until: None });
            }
            OccupancyEnded::TYPE => {
                let OccupancyEnded { award, place, on, yielded, .. } = decode_body(version, payload)?;
                if let Some(occupancy) = self.occupancies.get_mut(&award) {
                    occupancy.until = Some(on);
                }
                for given_up in yielded {
                    self.change_beforehand(&place, given_up.token, |it| {
                        it.from = given_up.until.min(it.until)
                    });
                }
            }
            PlaceReserved::TYPE | ReservationEnded::TYPE | BlockAllocated::TYPE | BlockEnded::TYPE => {
                return self.hear_beforehand(event_type, version, payload);
            }
            _ => return self.hear_homes(event_type, version, payload),
        }
        Ok(())
    }

    fn hear_homes(&mut self, event_type: &str, version: u16, payload: &[u8]) -> Result<(), DecodeError> {
        match event_type {
            EstablishmentRegistered::TYPE => {
                let EstablishmentRegistered { urn, provider, operated_by, sector, registration, at, .. } =
                    decode_body(version, payload)?;
                let mut active = Vec::new();
                turn(&mut active, london_date(at), registration.status == RegistrationStatus::Active);
                self.establishments.insert(urn, Establishment { provider, operated_by, sector, active });
            }
            EstablishmentAmended::TYPE => {
                let EstablishmentAmended { urn, registration, sector, at } = decode_body(version, payload)?;
                if let Some(known) = self.establishments.get_mut(&urn) {
                    let active = registration.status == RegistrationStatus::Active;
                    turn(&mut known.active, london_date(at), active);
                    known.sector = sector.unwrap_or_else(|| std::mem::take(&mut known.sector));
                }
            }
            HouseholdRegistered::TYPE => {
                let HouseholdRegistered { household, sector, .. } = decode_body(version, payload)?;
                self.households.insert(household, sector);
            }
            HouseholdAmended::TYPE => {
                let HouseholdAmended { household, sector, .. } = decode_body(version, payload)?;
                self.households.insert(household, sector);
            }
            _ => {}
        }
        Ok(())
    }

    fn hear_beforehand(&mut self, event_type: &str, version: u16, payload: &[u8]) -> Result<(), DecodeError> {
        match event_type {
            PlaceReserved::TYPE => {
                let PlaceReserved { place, council, from, until, token, .. } = decode_body(version, payload)?;
                self.bought(&place, token, Beforehand { council, from, until, reserved: true });
            }
            ReservationEnded::TYPE => {
                let ReservationEnded { place, token, from, until, .. } = decode_body(version, payload)?;
                self.change_beforehand(&place, token, |it| (it.from, it.until) = (from, until));
            }
            BlockAllocated::TYPE => {
                let BlockAllocated { place, block, council, terms, .. } = decode_body(version, payload)?;
                let (from, until) = (terms.from, terms.until);
                self.bought(&place, block, Beforehand { council, from, until, reserved: false });
            }
            BlockEnded::TYPE => {
                let BlockEnded { place, block, from, until, .. } = decode_body(version, payload)?;
                self.change_beforehand(&place, block, |it| (it.from, it.until) = (from, until));
            }
            _ => {}
        }
        Ok(())
    }

    fn bought(&mut self, place: &PlaceId, token: u64, nights: Beforehand) {
        if let Some(place) = self.places.get_mut(place) {
            place.beforehand.insert(token, nights);
        }
    }

    fn change_beforehand(&mut self, place: &PlaceId, token: u64, change: impl FnOnce(&mut Beforehand)) {
        let bought = self.places.get_mut(place).and_then(|place| place.beforehand.get_mut(&token));
        if let Some(nights) = bought {
            change(nights);
        }
    }

    /// The postcode sector of where the child of an award lives: of the carer household if the place is in one and its sector is known, and not
    /// of its agency's office; none where nothing is known.
    pub(super) fn sector_of(&self, award: AwardId, urn: &EstablishmentUrn) -> Option<&str> {
        let place = self.claims.get(&award).and_then(|claim| self.places.get(&claim.place));
        let household = place.and_then(|place| self.households.get(place.household.as_ref()?));
        let sector = household.filter(|sector| !sector.is_empty());
        sector.or_else(|| Some(&self.establishments.get(urn)?.sector)).map(String::as_str)
    }

    /// The establishment that a place is of.
    pub(super) fn establishment_of(&self, place: &OpenPlace) -> Option<&Establishment> {
        self.establishments.get(&place.urn)
    }
}

impl Asked {
    fn hear(&mut self, event_type: &str, version: u16, payload: &[u8]) -> Result<(), DecodeError> {
        let is_of = |types: &[&str]| types.contains(&event_type);
        if is_of(InvitationSent::TYPES) {
            let InvitationSent { referral, provider, at } =
                InvitationSent::decode(event_type, version, payload)?;
            let of_referral = self.invitations.entry(referral).or_default();
            let new = Invitation { sent_at: at, offered_at: None, standing: BTreeSet::new(), declined: None };
            of_referral.entry(provider).or_insert(new);
        } else if is_of(OfferMade::TYPES) {
            let OfferMade { offer, referral, provider, at } =
                OfferMade::decode(event_type, version, payload)?;
            if let Some(invitation) = self.invitation(referral, &provider) {
                invitation.offered_at.get_or_insert(at);
                invitation.standing.insert(offer);
            }
        } else if is_of(OfferTakenBack::TYPES) {
            let OfferTakenBack { offer, referral, provider } =
                OfferTakenBack::decode(event_type, version, payload)?;
            if let Some(invitation) = self.invitation(referral, &provider) {
                invitation.standing.remove(&offer);
            }
        } else if is_of(InvitationDeclined::TYPES) {
            let InvitationDeclined { referral, provider, reason } =
                InvitationDeclined::decode(event_type, version, payload)?;
            if let Some(invitation) = self.invitation(referral, &provider) {
                invitation.declined = Some(reason);
            }
        } else if is_of(HomeSought::TYPES) {
            let HomeSought { referral, requirements } = HomeSought::decode(event_type, version, payload)?;
            match requirements.anchor {
                Some(anchor) => drop(self.anchors.insert(referral, anchor)),
                None => drop(self.anchors.remove(&referral)),
            }
        }
        Ok(())
    }

    fn invitation(&mut self, referral: ReferralId, provider: &ProviderId) -> Option<&mut Invitation> {
        self.invitations.get_mut(&referral)?.get_mut(provider)
    }
}

fn hear_invoicing(
    invoices: &mut BTreeMap<InvoiceId, Invoice>,
    event_type: &str,
    version: u16,
    payload: &[u8],
) -> Result<(), DecodeError> {
    if InvoiceTold::TYPES.contains(&event_type) {
        let told = InvoiceTold::decode(event_type, version, payload)?;
        // A discount takes nothing back: what does has its nights turned as well.
        let takes_back = |line: &&InvoiceToldLine| line.nights_count < 0;
        let taken_back: i64 = told.lines.iter().filter(takes_back).map(|line| line.amount.0).sum();
        let all: i64 = told.lines.iter().map(|line| line.amount.0).sum();
        let invoice = Invoice {
            issued_on: told.issued_on,
            credit_note: told.kind == InvoiceTold::CREDIT_NOTE,
            billed: all - taken_back,
            taken_back: -taken_back,
            corrects: told.lines.iter().any(|line| takes_back(&line)),
            paid_on: None,
            provider: told.provider,
        };
        invoices.insert(told.invoice, invoice);
    } else if InvoicePaid::TYPES.contains(&event_type) {
        let InvoicePaid { invoice, paid_on } = InvoicePaid::decode(event_type, version, payload)?;
        if let Some(invoice) = invoices.get_mut(&invoice) {
            invoice.paid_on = Some(paid_on);
        }
    }
    Ok(())
}
