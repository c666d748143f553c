//! What suppliers are for VAT, as the API shows it.

use api::invoicing as proto;
use care::{CouncilId, ProviderId};
use invoicing_domain::{SupplierTax, TaxDetails};
use service_kit::{council_name, provider_name, timestamp};

pub(crate) fn name(council: CouncilId, provider: &ProviderId) -> String {
    format!("{}/taxDetails/{provider}", council_name(council))
}

fn standing(details: &TaxDetails) -> proto::TaxStanding {
    proto::TaxStanding {
        from: details.from.to_string(),
        vat_number: details.vat_number.as_ref().map_or_else(String::new, ToString::to_string),
        charity: details.charity,
    }
}

pub(crate) fn details(council: CouncilId, provider: &ProviderId, known: &SupplierTax) -> proto::TaxDetails {
    let (last, verified) = (known.last(), known.verified.as_ref());
    proto::TaxDetails {
        name: name(council, provider),
        provider: provider_name(provider),
        revision: last.map_or(0, |it| i32::try_from(it.revision).unwrap_or(i32::MAX)),
        recorded: last.map(|it| standing(&it.details)),
        recorded_by: last.map_or_else(String::new, |it| it.by.clone()),
        record_time: last.map(|it| timestamp(it.at)),
        verified_by: verified.map_or_else(String::new, |it| it.by.clone()),
        verify_time: verified.map(|it| timestamp(it.at)),
        verified_how: verified.map_or_else(String::new, |it| it.how.clone()),
        standings: known.holds.values().map(standing).collect(),
    }
}
