//! The load: keep-alive connections that each send an order, read the answer, and send the next.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use super::http::{ANSWER_MAX_BYTES, BadAnswer, Head, OrderRequest, read_head};

/// Latencies are kept in microseconds, to three digits, up to this many; longer ones count as this.
const MAX_LATENCY_US: u64 = 60_000_000;
/// How often the progress bar is moved.
const TICK: Duration = Duration::from_millis(200);

/// When a load ends.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// After so long.
    Elapsed(Duration),
    /// After so many requests.
    Requests(u64),
}

/// What the answers were.
#[derive(Debug)]
pub struct Loaded {
    /// Orders that were answered 201.
    pub accepted: u64,
    /// Orders that were answered otherwise.
    pub refused: u64,
    /// The last such answer.
    pub refusal: Option<String>,
    /// From the first byte sent to the last received.
    pub elapsed: Duration,
    /// Microseconds from request to answer of those accepted.
    latency_us: Histogram<u64>,
}

impl Loaded {
    /// Orders accepted a second.
    pub fn per_s(&self) -> f64 {
        self.accepted as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency in milliseconds that this part of the orders, from 0 to 1, did not exceed.
    pub fn latency_ms(&self, part: f64) -> f64 {
        self.latency_us.value_at_quantile(part) as f64 / 1000.0
    }
}

/// Why a load ended early.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The server is gone, or never was there.
    #[error("the server at {address} closed the connection or can't be reached")]
    Connection {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The answer can't be read.
    #[error(transparent)]
    Answer(#[from] BadAnswer),
    /// The histogram can't be made.
    #[error("latencies can't be counted")]
    Histogram(#[from] hdrhistogram::CreationError),
}

struct Shared {
    until: Until,
    started: Cell<Instant>,
    sent: Cell<u64>,
    accepted: Cell<u64>,
    refused: Cell<u64>,
    refusal: RefCell<Option<String>>,
    latency_us: RefCell<Histogram<u64>>,
}

impl Shared {
    /// The number of the next request, or `None` when it's enough.
    fn next(&self) -> Option<u64> {
        let number = self.sent.get();
        let more = match self.until {
            Until::Elapsed(duration) => self.started.get().elapsed() < duration,
            Until::Requests(most) => number < most,
        };
        more.then(|| {
            self.sent.set(number + 1);
            number
        })
    }

    fn count(&self, status: u16, answer: &[u8], latency: Duration) {
        if status == 201 {
            self.accepted.set(self.accepted.get() + 1);
            let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
            self.latency_us.borrow_mut().saturating_record(us);
        } else {
            self.refused.set(self.refused.get() + 1);
            *self.refusal.borrow_mut() = Some(String::from_utf8_lossy(answer).into_owned());
        }
    }
}

/// Loads the server from `connections` connections, all on the caller's thread.
///
/// # Errors
/// [`LoadError`] of the first connection that fails; an answer other than 201 is none, but counted.
pub async fn run(
    address: SocketAddr,
    request: &OrderRequest,
    connections: usize,
    until: Until,
    bar: &ProgressBar,
) -> Result<Loaded, LoadError> {
    let lost = |source| LoadError::Connection { address, source };
    let shared = Rc::new(Shared {
        until,
        started: Cell::new(Instant::now()),
        sent: Cell::new(0),
        accepted: Cell::new(0),
        refused: Cell::new(0),
        refusal: RefCell::new(None),
        latency_us: RefCell::new(Histogram::new_with_max(MAX_LATENCY_US, 3)?),
    });
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.map_err(lost)?;
        stream.set_nodelay(true).map_err(lost)?;
        streams.push(stream);
    }
    shared.started.set(Instant::now());
    let local = LocalSet::new();
    let clients: Vec<_> = streams
        .into_iter()
        .map(|stream| local.spawn_local(client(stream, request.clone(), Rc::clone(&shared))))
        .collect();
    let ticker = local.spawn_local(tick(Rc::clone(&shared), bar.clone()));
    let elapsed = local
        .run_until(async {
            for client in clients {
                match client.await {
                    Ok(result) => result.map_err(|error| error.at(address))?,
                    Err(panicked) => return Err(lost(io::Error::other(panicked))),
                }
            }
            Ok(shared.started.get().elapsed())
        })
        .await?;
    ticker.abort();
    let latency_us = shared.latency_us.borrow().clone();
    Ok(Loaded {
        accepted: shared.accepted.get(),
        refused: shared.refused.get(),
        refusal: shared.refusal.take(),
        elapsed,
        latency_us,
    })
}

enum ClientError {
    Io(io::Error),
    Answer(BadAnswer),
}

impl ClientError {
    fn at(self, address: SocketAddr) -> LoadError {
        match self {
            Self::Io(source) => LoadError::Connection { address, source },
            Self::Answer(error) => error.into(),
        }
    }
}

async fn client(
    mut stream: TcpStream,
    mut request: OrderRequest,
    shared: Rc<Shared>,
) -> Result<(), ClientError> {
    let mut buffer = vec![0; ANSWER_MAX_BYTES];
    while let Some(number) = shared.next() {
        let sent = Instant::now();
        let bytes = request.of_customer(number);
        stream.write_all(bytes).await.map_err(ClientError::Io)?;
        let (status, length) = receive(&mut stream, &mut buffer).await?;
        shared.count(status, &buffer[..length], sent.elapsed());
    }
    Ok(())
}

/// Reads one answer to its end.
async fn receive(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<(u16, usize), ClientError> {
    let mut received = 0;
    loop {
        let read = stream
            .read(&mut buffer[received..])
            .await
            .map_err(ClientError::Io)?;
        if read == 0 {
            return Err(ClientError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        received += read;
        match read_head(&buffer[..received]).map_err(ClientError::Answer)? {
            Head::Complete { status, answer_bytes } if answer_bytes <= received => {
                return Ok((status, received));
            }
            Head::Complete { .. } | Head::Incomplete => {}
        }
    }
}

async fn tick(shared: Rc<Shared>, bar: ProgressBar) {
    let mut interval = tokio::time::interval(TICK);
    loop {
        interval.tick().await;
        match shared.until {
            Until::Elapsed(_) => bar.set_position(shared.started.get().elapsed().as_millis() as u64),
            Until::Requests(_) => bar.set_position(shared.accepted.get() + shared.refused.get()),
        }
    }
}
