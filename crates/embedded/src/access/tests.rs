//! Keys get in until they are revoked, and no count is lost, whatever is rolled back.

use ports::access::QuotaPeriod;
use rusqlite::Connection;

use super::*;
use crate::timeline::tests::shop::{Shop, Trouble};
use crate::tx::Counters;
use crate::writer::Command;

const PLAN: UsagePlan = UsagePlan {
    rate_per_s: Some(100),
    burst: Some(200),
    quota: Some(5000),
    period: QuotaPeriod::Month,
};

fn database() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    crate::schema::migrate(&mut connection).unwrap();
    connection
}

fn apply<C: Command>(connection: &Connection, command: &mut C) -> C::Output {
    command
        .apply(&mut Tx::new(connection, Counters::default()))
        .unwrap()
}

fn insert(connection: &Connection, name: &str, secret: &str, own_plan: Option<UsagePlan>) -> bool {
    let key = ApiKey {
        key_id: format!("key_{name}"),
        name: name.into(),
        role: if name == "admin" {
            Role::Admin
        } else {
            Role::Client
        },
        plan: own_plan.unwrap_or(PLAN),
        created_at: Timestamp::from_ms(5),
    };
    apply(
        connection,
        &mut InsertKey {
            key,
            hash: Sha256::digest(secret).into(),
            own_plan,
        },
    )
}

fn read(connection: &Connection) -> Access {
    Access::read(connection, PLAN).unwrap()
}

#[test]
fn a_key_is_found_by_its_secret_alone() {
    let connection = database();
    let own = UsagePlan {
        rate_per_s: None,
        burst: None,
        quota: None,
        period: QuotaPeriod::Day,
    };
    assert!(insert(&connection, "default", "om_a", None));
    assert!(insert(&connection, "admin", "om_b", Some(own)));
    assert!(!insert(&connection, "admin", "om_c", None));
    let access = read(&connection);
    let found = access.find("om_b").unwrap();
    assert_eq!(
        (found.name.as_str(), found.role, found.plan),
        ("admin", Role::Admin, own)
    );
    assert_eq!(access.find("om_a").unwrap().plan, PLAN);
    assert!(access.find("om_c").is_none());
    assert!(access.find("").is_none());
    let other = UsagePlan {
        rate_per_s: Some(1),
        ..PLAN
    };
    let access = Access::read(&connection, other).unwrap();
    assert_eq!(
        access.find("om_a").unwrap().plan,
        other,
        "the template's plan is the template's at each start"
    );
}

#[test]
fn the_database_holds_no_secret() {
    let connection = database();
    insert(&connection, "default", "om_secret", None);
    let mut statement = connection.prepare("SELECT * FROM api_keys").unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            let bytes = match row.get_ref(column).unwrap() {
                rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                    bytes.to_vec()
                }
                other => format!("{other:?}").into_bytes(),
            };
            assert!(!String::from_utf8_lossy(&bytes).contains("secret"));
        }
    }
}

#[test]
fn a_key_is_deleted_by_name_or_id() {
    let connection = database();
    insert(&connection, "a", "om_a", None);
    insert(&connection, "b", "om_b", None);
    let delete = |name_or_id: &str| {
        apply(
            &connection,
            &mut DeleteKey {
                name_or_id: name_or_id.into(),
                even_last_admin: false,
            },
        )
    };
    assert_eq!(delete("a"), Deleted::Done("key_a".into()));
    assert_eq!(delete("a"), Deleted::Missing);
    assert_eq!(delete("key_b"), Deleted::Done("key_b".into()));
    assert!(read(&connection).find("om_b").is_none());
}

fn now(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What the table holds, after a restart.
fn used_after_restart(connection: &Connection, at: Timestamp) -> u64 {
    let access = read(connection);
    let key = access.find("om_a").unwrap();
    access.counter(&key).unwrap().read(at).used
}

#[test]
fn requests_are_counted_by_period_and_survive_a_restart() {
    let connection = database();
    insert(&connection, "a", "om_a", None);
    let access = read(&connection);
    let counter = access.counter(&access.find("om_a").unwrap()).unwrap();
    let count = |at| access.usage.count(&counter, now(at));
    assert_eq!(count("2026-01-31T23:59:59.999Z").used, 1);
    assert_eq!(count("2026-01-31T23:59:59.999Z").used, 2);
    access
        .flush_usage(&Tx::new(&connection, Counters::default()))
        .unwrap();
    assert_eq!(
        used_after_restart(&connection, now("2026-01-31T23:59:59.999Z")),
        2
    );
    let first = count("2026-02-01T00:00:00Z");
    assert_eq!((first.used, first.resets_at), (1, now("2026-03-01T00:00:00Z")));
    assert_eq!(
        count("2026-01-31T23:59:59Z").used,
        2,
        "a clock that is set back doesn't open the old period again"
    );
    access
        .flush_usage(&Tx::new(&connection, Counters::default()))
        .unwrap();
    assert_eq!(used_after_restart(&connection, now("2026-02-28T00:00:00Z")), 2);
    assert_eq!(used_after_restart(&connection, now("2026-03-01T00:00:00Z")), 0);
}

#[test]
fn another_plans_period_is_not_taken_for_this_ones() {
    let connection = database();
    insert(&connection, "a", "om_a", None);
    let daily = "INSERT INTO usage (key_id, period_start, used) VALUES ('key_a', ?1, 7)";
    connection
        .execute(daily, [now("2026-01-15T00:00:00Z").as_ms()])
        .unwrap();
    assert_eq!(used_after_restart(&connection, now("2026-01-15T01:00:00Z")), 0);
    connection
        .execute(daily, [now("2026-01-01T00:00:00Z").as_ms()])
        .unwrap();
    assert_eq!(used_after_restart(&connection, now("2026-01-15T01:00:00Z")), 7);
}

#[test]
fn a_rollback_loses_no_count() {
    let connection = database();
    insert(&connection, "a", "om_a", None);
    let access = read(&connection);
    let at = now("2026-01-15T00:00:00Z");
    let counter = access.counter(&access.find("om_a").unwrap()).unwrap();
    let in_transaction = |end: &str, write: &dyn Fn(&mut Tx<'_>)| {
        connection.execute_batch("BEGIN").unwrap();
        write(&mut Tx::new(&connection, Counters::default()));
        connection.execute_batch(end).unwrap();
    };
    access.usage.count(&counter, at);
    in_transaction("ROLLBACK", &|tx| access.flush_usage(tx).unwrap());
    assert_eq!(used_after_restart(&connection, at), 0);
    in_transaction("COMMIT", &|tx| access.flush_usage(tx).unwrap());
    assert_eq!(used_after_restart(&connection, at), 0, "nothing changed since");

    // The count each second writes whatever no commit is known to hold.
    let write_all = || usage::WriteCounts::of(vec![Arc::clone(&counter)]);
    in_transaction("ROLLBACK", &|tx| drop(write_all().unwrap().apply(tx).unwrap()));
    in_transaction("COMMIT", &|tx| {
        write_all()
            .unwrap()
            .apply(tx)
            .unwrap()
            .into_iter()
            .for_each(usage::Written::confirm);
    });
    assert_eq!(used_after_restart(&connection, at), 1);
    assert!(write_all().is_none());
}

#[test]
fn counts_of_many_threads_add_up() {
    let connection = database();
    insert(&connection, "a", "om_a", None);
    let access = read(&connection);
    let counter = access.counter(&access.find("om_a").unwrap()).unwrap();
    let at = now("2026-01-15T00:00:00Z");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1000 {
                    access.usage.count(&counter, at);
                }
            });
        }
        for _ in 0..100 {
            access
                .flush_usage(&Tx::new(&connection, Counters::default()))
                .unwrap();
        }
    });
    access
        .flush_usage(&Tx::new(&connection, Counters::default()))
        .unwrap();
    assert_eq!(used_after_restart(&connection, at), 4000);
}

#[test]
fn random_bytes_differ() {
    assert_ne!(
        random::<SECRET_BYTES>().unwrap(),
        random::<SECRET_BYTES>().unwrap()
    );
    assert_eq!(URL_SAFE_NO_PAD.encode([0xff; SECRET_BYTES]).len(), 43);
}

#[tokio::test]
async fn a_key_gets_in_from_when_it_is_made_until_it_is_revoked() {
    let shop = Shop::closed(1).await;
    let engine = &shop.engine;
    let (key, secret) = engine
        .create_key("till".into(), Role::Client, None)
        .await
        .unwrap();
    assert!(secret.starts_with("om_") && secret.len() == 46, "{secret}");
    assert_eq!(*engine.authenticate(&secret).unwrap(), key);
    assert_eq!(key.plan, engine.settings().usage_plan);
    let again = engine
        .create_key("till".into(), Role::Admin, None)
        .await
        .unwrap_err();
    assert!(matches!(again, CreateKeyError::NameTaken(name) if name == "till"));
    assert_eq!(
        engine
            .ensure_key("till", Role::Admin, None, |_| Err(StoreError::Busy))
            .await
            .unwrap(),
        None
    );
    let lost = engine
        .ensure_key("admin", Role::Admin, None, |_| Err(StoreError::Busy))
        .await;
    assert!(
        matches!(lost, Err(StoreError::Busy)),
        "a secret that isn't kept makes no key"
    );
    let kept = |_: &str| Ok::<(), StoreError>(());
    let admin = engine
        .ensure_key("admin", Role::Admin, None, kept)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(engine.authenticate(&admin).unwrap().role, Role::Admin);
    let names: Vec<String> = engine
        .list_keys()
        .await
        .unwrap()
        .into_iter()
        .map(|key| key.name)
        .collect();
    assert_eq!(names, ["admin", "till"]);

    let used = engine.count_request(&key, engine.time().now());
    engine.revoke_key("till".into()).await.unwrap();
    assert!(engine.authenticate(&secret).is_none());
    let again = engine.revoke_key("till".into()).await.unwrap_err();
    assert!(matches!(again, RevokeKeyError::NotFound(name) if name == "till"));
    assert_eq!(engine.usage(&key, engine.time().now()).used, 0);
    assert_eq!(used.used, 1);
    assert!(
        engine
            .ensure_key("till", Role::Client, None, kept)
            .await
            .unwrap()
            .is_some(),
        "its name is free again"
    );
}

#[tokio::test]
async fn of_two_admin_keys_revoked_side_by_side_one_stays() {
    let shop = Shop::closed(1).await;
    let engine = &shop.engine;
    for (name, role) in [("one", Role::Admin), ("two", Role::Admin), ("till", Role::Client)] {
        engine.create_key(name.into(), role, None).await.unwrap();
    }
    let (one, two) = tokio::join!(engine.revoke_key("one".into()), engine.revoke_key("two".into()));
    let refused: Vec<_> = [one, two].into_iter().filter_map(Result::err).collect();
    assert!(matches!(refused[..], [RevokeKeyError::LastAdmin]), "{refused:?}");
    let admins = || async {
        let keys = engine.list_keys().await.unwrap().into_iter();
        keys.filter(|key| key.role == Role::Admin).collect::<Vec<_>>()
    };
    let left = admins().await;
    assert_eq!(left.len(), 1);

    engine.revoke_key("till".into()).await.unwrap();
    for name_or_id in [&left[0].name, &left[0].key_id] {
        let refused = engine.revoke_key(name_or_id.clone()).await;
        assert!(matches!(refused, Err(RevokeKeyError::LastAdmin)), "{refused:?}");
    }
    assert!(engine.discard_key(left[0].name.clone()).await.unwrap());
    assert!(!engine.discard_key(left[0].name.clone()).await.unwrap());
    assert_eq!(admins().await, []);
}

#[tokio::test]
async fn a_count_is_durable_once_it_is_flushed() {
    let shop = Shop::closed(1).await;
    let engine = &shop.engine;
    let (key, _) = engine
        .create_key("till".into(), Role::Client, None)
        .await
        .unwrap();
    let now = engine.time().now();
    let durable = || {
        let read = |connection: &Connection| {
            connection.query_row("SELECT coalesce(sum(used), 0) FROM usage", [], |row| {
                row.get::<_, u64>(0)
            })
        };
        engine.readers().read(read).unwrap()
    };
    engine.count_request(&key, now);
    assert_eq!(durable(), 0);
    engine.flush_usage().await.unwrap();
    assert_eq!(durable(), 1);
    engine.count_request(&key, now);
    shop.place().await;
    assert_eq!(durable(), 2, "an order takes the count along");
    let commits = engine
        .writer_stats()
        .commits
        .load(std::sync::atomic::Ordering::Relaxed);
    engine.flush_usage().await.unwrap();
    engine.flush_usage().await.unwrap();
    let after = engine
        .writer_stats()
        .commits
        .load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(
        after - commits,
        1,
        "what is known to be durable is not written again"
    );
}

#[tokio::test]
async fn a_count_is_durable_a_second_later_whether_or_not_anybody_orders() {
    let shop = Shop::open(1, Trouble::None).await;
    let (key, _) = shop
        .engine
        .create_key("till".into(), Role::Client, None)
        .await
        .unwrap();
    shop.engine.count_request(&key, shop.engine.time().now());
    shop.until(async |engine| {
        shop.time.advance(std::time::Duration::from_secs(1));
        let read = |connection: &Connection| {
            connection.query_row("SELECT count(*) FROM usage WHERE used = 1", [], |row| {
                row.get::<_, i64>(0)
            })
        };
        engine.readers().read(read).unwrap() == 1
    })
    .await;
}
