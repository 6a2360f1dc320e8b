//! `ordermill top` on a terminal: looks, draws, and goes on until somebody has seen enough.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::layout::lay_out;
use super::look::{Seen, look};
use super::screen::{Screen, keys};
use crate::client::Client;
use crate::exit::Verdict;
use crate::failure::Failure;

/// What is said while the server doesn't answer.
pub const NO_ANSWER: &str = "no answer, trying again";
/// How long a look may take before that is said.
const PATIENCE: Duration = Duration::from_secs(5);

/// Watches until `q`, Ctrl-C or a signal that ends processes.
pub fn watch(client: Client, first: Seen, every: Duration) -> Result<Verdict, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        let mut events = Events::listen()?;
        let screen = Screen::enter()?;
        follow(&screen, Arc::new(client), first, every, &mut events).await
    });
    // A look that still waits for its answer is waited for by nobody.
    runtime.shutdown_background();
    result?;
    Ok(Verdict::Done)
}

async fn follow(
    screen: &Screen,
    client: Arc<Client>,
    mut seen: Seen,
    every: Duration,
    events: &mut Events,
) -> io::Result<()> {
    let mut trouble: Option<String> = None;
    loop {
        screen.show(&lay_out(&seen, trouble.as_deref(), screen.size()))?;
        let next = async {
            sleep(every).await;
            look_again(Arc::clone(&client)).await
        };
        tokio::pin!(next);
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Event::Leave => return Ok(()),
                    Event::Resized => screen.show(&lay_out(&seen, trouble.as_deref(), screen.size()))?,
                },
                looked = &mut next => {
                    match looked {
                        Ok(newer) => (seen, trouble) = (newer, None),
                        Err(why) => trouble = Some(format!("{NO_ANSWER}: {why}")),
                    }
                    break;
                }
            }
        }
    }
}

/// Looks on a thread that may wait; what went wrong comes back in words.
async fn look_again(client: Arc<Client>) -> Result<Seen, String> {
    let looking = tokio::task::spawn_blocking(move || look(&client));
    match timeout(PATIENCE, looking).await {
        Ok(Ok(Ok(seen))) => Ok(seen),
        Ok(Ok(Err(failure))) => Err(failure.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("nothing came for {} s", PATIENCE.as_secs())),
    }
}

/// What may happen while one watches.
enum Event {
    Leave,
    Resized,
}

struct Events {
    keys: mpsc::Receiver<u8>,
    resized: Signal,
    ends: [Signal; 3],
}

impl Events {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            keys: keys(),
            resized: signal(SignalKind::window_change())?,
            ends: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ],
        })
    }

    async fn next(&mut self) -> Event {
        let [interrupt, terminate, hangup] = &mut self.ends;
        loop {
            tokio::select! {
                Some(key) = self.keys.recv() => if matches!(key, b'q' | b'Q') { return Event::Leave },
                _ = self.resized.recv() => return Event::Resized,
                _ = interrupt.recv() => return Event::Leave,
                _ = terminate.recv() => return Event::Leave,
                _ = hangup.recv() => return Event::Leave,
            }
        }
    }
}
