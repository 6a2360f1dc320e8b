//! A closed loop of keep-alive connections that writes one request and reads one answer, over and over.

use std::time::{Duration, Instant};

use axum::Router;
use gateway::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::ORDER;

const CONNECTIONS: usize = 64;
const RUN: Duration = Duration::from_secs(3);

/// What one run measured.
pub struct Measured {
    pub requests_per_s: f64,
    /// Of server and load together; unlike the rate, it hardly minds what else the machine does.
    pub cpu_us_per_request: f64,
}

/// Serves the router, by the gateway's own server when `bounded` and by axum's otherwise, and loads it.
pub fn measure(router: Router, bounded: bool) -> Measured {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        if bounded {
            tokio::spawn(gateway::serve(listener, router, Limits::default(), shutdown));
        } else {
            tokio::spawn(async move { axum::serve(listener, router).await });
        }
        let (started, cpu_before) = (Instant::now(), cpu_ticks());
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|_| tokio::spawn(client(address, started)))
            .collect();
        let mut total = 0;
        for client in clients {
            total += client.await.unwrap();
        }
        // A tick is 10 ms on Linux.
        let cpu_us = (cpu_ticks() - cpu_before) as f64 * 10_000.0;
        Measured {
            requests_per_s: total as f64 / started.elapsed().as_secs_f64(),
            cpu_us_per_request: cpu_us / total as f64,
        }
    })
}

/// User and system time of this process: fields 14 and 15 of proc(5)'s stat.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum()
}

async fn client(address: std::net::SocketAddr, started: Instant) -> u64 {
    let request = format!(
        "POST /orders HTTP/1.1\r\nhost: {address}\r\nuser-agent: bench\r\ncontent-type: application/json\r\n\
         x-api-key: secret-client\r\ncontent-length: {}\r\n\r\n{ORDER}",
        ORDER.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = vec![0; 4096];
    let mut answered = 0;
    while started.elapsed() < RUN {
        stream.write_all(request.as_bytes()).await.unwrap();
        // Both servers write an answer of this size in one piece.
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(
            buffer.starts_with(b"HTTP/1.1 201"),
            "{}",
            String::from_utf8_lossy(&buffer[..read])
        );
        answered += 1;
    }
    answered
}
