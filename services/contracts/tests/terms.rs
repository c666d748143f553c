//! Terms over the service: what each side signs, proposes, tells and sees, that the other is told nothing more, and the agreement in print.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses a part of what is common")]

mod common;

use api::contracts as proto;
use api::contracts::contracts_service_server::ContractsService;
use common::{DORSET, DURHAM, World, ask, at_noon_of, council, lead, proposed, provider};
use service_kit::Role;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt;

const FRAMEWORK: &str = "frameworks/tyne-tees";
const DAY: &str = "2026-05-06";

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, expected: &str) -> Vec<String> {
    let status = answer.unwrap_err();
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    assert_eq!((status.code(), reason.as_str()), (code, expected), "{}", status.message());
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}

/// A placement of Durham's with P1 that started on 4 May 2026; its agreement's name.
async fn placed(world: &World, n: u128) -> String {
    let proposed = proposed(n, DURHAM, "P1", 450_000);
    world.award(&proposed).await;
    let parent = format!("councils/{DURHAM}");
    let agreements = world.agreements(council(DURHAM), &parent).await;
    let wanted = proposed.award.to_string();
    let name = agreements.into_iter().find(|it| it.award == wanted).unwrap().name;
    let on = "2026-05-04".to_owned();
    let start = proto::StartPlacementRequest { name: name.clone(), on, ..Default::default() };
    world.contracts.start_placement(at_noon_of(DAY, ask(council(DURHAM), start))).await.unwrap();
    name
}

fn hours() -> proto::LineChange {
    use proto::line_change::Change;
    use proto::line_price::Price;
    let quantity = proto::LineQuantity { hundredths: 1_050, unit: "hours".to_owned(), rate_pence: 3_501 };
    let add = proto::AddLine {
        kind: "ONE_TO_ONE".to_owned(),
        price: Some(proto::LinePrice { price: Some(Price::Quantity(quantity)) }),
        until: "2026-08-04".to_owned(),
        note: "evenings".to_owned(),
        siblings: Vec::new(),
    };
    proto::LineChange { change: Some(Change::Add(add)) }
}

fn changes() -> proto::AmendmentChanges {
    proto::AmendmentChanges {
        from: DAY.to_owned(),
        lines: vec![hours()],
        reason: "more support for a time".to_owned(),
        ..Default::default()
    }
}

async fn propose(
    world: &World,
    role: Role,
    parent: &str,
    changes: proto::AmendmentChanges,
) -> Result<proto::Amendment, Status> {
    let changes = Some(changes);
    let request = proto::ProposeAmendmentRequest { parent: parent.to_owned(), changes, ..Default::default() };
    world.contracts.propose_amendment(at_noon_of(DAY, ask(role, request))).await.map(Response::into_inner)
}

async fn sign(world: &World, role: Role, name: &str, consents: bool) -> Result<proto::Amendment, Status> {
    let request = proto::SignAmendmentRequest {
        name: name.to_owned(),
        post: "Head of commissioning".to_owned(),
        signed_on: DAY.to_owned(),
        consents,
        ..Default::default()
    };
    world.contracts.sign_amendment(at_noon_of(DAY, ask(role, request))).await.map(Response::into_inner)
}

async fn agreement(world: &World, role: Role, name: &str) -> proto::Agreement {
    let get = proto::GetAgreementRequest { name: name.to_owned() };
    world.contracts.get_agreement(ask(role, get)).await.unwrap().into_inner()
}

#[tokio::test]
async fn both_sides_sign_an_amendment_and_see_what_it_makes_of_the_price() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let name = placed(&world, 1).await;
    let amendment = propose(&world, provider("P1"), &name, changes()).await.unwrap();
    assert_eq!(amendment.name, format!("{name}/amendments/1"));
    assert_eq!(
        (amendment.side(), amendment.state()),
        (proto::AgreementSide::Provider, proto::AmendmentState::Open)
    );
    let signed_on = sign(&world, council(DURHAM), &amendment.name, false).await;
    assert_eq!(refused(signed_on, Code::InvalidArgument, "FIELD_INVALID"), ["consents"]);
    let open = sign(&world, council(DURHAM), &amendment.name, true).await.unwrap();
    assert_eq!(open.state(), proto::AmendmentState::Open, "a council does not sign for the provider");
    let held = sign(&world, provider("P1"), &amendment.name, true).await.unwrap();
    assert_eq!((held.state(), held.terms), (proto::AmendmentState::InForce, 2));
    for role in [council(DURHAM), provider("P1")] {
        let own = role == council(DURHAM);
        let terms = agreement(&world, role, &name).await.terms.unwrap();
        let line = terms.lines.last().unwrap();
        // Ten and a half hours at £35.01 are £367.605, and half pence round up.
        assert_eq!((line.weekly_pence, line.line), (36_761, 2));
        assert_eq!(
            (line.note.as_str(), line.worked_out.as_str()),
            ("evenings", "10.50 hours a week at £35.01")
        );
        assert!(terms.unsigned, "it was issued before anybody signed");
        assert_eq!(terms.funders.is_empty(), !own, "who pays is the council's to see");
        assert_eq!((terms.amendments.len(), terms.notice_days), (1, 28));
    }
    let listed = world.agreements(council(DURHAM), &format!("councils/{DURHAM}")).await;
    assert!(listed.iter().all(|it| it.terms.is_none()), "lists stay short");
    let types: Vec<String> =
        world.log(DURHAM).await.iter().map(|event| event.event_type.to_string()).collect();
    assert_eq!(types[types.len() - 3..], ["AmendmentSigned", "AmendmentTookEffect", "AgreementTermsSet"]);
}

#[tokio::test]
async fn wrong_fields_of_an_amendment_are_all_told_and_funders_are_the_councils() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let name = placed(&world, 1).await;
    let wrong = proto::AmendmentChanges {
        from: "soon".to_owned(),
        lines: vec![proto::LineChange::default(), hours()],
        expected_end: "never".to_owned(),
        reason: String::new(),
        ..Default::default()
    };
    let answer = propose(&world, council(DURHAM), &name, wrong).await;
    let fields = ["changes.from", "changes.lines[0].change", "changes.expected_end", "changes.reason"];
    assert_eq!(refused(answer, Code::InvalidArgument, "FIELD_INVALID"), fields);
    let funders = vec![api::common::FunderShare { funder: "HEALTH".to_owned(), basis_points: 10_000 }];
    let shares = proto::AmendmentChanges { funders, ..changes() };
    let answer = propose(&world, provider("P1"), &name, shares.clone()).await;
    assert_eq!(refused(answer, Code::InvalidArgument, "FIELD_INVALID"), ["changes.funders"]);
    let amendment = propose(&world, council(DURHAM), &name, shares).await.unwrap();
    assert_eq!(amendment.changes.unwrap().funders.len(), 1);
    let list = proto::ListAmendmentsRequest { parent: name.clone(), ..Default::default() };
    let seen = world.contracts.list_amendments(ask(provider("P1"), list.clone())).await.unwrap().into_inner();
    assert_eq!(seen.amendments[0].changes.clone().unwrap().funders, []);
    let open = i32::from(proto::AmendmentState::Declined);
    let filtered = proto::ListAmendmentsRequest { state: open, ..list };
    let none = world.contracts.list_amendments(ask(provider("P1"), filtered)).await.unwrap().into_inner();
    assert_eq!(none.amendments, []);
}

#[tokio::test]
async fn nobody_else_reads_signs_or_prints() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let name = placed(&world, 1).await;
    propose(&world, council(DURHAM), &name, changes()).await.unwrap();
    let amendment = format!("{name}/amendments/1");
    refused(sign(&world, provider("P2"), &amendment, true).await, Code::NotFound, "AGREEMENT_UNKNOWN");
    refused(sign(&world, council(DORSET), &amendment, true).await, Code::PermissionDenied, "NOT_YOURS");
    let list = proto::ListAmendmentsRequest { parent: name.clone(), ..Default::default() };
    let foreign = world.contracts.list_amendments(ask(provider("P2"), list)).await;
    refused(foreign, Code::NotFound, "AGREEMENT_UNKNOWN");
    let print = proto::PrintAgreementRequest { name: name.clone(), format: 0 };
    let foreign = world.contracts.print_agreement(ask(provider("P2"), print)).await;
    refused(foreign, Code::NotFound, "AGREEMENT_UNKNOWN");
}

#[tokio::test]
async fn an_absence_is_told_by_the_provider_and_seen_by_both() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let name = placed(&world, 1).await;
    let away = |absence, until: &str| proto::RecordAbsenceRequest {
        parent: name.clone(),
        absence,
        kind: "HOSPITAL".to_owned(),
        from: "2026-05-05".to_owned(),
        until: until.to_owned(),
        ..Default::default()
    };
    let tell = |request| world.contracts.record_absence(at_noon_of(DAY, ask(provider("P1"), request)));
    let told = tell(away(0, "")).await.unwrap().into_inner();
    assert_eq!((told.absence, told.revision, told.until.as_str()), (1, 1, ""));
    assert_eq!(refused(tell(away(0, "")).await, Code::FailedPrecondition, "ABSENCE_OVERLAPS"), ["from"]);
    let back = tell(away(1, "2026-05-06")).await.unwrap().into_inner();
    assert_eq!((back.absence, back.revision), (1, 2));
    let terms = agreement(&world, council(DURHAM), &name).await.terms.unwrap();
    assert_eq!(terms.absences, [back]);
}

/// P1 asked for 5 % under the framework, and 3 % from July were negotiated.
async fn negotiated(world: &World) -> String {
    let amount = |basis_points| Some(proto::UpliftAmount { basis_points, levels: Vec::new() });
    let ask_for = proto::RequestUpliftRequest {
        parent: FRAMEWORK.to_owned(),
        provider: "providers/P1".to_owned(),
        amount: amount(500),
        from: "2026-07-01".to_owned(),
        grounds: "pay".to_owned(),
        ..Default::default()
    };
    let uplift = world.contracts.request_uplift(ask(provider("P1"), ask_for)).await.unwrap().into_inner();
    let told = proto::NegotiateUpliftRequest {
        name: uplift.name.clone(),
        recommended: amount(300),
        from: "2026-07-01".to_owned(),
        reason: "as the accounts show".to_owned(),
        ..Default::default()
    };
    world.contracts.negotiate_uplift(ask(lead("tyne-tees"), told)).await.unwrap();
    uplift.name
}

/// Durham accepts 3 % of an uplift from 1 July on.
fn accepts(uplift: &str) -> proto::DecideUpliftRequest {
    proto::DecideUpliftRequest {
        parent: format!("councils/{DURHAM}"),
        provider: "providers/P1".to_owned(),
        uplift: uplift.to_owned(),
        accepted_basis_points: 300,
        from: "2026-07-01".to_owned(),
        approver: "Director of children's services".to_owned(),
        ..Default::default()
    }
}

/// Durham's answer to a decision that is told on [`DAY`].
async fn decide(world: &World, request: proto::DecideUpliftRequest) -> Result<proto::UpliftDecision, Status> {
    let answer = world.contracts.decide_uplift(at_noon_of(DAY, ask(council(DURHAM), request))).await;
    answer.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_council_decides_an_uplift_once_and_never_another_councils() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let name = placed(&world, 1).await;
    let uplift = negotiated(&world).await;
    let accepted = || accepts(&uplift);
    let undated = proto::DecideUpliftRequest { from: String::new(), ..accepted() };
    assert_eq!(
        refused(decide(&world, undated).await, Code::InvalidArgument, "UPLIFT_DATE_MISSING"),
        ["from"]
    );
    let foreign = proto::DecideUpliftRequest { parent: format!("councils/{DORSET}"), ..accepted() };
    refused(decide(&world, foreign).await, Code::PermissionDenied, "NOT_YOURS");
    // Nobody tells the council's side of it what was asked or negotiated.
    let told = proto::DecideUpliftRequest {
        reference: "2026-27".to_owned(),
        asked_basis_points: 1_000,
        negotiated_basis_points: 900,
        ..accepted()
    };
    let fields = refused(decide(&world, told).await, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(fields, ["reference", "asked_basis_points", "negotiated_basis_points"]);
    let more = proto::DecideUpliftRequest { accepted_basis_points: 301, ..accepted() };
    let fields = refused(decide(&world, more).await, Code::InvalidArgument, "UPLIFT_ABOVE_NEGOTIATED");
    assert_eq!(fields, ["accepted_basis_points"]);
    let decided = decide(&world, accepted()).await.unwrap();
    assert_eq!(decided.agreements, [name.as_str()]);
    let again = decide(&world, accepted()).await;
    assert_eq!(refused(again, Code::FailedPrecondition, "UPLIFT_ALREADY_APPLIED"), ["reference"]);
    let terms = agreement(&world, provider("P1"), &name).await.terms.unwrap();
    assert_eq!((terms.lines[1].weekly_pence, &terms.uplifts), (13_500, &vec![uplift]));
    assert_eq!(terms.uplift_rule(), proto::UpliftRule::OfFramework);
    let version = &terms.price_versions[0];
    assert_eq!((version.from.as_str(), version.schedule_from.as_str()), ("2026-05-04", "2026-04-01"));
}

#[tokio::test]
async fn a_decision_of_an_uplift_is_put_right_and_read_by_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let name = placed(&world, 1).await;
    let uplift = negotiated(&world).await;
    let decided = decide(&world, accepts(&uplift)).await.unwrap();
    assert_eq!(decided.name, format!("councils/{DURHAM}/upliftDecisions/1"));
    let correct = proto::CorrectUpliftRequest {
        name: decided.name.clone(),
        accepted: Some(proto::UpliftAmount { basis_points: 200, levels: Vec::new() }),
        from: "2026-08-01".to_owned(),
        reason: "mistyped".to_owned(),
        approver: "Director".to_owned(),
        ..Default::default()
    };
    let put_right = |role, request| world.contracts.correct_uplift(at_noon_of(DAY, ask(role, request)));
    let undated = proto::CorrectUpliftRequest { from: String::new(), ..correct.clone() };
    let wrong = put_right(council(DURHAM), undated).await;
    assert_eq!(refused(wrong, Code::InvalidArgument, "FIELD_INVALID"), ["from"]);
    refused(put_right(council(DORSET), correct.clone()).await, Code::PermissionDenied, "NOT_YOURS");
    let unknown = format!("councils/{DURHAM}/upliftDecisions/2");
    let unknown = proto::CorrectUpliftRequest { name: unknown, ..correct.clone() };
    refused(put_right(council(DURHAM), unknown).await, Code::NotFound, "UPLIFT_DECISION_UNKNOWN");
    let corrected = put_right(council(DURHAM), correct).await.unwrap().into_inner();
    assert_eq!((corrected.accepted_basis_points, corrected.corrections.len()), (300, 1));
    let lines = agreement(&world, council(DURHAM), &name).await.terms.unwrap().lines;
    let line = &lines[1];
    assert_eq!(
        (line.weekly_pence, line.from.as_str(), line.cause.as_str()),
        (9_000, "2026-08-01", "CORRECTION")
    );
    let list = |role, of: &str| {
        let (parent, provider) = (format!("councils/{DURHAM}"), of.to_owned());
        let request = proto::ListUpliftDecisionsRequest { parent, provider, ..Default::default() };
        world.contracts.list_uplift_decisions(ask(role, request))
    };
    assert_eq!(
        list(council(DURHAM), "").await.unwrap().into_inner().decisions.as_slice(),
        std::slice::from_ref(&corrected)
    );
    let own = list(provider("P1"), "").await.unwrap().into_inner().decisions;
    assert_eq!((own[0].approver.as_str(), own[0].corrections[0].approver.as_str()), ("", ""));
    assert_eq!(own[0].accepted, corrected.accepted);
    assert_eq!(list(provider("P2"), "").await.unwrap().into_inner().decisions, []);
    refused(list(provider("P2"), "providers/P1").await, Code::PermissionDenied, "NOT_YOURS");
    refused(list(council(DORSET), "").await, Code::PermissionDenied, "NOT_YOURS");
}

#[tokio::test]
async fn an_outcome_is_agreed_on_evidenced_and_paid() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let name = placed(&world, 1).await;
    let outcome = proto::Outcome {
        measure: "Step down to a family held".to_owned(),
        evidence: "Review minutes".to_owned(),
        payment_pence: 500_000,
        cap_pence: 500_000,
        ..Default::default()
    };
    let with = proto::AmendmentChanges { lines: Vec::new(), outcomes: vec![outcome], ..changes() };
    let amendment = propose(&world, council(DURHAM), &name, with).await.unwrap().name;
    for role in [council(DURHAM), provider("P1")] {
        sign(&world, role, &amendment, true).await.unwrap();
    }
    let evidence = proto::EvidenceOutcomeRequest {
        parent: name.clone(),
        outcome: 1,
        achieved_on: DAY.to_owned(),
        evidence: "minutes of the review".to_owned(),
        ..Default::default()
    };
    let shown = world.contracts.evidence_outcome(at_noon_of(DAY, ask(provider("P1"), evidence))).await;
    assert_eq!(shown.unwrap().into_inner().payment, 1);
    let decide = |accepted, refusal: &str| proto::DecideOutcomeRequest {
        parent: name.clone(),
        payment: 1,
        accepted,
        refusal: refusal.to_owned(),
        approver: "Head of commissioning".to_owned(),
        ..Default::default()
    };
    let ask_for = |request| world.contracts.decide_outcome(at_noon_of(DAY, ask(council(DURHAM), request)));
    for wrong in [decide(true, "no"), decide(false, "")] {
        assert_eq!(refused(ask_for(wrong).await, Code::InvalidArgument, "FIELD_INVALID"), ["refusal"]);
    }
    assert_eq!(ask_for(decide(true, "")).await.unwrap().into_inner().paid_pence, 500_000);
    let last = world.log(DURHAM).await.last().unwrap().event_type.to_string();
    assert_eq!(last, "OutcomePaymentDue");
}

#[tokio::test]
async fn an_agreement_is_printed_for_each_side_as_it_may_see_it() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let name = placed(&world, 1).await;
    let print = |role, format: proto::PrintFormat| {
        let request = proto::PrintAgreementRequest { name: name.clone(), format: format.into() };
        world.contracts.print_agreement(ask(role, request))
    };
    let html = print(council(DURHAM), proto::PrintFormat::Html).await.unwrap().into_inner();
    assert_eq!(html.media_type, "text/html; charset=utf-8");
    let page = String::from_utf8(html.content).unwrap();
    assert!(page.contains("Who pays") && page.contains("PRICE_ABOVE_SCHEDULE"), "{page}");
    let html = print(provider("P1"), proto::PrintFormat::Html).await.unwrap().into_inner();
    let page = String::from_utf8(html.content).unwrap();
    assert!(!page.contains("Who pays") && !page.contains("PRICE_ABOVE_SCHEDULE"), "{page}");
    let json = print(provider("P1"), proto::PrintFormat::Json).await.unwrap().into_inner();
    assert!(String::from_utf8(json.content).unwrap().contains("\"weeklyPence\": \"450000\""));
    let pdf = print(council(DURHAM), proto::PrintFormat::Pdf).await.unwrap().into_inner();
    assert!(pdf.content.starts_with(b"%PDF-"));
}
