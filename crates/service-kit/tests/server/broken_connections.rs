//! Connections that break off, say nothing or talk nonsense: they end, and harm nobody else's.

use crate::world::{GET_LEDGER, PATIENCE, World, frame, world};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const END_HEADERS: u8 = 4;

/// A frame of HTTP/2 (RFC 9113, section 4.1).
fn http2(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// A header as HPACK writes it without tables or compression (RFC 7541, section 6.2.2).
fn header(name: &str, value: &str) -> Vec<u8> {
    // A length of 127 and more goes on in groups of seven bits (section 5.1).
    let length = |length: usize| {
        let Some(mut rest) = length.checked_sub(127) else { return vec![u8::try_from(length).unwrap()] };
        let mut bytes = vec![127];
        while rest >= 128 {
            bytes.push(u8::try_from(rest % 128).unwrap() | 128);
            rest /= 128;
        }
        bytes.push(u8::try_from(rest).unwrap());
        bytes
    };
    [&[0], &length(name.len())[..], name.as_bytes(), &length(value.len()), value.as_bytes()].concat()
}

/// A call of a council's up to and with a part of its message, which never ends.
fn unfinished_call(world: &World, message: &[u8]) -> Vec<u8> {
    let headers = [
        header(":method", "POST"),
        header(":scheme", "http"),
        header(":path", GET_LEDGER),
        header(":authority", "brokerage"),
        header("content-type", "application/grpc"),
        header("te", "trailers"),
        header("authorization", &world.bearer),
    ];
    [
        PREFACE,
        &http2(SETTINGS, 0, 0, &[]),
        &http2(HEADERS, END_HEADERS, 1, &headers.concat()),
        &http2(DATA, 0, 1, message),
    ]
    .concat()
}

async fn say(world: &World, bytes: &[u8]) -> TcpStream {
    let mut connection = TcpStream::connect(world.serving.address).await.unwrap();
    connection.write_all(bytes).await.unwrap();
    connection
}

/// Waits until the server has ended the connection.
async fn ended(connection: &mut TcpStream) {
    let mut answer = Vec::new();
    // An abrupt end is an end too.
    let _ = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut answer)).await.expect("it ends");
}

#[tokio::test]
async fn nonsense_is_hung_up_on() {
    let world = world().await;
    let nonsense = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS greeting to a plain port".to_vec(),
        vec![0xFF; 4_096],
        [PREFACE, &[0xFF; 64]].concat(),
        [PREFACE, &http2(SETTINGS, 0, 0, &[1, 2, 3])].concat(),
        [PREFACE, &http2(SETTINGS, 0, 0, &[]), &http2(HEADERS, END_HEADERS, 1, &[0xFF; 32])].concat(),
        [PREFACE, &http2(SETTINGS, 0, 0, &[]), &http2(DATA, 0, 1, b"before any call")].concat(),
    ];
    for bytes in nonsense {
        ended(&mut say(&world, &bytes).await).await;
    }
    world.assert_serves().await;
}

#[tokio::test]
async fn truncated_frames_hold_up_nobody() {
    let world = world().await;
    let cut_short = frame(&[0x0A; 100]);
    let call = unfinished_call(&world, &cut_short[..20]);
    let mut open = Vec::new();
    // Cut off at every length: in the preface, in a frame's head, in the headers, in the message. Some hang up, some stay.
    for length in (0..call.len()).step_by(3).chain([call.len()]) {
        let connection = say(&world, &call[..length]).await;
        if length % 2 == 0 {
            open.push(connection);
        }
    }
    world.assert_serves().await;
    assert!(open.len() > 50, "{} connections are open", open.len());
    drop(open);
    world.assert_serves().await;
    tokio::time::timeout(PATIENCE / 4, world.serving.stop())
        .await
        .expect("broken connections do not keep it running");
}

#[tokio::test]
async fn a_handwritten_call_is_answered_when_it_is_whole() {
    // So that the cut ones above are known to be cut from something real.
    let world = world().await;
    let mut call = unfinished_call(&world, &frame(&[]));
    call.extend(http2(DATA, 1, 1, &[]));
    let mut connection = say(&world, &call).await;
    let mut answer = Vec::new();
    let answered = async {
        while !answer.windows(11).any(|window| window == b"case-system") {
            let mut part = [0; 1_024];
            let length = connection.read(&mut part).await.unwrap();
            assert!(length > 0, "hung up after {answer:?}");
            answer.extend_from_slice(&part[..length]);
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.expect("an answer");
}
