//! What is due goes, what isn't stays, and no step is large.

use ports::clock::Clock;

use super::*;
use crate::timeline::tests::shop::Shop;

/// Runs SQL in a command.
struct Sql(String);

impl Command for Sql {
    type Output = ();

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        tx.connection().execute_batch(&self.0)
    }
}

/// An engine whose tables a test fills by hand. `$now` in SQL is its time, and `rows` a table of the numbers 1 to 600.
struct Store {
    shop: Shop,
}

impl Store {
    async fn open() -> Self {
        Self {
            shop: Shop::closed(5).await,
        }
    }

    async fn write(&self, sql: &str) {
        let now = self.shop.engine.time().now().as_ms().to_string();
        let rows = "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) SELECT i FROM n)";
        let sql = sql
            .replace("$now", &now)
            .replace("rows", rows)
            .replace("$day", &DAY_MS.to_string());
        self.shop.engine.writer().execute(Sql(sql)).await.unwrap();
    }

    fn numbers(&self, sql: &str) -> Vec<i64> {
        let read = |connection: &rusqlite::Connection| -> rusqlite::Result<Vec<i64>> {
            connection
                .prepare(sql)?
                .query_map([], |row| row.get(0))?
                .collect()
        };
        self.shop.engine.readers().read(read).unwrap()
    }

    fn count(&self, table: &str) -> i64 {
        self.numbers(&format!("SELECT count(*) FROM {table}"))[0]
    }

    /// Sweeps once over all tables; returns how many rows each step deleted from `table`, of those that deleted any.
    async fn sweep(&self, table: &str) -> Vec<i64> {
        let mut sweeper = Sweeper::new(Retention::default());
        let mut steps = Vec::new();
        loop {
            let before = self.count(table);
            let progress = sweeper.step(&self.shop.engine).await.unwrap();
            steps.extend(Some(before - self.count(table)).filter(|deleted| *deleted > 0));
            if progress == Progress::RoundOver {
                return steps;
            }
        }
    }
}

#[tokio::test]
async fn idempotency_records_go_when_they_expire_in_small_steps() {
    let store = Store::open().await;
    store
        .write(
            "INSERT INTO idempotency SELECT i, randomblob(32), x'00', 1, $now - 600 + i FROM rows;
             INSERT INTO idempotency VALUES (601, x'01', x'00', 1, $now + 1)",
        )
        .await;
    assert_eq!(store.sweep("idempotency").await, [256, 344]);
    assert_eq!(store.numbers("SELECT seq FROM idempotency"), [601]);
}

#[tokio::test]
async fn steps_grow_while_all_that_they_look_at_is_due_and_never_beyond_their_bound() {
    let store = Store::open().await;
    for part in 0..5 {
        store
            .write(&format!(
                "INSERT INTO idempotency SELECT {part} * 600 + i, randomblob(32), x'00', 1, $now FROM rows"
            ))
            .await;
    }
    // Something young among the third step's rows: the fourth is a small one again.
    store
        .write("UPDATE idempotency SET expires_at = $now + 1 WHERE seq = 1000")
        .await;
    assert_eq!(store.sweep("idempotency").await, [256, 512, 1_023, 256, 512, 440]);
    store.write("UPDATE idempotency SET expires_at = $now").await;
    assert_eq!(store.sweep("idempotency").await, [1]);
}

/// A table that fills as fast as it is swept doesn't keep the sweeper from the others.
#[tokio::test]
async fn what_falls_due_during_a_round_is_the_next_ones() {
    let store = Store::open().await;
    store
        .write(
            "INSERT INTO idempotency SELECT i, randomblob(32), x'00', 1, $now + 1000 * (i / 100) FROM rows",
        )
        .await;
    let mut sweeper = Sweeper::new(Retention::default());
    let mut left = Vec::new();
    for _ in 0..3 {
        while sweeper.step(&store.shop.engine).await.unwrap() != Progress::RoundOver {
            store.shop.time.advance(Duration::from_millis(500));
        }
        left.push(store.count("idempotency"));
    }
    assert_eq!(left[0], 600 - 99, "what was due when the round began");
    assert!(left[2] < left[0], "and the rest later: {left:?}");
}

/// Orders are kept; all else that a shop writes is there for a bounded time, and its room is used again.
#[tokio::test]
async fn the_data_directory_stays_bounded_under_a_flow_of_orders() {
    const ORDERS_A_DAY: usize = 20;
    const TABLES: [&str; 6] = [
        "idempotency",
        "changes",
        "messages",
        "outbox",
        "executions",
        "holds",
    ];
    let shop = Shop::open(100_000, crate::timeline::tests::shop::Trouble::None).await;
    let store = Store { shop };
    let kept = Retention {
        executions_ms: 2 * DAY_MS,
        outbox_ms: 2 * DAY_MS,
        ..Retention::default()
    };
    let mut days: Vec<(Vec<i64>, i64)> = Vec::new();
    for _ in 0..14 {
        for _ in 0..ORDERS_A_DAY {
            store.shop.place().await;
        }
        store.shop.engine.settled().await.unwrap();
        store.shop.time.advance(Duration::from_secs(24 * 60 * 60));
        let mut sweeper = Sweeper::new(kept);
        while sweeper.step(&store.shop.engine).await.unwrap() != Progress::RoundOver {}
        let counts = TABLES.iter().map(|table| store.count(table)).collect();
        days.push((
            counts,
            store.numbers("SELECT page_count FROM pragma_page_count")[0],
        ));
    }
    let (counts, pages): (Vec<_>, Vec<_>) = days.into_iter().unzip();
    assert!(
        counts[5].iter().any(|count| *count > 0),
        "something is kept: {counts:?}"
    );
    assert!(counts[5..].iter().all(|day| *day == counts[5]), "{counts:?}");
    let orders = store.count("orders") as usize;
    assert_eq!(orders, 14 * ORDERS_A_DAY);
    // What is new of the later days is the orders themselves: a kilobyte and a half each, with their indexes, at most.
    let grown = (pages[13] - pages[5]) * 4096;
    assert!(grown <= (8 * ORDERS_A_DAY as i64) * 1_536, "{pages:?}");
}

#[tokio::test]
async fn changes_go_after_a_day_but_not_before_their_followers_nor_the_newest() {
    let store = Store::open().await;
    store
        .write(
            "INSERT INTO changes (seq, order_key, at, new_status, new_updated_at)
               SELECT i, 1, $now - $day - 600 + i, 0, 0 FROM rows",
        )
        .await;
    store.sweep("changes").await;
    assert_eq!(store.count("changes"), 600, "nobody has followed yet");
    let follower = store.shop.engine.names().id("consumer", "order-analytics");
    store
        .write(&format!(
            "INSERT INTO checkpoints VALUES ({follower}, 400), (-7, 1)"
        ))
        .await;
    store.sweep("changes").await;
    assert_eq!(store.numbers("SELECT min(seq) FROM changes"), [401]);
    store
        .write(&format!(
            "UPDATE checkpoints SET seq = 600 WHERE consumer = {follower}"
        ))
        .await;
    store.sweep("changes").await;
    assert_eq!(store.numbers("SELECT seq FROM changes"), [600]);
    store.write("INSERT INTO changes (seq, order_key, at, new_status, new_updated_at) VALUES (601, 1, $now, 0, 0)").await;
    store
        .write(&format!(
            "UPDATE checkpoints SET seq = 601 WHERE consumer = {follower}"
        ))
        .await;
    store.sweep("changes").await;
    assert_eq!(store.numbers("SELECT seq FROM changes"), [601]);
}

#[tokio::test]
async fn messages_go_after_their_queues_retention_and_dead_letters_are_kept_from_when_they_died() {
    let store = Store::open().await;
    let id = |name| store.shop.engine.names().id("queue", name);
    let (queue, dead) = (id("OrderProcessingQueue"), id("OrderProcessingDLQ"));
    store
        .write(&format!(
            "INSERT INTO messages (seq, queue, body, trace, sent_at, visible_at, source) VALUES
               (1, {queue}, '', '', $now - 14 * $day, $now, NULL),
               (2, {queue}, '', '', $now - 14 * $day + 1, $now, NULL),
               (3, {dead}, '', '', $now - 20 * $day, $now - 14 * $day, 'queue:Q'),
               (4, {dead}, '', '', $now - 20 * $day, $now - 14 * $day + 1, 'queue:Q'),
               (5, 999, '', '', 0, 0, NULL)"
        ))
        .await;
    store.sweep("messages").await;
    assert_eq!(store.numbers("SELECT seq FROM messages ORDER BY seq"), [2, 4, 5]);
}

#[tokio::test]
async fn the_outbox_keeps_two_weeks() {
    let store = Store::open().await;
    store
        .write(
            "INSERT INTO outbox SELECT i, 'k' || i, 1, 'email', 'r', 's', 'b', 't', $now - 14 * $day - 500 + i FROM rows",
        )
        .await;
    store.sweep("outbox").await;
    assert_eq!(store.numbers("SELECT min(seq) FROM outbox"), [501]);
}

#[tokio::test]
async fn executions_go_with_their_journal_and_what_still_runs_stays() {
    let store = Store::open().await;
    store
        .write(
            "INSERT INTO executions (key, machine, name, definition, status, input, trace, started_at, stopped_at)
               SELECT i, 1, 'e' || i, 1, 1, '', '', $now - 91 * $day, $now - 90 * $day FROM rows;
             UPDATE executions SET status = 0, stopped_at = NULL WHERE key <= 300;
             UPDATE executions SET stopped_at = $now - 89 * $day, status = 2 WHERE key = 301;
             INSERT INTO journal SELECT i, 0, '[]', 1 FROM rows",
        )
        .await;
    store.sweep("executions").await;
    let left: Vec<i64> = (1..=301).collect();
    assert_eq!(store.numbers("SELECT key FROM executions ORDER BY key"), left);
    assert_eq!(
        store.numbers("SELECT execution FROM journal ORDER BY execution"),
        left
    );
}

#[tokio::test]
async fn holds_of_orders_that_ended_go_with_their_executions() {
    let store = Store::open().await;
    let shift = 1 << 15;
    store
        .write(&format!(
            "INSERT INTO orders (key, id, status, customer, placed, updated_at)
               SELECT ($now - 91 * $day) * {shift} + i, x'', 2, '', x'', 0 FROM rows;
             INSERT INTO holds SELECT key, '[]', $now - 91 * $day, NULL FROM orders;
             UPDATE orders SET status = 1 WHERE key % {shift} = 7;
             UPDATE holds SET released_at = $now - 89 * $day WHERE order_key % {shift} = 8;
             INSERT INTO orders (key, id, status, customer, placed, updated_at)
               VALUES (($now - 89 * $day) * {shift} + 9, x'', 2, '', x'', 0);
             INSERT INTO holds VALUES (($now - 89 * $day) * {shift} + 9, '[]', $now - 89 * $day, NULL)"
        ))
        .await;
    store.sweep("holds").await;
    assert_eq!(
        store.numbers("SELECT order_key % 32768 FROM holds ORDER BY order_key"),
        [7, 8, 9]
    );
}

#[tokio::test]
async fn counts_of_long_past_periods_go() {
    let store = Store::open().await;
    store
        .write("INSERT INTO usage VALUES ('a', $now - 400 * $day, 1), ('b', $now - 400 * $day, 1), ('a', $now - 399 * $day, 1)")
        .await;
    store.sweep("usage").await;
    assert_eq!(store.count("usage"), 1);
}

#[tokio::test]
async fn it_runs_by_itself_while_the_engine_does() {
    let shop = Shop::open(5, crate::timeline::tests::shop::Trouble::None).await;
    let store = Store { shop };
    store
        .write("INSERT INTO idempotency SELECT i, randomblob(32), x'00', 1, $now + 1 FROM rows")
        .await;
    store
        .shop
        .until(async |_| {
            store.shop.time.advance(Duration::from_secs(61));
            store.count("idempotency") == 0
        })
        .await;
}
