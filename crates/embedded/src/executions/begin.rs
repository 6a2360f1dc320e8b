//! Beginning an order: PENDING to PROCESSING, its notification and the start of its execution, in one transaction.

use std::sync::Arc;

use domain::{Amount, Currency, OrderId, OrderStatus, PlacedOrder, Timestamp};
use ports::StoreError;
use ports::clock::Clock;
use ports::processing::{BeginError, BeginOrder, BeginProcessing, Begun};
use serde::Serialize;

use super::finish::note_finished;
use super::journal::{Entries, Finish};
use super::run::{Identity, Segment};
use super::{Handed, ReadyExecution};
use crate::Engine;
use crate::observe::spans;
use crate::orders::{Changed, Found, OrderRow, change_order};
use crate::topic::{Attribute, Attributes, Publication, publish};
use crate::tx::{Notice, Tx};
use crate::writer::Command;

/// How often to look at an order again that changed under our hands.
const MAX_LOOKS: usize = 3;

impl BeginProcessing for Engine {
    async fn begin_processing(&self, orders: Vec<BeginOrder>) -> Vec<Result<Begun, BeginError>> {
        let mut answers: Vec<Option<Result<Begun, BeginError>>> = orders.iter().map(|_| None).collect();
        for _ in 0..MAX_LOOKS {
            let mut waiting = Vec::new();
            let open: Vec<OrderId> = orders
                .iter()
                .zip(&answers)
                .filter(|(_, answer)| answer.is_none())
                .map(|(order, _)| order.order_id)
                .collect();
            let mut rows = self.order_rows_of(&open).into_iter();
            for (at, (order, answer)) in orders.iter().zip(&mut answers).enumerate() {
                if answer.is_some() {
                    continue;
                }
                match look(self, order, rows.next().unwrap_or(Ok(None))) {
                    Ok(Look::Begin(row)) => waiting.push((at, *row)),
                    Ok(Look::Nothing(begun)) => *answer = Some(Ok(begun)),
                    Err(error) => *answer = Some(Err(error)),
                }
            }
            if waiting.is_empty() {
                break;
            }
            self.begin_rows(&orders, waiting, &mut answers).await;
        }
        answers
            .into_iter()
            .zip(&orders)
            .map(|(answer, order)| {
                answer.unwrap_or(Err(BeginError::Store {
                    id: order.order_id,
                    source: StoreError::Busy,
                }))
            })
            .collect()
    }
}

impl Engine {
    async fn begin_rows(
        &self,
        orders: &[BeginOrder],
        waiting: Vec<(usize, BeginRow)>,
        answers: &mut [Option<Result<Begun, BeginError>>],
    ) {
        // An execution that is over with its first steps is nobody else's to count.
        let over: Vec<Option<(Arc<Identity>, Finish)>> = waiting
            .iter()
            .map(|(_, row)| Some((Arc::clone(&row.identity), row.finish.clone()?)))
            .collect();
        let (places, rows): (Vec<usize>, Vec<BeginRow>) = waiting.into_iter().unzip();
        let starting: Vec<_> = rows
            .iter()
            .map(|row| spans::begin_start(self, &row.identity, row.publication.as_ref()))
            .collect();
        let machine = self.executor().machine();
        let command = BeginRows {
            machine: machine.id,
            definition: machine.current.id,
            rows,
        };
        let begun = self.writer().execute(command).await;
        starting.into_iter().for_each(|start| start.end(&begun));
        match begun {
            Ok(begun) => {
                let started = begun.iter().filter(|begun| **begun).count();
                self.metrics().count(
                    "ExecutionsStarted",
                    &[("StateMachineArn", &machine.arn)],
                    started as u64,
                );
                for ((at, begun), over) in places.into_iter().zip(begun).zip(over) {
                    // One that changed meanwhile is looked at again.
                    answers[at] = begun.then_some(Ok(Begun::Started));
                    if let Some((identity, finish)) = over.filter(|_| begun) {
                        note_finished(self, &identity, &finish);
                    }
                }
            }
            Err(StoreError::Failed(_)) if places.len() > 1 => self.begin_each(orders, places, answers).await,
            Err(source) => {
                for at in places {
                    let id = orders[at].order_id;
                    answers[at] = Some(Err(BeginError::Store {
                        id,
                        source: source.clone(),
                    }));
                }
            }
        }
    }

    /// Begins each by itself: one of them may be what the store can't write, and no other shall fail with it.
    async fn begin_each(
        &self,
        orders: &[BeginOrder],
        places: Vec<usize>,
        answers: &mut [Option<Result<Begun, BeginError>>],
    ) {
        for at in places {
            let found = self.order_row_of(orders[at].order_id);
            match look(self, &orders[at], found) {
                Ok(Look::Begin(row)) => Box::pin(self.begin_rows(orders, vec![(at, *row)], answers)).await,
                Ok(Look::Nothing(begun)) => answers[at] = Some(Ok(begun)),
                Err(error) => answers[at] = Some(Err(error)),
            }
        }
    }
}

enum Look {
    Begin(Box<BeginRow>),
    Nothing(Begun),
}

/// Looks at the order as it was found, and prepares its beginning.
fn look(engine: &Engine, order: &BeginOrder, found: Found) -> Result<Look, BeginError> {
    let id = order.order_id;
    let store = |source| BeginError::Store { id, source };
    let row = found.map_err(store)?.ok_or(BeginError::NotFound(id))?;
    if row.id.created_at() != order.created_at {
        return Err(BeginError::WrongKey {
            id,
            created_at: order.created_at,
        });
    }
    match row.status {
        OrderStatus::Pending => {}
        // The status and the start are one transaction, so where the one is, the other is.
        OrderStatus::Processing => return Ok(Look::Nothing(Begun::AlreadyStarted)),
        OrderStatus::Completed | OrderStatus::Failed | OrderStatus::Cancelled => {
            return Ok(Look::Nothing(Begun::Ended));
        }
    }
    let placed = row.placed().map_err(|error| store(StoreError::failed(error)))?;
    let now = engine.time().now();
    let changed = Changed {
        status: OrderStatus::Processing,
        updated_at: now,
        attributes: row.attributes.clone(),
        needs_attention: false,
    };
    let began = changed.row(&row);
    let name = id.to_string();
    let created_at = order.created_at.to_string();
    let input = [
        ("orderId", name.as_str().into()),
        ("createdAt", created_at.as_str().into()),
        ("traceId", placed.trace_id.as_str().into()),
    ];
    let text = input_text(&name, &created_at, &placed.trace_id);
    let identity = Identity::new(name, text, placed.trace_id.as_str().into(), now);
    let publication = notification(engine, placed, OrderStatus::Processing, now);
    let segment = Segment::start(engine, identity, input.into(), Some(&began));
    let finish = segment.finish();
    let row = BeginRow {
        changed,
        publication,
        entries: segment.entries(),
        last_event_id: segment.last_event_id(),
        finish,
        identity: Arc::clone(&segment.run().identity),
        run: Handed::new(segment.committed()),
        row,
    };
    Ok(Look::Begin(Box::new(row)))
}

/// What an execution begins with, as JSON. An id, a time and a trace id hold nothing that would have to be escaped.
fn input_text(order_id: &str, created_at: &str, trace_id: &str) -> String {
    let ends = r#""}"#;
    let (before_time, before_trace) = (r#"","createdAt":""#, r#"","traceId":""#);
    [
        r#"{"orderId":""#,
        order_id,
        before_time,
        created_at,
        before_trace,
        trace_id,
        ends,
    ]
    .concat()
}

/// The body of [`notification`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'p> {
    order_id: OrderId,
    created_at: Timestamp,
    status: OrderStatus,
    customer_id: &'p str,
    total_amount: Amount,
    currency: Currency,
    trace_id: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_email: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_phone: Option<&'p str>,
}

/// What the topic tells of an order that came to this status.
pub(crate) fn notification(
    engine: &Engine,
    placed: &PlacedOrder,
    status: OrderStatus,
    at: Timestamp,
) -> Option<Publication> {
    let message = Message {
        order_id: placed.order_id,
        created_at: placed.created_at,
        status,
        customer_id: placed.customer_id.as_str(),
        total_amount: placed.total_amount,
        currency: placed.currency,
        trace_id: &placed.trace_id,
        customer_email: placed.customer_email.as_deref(),
        customer_phone: placed.customer_phone.as_deref(),
    };
    // Its members are texts and numbers, which always have a JSON text.
    let body = serde_json::to_string(&message).unwrap_or_default();
    let status = Attribute {
        data_type: "String".into(),
        string_value: status.as_str().into(),
    };
    let attributes = Attributes::from([("status".to_owned(), status)]);
    let topic = &engine.settings().notification_topic;
    Publication::new(
        engine,
        topic,
        None,
        body,
        attributes,
        placed.trace_id.as_str().into(),
        at,
    )
}

/// One order to begin.
struct BeginRow {
    row: Arc<OrderRow>,
    changed: Changed,
    publication: Option<Publication>,
    entries: Entries,
    last_event_id: i64,
    finish: Option<Finish>,
    identity: Arc<Identity>,
    run: Handed,
}

struct BeginRows {
    machine: i64,
    definition: i64,
    rows: Vec<BeginRow>,
}

impl Command for BeginRows {
    /// For each order whether it was begun; if not, it changed since it was looked at.
    type Output = Vec<bool>;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Vec<bool>> {
        let mut begun = Vec::with_capacity(self.rows.len());
        for at in 0..self.rows.len() {
            begun.push(self.begin(tx, at)?);
        }
        Ok(begun)
    }
}

impl BeginRows {
    fn begin(&mut self, tx: &mut Tx<'_>, at: usize) -> rusqlite::Result<bool> {
        let row = &self.rows[at];
        if change_order(tx, &row.row, &row.changed, row.changed.updated_at)?.is_none() {
            return Ok(false);
        }
        let key = tx.next(|counters| &mut counters.execution);
        let identity = &row.identity;
        // Until it has stopped, another time stands in the place of that: so its row never outgrows its page.
        let (status, stopped_at) = row
            .finish
            .as_ref()
            .map_or((0, identity.started_at), |f| (f.status, f.at));
        tx.prepare(
            "INSERT INTO executions (key, machine, name, definition, status, input, trace, started_at, stopped_at,
                                     error, cause, events, last_event_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute((
            key,
            self.machine,
            &identity.name,
            self.definition,
            status,
            &identity.input,
            &identity.trace,
            identity.started_at.as_ms(),
            stopped_at.as_ms(),
            row.finish.as_ref().and_then(|f| f.error.as_deref()),
            row.finish.as_ref().and_then(|f| f.cause.as_deref()),
            &row.entries,
            row.last_event_id,
        ))?;
        if let Some(publication) = &row.publication {
            publish(tx, publication)?;
        }
        if row.finish.is_none() {
            tx.notify(Notice::Execution(ReadyExecution::Loaded(key, row.run.clone())));
        }
        Ok(true)
    }
}
