//! What offers are scored by, over gRPC: set by the framework's lead from a day to come, and seen by everybody.

use crate::common::{self, DURHAM, World, ask, council, lead, provider};
use api::contracts as proto;
use api::contracts::contracts_service_server::ContractsService;
use tonic::{Code, Status};
use tonic_types::StatusExt;

fn weights(from: &str, weights: &[(&str, u32)]) -> proto::SetEvaluationWeightsRequest {
    let weight = |(criterion, basis_points): &(&str, u32)| proto::CriterionWeight {
        criterion: (*criterion).to_owned(),
        basis_points: *basis_points,
    };
    proto::SetEvaluationWeightsRequest {
        name: "frameworks/tyne-tees".to_owned(),
        from: from.to_owned(),
        weights: weights.iter().map(weight).collect(),
        etag: String::new(),
        request_id: format!("w-{from}"),
    }
}

fn told(status: &Status) -> (Code, String, Vec<String>) {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    let fields = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    (status.code(), reason, fields.into_iter().map(|it| it.field).collect())
}

#[tokio::test]
async fn the_lead_says_what_counts_and_everybody_sees_it() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let call = &world.contracts;
    let request = weights("2026-07-01", &[("PRICE", 3_000), ("SKILLS", 5_000), ("LOCATION", 2_000)]);
    let set =
        call.set_evaluation_weights(ask(lead("tyne-tees"), request.clone())).await.unwrap().into_inner();
    let again = call.set_evaluation_weights(ask(lead("tyne-tees"), request)).await.unwrap().into_inner();
    assert_eq!(again, set, "a repeat is answered alike");
    for role in [council(DURHAM), provider("P1")] {
        let get = proto::GetFrameworkRequest { name: "frameworks/tyne-tees".to_owned() };
        let seen = call.get_framework(ask(role, get)).await.unwrap().into_inner().evaluation_weights;
        assert_eq!((seen.len(), seen[0].version, seen[0].from.as_str()), (1, 1, "2026-07-01"));
        let counts: Vec<_> =
            seen[0].weights.iter().map(|it| (it.criterion.as_str(), it.basis_points)).collect();
        assert_eq!(counts, [("LOCATION", 2_000), ("PRICE", 3_000), ("SKILLS", 5_000)]);
    }
}

#[tokio::test]
async fn weights_that_come_too_late_or_score_nothing_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let refused = async |request| {
        told(&world.contracts.set_evaluation_weights(ask(lead("tyne-tees"), request)).await.unwrap_err())
    };
    let both = [("PRICE", 5_000), ("SKILLS", 5_000)];
    let today = common::now().to_string()[..10].to_owned();
    let late = refused(weights(&today, &both)).await;
    assert_eq!(late, (Code::FailedPrecondition, "DATES_OUT_OF_ORDER".to_owned(), vec!["from".to_owned()]));
    let over = refused(weights("2026-07-01", &[("PRICE", 5_000), ("SKILLS", 5_001)])).await;
    assert_eq!(
        over,
        (Code::InvalidArgument, "EVALUATION_WEIGHTS_INVALID".to_owned(), vec!["weights".to_owned()])
    );
    let wrong = refused(weights("soon", &[("PRICE", 5_000), ("PRICE", 5_000), ("CHARM", 1)])).await;
    assert_eq!(wrong.2, ["from", "weights[1].criterion", "weights[2].criterion"]);
}
