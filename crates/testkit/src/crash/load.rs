//! Customers who place orders without end, ask again when they hear nothing, and change their minds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use domain::OrderId;
use serde_json::{Value, json};

use super::chance::Chance;
use super::http::{Answer, Http, NoAnswer};

/// What is sold, and how much of it there is at first: plenty of one, too little of the other.
pub(super) const SHELVES: [(&str, i64); 2] = [("CRASH-PLENTY", 1_000_000), ("CRASH-SCARCE", 40)];

/// What the customers have heard.
#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    /// Answered 201, in order.
    pub(super) placed: Vec<OrderId>,
    /// Which order each customer has whose request had an idempotency key.
    pub(super) keyed: BTreeMap<String, OrderId>,
    /// How many answers had each status.
    pub(super) answers: BTreeMap<u16, u64>,
    /// How many requests got no answer.
    pub(super) unanswered: u64,
    /// Answers that may not be.
    pub(super) wrong: Vec<String>,
}

/// Where the server is, as far as customers know.
#[derive(Debug, Default)]
struct Address {
    url: Option<String>,
    /// Goes up with each change.
    epoch: u64,
    closed: bool,
}

/// All customers together.
pub(super) struct Crowd {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    address: Mutex<Address>,
    changed: Condvar,
    book: Mutex<Book>,
    /// Customers so far: each order has one of its own.
    customers: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Crowd {
    /// Starts this many customers at a time; they wait until there is a server.
    pub(super) fn start(count: usize, key: &str, seed: u64) -> Self {
        let shared = Arc::new(Shared {
            address: Mutex::default(),
            changed: Condvar::new(),
            book: Mutex::default(),
            customers: AtomicU64::new(0),
        });
        let threads = (0..count as u64)
            .map(|number| {
                let (shared, http) = (Arc::clone(&shared), Http::new(key));
                let chance = Chance::new(seed ^ (number + 1).wrapping_mul(0x00d6_e8fe_b866_59fd));
                std::thread::spawn(move || shared.buy(&http, chance))
            })
            .collect();
        Self { shared, threads }
    }

    /// Tells them where the server is; `None` when it is gone.
    pub(super) fn tell(&self, url: Option<String>) {
        let mut address = lock(&self.shared.address);
        address.url = url;
        address.epoch += 1;
        self.shared.changed.notify_all();
    }

    /// What they have heard so far.
    pub(super) fn book(&self) -> Book {
        lock(&self.shared.book).clone()
    }

    /// Places no new orders, finishes asking for those that had no answer, and returns what they heard.
    pub(super) fn close(mut self) -> Book {
        lock(&self.shared.address).closed = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                lock(&self.shared.book)
                    .wrong
                    .push("a customer panicked".to_owned());
            }
        }
        self.book()
    }
}

/// An order that somebody wants.
struct Draft {
    customer: String,
    body: Value,
    key: Option<String>,
    changes_mind: bool,
}

impl Draft {
    fn new(customer: u64, chance: &mut Chance) -> Self {
        let (product, _) = SHELVES[usize::from(chance.once_in(6))];
        let quantity = chance.between(1, 4);
        let customer = format!("CUST-{customer}");
        let mut body = json!({
            "customerId": customer,
            "items": [{"productId": product, "quantity": quantity, "price": 10}],
            "customerEmail": "crash@example.com",
        });
        if chance.once_in(4) {
            body["customerPhone"] = "+4912345678".into();
        }
        Self {
            key: chance.once_in(2).then(|| format!("key-of-{customer}")),
            changes_mind: chance.once_in(10),
            customer,
            body,
        }
    }
}

/// What a customer does next.
enum Next {
    /// Something else.
    Done,
    /// Asks the same again at once.
    Again,
    /// Waits until the server is back, and asks the same again if that can do no harm.
    Wait { again: bool },
}

impl Shared {
    fn buy(&self, http: &Http, mut chance: Chance) {
        let mut epoch = 0;
        let mut open: Option<Draft> = None;
        while let Some((url, seen)) = self.server_after(epoch, open.is_some()) {
            let customers = &self.customers;
            let draft = open
                .take()
                .unwrap_or_else(|| Draft::new(customers.fetch_add(1, Ordering::Relaxed), &mut chance));
            let answer = http.post(&format!("{url}/orders"), &draft.body, draft.key.as_deref());
            match self.note(http, &url, &draft, answer) {
                Next::Done => {}
                Next::Again => open = Some(draft),
                Next::Wait { again } => {
                    open = again.then_some(draft);
                    epoch = seen;
                }
            }
        }
    }

    /// Where the server is, with the number of that news, which is later than `epoch`. `None` when the shop is closed and
    /// nothing is open any more, or nothing will come of it.
    fn server_after(&self, epoch: u64, is_open: bool) -> Option<(String, u64)> {
        let mut address = lock(&self.address);
        loop {
            if address.closed && !is_open {
                return None;
            }
            match &address.url {
                Some(url) if address.epoch > epoch => return Some((url.clone(), address.epoch)),
                Some(_) | None if address.closed => return None,
                Some(_) | None => {}
            }
            address = self.changed.wait(address).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn note(&self, http: &Http, url: &str, draft: &Draft, answer: Result<Answer, NoAnswer>) -> Next {
        let Ok(answer) = answer else {
            lock(&self.book).unanswered += 1;
            // Without a key nobody dares to ask again: it might be a second order.
            return Next::Wait {
                again: draft.key.is_some(),
            };
        };
        let mut book = lock(&self.book);
        *book.answers.entry(answer.status).or_default() += 1;
        match answer.status {
            201 => {
                let id = answer.body["orderId"]
                    .as_str()
                    .and_then(|id| id.parse::<OrderId>().ok());
                let Some(id) = id else {
                    book.wrong
                        .push(format!("a 201 without an order: {}", answer.body));
                    return Next::Done;
                };
                book.placed.push(id);
                if draft.key.is_some() {
                    book.keyed.insert(draft.customer.clone(), id);
                }
                drop(book);
                if draft.changes_mind {
                    self.cancel(http, url, id);
                }
                Next::Done
            }
            // Its first request is still in hand, or there is too much at once.
            409 | 429 | 503 => Next::Again,
            status => {
                book.wrong
                    .push(format!("{status} for an order that is right: {}", answer.body));
                Next::Done
            }
        }
    }

    fn cancel(&self, http: &Http, url: &str, id: OrderId) {
        let answer = http.post(&format!("{url}/orders/{id}/cancel"), &json!({}), None);
        if let Ok(answer) = answer
            && !matches!(answer.status, 200 | 409 | 503)
        {
            lock(&self.book)
                .wrong
                .push(format!("{} for a cancellation: {}", answer.status, answer.body));
        }
    }
}
