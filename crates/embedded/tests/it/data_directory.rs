//! Directories that can't be opened: each is told apart, says what to do, and is left as it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use embedded::{Engine, OpenError, Settings};
use ports::operations::Operations;
use ports::orders::{CancelOrder, OrderFilter, OrderQueries};
use rusqlite::Connection;

use crate::support::{Calls, NoMetrics, Setup, causes, handlers, until};

const DATABASE: &str = "ordermill.db";

/// Every file that says something, with its content: not the lock, nor what SQLite shares between its connections.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for file in fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let content = fs::read(path).unwrap();
        if !content.is_empty() && !name.ends_with("-shm") {
            files.insert(name, content);
        }
    }
    files
}

/// Opens the directory in vain and checks that it is as it was. What was told, with the directory written `DIR`.
async fn refused(setup: &Setup) -> String {
    let before = files(setup.dir());
    let told = causes(&setup.try_open().await.unwrap_err());
    let after = files(setup.dir());
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    assert!(before == after, "a file was changed");
    told.replace(setup.dir().to_str().unwrap(), "DIR")
}

/// A directory that an engine has worked in.
async fn used() -> Setup {
    let running = Setup::new().open().await;
    running.place().await;
    running.close().await
}

fn sql(dir: &Path, sql: &str) {
    let connection = Connection::open(dir.join(DATABASE)).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[tokio::test]
async fn a_directory_that_another_engine_has() {
    let running = Setup::new().open().await;
    let order = running.place().await;
    let told = causes(&running.setup.try_open().await.unwrap_err());
    let dir = running.setup.dir().display().to_string();
    assert_eq!(
        told.replace(&dir, "DIR"),
        "the data directory DIR is in use by another ordermill: stop that one, or choose another with --data"
    );
    // The one that has it works on, and when it is done the directory is free.
    running.place().await;
    let running = running.close().await.open().await;
    assert_eq!(running.messages("OrderProcessingQueue").await.len(), 2);
    assert!(
        running.messages("OrderProcessingQueue").await[0]
            .body
            .contains(&order.to_string())
    );
}

#[tokio::test]
async fn a_directory_that_was_killed_is_free_at_once() {
    let running = Setup::new().open().await;
    running.engine.stop(Duration::ZERO).await;
    running.setup.try_open().await.unwrap();
}

async fn open(dir: &Path) -> OpenError {
    let settings = Settings {
        data_dir: dir.to_owned(),
        ..Setup::new().settings()
    };
    Engine::open(settings, Arc::new(NoMetrics)).await.unwrap_err()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_directory_that_nobody_may_write_to() {
    // Not even root makes a file there, which can't be said of a directory without write permission.
    let refused = open(Path::new("/proc/self")).await;
    assert!(matches!(refused, OpenError::Directory { .. }), "{refused:?}");
    assert_eq!(
        refused.to_string(),
        "the data directory /proc/self can't be used: make sure that it exists and that you may write to it"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_directory_without_write_permission() {
    use std::os::unix::fs::PermissionsExt;

    let setup = used().await;
    let allow = |mode| fs::set_permissions(setup.dir(), fs::Permissions::from_mode(mode)).unwrap();
    let before = files(setup.dir());
    fs::remove_file(setup.dir().join("lock")).unwrap();
    allow(0o555);
    let is_root = fs::write(setup.dir().join("probe"), "").is_ok();
    let opened = setup.try_open().await;
    allow(0o755);
    if !is_root {
        assert!(matches!(opened, Err(OpenError::Directory { .. })), "{opened:?}");
        assert!(before == files(setup.dir()));
    }
}

#[tokio::test]
async fn a_path_that_is_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "mine").unwrap();
    for path in [&path, &path.join("below")] {
        let refused = open(path).await;
        assert!(matches!(refused, OpenError::Directory { .. }), "{refused:?}");
    }
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}

#[tokio::test]
async fn a_file_that_is_no_database() {
    let setup = Setup::new();
    fs::write(
        setup.dir().join(DATABASE),
        "these are my notes, not a database\n".repeat(100),
    )
    .unwrap();
    assert_eq!(
        refused(&setup).await,
        "DIR/ordermill.db is not a database, or is damaged: move it away, or restore a backup"
    );
}

#[tokio::test]
async fn a_database_whose_first_page_is_damaged() {
    let setup = used().await;
    let path = setup.dir().join(DATABASE);
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..2_000].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    assert_eq!(
        refused(&setup).await,
        "DIR/ordermill.db is not a database, or is damaged: move it away, or restore a backup"
    );
}

#[tokio::test]
async fn a_database_of_a_newer_version() {
    let setup = used().await;
    sql(setup.dir(), "PRAGMA user_version = 999");
    let told = refused(&setup).await;
    let (first, cause) = told.split_once('\n').unwrap();
    assert_eq!(first, "DIR/ordermill.db can't be used");
    assert!(
        cause.starts_with("the database has schema version 999, this program knows versions up to "),
        "{cause}"
    );
    assert!(cause.ends_with(": use a newer ordermill"), "{cause}");
}

/// An order is not shown, or worked on, as if what was set on it had never been.
#[tokio::test]
async fn an_order_whose_attributes_are_damaged() {
    let setup = used().await;
    sql(setup.dir(), "UPDATE orders SET attributes = '{\"attention\":'");
    let running = setup.open().await;
    let listed = running.engine.list_orders(OrderFilter::default(), None, 10).await;
    let told = causes(&listed.unwrap_err());
    assert!(told.contains("is damaged"), "{told}");
}

#[tokio::test]
async fn another_programs_database() {
    for (id, told) in [("0x4d796f77", "0x4d796f77"), ("0", "0x0")] {
        let setup = Setup::new();
        sql(
            setup.dir(),
            &format!("PRAGMA application_id = {id}; CREATE TABLE mine (a); INSERT INTO mine VALUES (1)"),
        );
        assert_eq!(
            refused(&setup).await,
            format!(
                "DIR/ordermill.db can't be used\nthe file is another program's database (application id {told})"
            )
        );
    }
}

#[tokio::test]
async fn a_directory_whose_workflow_cannot_be_run_here() {
    // With a message and a delivery that failed: to open the directory makes them visible, to refuse it doesn't.
    let setup = Setup::new();
    let (function, mut calls) = Calls::of_function(&setup.time);
    let both = ["order-processing", "order-notification"].map(|name| (name, function.clone()));
    let running = setup.start(handlers(both)).await;
    let order = running.place().await;
    calls.next().await.fail("Down");
    running.until_failed("OrderProcessingQueue").await;
    running
        .cancel_order(order, "changed my mind".into())
        .await
        .unwrap();
    for attempt in 1..=4 {
        calls.next().await.fail("Down");
        until("it is noted", async || {
            running.read::<u32>("SELECT attempts FROM deliveries") == attempt
        })
        .await;
    }
    let setup = running
        .close()
        .await
        .with(|settings| settings.machine.definition = "{}".into());
    let told = refused(&setup).await;
    assert!(
        told.starts_with("the state machine order-processing can't be run here"),
        "{told}"
    );

    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        data_dir: dir.path().join("new"),
        ..setup.settings()
    };
    let refused = Engine::open(settings, Arc::new(NoMetrics)).await;
    assert!(matches!(refused, Err(OpenError::Machine { .. })), "{refused:?}");
    assert!(!dir.path().join("new").exists(), "no directory is made in vain");
}

/// A shop whose database is gone is not begun anew in silence, beside the keys that its customers have.
#[tokio::test]
async fn a_database_that_was_lost() {
    type Lose = fn(&Path);
    let losses: [(&str, Lose); 3] = [
        ("removed", |path| fs::remove_file(path).unwrap()),
        ("emptied", |path| fs::write(path, "").unwrap()),
        ("another's", |path| {
            fs::remove_file(path).unwrap();
            Connection::open(path).unwrap().execute_batch("VACUUM").unwrap();
            assert_ne!(fs::metadata(path).unwrap().len(), 0);
        }),
    ];
    for (how, lose) in losses {
        let setup = used().await.with(|settings| settings.must_exist = true);
        let running = setup.open().await;
        assert!(!running.is_fresh());
        let setup = running.close().await;
        lose(&setup.dir().join(DATABASE));
        assert_eq!(
            refused(&setup).await,
            "DIR/ordermill.db is missing or empty, and the keys of a shop are beside it: restore a backup, or move the \
             key files away to begin a new shop",
            "{how}"
        );
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_written() {
    let setup = Setup::new();
    fs::create_dir(setup.dir().join(DATABASE)).unwrap();
    let told = causes(&setup.try_open().await.unwrap_err());
    let first = told.lines().next().unwrap();
    assert_eq!(
        first.replace(setup.dir().to_str().unwrap(), "DIR"),
        "DIR/ordermill.db can't be written: make sure that it is a file, and that you may write to it and to its folder"
    );
}

#[tokio::test]
async fn an_empty_file_becomes_a_database() {
    let setup = Setup::new();
    fs::write(setup.dir().join(DATABASE), "").unwrap();
    let running = setup.open().await;
    assert!(running.is_fresh());
    running.place().await;
    let running = running.close().await.open().await;
    assert!(!running.is_fresh());
    assert_eq!(
        running
            .list_queues()
            .await
            .unwrap()
            .iter()
            .map(|queue| queue.visible)
            .sum::<u64>(),
        1
    );
}

#[tokio::test]
async fn a_directory_is_made_with_all_above_it() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        data_dir: dir.path().join("a/b/c"),
        ..Setup::new().settings()
    };
    let engine = Engine::open(settings, Arc::new(NoMetrics)).await.unwrap();
    assert!(engine.is_fresh());
    assert!(dir.path().join("a/b/c").join(DATABASE).is_file());
}
