//! Timers fire at their moment, whether their process lived until then or not.

use std::time::Duration;

use serde_json::{Value, json};

use super::{payload, start, work, workflow};
use crate::support::{Calls, Running, Setup};

/// A retry's back-off in memory, or parked in the database: the engine parks whoever waits for more than 10 s.
const SHORT: u64 = 9;
const LONG: u64 = 3_600;

fn with_back_off(seconds: u64) -> Setup {
    let mut work = work();
    work["Retry"][0]["IntervalSeconds"] = seconds.into();
    workflow(json!({"Work": work}))
}

fn wait_then_work(seconds: u64) -> Setup {
    workflow(json!({"Work": {"Type": "Wait", "Seconds": seconds, "Next": "Then"}, "Then": work()}))
}

/// Lets the time pass up to `seconds` but for a millisecond and sees no call, then the rest and takes it.
async fn due_after(running: &Running, calls: &mut Calls, seconds: u64) -> crate::support::Call {
    let nearly = Duration::from_secs(seconds) - Duration::from_millis(1);
    running.advance(nearly);
    calls.none().await;
    running.advance(Duration::from_millis(1));
    calls.next().await
}

#[tokio::test]
async fn a_retry_waits_for_its_interval_and_the_next_one_for_twice_that() {
    for seconds in [SHORT, LONG] {
        let (running, mut calls) = start(with_back_off(seconds)).await;
        let order = running.place().await;
        calls.next().await.fail("Down");
        running.noted_events(&order, "TaskFailed", 1).await;
        let call = due_after(&running, &mut calls, seconds).await;
        assert_eq!(call.payload(), &payload(order, 1));
        call.fail("Down");
        running.noted_events(&order, "TaskFailed", 2).await;
        let call = due_after(&running, &mut calls, seconds * 2).await;
        assert_eq!(call.payload(), &payload(order, 2));
    }
}

#[tokio::test]
async fn a_retry_that_waited_when_its_process_died_comes_at_its_own_moment() {
    for seconds in [SHORT, LONG] {
        let (running, mut calls) = start(with_back_off(seconds)).await;
        let order = running.place().await;
        let call = calls.next().await;
        let due = call.at.as_ms() + seconds as i64 * 1_000;
        call.fail("Down");
        running.noted_events(&order, "TaskFailed", 1).await;
        running.advance(Duration::from_secs(seconds / 3));
        let (running, mut calls) = start(running.kill().await).await;
        calls.none().await;
        let left = u64::try_from(due - running.setup.now().as_ms()).unwrap();
        running.advance(Duration::from_millis(left - 1));
        calls.none().await;
        running.advance(Duration::from_millis(1));
        let call = calls.next().await;
        assert_eq!((call.at.as_ms(), call.payload()), (due, &payload(order, 1)));
    }
}

#[tokio::test]
async fn a_timer_whose_moment_came_while_nothing_ran_fires_at_the_start() {
    let (running, mut calls) = start(wait_then_work(LONG)).await;
    let order = running.place().await;
    running.noted_events(&order, "WaitStateEntered", 1).await;
    let setup = running.kill().await;
    setup.time.advance(Duration::from_secs(2 * LONG));
    calls.none().await;
    let (running, mut calls) = start(setup).await;
    let call = calls.next().await;
    assert_eq!(call.at, running.setup.now());
    assert_eq!(call.payload(), &payload(order, 0));
}

#[tokio::test]
async fn a_wait_lasts_as_long_as_it_says_over_any_number_of_restarts() {
    let (mut running, mut calls) = start(wait_then_work(LONG)).await;
    let order = running.place().await;
    running.noted_events(&order, "WaitStateEntered", 1).await;
    for _ in 0..3 {
        running.advance(Duration::from_secs(LONG / 4));
        (running, calls) = start(running.kill().await).await;
        calls.none().await;
    }
    running.advance(Duration::from_secs(LONG / 4));
    calls.next().await.succeed_with(json!("done"));
    let execution = running.ended_execution(&order).await;
    let at = |name: &str| -> domain::Timestamp {
        let named = |event: &&Value| event["type"] == name;
        let event = execution.events.iter().find(named).unwrap();
        event["timestamp"].as_str().unwrap().parse().unwrap()
    };
    let waited_ms = at("WaitStateExited").as_ms() - at("WaitStateEntered").as_ms();
    // Each restart took a millisecond of the test's clock.
    assert_eq!(waited_ms, LONG as i64 * 1_000 + 3);
}
