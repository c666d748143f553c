//! What VAT goes by: the registration of homes as the market tells it, and what two people of a council say of its suppliers.

use crate::world::*;
use api::invoicing as proto;
use api::invoicing::invoicing_service_server::InvoicingService;
use care::market::{EstablishmentAmended, Registration, RegistrationStatus, Sexes};
use care::published::Route;
use tonic_types::StatusExt;

fn amended(status: RegistrationStatus, on: &str) -> EstablishmentAmended {
    let registration = Registration {
        status,
        grade: "GOOD".to_owned(),
        age_from: 8,
        age_to: 17,
        sexes: Sexes::Any,
        places_registered: 2,
    };
    EstablishmentAmended { urn: "SC045099".parse().unwrap(), registration, sector: None, at: noon(on) }
}

async fn charges(world: &World, council: &str) -> Vec<proto::Charge> {
    let request = proto::ListChargesRequest { parent: council.to_owned(), ..Default::default() };
    world.service.list_charges(as_council(council, "2026-02-01", request)).await.unwrap().into_inner().charges
}

fn vat(charges: &[proto::Charge]) -> i64 {
    charges.iter().flat_map(|charge| &charge.lines).map(|line| line.vat_pence).sum()
}

/// Every council with a child there corrects its own charges, with the reason, and only where the supplier has a number does it come to VAT.
#[tokio::test]
async fn the_nights_of_a_home_bear_vat_from_the_day_on_which_its_registration_ends_in_each_ledger() {
    let world = world().await;
    world.vat_number("acme", "2026-01-01").await;
    for (council, n) in [(DERBY, 1), (NOTTINGHAM, 2)] {
        let spot = Route::Spot { justification: "nobody else".to_owned() };
        world.place_on(council, n, "acme", |issued| issued.terms.route = spot).await;
        world.accrue(council, "a", "2026-02-01").await.unwrap();
    }
    assert_eq!((vat(&charges(&world, DERBY).await), vat(&charges(&world, NOTTINGHAM).await)), (0, 0));

    world.publish_of_market(&amended(RegistrationStatus::Suspended, "2026-01-20")).await;
    assert_eq!(charges(&world, DERBY).await.len(), 1, "suspended it is registered still");
    world.publish_of_market(&amended(RegistrationStatus::Cancelled, "2026-01-25")).await;
    let derby = charges(&world, DERBY).await;
    // Seven nights at £100.00, and VAT of 20 %.
    assert_eq!((derby.len(), vat(&derby)), (3, 14_000));
    assert_eq!(derby.iter().filter(|charge| charge.reason == "REGISTRATION").count(), 2, "{derby:?}");
    let nottingham = charges(&world, NOTTINGHAM).await;
    assert_eq!((nottingham.len(), vat(&nottingham)), (3, 0), "it has verified no number of acme");
    let anew = nottingham.iter().find(|charge| !charge.reason.is_empty() && charge.reverses.is_empty());
    let treatments: Vec<_> = anew.unwrap().lines.iter().map(|line| line.vat.as_str()).collect();
    assert_eq!(treatments, ["EXEMPT", "NO_VAT_NUMBER"]);

    world.publish_of_market(&amended(RegistrationStatus::Active, "2026-01-25")).await;
    assert_eq!(vat(&charges(&world, DERBY).await), 0, "it was a mistake");
}

#[tokio::test]
async fn tax_details_are_read_as_they_were_recorded_and_wrong_ones_are_refused_by_their_fields() {
    let world = world().await;
    world.vat_number("acme", "2026-01-01").await;
    let name = format!("{DERBY}/taxDetails/acme");
    let get = |name: &str| proto::GetTaxDetailsRequest { name: name.to_owned() };
    let read = world.service.get_tax_details(as_council(DERBY, "2026-02-01", get(&name))).await;
    let read = read.unwrap().into_inner();
    let standing = proto::TaxStanding {
        from: "2026-01-01".to_owned(),
        vat_number: "GB220430231".to_owned(),
        charity: false,
    };
    assert_eq!((read.recorded_by.as_str(), read.verified_by.as_str(), read.revision), ("ann", "ben", 1));
    assert_eq!(
        (read.recorded.as_ref(), read.standings.as_slice()),
        (Some(&standing), &[standing.clone()][..])
    );

    let wrong = proto::RecordTaxDetailsRequest {
        name: name.clone(),
        standing: Some(proto::TaxStanding {
            from: "soon".to_owned(),
            vat_number: "GB220430232".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let status = world.service.record_tax_details(as_council(DERBY, "2026-02-01", wrong)).await.unwrap_err();
    let details = status.get_error_details();
    let violations = &details.bad_request().unwrap().field_violations;
    let fields: Vec<_> = violations.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["standing.from", "standing.vat_number"]);

    let refused = async |council: &str, name: &str| {
        let status = world.service.get_tax_details(as_council(council, "2026-02-01", get(name))).await;
        reason(&status.unwrap_err())
    };
    assert_eq!(refused(DERBY, &format!("{DERBY}/taxDetails/nobody")).await, "TAX_DETAILS_UNKNOWN");
    assert_eq!(refused(NOTTINGHAM, &name).await, "NOT_YOURS");
}
