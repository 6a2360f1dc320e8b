//! The status machine: which status an event leads to, and what has to be done with it. Deciding is pure; the edge
//! that stores the new status performs the effects, in the same transaction where it can.

use crate::OrderStatus;

/// What happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderEvent {
    /// Processing takes it up.
    Begin,
    /// Paid, and its stock taken.
    Complete,
    /// A step failed for good.
    Fail,
    /// The customer withdraws it.
    Cancel,
}

impl OrderEvent {
    /// Every event.
    pub const ALL: [Self; 4] = [Self::Begin, Self::Complete, Self::Fail, Self::Cancel];
}

/// What goes with a change of status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Start the order's execution.
    StartExecution,
    /// Publish the new status.
    Publish,
    /// Give back the payment and the stock that the order took. The order's execution does so.
    GiveBack,
}

/// The event can't happen to an order with this status. Nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {status} can't take {event:?}")]
pub struct Refused {
    /// The status it has and keeps.
    pub status: OrderStatus,
    /// What was refused.
    pub event: OrderEvent,
}

/// The status after `event`, and what goes with the change.
///
/// An event that is delivered twice is no change: the same status comes back with no effects. A second [`Cancel`] is
/// refused all the same, for the client that asks deserves to know that its order had ended before.
///
/// [`Cancel`]: OrderEvent::Cancel
///
/// ```
/// use domain::{Effect, OrderEvent, OrderStatus, decide};
///
/// let (status, effects) = decide(OrderStatus::Pending, OrderEvent::Begin)?;
/// assert_eq!(status, OrderStatus::Processing);
/// assert_eq!(effects, [Effect::StartExecution, Effect::Publish]);
/// # Ok::<(), domain::Refused>(())
/// ```
///
/// # Errors
/// [`Refused`] when the event can't follow the status.
pub fn decide(status: OrderStatus, event: OrderEvent) -> Result<(OrderStatus, Vec<Effect>), Refused> {
    use Effect::{GiveBack, Publish, StartExecution};
    use OrderEvent::{Begin, Cancel, Complete, Fail};
    use OrderStatus::{Cancelled, Completed, Failed, Pending, Processing};

    match (status, event) {
        (Pending, Begin) => Ok((Processing, vec![StartExecution, Publish])),
        (Pending, Cancel) => Ok((Cancelled, vec![Publish])),

        (Processing, Complete) => Ok((Completed, vec![Publish])),
        (Processing, Fail) => Ok((Failed, vec![GiveBack, Publish])),
        // The execution under way finds the order CANCELLED at its next conditional step.
        (Processing, Cancel) => Ok((Cancelled, vec![GiveBack, Publish])),
        // The completion was stored and its answer lost, so the execution compensated.
        (Completed, Fail) => Ok((Failed, vec![GiveBack, Publish])),

        (Processing, Begin) | (Completed, Complete) | (Failed, Fail) => Ok((status, vec![])),

        (Pending, Complete | Fail)
        | (Completed, Begin | Cancel)
        | (Failed, Begin | Complete | Cancel)
        | (Cancelled, Begin | Complete | Fail | Cancel) => Err(Refused { status, event }),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use expect_test::expect;

    use super::{Effect, OrderEvent, decide};
    use crate::OrderStatus;

    #[test]
    fn every_status_meets_every_event() {
        let mut table = String::new();
        for status in OrderStatus::ALL {
            for event in OrderEvent::ALL {
                let outcome = match decide(status, event) {
                    Ok((next, effects)) => format!("{next} {effects:?}"),
                    Err(_) => "refused".to_owned(),
                };
                let event = format!("{event:?}");
                writeln!(table, "{:10} {event:8} -> {outcome}", status.as_str()).unwrap();
            }
        }
        expect![[r#"
            PENDING    Begin    -> PROCESSING [StartExecution, Publish]
            PENDING    Complete -> refused
            PENDING    Fail     -> refused
            PENDING    Cancel   -> CANCELLED [Publish]
            PROCESSING Begin    -> PROCESSING []
            PROCESSING Complete -> COMPLETED [Publish]
            PROCESSING Fail     -> FAILED [GiveBack, Publish]
            PROCESSING Cancel   -> CANCELLED [GiveBack, Publish]
            COMPLETED  Begin    -> refused
            COMPLETED  Complete -> COMPLETED []
            COMPLETED  Fail     -> FAILED [GiveBack, Publish]
            COMPLETED  Cancel   -> refused
            FAILED     Begin    -> refused
            FAILED     Complete -> refused
            FAILED     Fail     -> FAILED []
            FAILED     Cancel   -> refused
            CANCELLED  Begin    -> refused
            CANCELLED  Complete -> refused
            CANCELLED  Fail     -> refused
            CANCELLED  Cancel   -> refused
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn no_event_is_done_twice() {
        for status in OrderStatus::ALL {
            for event in OrderEvent::ALL {
                let Ok((next, _)) = decide(status, event) else {
                    continue;
                };
                if let Ok((again, effects)) = decide(next, event) {
                    assert_eq!((again, effects), (next, vec![]), "{status} {event:?}");
                }
            }
        }
    }

    #[test]
    fn what_was_taken_is_given_back_and_a_cancellation_stands() {
        for status in OrderStatus::ALL {
            for event in OrderEvent::ALL {
                let Ok((next, effects)) = decide(status, event) else {
                    continue;
                };
                let took = matches!(status, OrderStatus::Processing | OrderStatus::Completed);
                let lost = matches!(next, OrderStatus::Failed | OrderStatus::Cancelled);
                assert_eq!(
                    effects.contains(&Effect::GiveBack),
                    took && lost,
                    "{status} {event:?}"
                );
                assert_ne!(status, OrderStatus::Cancelled, "{event:?}");
            }
        }
    }
}
