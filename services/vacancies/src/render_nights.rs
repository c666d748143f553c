//! The nights of a place that are agreed ahead, row by row as a council's or a provider's list has them. A night that a council has or pays
//! for stands in one row, so that the rows' prices can be added up.

use crate::render::Viewer;
use api::vacancies as proto;
use api::vacancies::AgreedNightsKind as Kind;
use care::market::{Block, Place, Resale, ResaleOf, Reservation};
use care::{CouncilId, Nights, PlaceId, ProviderId};
use service_kit::{council_name, establishment_name, place_name, provider_name, referral_name};

/// What is being told of one place, to whom.
struct Telling<'a> {
    id: &'a PlaceId,
    place: &'a Place,
    /// Who runs the home, and is paid.
    seller: &'a ProviderId,
    viewer: &'a Viewer,
}

/// The rows of one place that the viewer may know of and that have a night in `ahead`, each with what it is ordered by: in order, and no two
/// alike.
pub(crate) fn of_place(
    id: &PlaceId,
    place: &Place,
    seller: &ProviderId,
    ahead: Nights,
    viewer: &Viewer,
) -> Vec<(String, proto::AgreedNights)> {
    let telling = Telling { id, place, seller, viewer };
    let Some(agreed) = &place.agreed else { return Vec::new() };
    let reservations = agreed.reservations_on(ahead);
    let mut rows: Vec<proto::AgreedNights> = reservations.flat_map(|it| telling.reserved(it)).collect();
    rows.extend(agreed.blocks.iter().flat_map(|it| telling.block(it)));
    rows.extend(agreed.resales.iter().filter_map(|it| telling.for_sale(it)));
    if let Some((number, council, terms)) = &agreed.offered
        && (telling.is_for(*council) || telling.is_provider())
    {
        rows.push(proto::AgreedNights {
            weekly_pence: Some(terms.weekly.0),
            paid_to: provider_name(seller),
            block: Some(*number),
            ..telling.row(Kind::Offered, *council, terms.nights())
        });
    }
    // Days as text are in the order of the days.
    let today = ahead.start().to_string();
    rows.retain(|it| it.until > today);
    let keyed = rows.into_iter().map(|it| (key(id, &it), it));
    let mut keyed: Vec<_> = keyed.collect();
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    keyed
}

/// Orders rows by their place, and there by their nights. A space sorts before all that an id may have, and a number has 20 digits at most.
fn key(id: &PlaceId, row: &proto::AgreedNights) -> String {
    let number = |number: Option<u64>| number.unwrap_or_default();
    let (token, block, resale) = (number(row.token), number(row.block), number(row.resale));
    format!("{id} {} {} {token:020} {block:020} {resale:020}", row.from, row.kind)
}

impl Telling<'_> {
    fn is_provider(&self) -> bool {
        *self.viewer == Viewer::Provider
    }

    fn is_for(&self, council: CouncilId) -> bool {
        *self.viewer == Viewer::Council(council)
    }

    fn row(&self, kind: Kind, council: CouncilId, nights: Nights) -> proto::AgreedNights {
        proto::AgreedNights {
            place: place_name(self.id),
            establishment: establishment_name(&self.place.urn),
            kind: kind.into(),
            council: council_name(council),
            from: nights.start().to_string(),
            until: nights.end().to_string(),
            ..proto::AgreedNights::default()
        }
    }

    /// A reservation, to whose council it is and to the provider; and to each council that sold it on what it goes on paying for the nights of this
    /// one. A buyer that sells some of its nights on leaves two reservations, and whoever sold to it has a row for the nights of each.
    fn reserved(&self, it: &Reservation) -> Vec<proto::AgreedNights> {
        let mut rows = Vec::new();
        let kind = if it.sold_by.is_empty() { Kind::Reserved } else { Kind::Bought };
        // Whom each of them pays: the first the provider, the others the one before.
        let mut paid_to = provider_name(self.seller);
        for (number, sold) in it.sold_by.iter().enumerate() {
            let next = it.sold_by.get(number + 1);
            let (buyer, weekly) = next.map_or((it.council, it.weekly), |next| (next.council, next.weekly));
            if self.is_for(sold.council) {
                rows.push(proto::AgreedNights {
                    weekly_pence: Some(sold.weekly.0),
                    paid_to: paid_to.clone(),
                    sold_to: council_name(buyer),
                    sold_weekly_pence: Some(weekly.0),
                    token: Some(sold.token),
                    ..self.row(Kind::Sold, buyer, it.nights())
                });
            }
            paid_to = council_name(sold.council);
        }
        if self.is_for(it.council) {
            let referral = it.referral.map(|referral| referral_name(it.council, referral));
            rows.push(proto::AgreedNights {
                weekly_pence: Some(it.weekly.0),
                paid_to,
                token: Some(it.token),
                referral: referral.unwrap_or_default(),
                ..self.row(kind, it.council, it.nights())
            });
        } else if self.is_provider() {
            rows.push(self.row(kind, it.council, it.nights()));
        }
        rows
    }

    /// A block: the nights that are still its council's, those that it sold, and to the buyer those that it bought.
    fn block(&self, it: &Block) -> Vec<proto::AgreedNights> {
        let (own, is_provider) = (self.is_for(it.council), self.is_provider());
        let paid = |row| proto::AgreedNights {
            weekly_pence: Some(it.terms.weekly.0),
            paid_to: provider_name(self.seller),
            block: Some(it.number),
            ..row
        };
        let kept = kept(it).into_iter().filter(|_| own || is_provider);
        let mut rows: Vec<_> = kept.map(|nights| paid(self.row(Kind::Block, it.council, nights))).collect();
        for sold in &it.sold {
            if own {
                rows.push(proto::AgreedNights {
                    sold_to: council_name(sold.buyer),
                    sold_weekly_pence: Some(sold.weekly.0),
                    resale: Some(sold.resale),
                    ..paid(self.row(Kind::Sold, sold.buyer, sold.nights))
                });
            }
            if self.is_for(sold.buyer) {
                rows.push(proto::AgreedNights {
                    weekly_pence: Some(sold.weekly.0),
                    paid_to: council_name(it.council),
                    resale: Some(sold.resale),
                    ..self.row(Kind::Bought, sold.buyer, sold.nights)
                });
            } else if is_provider {
                let block = Some(it.number);
                rows.push(proto::AgreedNights { block, ..self.row(Kind::Bought, sold.buyer, sold.nights) });
            }
        }
        rows
    }

    fn for_sale(&self, it: &Resale) -> Option<proto::AgreedNights> {
        self.is_for(it.seller).then(|| {
            let (token, block) = match it.of {
                ResaleOf::Reservation(token) => (Some(token), None),
                ResaleOf::Block(number) => (None, Some(number)),
            };
            proto::AgreedNights {
                sold_weekly_pence: Some(it.weekly.0),
                token,
                block,
                resale: Some(it.number),
                ..self.row(Kind::ForSale, it.seller, it.nights)
            }
        })
    }
}

/// The nights of a block that were not sold, run by run.
fn kept(block: &Block) -> Vec<Nights> {
    let mut sold: Vec<Nights> = block.sold.iter().map(|it| it.nights).collect();
    sold.sort_by_key(|nights| nights.start());
    let (mut from, mut kept) = (block.terms.from, Vec::new());
    for nights in sold {
        kept.push(Nights::from_on(from, Some(nights.start())));
        from = from.max(nights.end());
    }
    kept.push(Nights::from_on(from, Some(block.terms.until)));
    kept.retain(|nights| !nights.is_empty());
    kept
}
