//! Any sequence of sending, taking, failing, handling, waiting, closing and killing: no message is lost, none comes
//! after it was deleted, none comes while it is hidden, and each comes with the right count.

use std::collections::BTreeMap;

use domain::OrderId;
use proptest::prelude::*;

use super::{DEAD, MAX_RECEIVES, QUEUE, VISIBILITY, one_at_a_time, source, start};
use crate::support::{Call, Calls, Running, Setup, until};

const BATCH: usize = 3;
const ALL_FAIL: u8 = u8::MAX;
const NONE_FAILS: u8 = 0;

#[derive(Debug, Clone, Copy)]
enum Step {
    Send(usize),
    /// Takes a batch; the bits say which of its messages fail.
    Take(u8),
    /// Lets so much of the visibility time-out pass, in tenths.
    Wait(u32),
    Close,
    /// Kills the process, with a batch in hand if there is one.
    Kill,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1..6_usize).prop_map(Step::Send),
        5 => any::<u8>().prop_map(Step::Take),
        2 => (1..12_u32).prop_map(Step::Wait),
        1 => Just(Step::Close),
        1 => Just(Step::Kill),
    ];
    prop::collection::vec(step, 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_comes_again_that_was_deleted(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(&steps));
    }
}

async fn play(steps: &[Step]) {
    let setup = one_at_a_time().with(|settings| {
        source(settings, |source| source.batch_size = BATCH);
        // A batch stays in hand until the test answers, however long that takes.
        settings
            .functions
            .iter_mut()
            .for_each(|function| function.timeout_ms = u64::MAX);
    });
    let (running, calls) = start(setup).await;
    let mut world = World {
        running,
        calls,
        in_hand: None,
        live: BTreeMap::new(),
    };
    for step in steps {
        world = world.apply(*step).await;
    }
    world.drain().await;
}

/// What must be true of a message.
#[derive(Debug, Clone, Copy)]
struct Expected {
    receives: u32,
    /// On the test's clock, in Unix milliseconds.
    visible_at: i64,
}

/// The engine, and what must be true of it.
struct World {
    running: Running,
    calls: Calls,
    /// A batch that waits for its answer.
    in_hand: Option<Call>,
    /// Messages that were not handled, dead letters among them.
    live: BTreeMap<OrderId, Expected>,
}

impl World {
    async fn apply(mut self, step: Step) -> Self {
        match step {
            Step::Send(count) => {
                let visible_at = self.running.setup.now().as_ms();
                let new = Expected {
                    receives: 0,
                    visible_at,
                };
                let sent = self.running.place_many(count).await;
                self.live.extend(sent.into_iter().map(|order| (order, new)));
            }
            Step::Take(failing) => self.take(failing).await,
            Step::Wait(tenths) => {
                self.receive().await;
                self.running.advance(VISIBILITY / 10 * tenths);
            }
            Step::Close => {
                // Closing waits for what is in hand.
                while self.receive().await {
                    self.take(ALL_FAIL).await;
                }
                let setup = self.running.close().await;
                return Self::reopen(setup, self.live).await;
            }
            Step::Kill => {
                self.receive().await;
                let setup = self.running.kill().await;
                return Self::reopen(setup, self.live).await;
            }
        }
        self
    }

    /// The next process finds everything visible.
    async fn reopen(setup: Setup, mut live: BTreeMap<OrderId, Expected>) -> Self {
        let (running, calls) = start(setup).await;
        let visible_at = running.setup.now().as_ms();
        live.values_mut()
            .for_each(|message| message.visible_at = visible_at);
        Self {
            running,
            calls,
            in_hand: None,
            live,
        }
    }

    /// Whether a message must come without any waiting.
    fn is_due(&self) -> bool {
        let now = self.running.setup.now().as_ms();
        let mut live = self.live.values();
        live.any(|message| message.visible_at <= now && message.receives < MAX_RECEIVES)
    }

    /// Receives the batch that must come, if one must, and checks it. Whether one is in hand.
    async fn receive(&mut self) -> bool {
        if self.in_hand.is_some() || !self.is_due() {
            return self.in_hand.is_some();
        }
        let call = self.calls.next().await;
        let at = call.at.as_ms();
        let messages = call.messages();
        assert!((1..=BATCH).contains(&messages.len()));
        for message in &messages {
            let expected = self.live.get_mut(&message.order).expect("it was not deleted");
            assert!(expected.visible_at <= at, "it is not hidden");
            expected.receives += 1;
            expected.visible_at = at + VISIBILITY.as_millis() as i64;
            assert_eq!(message.receive_count, expected.receives);
        }
        self.in_hand = Some(call);
        true
    }

    /// Takes a batch if one must come, and has those messages fail whose bits are set.
    async fn take(&mut self, failing: u8) {
        self.receive().await;
        let Some(call) = self.in_hand.take() else { return };
        let messages = call.messages();
        let fails = |at: usize| failing & (1 << at) != 0;
        let failed = messages.iter().enumerate().filter(|(at, _)| fails(*at));
        call.fail_messages(failed.map(|(_, message)| message.id.as_str()));
        let handled: Vec<_> = messages
            .iter()
            .enumerate()
            .filter(|(at, _)| !fails(*at))
            .collect();
        for (_, message) in &handled {
            self.live.remove(&message.order);
        }
        let running = &self.running;
        until("what was handled is deleted", async || {
            let left = running.messages(QUEUE).await;
            handled
                .iter()
                .all(|(_, message)| left.iter().all(|left| left.message_id != message.id))
        })
        .await;
    }

    /// Handles all that is left; what was received too often is a dead letter, and nothing else is.
    async fn drain(mut self) {
        loop {
            while self.receive().await {
                self.take(NONE_FAILS).await;
            }
            if self.live.values().all(|message| message.receives == MAX_RECEIVES) {
                break;
            }
            self.running.advance(VISIBILITY);
        }
        self.running.advance(VISIBILITY);
        let running = &self.running;
        until("the queue is empty", async || {
            running.messages(QUEUE).await.is_empty()
        })
        .await;
        self.calls.none().await;
        let mut dead = Vec::new();
        for letter in running.messages(DEAD).await {
            assert_eq!(letter.receive_count, MAX_RECEIVES);
            let body: serde_json::Value = serde_json::from_str(&letter.body).unwrap();
            dead.push(body["orderId"].as_str().unwrap().parse::<OrderId>().unwrap());
        }
        dead.sort();
        assert_eq!(dead, self.live.into_keys().collect::<Vec<_>>());
    }
}
