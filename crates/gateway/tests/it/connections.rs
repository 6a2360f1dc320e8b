//! Over a byte stream: what slow, silent, endless and vanishing clients get.

use std::net::SocketAddr;
use std::time::Duration;

use expect_test::expect;
use gateway::{Limits, serve_connection};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::harness::{Gateway, Setup};

const POST: &str = "POST /orders HTTP/1.1\r\nhost: x\r\nx-api-key: secret-client\r\n\
                    content-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
const GET: &str = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";

/// One connection whose pipe holds `capacity` bytes each way.
fn connect(gateway: &Gateway, capacity: usize) -> (DuplexStream, JoinHandle<()>) {
    let (client, server) = duplex(capacity);
    let peer = SocketAddr::from(([192, 0, 2, 7], 4000));
    let connection = serve_connection(
        server,
        peer,
        gateway.router.clone(),
        Limits::default(),
        gateway.shutdown.clone(),
    );
    (client, tokio::spawn(connection))
}

/// Waits for the connection's end, in paused time: for ever would be an hour.
async fn ends(connection: JoinHandle<()>) {
    timeout(Duration::from_secs(3600), connection)
        .await
        .unwrap()
        .unwrap();
}

async fn read_status(client: &mut DuplexStream) -> String {
    let mut buffer = vec![0; 64 * 1024];
    let read = client.read(&mut buffer).await.unwrap();
    let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let gateway = Gateway::new();
    let (mut client, _) = connect(&gateway, 4096);
    for _ in 0..3 {
        client.write_all(POST.as_bytes()).await.unwrap();
        assert_eq!(read_status(&mut client).await, "HTTP/1.1 201 Created");
    }
    let (event, _) = gateway.last_event();
    assert_eq!(
        event.request_context.identity.source_ip.as_deref(),
        Some("192.0.2.7")
    );
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_in_is_cut_off() {
    let gateway = Gateway::new();
    let (mut client, connection) = connect(&gateway, 4096);
    client.write_all(b"GET /health HTTP/1.1\r\n").await.unwrap();
    // One header line every ten seconds would hold the connection for ever.
    for line in 0..10 {
        tokio::time::advance(Duration::from_secs(10)).await;
        let line = format!("x-line-{line}: x\r\n");
        if client.write_all(line.as_bytes()).await.is_err() {
            break;
        }
    }
    ends(connection).await;
    let mut rest = String::new();
    client.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "");
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed() {
    let gateway = Gateway::new();
    let (mut client, connection) = connect(&gateway, 4096);
    client.write_all(GET.as_bytes()).await.unwrap();
    assert_eq!(read_status(&mut client).await, "HTTP/1.1 200 OK");
    ends(connection).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_in_gets_408() {
    let gateway = Gateway::new();
    let (mut client, connection) = connect(&gateway, 4096);
    client
        .write_all(POST.trim_end_matches("{}").as_bytes())
        .await
        .unwrap();
    assert_eq!(read_status(&mut client).await, "HTTP/1.1 408 Request Timeout");
    ends(connection).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_let_go() {
    let gateway = Gateway::new();
    let (mut client, connection) = connect(&gateway, 16);
    client.write_all(&GET.as_bytes()[..16]).await.unwrap();
    client.write_all(&GET.as_bytes()[16..]).await.unwrap();
    ends(connection).await;
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert_eq!(
        rest.len(),
        16,
        "the answer stuck where the client stopped reading"
    );
}

#[tokio::test]
async fn a_flood_of_headers_gets_431() {
    let gateway = Gateway::new();
    let many: String = (0..150).map(|n| format!("x-{n}: y\r\n")).collect();
    let large = format!("x-large: {}\r\n", "y".repeat(100_000));
    let ours = format!("x-large: {}\r\n", "y".repeat(12_000));
    for (headers, by) in [(many, "hyper"), (large, "hyper"), (ours, "the edge")] {
        let (mut client, connection) = connect(&gateway, 256 * 1024);
        let flood = format!("GET /health HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        client.write_all(flood.as_bytes()).await.unwrap();
        let status = read_status(&mut client).await;
        assert_eq!(status, "HTTP/1.1 431 Request Header Fields Too Large", "by {by}");
        connection.abort();
    }
}

#[tokio::test]
async fn what_is_not_http_gets_400() {
    let gateway = Gateway::new();
    for nonsense in [
        "\x16\x03\x01\x02\x00\r\n\r\n",
        "GET /health\r\n\r\n",
        "GET /orders/\u{e9} HTTP/9\r\n\r\n",
    ] {
        let (mut client, connection) = connect(&gateway, 4096);
        client.write_all(nonsense.as_bytes()).await.unwrap();
        assert_eq!(
            read_status(&mut client).await,
            "HTTP/1.1 400 Bad Request",
            "{nonsense:?}"
        );
        ends(connection).await;
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_takes_nothing_with_it() {
    let mut setup = Setup::default();
    setup.limits.max_in_flight = 1;
    let gateway = Gateway::with(setup);
    let (mut client, connection) = connect(&gateway, 4096);
    client
        .write_all(POST.replace("/orders", "/wait").as_bytes())
        .await
        .unwrap();
    // Run the server until it waits inside the function, then go.
    tokio::task::yield_now().await;
    drop(client);
    ends(connection).await;
    assert_eq!(
        gateway.send("POST /orders\nkey: client").await.status,
        201,
        "its place is free again"
    );
}

#[tokio::test]
async fn an_answer_to_a_body_over_the_limit_reaches_a_client_that_sends_it_all_first() {
    let gateway = Gateway::new();
    let (address, serving) = listen(&gateway, Limits::default()).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let body = " ".repeat(300 * 1024);
    let head = POST.replace(
        "content-length: 2\r\n\r\n{}",
        &format!("content-length: {}\r\n\r\n", body.len()),
    );
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(body.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = client.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large"), "{answer}");
    gateway.shutdown.cancel();
    serving.await.unwrap().unwrap();
}

async fn listen(gateway: &Gateway, limits: Limits) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = gateway::serve(listener, gateway.router.clone(), limits, gateway.shutdown.clone());
    (address, tokio::spawn(serving))
}

#[tokio::test]
async fn connections_over_the_bound_wait_for_a_place() {
    let gateway = Gateway::new();
    let limits = Limits {
        max_connections: 1,
        ..Limits::default()
    };
    let (address, _serving) = listen(&gateway, limits).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    let mut answer = [0; 1024];
    first.write_all(GET.as_bytes()).await.unwrap();
    assert_ne!(first.read(&mut answer).await.unwrap(), 0);

    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(POST.as_bytes()).await.unwrap();
    // The runtime looks at its sockets every few dozen turns, so a server that would serve the second does so by now.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    assert!(gateway.seen.lock().unwrap().is_empty());
    drop(first);
    let read = second.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 201"));
}

#[tokio::test]
async fn shutdown_lets_the_request_in_hand_finish_and_takes_no_more() {
    let gateway = Gateway::new();
    let (address, serving) = listen(&gateway, Limits::default()).await;
    let mut busy = TcpStream::connect(address).await.unwrap();
    let mut idle = TcpStream::connect(address).await.unwrap();
    let mut answer = [0; 1024];
    idle.write_all(GET.as_bytes()).await.unwrap();
    assert_ne!(idle.read(&mut answer).await.unwrap(), 0);
    busy.write_all(POST.replace("/orders", "/wait").as_bytes())
        .await
        .unwrap();
    while gateway.waits() == 0 {
        tokio::task::yield_now().await;
    }
    gateway.shutdown.cancel();
    assert_eq!(
        idle.read(&mut answer).await.unwrap(),
        0,
        "an idle connection is closed at once"
    );
    gateway.release.notify_one();
    let read = busy.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
    serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let gateway = Gateway::new();
    let limits = Limits {
        shutdown_grace: Duration::ZERO,
        ..Limits::default()
    };
    let (address, serving) = listen(&gateway, limits).await;
    let mut stuck = TcpStream::connect(address).await.unwrap();
    stuck
        .write_all(POST.replace("/orders", "/wait").as_bytes())
        .await
        .unwrap();
    while gateway.waits() == 0 {
        tokio::task::yield_now().await;
    }
    gateway.shutdown.cancel();
    timeout(Duration::from_secs(60), serving)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let mut answer = Vec::new();
    // Closed or reset, but over.
    let _ = stuck.read_to_end(&mut answer).await;
    expect![""].assert_eq(&String::from_utf8_lossy(&answer));
}
