//! Spans reach an OpenTelemetry collector: one request's go through two services under one trace id, and nobody notices when there is none.

use crate::process::{Server, run, until};
use crate::region::{channel, council, reason};
use api::referrals::referrals_service_client::ReferralsServiceClient;
use api::referrals::{Identity, PostReferralRequest, Requirements};
use care::{Timestamp, london_date};
use local_parts::kafka::Kafka;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use service_kit::token::TokenKeys;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tonic::{Request, Response, Status};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const STEP: &str = "b7ad6b7169203331";

/// A collector, in a runtime of its own so that it can go away as one that is killed does.
struct Collector {
    address: SocketAddr,
    received: Received,
    runtime: tokio::runtime::Runtime,
}

/// The name of the service that sent it, and the span.
type Received = Arc<Mutex<Vec<(String, Span)>>>;

struct Receiving(Received);

#[tonic::async_trait]
impl TraceService for Receiving {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut received = self.0.lock().unwrap();
        for of_service in request.into_inner().resource_spans {
            let attributes = of_service.resource.unwrap_or_default().attributes;
            let name = attributes.iter().find(|attribute| attribute.key == "service.name").unwrap();
            let Some(Value::StringValue(name)) = name.value.clone().unwrap().value else {
                panic!("{name:?}")
            };
            let spans = of_service.scope_spans.into_iter().flat_map(|scope| scope.spans);
            received.extend(spans.map(|span| (name.clone(), span)));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let received = Received::default();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let service = TraceServiceServer::new(Receiving(Arc::clone(&received)));
        runtime.spawn(tonic::transport::Server::builder().add_service(service).serve(address));
        Self { address, received, runtime }
    }

    /// The spans of the trace that somebody else began.
    fn of_trace(&self) -> Vec<(String, Span)> {
        let received = self.received.lock().unwrap();
        received.iter().filter(|(_, span)| hex::encode(&span.trace_id) == TRACE).cloned().collect()
    }
}

/// Posts a referral as part of the trace; gives the token it was posted with.
async fn post(address: SocketAddr, keys: &Path) -> String {
    let keys = TokenKeys::load_or_create(keys).unwrap();
    let token = keys.issue(council("E06000015"), "test", Timestamp::now(), 3_600, false).unwrap();
    let requirements = Requirements {
        provisions: vec!["FOSTERING".to_owned()],
        age_years: Some(9),
        urgency: "PLANNED".to_owned(),
        needed_from: london_date(Timestamp::now()).to_string(),
        anchor: "DE1 2".to_owned(),
        ..Requirements::default()
    };
    let identity = Identity { given_name: "Zebedee".to_owned(), ..Identity::default() };
    let mut request = Request::new(PostReferralRequest {
        parent: "councils/E06000015".to_owned(),
        requirements: Some(requirements),
        identity: Some(identity),
        // Without an id: it is the trace that its events name.
        request_id: String::new(),
        follows: None,
    });
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request.metadata_mut().insert("traceparent", format!("00-{TRACE}-{STEP}-01").parse().unwrap());
    let mut client = ReferralsServiceClient::new(channel(&format!("http://{address}")).await);
    client.post_referral(request).await.unwrap_or_else(|status| panic!("{}: {status:?}", reason(&status)));
    token
}

/// A service that sends its spans to the collector.
fn service(name: &str, brokers: &str, prefix: &str, folder: &Path, more: &[&str]) -> Server {
    let keys = keys_in(folder);
    let of_region = ["--brokers", brokers, "--topic-prefix", prefix, "--token-keys", keys.to_str().unwrap()];
    Server::spawn_with(&folder.join(name), &[&["--service", name], &of_region[..], more].concat())
}

fn keys_in(folder: &Path) -> PathBuf {
    folder.join("tokens")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_and_what_another_service_does_about_it_are_one_trace() {
    let brokers =
        tokio::task::spawn_blocking(Kafka::ensure).await.unwrap().unwrap_or_else(|none| panic!("{none}"));
    let folder = tempfile::tempdir().unwrap();
    let prefix = format!("test-{}", uuid::Uuid::new_v4().simple());
    let made = run(["topics", "apply", "--brokers", &brokers, "--topic-prefix", &prefix, "--replicas", "1"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let collector = Collector::start();
    let endpoint = format!("http://{}", collector.address);
    let mut referrals =
        service("referrals", &brokers, &prefix, folder.path(), &["--otlp-endpoint", &endpoint]);
    let settings = folder.path().join("audit.toml");
    std::fs::write(&settings, format!("otlp-endpoint = \"{endpoint}\"\n")).unwrap();
    let audit = service("audit", &brokers, &prefix, folder.path(), &["--config", settings.to_str().unwrap()]);
    let address = referrals.listening().await;
    let shown = format!("otlp-endpoint={endpoint}");
    assert!(referrals.said().contains(&format!("{shown} (flag)")), "{}", referrals.said());
    let token = post(address, &keys_in(folder.path())).await;

    let spans = until("both services sent what belongs to the trace", async || {
        let spans = collector.of_trace();
        let sent_by = |name: &str| spans.iter().any(|(service, _)| service == name);
        (spans.len() >= 3 && sent_by("brokerage-audit") && sent_by("brokerage-referrals")).then_some(spans)
    })
    .await;
    let find = |name: &str| {
        let found: Vec<_> = spans.iter().filter(|(_, span)| span.name == name).collect();
        assert_eq!(found.len(), 1, "{name}: {spans:?}");
        found[0]
    };
    let (service, request) = find("brokerage.referrals.v1.ReferralsService/PostReferral");
    assert_eq!((service.as_str(), request.kind), ("brokerage-referrals", i32::from(SpanKind::Server)));
    assert_eq!(hex::encode(&request.parent_span_id), STEP, "it is a step after the caller's");
    let (service, recorded) = find("record ReferralPosted");
    assert_eq!(service, "brokerage-referrals");
    assert_eq!(recorded.parent_span_id, request.span_id);
    let effect = spans.iter().find(|(service, _)| service == "brokerage-audit").unwrap();
    assert_eq!(effect.1.parent_span_id, recorded.span_id, "what the other service records follows from it");
    for (_, span) in collector.received.lock().unwrap().iter() {
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{span:?}");
        let text = format!("{span:?}");
        for secret in ["Zebedee", "DE1 2", &token] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
    assert!(audit.said().contains(&format!("{shown} (file or default)")), "{}", audit.said());

    collector.runtime.shutdown_background();
    let lost = "takes no spans";
    let began = Instant::now();
    post(address, &keys_in(folder.path())).await;
    assert!(began.elapsed() < Duration::from_secs(5), "a request does not wait for the collector");
    until("the lost collector is told of", async || referrals.said().contains(lost).then_some(())).await;
    post(address, &keys_in(folder.path())).await;
    // What waits at the end is sent before it ends.
    referrals.signal("TERM");
    let (code, said) = referrals.ended("to be ended").await;
    assert_eq!(
        (code, said.matches(lost).count()),
        (Some(0), 1),
        "one warning, however often it fails: {said}"
    );
}

#[test]
fn an_endpoint_that_cannot_be_one_is_refused() {
    for wrong in ["https://127.0.0.1:4317", "127.0.0.1:4317", "http://127.0.0.1:4317/v1/traces", ""] {
        let refused = run(["run", "--otlp-endpoint", wrong]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(
            refused.stderr.contains("--otlp-endpoint") && refused.stderr.contains("http://"),
            "{refused:?}"
        );
    }
}
