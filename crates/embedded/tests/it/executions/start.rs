//! An order's execution is started once, however often its message comes.

use domain::OrderStatus;
use ports::operations::Operations;
use ports::orders::{CancelOrder, OrderQueries};
use ports::processing::{BeginError, BeginOrder, BeginProcessing, Begun};
use serde_json::json;

use super::{begin, payload, start, work, workflow};

#[tokio::test]
async fn an_order_is_begun_once_however_often_its_message_comes() {
    let (running, mut calls) = start(workflow(json!({"Work": work()}))).await;
    let order = running.place().await;
    let call = calls.next().await;
    let again = running.begin_processing(vec![begin(order), begin(order)]).await;
    assert!(
        matches!(again[..], [Ok(Begun::AlreadyStarted), Ok(Begun::AlreadyStarted)]),
        "{again:?}"
    );
    call.succeed_with(json!("done"));
    running.settled().await.unwrap();
    running
        .begin_processing(vec![begin(order)])
        .await
        .remove(0)
        .unwrap();
    running.settled().await.unwrap();
    calls.none().await;
    assert_eq!(running.list_executions(None, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_that_comes_twice_in_one_batch_begins_its_order_once() {
    let running = workflow(json!({"Work": work()})).open().await;
    let order = running.place().await;
    let begun = running.begin_processing(vec![begin(order), begin(order)]).await;
    assert!(
        matches!(begun[..], [Ok(Begun::Started), Ok(Begun::AlreadyStarted)]),
        "{begun:?}"
    );
    assert_eq!(running.list_executions(None, None, 10).await.unwrap().len(), 1);
    assert_eq!(
        running.get_order(order).await.unwrap().unwrap().state.status,
        OrderStatus::Processing
    );
}

#[tokio::test]
async fn one_order_that_cannot_be_begun_touches_no_other() {
    let running = workflow(json!({"Work": work()})).open().await;
    let (first, cancelled, last) = (
        running.place().await,
        running.place().await,
        running.place().await,
    );
    running
        .cancel_order(cancelled, "changed my mind".into())
        .await
        .unwrap();
    let never_placed = crate::support::order(&running).order_id;
    let wrong_key = BeginOrder {
        created_at: domain::Timestamp::from_ms(1),
        ..begin(first)
    };
    let orders = vec![
        begin(first),
        begin(cancelled),
        begin(never_placed),
        wrong_key,
        begin(last),
    ];
    let begun = running.begin_processing(orders).await;
    let [
        Ok(Begun::Started),
        Ok(Begun::Ended),
        Err(BeginError::NotFound(id)),
        Err(BeginError::WrongKey { .. }),
        Ok(Begun::Started),
    ] = begun[..]
    else {
        panic!("{begun:?}")
    };
    assert_eq!(id, never_placed);
    let started = running
        .list_executions(Some("RUNNING".into()), None, 10)
        .await
        .unwrap();
    let mut names: Vec<String> = started.into_iter().map(|execution| execution.name).collect();
    names.sort();
    assert_eq!(names, [first.to_string(), last.to_string()]);
}

#[tokio::test]
async fn executions_of_many_orders_run_beside_one_another() {
    let (running, mut calls) = start(workflow(json!({"Work": work()}))).await;
    let orders = running.place_many(30).await;
    let mut waiting = Vec::new();
    for _ in &orders {
        waiting.push(calls.next().await);
    }
    let mut called: Vec<String> = waiting
        .iter()
        .map(|call| call.payload()["order"].as_str().unwrap().to_owned())
        .collect();
    called.sort();
    assert_eq!(called, orders.iter().map(ToString::to_string).collect::<Vec<_>>());
    for call in waiting {
        call.succeed_with(json!("done"));
    }
    running.settled().await.unwrap();
    let execution = running.execution(&orders[7]).await;
    assert_eq!(
        (execution.info.status.as_str(), execution.output),
        ("SUCCEEDED", Some(json!({"answer": "done"})))
    );
    assert_eq!(execution.input["orderId"], payload(orders[7], 0)["order"]);
}

/// A row that can't be written, for an execution has the order's name already, among nine that can.
#[tokio::test]
async fn an_order_whose_beginning_cannot_be_written_touches_no_other_of_its_batch() {
    let running = workflow(json!({"Work": work()})).open().await;
    let orders = running.place_many(10).await;
    running.write(&format!(
        "INSERT INTO executions (key, machine, name, definition, status, input, trace, started_at)
           SELECT 1000, id, '{}', 1, 0, '', '', 0 FROM names WHERE kind = 'machine'",
        orders[4]
    ));
    let mut batch: Vec<BeginOrder> = orders.iter().map(|order| begin(*order)).collect();
    batch.push(begin(orders[9]));
    let begun = running.begin_processing(batch).await;
    for (at, begun) in begun.iter().enumerate() {
        match (at, begun) {
            (4, Err(BeginError::Store { id, source })) => {
                assert_eq!(*id, orders[4]);
                assert!(crate::support::causes(source).contains("UNIQUE"), "{source:?}");
            }
            (10, Ok(Begun::AlreadyStarted)) => {}
            (at, Ok(Begun::Started)) if at != 4 => {}
            (at, other) => panic!("{at}: {other:?}"),
        }
    }
    let status = async |at: usize| running.get_order(orders[at]).await.unwrap().unwrap().state.status;
    assert_eq!(status(4).await, OrderStatus::Pending);
    assert_eq!(status(5).await, OrderStatus::Processing);
}
