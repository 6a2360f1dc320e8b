//! The three timelines of the seed's section 9, as data: each step with the time that the seed gives it, and the fact
//! of an order's timeline that it is.

use crate::timeline::Entry;

/// One way that an order can go.
#[derive(Debug)]
pub struct Scenario {
    /// A name for programs.
    pub name: &'static str,
    /// What happens, for people.
    pub title: &'static str,
    /// Whether the payment gateway takes the money.
    pub payment_succeeds: bool,
    /// Stock of the product before the order, which wants [`QUANTITY`].
    pub stock: u32,
    /// The status that the order must end with.
    pub status: &'static str,
    /// The stock that must be left.
    pub stock_left: u32,
    /// What happens with the money.
    pub money: Money,
    /// The steps in order.
    pub steps: &'static [Step],
}

/// What happens with the customer's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Money {
    /// It is taken.
    Charged,
    /// It is never taken.
    NotCharged,
    /// It is taken and given back.
    Refunded,
}

/// How many of the product the order of each scenario wants.
pub const QUANTITY: u32 = 2;

/// What a step's time counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The moment in which the customer sends the order.
    Request,
    /// The start of the workflow's execution.
    Execution,
}

/// One step of a scenario.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// What a person calls it.
    pub label: &'static str,
    /// What its time counts from.
    pub clock: Clock,
    /// The time that the seed gives it, in milliseconds; `None` for a step that the seed doesn't have.
    pub seed_ms: Option<u32>,
    /// Whether it is where things go wrong.
    pub fails: bool,
    /// How it is known.
    pub fact: Fact,
    /// The fact after it, as source and event, that tells what came of it; `None` when it tells that itself.
    pub result: Option<(&'static str, &'static str)>,
}

/// How a step is known to have happened.
#[derive(Debug, Clone, Copy)]
pub enum Fact {
    /// The client sends the request.
    Sent,
    /// The client has the answer.
    Answered,
    /// The first fact of the timeline with this source and event.
    Event(&'static str, &'static str),
    /// The execution enters this state.
    State(&'static str),
}

impl Step {
    /// The step in a timeline, and what came of it in the server's words; `None` for what only the client knows, and
    /// for what did not happen.
    pub fn find<'t>(&self, timeline: &'t [Entry]) -> Option<(&'t Entry, &'t str)> {
        let at = self.fact.position(timeline)?;
        let entry = &timeline[at];
        let result = match self.result {
            None => entry,
            Some((source, event)) => timeline[at..]
                .iter()
                .find(|e| e.source == source && e.event == event)?,
        };
        Some((entry, &result.summary))
    }
}

impl Fact {
    fn position(self, timeline: &[Entry]) -> Option<usize> {
        timeline.iter().position(|entry| match self {
            Self::Sent | Self::Answered => false,
            Self::Event(source, event) => entry.source == source && entry.event == event,
            Self::State(name) => {
                let entered = entry.source == "execution" && entry.event.ends_with("StateEntered");
                entered && entry.detail["name"].as_str() == Some(name)
            }
        })
    }
}

const fn request(seed_ms: u32, label: &'static str, fact: Fact) -> Step {
    Step {
        label,
        clock: Clock::Request,
        seed_ms: Some(seed_ms),
        fails: false,
        fact,
        result: None,
    }
}

const fn state(seed_ms: u32, name: &'static str, source: &'static str, event: &'static str) -> Step {
    Step {
        label: name,
        clock: Clock::Execution,
        seed_ms: Some(seed_ms),
        fails: false,
        fact: Fact::State(name),
        result: Some((source, event)),
    }
}

const fn failing(step: Step) -> Step {
    Step { fails: true, ..step }
}

/// A step that the seed's table leaves out.
const fn ours(step: Step) -> Step {
    Step {
        seed_ms: None,
        ..step
    }
}

/// The scenarios in the seed's order.
pub const SCENARIOS: [Scenario; 3] = [
    Scenario {
        name: "success",
        title: "The order completes",
        payment_succeeds: true,
        stock: 100,
        status: "COMPLETED",
        stock_left: 98,
        money: Money::Charged,
        steps: &[
            request(0, "Customer places the order", Fact::Sent),
            request(100, "Order stored", Fact::Event("order", "PENDING")),
            request(120, "Message queued", Fact::Event("queue", "MessageSent")),
            request(150, "201 answered", Fact::Answered),
            request(
                30_000,
                "Message received",
                Fact::Event("queue", "MessageReceived"),
            ),
            request(30_100, "Order processing", Fact::Event("order", "PROCESSING")),
            request(
                30_300,
                "Notification published",
                Fact::Event("notification", "Published"),
            ),
            request(31_000, "Customer is told", Fact::Event("notification", "Sent")),
            state(0, "ValidateOrder", "execution", "TaskSucceeded"),
            state(500, "ProcessPayment", "payment", "CHARGED"),
            state(1_000, "UpdateInventory", "stock", "TAKEN"),
            state(1_500, "UpdateOrderStatus", "order", "COMPLETED"),
            state(2_000, "SendSuccessNotification", "notification", "Published"),
        ],
    },
    Scenario {
        name: "payment_declined",
        title: "The payment is declined",
        payment_succeeds: false,
        stock: 100,
        status: "FAILED",
        stock_left: 100,
        money: Money::NotCharged,
        steps: &[
            state(0, "ValidateOrder", "execution", "TaskSucceeded"),
            failing(state(500, "ProcessPayment", "payment", "DECLINED")),
            state(700, "CheckPaymentStatus", "execution", "TaskStateEntered"),
            state(800, "PaymentFailed", "notification", "Published"),
            state(1_000, "MarkOrderFailed", "order", "FAILED"),
        ],
    },
    Scenario {
        name: "out_of_stock",
        title: "Out of stock after the payment",
        payment_succeeds: true,
        stock: 1,
        status: "FAILED",
        stock_left: 1,
        money: Money::Refunded,
        steps: &[
            state(500, "ProcessPayment", "payment", "CHARGED"),
            failing(state(1_000, "UpdateInventory", "execution", "TaskFailed")),
            state(1_200, "CompensatePayment", "payment", "REFUNDED"),
            ours(state(0, "SendRefundNotification", "notification", "Published")),
            state(1_700, "MarkOrderFailed", "order", "FAILED"),
        ],
    },
];
