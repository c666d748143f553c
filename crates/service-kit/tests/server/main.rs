#![allow(clippy::unwrap_used, reason = "this is test code")]
//! The server over real connections: who is let in, and what becomes of whatever else arrives.

mod broken_connections;
mod world;

use api::invoicing::GetLedgerRequest;
use api::invoicing::invoicing_service_client::InvoicingServiceClient;
use service_kit::{MESSAGE_BYTES_MAX, Role};
use std::convert::Infallible;
use tokio_stream::StreamExt;
use tonic::body::Body;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};
use tower::{Layer, ServiceExt};
use world::{
    CLOSE_PERIOD, GET_LEDGER, GET_STATEMENT, NOW, World, access, assert_refused, council, frame, token_for,
    world,
};

async fn get_ledger(world: &World, parent: String) -> Result<String, Status> {
    let mut request = Request::new(GetLedgerRequest { parent, ..Default::default() });
    request.metadata_mut().insert("authorization", world.bearer.parse().unwrap());
    let answer = InvoicingServiceClient::new(world.channel.clone()).get_ledger(request).await?;
    Ok(answer.into_inner().council)
}

#[tokio::test]
async fn a_caller_with_a_role_is_let_in_and_known_to_the_handler() {
    let world = world().await;
    let seen = get_ledger(&world, "councils/E06000015".into()).await.unwrap();
    assert_eq!(seen, format!("council:E06000015/case-system at {NOW}"));
}

#[tokio::test]
async fn without_a_token_nothing_is_looked_at() {
    let world = world().await;
    // Not even whether there is such a method or message.
    for path in [GET_LEDGER, CLOSE_PERIOD, GET_STATEMENT, "/brokerage.x.v1.X/Y", "/"] {
        for body in [frame(&[]), b"not a message".to_vec(), vec![]] {
            let status = world.send(path, &[], body).await;
            assert_refused(&status, Code::Unauthenticated, "TOKEN_MISSING");
        }
    }
    let token = world.token(council());
    for header in [token.clone(), format!("Basic {token}"), format!("bearer{token}"), String::new()] {
        let status = world.send(GET_LEDGER, &[("authorization", &header)], frame(&[])).await;
        assert_refused(&status, Code::Unauthenticated, "TOKEN_MISSING");
    }
    for wrong in ["Bearer ", "Bearer x", "Bearer a.b.c", &format!("Bearer {}", "x".repeat(5_000))] {
        let status = world.send(GET_LEDGER, &[("authorization", wrong)], frame(&[])).await;
        assert_refused(&status, Code::Unauthenticated, "TOKEN_MALFORMED");
    }
    for length in [2_049, 20_000, 60_000] {
        let wrong = format!("Bearer {}", "x".repeat(length));
        let status = world.send(GET_LEDGER, &[("authorization", &wrong)], frame(&[])).await;
        assert_refused(&status, Code::Unauthenticated, "TOKEN_MALFORMED");
        let limit = format!("the token has {length} bytes, and none has more than 2048");
        assert!(status.message().starts_with(&limit), "{status:?}");
    }
    let foreign = format!("Bearer {}", token_for(&access().1, council()));
    let status = world.send(GET_LEDGER, &[("authorization", &foreign)], frame(&[])).await;
    assert_refused(&status, Code::Unauthenticated, "TOKEN_SIGNATURE_INVALID");
}

#[tokio::test]
async fn a_role_without_the_right_is_refused_before_the_message_is_read() {
    let world = world().await;
    let roles = [Role::Provider("p1".parse().unwrap()), Role::FrameworkLead("d2n2".parse().unwrap())];
    for role in roles {
        let bearer = format!("Bearer {}", world.token(role));
        for body in [frame(&[]), b"not a message".to_vec()] {
            let status = world.send(GET_LEDGER, &[("authorization", &bearer)], body).await;
            assert_refused(&status, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
        }
    }
}

#[tokio::test]
async fn a_method_without_a_rule_is_nobodys_and_one_without_an_answer_is_unknown() {
    let world = world().await;
    for path in [GET_STATEMENT, "/brokerage.invoicing.v1.InvoicingService/Nothing", "/brokerage.x.v1.X/Y"] {
        let status = world.send_as_council(path, frame(&[])).await;
        assert_refused(&status, Code::PermissionDenied, "NO_RULE");
        assert_eq!(status.message(), format!("nobody may call {path}"));
    }
    let status = world.send_as_council(CLOSE_PERIOD, frame(&[])).await;
    assert_refused(&status, Code::Unimplemented, "METHOD_UNKNOWN");
    let status = world.send("/grpc.health.v1.Health/Nothing", &[], frame(&[])).await;
    assert_refused(&status, Code::Unimplemented, "METHOD_UNKNOWN");
}

#[tokio::test]
async fn a_message_may_be_as_large_as_the_limit_and_no_larger() {
    let world = world().await;
    // The field's tag takes a byte, and the length of a text this long three.
    let longest = MESSAGE_BYTES_MAX - 4;
    assert!(get_ledger(&world, "x".repeat(longest)).await.is_ok());
    for length in [longest + 1, 5_000_000, 10_000_000] {
        let status = get_ledger(&world, "x".repeat(length)).await.unwrap_err();
        assert_refused(&status, Code::InvalidArgument, "MESSAGE_TOO_LARGE");
        assert_eq!(status.message(), "the message is larger than the 262144 bytes that are taken");
    }
    // One that only says that it is large.
    let status = world.send_as_council(GET_LEDGER, vec![0, 0xFF, 0xFF, 0xFF, 0xFF]).await;
    assert_refused(&status, Code::InvalidArgument, "MESSAGE_TOO_LARGE");
    world.assert_serves().await;
}

#[tokio::test]
async fn a_malformed_message_is_the_callers_mistake_and_never_ours() {
    let world = world().await;
    let malformed = [
        ("a text longer than the message", frame(&[0x0A, 0xFF, 0x01, b'x'])),
        ("a tag without an end", frame(&[0xFF; 11])),
        ("field number 0", frame(&[0x00, 0x01])),
        ("a number where a text belongs", frame(&[0x08, 0x01])),
        ("a text that is not UTF-8", frame(&[0x0A, 0x02, 0xC3, 0x28])),
        ("groups in groups without an end", frame(&[0x13; 1_000])),
        ("text", frame(b"{\"parent\": \"councils/E06000015\"}")),
        ("no message", vec![]),
        ("half a frame's head", vec![0, 0, 0]),
        ("a frame cut short", [&frame(&[0; 100])[..15]].concat()),
        ("a compressed frame that names no compression", [&[1, 0, 0, 0, 0][..]].concat()),
        ("a frame of no known kind", [&[7, 0, 0, 0, 0][..]].concat()),
    ];
    for (what, body) in malformed {
        let status = world.send_as_council(GET_LEDGER, body).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{what}: {status:?}");
        assert_refused(&status, Code::InvalidArgument, "MESSAGE_MALFORMED");
    }
    // A field that a newer client knows is no mistake.
    let status = world.send_as_council(GET_LEDGER, frame(&[0xF8, 0x07, 0x01])).await;
    assert_eq!(status.code(), Code::Ok, "{status:?}");
}

#[tokio::test]
async fn random_bytes_are_answered_or_refused_and_never_internal() {
    let world = world().await;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut refused = 0;
    for n in 0..300_usize {
        let bytes: Vec<u8> = (0..n % 40)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                state.to_be_bytes()[0]
            })
            .collect();
        let body = if n % 2 == 0 { frame(&bytes) } else { bytes };
        let status = world.send_as_council(GET_LEDGER, body.clone()).await;
        if status.code() != Code::Ok {
            refused += 1;
            assert_eq!(status.code(), Code::InvalidArgument, "{body:?}: {status:?}");
        }
    }
    assert!(refused > 200, "{refused} refused");
}

#[tokio::test]
async fn a_compression_that_is_not_taken_is_named_as_such() {
    let world = world().await;
    let headers = [("authorization", world.bearer.as_str()), ("grpc-encoding", "gzip")];
    let status = world.send(GET_LEDGER, &headers, vec![1, 0, 0, 0, 0]).await;
    assert_refused(&status, Code::Unimplemented, "COMPRESSION_UNKNOWN");
    assert_eq!(status.metadata().get("grpc-accept-encoding").unwrap(), "identity");
}

/// A call of a method that councils may call, as its own handler answers it.
async fn answered_by<F>(handler: fn() -> F) -> Status
where
    F: Future<Output = Result<http::Response<Body>, Infallible>> + Send + 'static,
{
    let (_folder, keys, access) = access();
    let service = tower::service_fn(move |_: http::Request<Body>| handler());
    let request = http::Request::post(format!("http://brokerage{GET_LEDGER}"))
        .header("authorization", format!("Bearer {}", token_for(&keys, council())))
        .body(Body::empty())
        .unwrap();
    let response = access.layer(service).oneshot(request).await.unwrap();
    Status::from_header_map(response.headers()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_given_up_with_a_reason() {
    let asked = tokio::time::Instant::now();
    let status = answered_by(std::future::pending).await;
    assert_eq!(asked.elapsed().as_secs(), 60);
    assert_refused(&status, Code::DeadlineExceeded, "DEADLINE_EXCEEDED");
}

#[tokio::test]
async fn a_handler_that_panics_is_answered_for_with_a_reason() {
    let status = answered_by(|| async { panic!("planted") }).await;
    assert_refused(&status, Code::Internal, "HANDLER_PANICKED");
}

#[tokio::test]
async fn health_needs_no_token() {
    let world = world().await;
    let mut health = HealthClient::new(world.channel.clone());
    for service in ["", "brokerage.invoicing.v1.InvoicingService"] {
        let answer = health.check(HealthCheckRequest { service: service.into() }).await.unwrap();
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving, "{service:?}");
    }
    let unknown = health.check(HealthCheckRequest { service: "x".into() }).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

const INVOICING: &str = "brokerage.invoicing.v1.InvoicingService";

/// Lists the services by reflection, and asks for the file of one; a macro, since the two versions differ in nothing but their types.
macro_rules! assert_reflected {
    ($world:expr, $version:ident) => {{
        use $version::server_reflection_request::MessageRequest;
        use $version::server_reflection_response::MessageResponse;
        let ask = |message_request| $version::ServerReflectionRequest {
            host: String::new(),
            message_request: Some(message_request),
        };
        let questions = [
            ask(MessageRequest::ListServices(String::new())),
            ask(MessageRequest::FileContainingSymbol(INVOICING.to_owned())),
        ];
        let mut client =
            $version::server_reflection_client::ServerReflectionClient::new($world.channel.clone());
        let answers = client.server_reflection_info(tokio_stream::iter(questions)).await.unwrap();
        let mut answers = answers.into_inner();
        let mut next = async || answers.next().await.unwrap().unwrap().message_response.unwrap();
        let MessageResponse::ListServicesResponse(services) = next().await else { panic!("no list") };
        let names: Vec<_> = services.service.into_iter().map(|service| service.name).collect();
        for name in [INVOICING, "brokerage.referrals.v1.ReferralsService", "grpc.health.v1.Health"] {
            assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
        }
        let MessageResponse::FileDescriptorResponse(files) = next().await else { panic!("no file") };
        assert!(!files.file_descriptor_proto.is_empty());
    }};
}

#[tokio::test]
async fn reflection_needs_no_token_in_either_version() {
    let world = world().await;
    assert_reflected!(world, v1);
    assert_reflected!(world, v1alpha);
}
