//! Calls by descriptor, with a message's bytes as they are: for tests that walk every method, and for bytes that are no message.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use std::sync::LazyLock;
use std::time::Duration;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// After how long a call counts as hanging. More than the server's own limit, so that one which reaches that is told apart.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// The methods whose streams have no end.
const ENDLESS: [&str; 4] = ["FollowEvents", "WatchDeadlines", "WatchReleasedReferrals", "WatchVacancies"];
/// For how long they are listened to after their last message.
const SILENCE: Duration = Duration::from_millis(100);

/// The descriptors, read once.
static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(api::DESCRIPTORS).unwrap());

/// Every method of the region's own services.
pub(crate) fn methods() -> Vec<MethodDescriptor> {
    let services: Vec<_> = POOL.services().collect();
    let methods: Vec<_> = services.iter().flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
    assert!(methods.len() > 60, "the descriptors hold {} methods", methods.len());
    methods
}

/// The method of this short name, which is the only one.
pub(crate) fn method(name: &str) -> MethodDescriptor {
    let mut found = methods().into_iter().filter(|method| method.name() == name);
    let method = found.next().unwrap_or_else(|| panic!("there is no method {name}"));
    assert!(found.next().is_none(), "there are two methods {name}");
    method
}

/// `/brokerage.referrals.v1.ReferralsService/PostReferral`.
pub(crate) fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// A request from its JSON.
pub(crate) fn from_json(method: &MethodDescriptor, json: &str) -> DynamicMessage {
    let mut reader = serde_json::Deserializer::from_str(json);
    DynamicMessage::deserialize(method.input(), &mut reader)
        .unwrap_or_else(|error| panic!("{}: {error}: {json}", method.name()))
}

/// Messages as bytes.
#[derive(Clone, Copy)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        prost::bytes::BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        use prost::bytes::Buf;
        let length = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(length).to_vec()))
    }
}

/// Calls a method with these bytes, and gives the bytes of its answer: one message, or those of a stream until it ends or falls silent.
pub(crate) async fn call(
    channel: &Channel,
    token: Option<&str>,
    method: &MethodDescriptor,
    body: Vec<u8>,
) -> Result<Vec<Vec<u8>>, Status> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let mut request = Request::new(body);
    if let Some(token) = token {
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let path = path(method).parse().unwrap();
    let answered = async {
        if !method.is_server_streaming() {
            return client.unary(request, path, Bytes).await.map(|answer| vec![answer.into_inner()]);
        }
        let mut stream = client.server_streaming(request, path, Bytes).await?.into_inner();
        let mut messages = Vec::new();
        let patience = if ENDLESS.contains(&method.name()) { SILENCE } else { PATIENCE };
        while let Ok(next) = tokio::time::timeout(patience, stream.message()).await {
            match next? {
                Some(message) => messages.push(message),
                None => break,
            }
        }
        Ok(messages)
    };
    let hangs = |_| panic!("{} is not answered", method.name());
    tokio::time::timeout(PATIENCE, answered).await.unwrap_or_else(hangs)
}

/// Calls a method with a message, and gives the answer's messages as text, JSON after JSON.
pub(crate) async fn ask(
    channel: &Channel,
    token: Option<&str>,
    method: &MethodDescriptor,
    request: &DynamicMessage,
) -> Result<String, Status> {
    let answer = call(channel, token, method, request.encode_to_vec()).await?;
    let text = |bytes: Vec<u8>| {
        let message = DynamicMessage::decode(method.output(), bytes.as_slice()).unwrap();
        serde_json::to_string(&message).unwrap()
    };
    Ok(answer.into_iter().map(text).collect::<Vec<_>>().join("\n"))
}
