//! A change in the template changes what the engine does.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use embedded::Engine;
use ports::function::{Context, FunctionError, Handler, Invocation, ReplyFuture};
use ports::operations::Operations;
use template::System;
use testkit::{Shop, ShopOptions};

/// Counts how often it is called and never succeeds.
struct NeverSucceeds;

static CALLS: AtomicU32 = AtomicU32::new(0);

impl Handler for NeverSucceeds {
    fn call(self: Arc<Self>, _: Invocation, _: Context) -> ReplyFuture {
        CALLS.fetch_add(1, Ordering::Relaxed);
        let error = FunctionError {
            error_type: "Poison".into(),
            message: "this message is poison".into(),
        };
        Box::pin(async move { Err(error) })
    }
}

fn never_processes(_: &Engine) -> HashMap<String, Arc<dyn Handler>> {
    HashMap::from([(
        "order-processing".to_owned(),
        Arc::new(NeverSucceeds) as Arc<dyn Handler>,
    )])
}

#[tokio::test]
async fn max_receive_count_decides_how_often_a_poison_message_is_tried() {
    for count in [3_u32, 5] {
        CALLS.store(0, Ordering::Relaxed);
        let dir = tempfile::tempdir().unwrap();
        let template =
            System::built_in_template().replace("maxReceiveCount: 3", &format!("maxReceiveCount: {count}"));
        let options = ShopOptions {
            template: Some(template),
            handlers: Some(never_processes),
            ..ShopOptions::default()
        };
        let shop = Shop::open(dir.path(), &options).await.unwrap();
        let id = shop.place("PROD-001", 1).await.unwrap();
        shop.settled().await.unwrap();
        assert_eq!(CALLS.load(Ordering::Relaxed), count);
        let queues = shop.engine.list_queues().await.unwrap();
        let queue = queues
            .iter()
            .find(|queue| queue.is_dead_letter_queue && queue.visible > 0)
            .unwrap();
        let letters = shop
            .engine
            .list_messages(queue.name.clone(), None, 10)
            .await
            .unwrap();
        let [letter] = letters.as_slice() else {
            panic!("{letters:?}")
        };
        assert_eq!(letter.receive_count, count);
        assert!(letter.body.contains(&id.to_string()));
        assert_eq!(
            letter.last_error.as_deref(),
            Some("Poison: this message is poison")
        );
        shop.close().await;
    }
}
