//! What a framework's terms look like: procurement, keyed prices, discounts, suspensions and uplifts.

use super::date_or_empty;
use api::contracts as proto;
use care::{CouncilId, FrameworkId, Pence, ProviderId};
use contracts_domain::frameworks::{
    Discount, DiscountAmount, DiscountRule, Framework, FrameworkKind, Onlooker, Opening, PriceRow,
    PriceSchedule, Procurement, Suspension, Uplift, UpliftAmount,
};
use service_kit::{council_name, establishment_name, framework_name, provider_name};

pub(crate) fn discount_name(framework: &FrameworkId, number: u32) -> String {
    format!("{}/discounts/{number}", framework_name(framework))
}

pub(crate) fn uplift_name(framework: &FrameworkId, number: u32) -> String {
    format!("{}/uplifts/{number}", framework_name(framework))
}

pub(super) fn procurement(procurement: &Procurement) -> proto::Procurement {
    let kind = match procurement.kind {
        None => proto::FrameworkKind::Unspecified,
        Some(FrameworkKind::Closed) => proto::FrameworkKind::Closed,
        Some(FrameworkKind::Open) => proto::FrameworkKind::Open,
        Some(FrameworkKind::Dynamic) => proto::FrameworkKind::Dynamic,
        Some(FrameworkKind::Flexible) => proto::FrameworkKind::Flexible,
    };
    proto::Procurement {
        kind: kind.into(),
        entered_on: date_or_empty(procurement.entered_on),
        extendable_to: date_or_empty(procurement.extendable_to),
        value_pence: procurement.value.map_or(0, |value| value.0),
    }
}

pub(super) fn opening(opening: &Opening) -> proto::FrameworkOpening {
    proto::FrameworkOpening { opens: opening.opens.to_string(), closes: opening.closes.to_string() }
}

/// A price, or a ceiling that may not be shown: 0, which is none that there can be.
pub(super) fn keyed_price(row: &PriceRow, shown: bool) -> proto::KeyedPrice {
    proto::KeyedPrice {
        level: row.level.clone(),
        age_from: Some(row.age_from.into()),
        age_to: Some(row.age_to.into()),
        attributes: row.attributes.iter().cloned().collect(),
        weekly_pence: if shown { row.weekly.0 } else { 0 },
    }
}

pub(super) fn price_schedule(lot: &str, schedule: &PriceSchedule) -> proto::PriceSchedule {
    let price = |(level, price): (&String, &Pence)| proto::LevelPrice {
        level: level.clone(),
        core_weekly_pence: price.0,
    };
    proto::PriceSchedule {
        lot: lot.to_owned(),
        from: schedule.from.to_string(),
        prices: schedule.prices.iter().map(price).collect(),
        keyed_prices: schedule.rows.iter().map(|row| keyed_price(row, true)).collect(),
        until: date_or_empty(schedule.until),
        establishments: schedule.branches.iter().map(establishment_name).collect(),
    }
}

/// The suspensions that somebody is shown: what is for one council is that council's, the lead's and the provider's to know.
pub(super) fn suspensions(all: &[Suspension], onlooker: Onlooker<'_>) -> Vec<proto::Suspension> {
    let shown = |suspension: &&Suspension| match (suspension.scope.council, onlooker) {
        (Some(own), Onlooker::Council(council)) => own == council,
        _ => true,
    };
    all.iter().filter(shown).map(suspension).collect()
}

fn suspension(suspension: &Suspension) -> proto::Suspension {
    let urns = &suspension.scope.urns;
    let one = urns.first().filter(|_| urns.len() == 1);
    proto::Suspension {
        establishment: one.map(establishment_name).unwrap_or_default(),
        reason: suspension.reason.clone(),
        from: suspension.from.to_string(),
        until: date_or_empty(suspension.until),
        establishments: if one.is_some() {
            Vec::new()
        } else {
            urns.iter().map(establishment_name).collect()
        },
        council: suspension.scope.council.map(council_name).unwrap_or_default(),
    }
}

/// The discounts that concern a provider in some lot.
pub(super) fn discounts_of(
    id: &FrameworkId,
    framework: &Framework,
    provider: &ProviderId,
) -> Vec<proto::Discount> {
    let concerns = |it: &Discount| it.provider.as_ref().is_none_or(|own| own == provider);
    let own = framework.discounts.iter().filter(|(_, it)| concerns(it));
    own.map(|(number, it)| discount(id, *number, it)).collect()
}

pub(crate) fn discount(id: &FrameworkId, number: u32, discount: &Discount) -> proto::Discount {
    use proto::discount::{Amount, LongTerm, Rule, Sibling, StepDown, Volume};
    let rule = match &discount.rule {
        DiscountRule::Sibling { nth } => Rule::Sibling(Sibling { nth: (*nth).into() }),
        DiscountRule::LongTerm { after_weeks } => {
            Rule::LongTerm(LongTerm { after_weeks: (*after_weeks).into() })
        }
        DiscountRule::Volume { placements, region } => {
            Rule::Volume(Volume { placements: (*placements).into(), region: *region })
        }
        DiscountRule::StepDown { from_provision } => {
            Rule::StepDown(StepDown { from_provision: from_provision.clone() })
        }
    };
    let amount = match discount.amount {
        DiscountAmount::BasisPoints(points) => Amount::BasisPoints(points),
        DiscountAmount::Weekly(weekly) => Amount::WeeklyPence(weekly.0),
    };
    proto::Discount {
        name: discount_name(id, number),
        lot: discount.lot.as_ref().map(ToString::to_string).unwrap_or_default(),
        provider: discount.provider.as_ref().map(provider_name).unwrap_or_default(),
        rule: Some(rule),
        amount: Some(amount),
        from: discount.from.to_string(),
        until: date_or_empty(discount.until),
    }
}

pub(super) fn uplift_amount(amount: &UpliftAmount) -> proto::UpliftAmount {
    let rise = |(level, weekly): (&String, &Pence)| proto::uplift_amount::LevelRise {
        level: level.clone(),
        weekly_pence: weekly.0,
    };
    match amount {
        UpliftAmount::BasisPoints(points) => {
            proto::UpliftAmount { basis_points: *points, levels: Vec::new() }
        }
        UpliftAmount::ByLevel(by_level) => {
            proto::UpliftAmount { basis_points: 0, levels: by_level.iter().map(rise).collect() }
        }
    }
}

/// Where an uplift stands.
pub(crate) fn uplift_state(uplift: &Uplift) -> proto::UpliftState {
    match &uplift.negotiation {
        None => proto::UpliftState::Requested,
        Some(negotiation) if negotiation.recommended.is_some() => proto::UpliftState::Recommended,
        Some(_) => proto::UpliftState::NotRecommended,
    }
}

/// An uplift, negotiated by `link` or to be.
pub(crate) fn uplift(id: &FrameworkId, number: u32, uplift: &Uplift, link: CouncilId) -> proto::Uplift {
    let negotiation = uplift.negotiation.as_ref();
    let recommended = negotiation.and_then(|it| it.recommended.as_ref());
    proto::Uplift {
        name: uplift_name(id, number),
        provider: provider_name(&uplift.asked.provider),
        lot: uplift.asked.lot.as_ref().map(ToString::to_string).unwrap_or_default(),
        asked: Some(uplift_amount(&uplift.asked.amount)),
        from: uplift.asked.from.to_string(),
        grounds: uplift.asked.grounds.clone(),
        requested_on: uplift.requested_on.to_string(),
        state: uplift_state(uplift).into(),
        link_authority: council_name(negotiation.map_or(link, |it| it.by)),
        recommended: recommended.map(|it| uplift_amount(&it.amount)),
        recommended_from: date_or_empty(recommended.map(|it| it.from)),
        reason: negotiation.map(|it| it.reason.clone()).unwrap_or_default(),
        negotiated_on: date_or_empty(negotiation.map(|it| it.on)),
    }
}
