//! The built-in template: what the seed asks for comes out, and nothing in it is left aside.

use std::collections::BTreeMap;

use expect_test::expect;
use template::{Access, EventSource, Redrive, Seconds, System, Throttle, WorkflowType};

#[test]
fn nothing_of_it_is_unknown() {
    let (_, warnings) = System::built_in().unwrap();
    assert_eq!(warnings, Vec::new());
}

#[test]
fn the_queue_is_the_seeds() {
    let (system, _) = System::built_in().unwrap();
    let queue = system.queue("OrderProcessingQueue").unwrap();
    assert_eq!(queue.visibility_timeout, Seconds(180));
    assert_eq!(queue.retention, Seconds(1_209_600));
    let dead_letter_queue = template::LogicalId("OrderProcessingDLQ".to_owned());
    assert_eq!(
        queue.redrive,
        Some(Redrive {
            dead_letter_queue,
            max_receive_count: 3
        })
    );
}

#[test]
fn the_usage_plan_is_the_seeds() {
    let (system, _) = System::built_in().unwrap();
    let plan = system.apis[0].usage_plan.as_ref().unwrap();
    assert_eq!(
        plan.throttle,
        Some(Throttle {
            rate_per_s: 100.into(),
            burst: 200
        })
    );
    expect![[r#"
        Some(
            Quota {
                limit: 5000,
                period: Month,
                offset: 0,
            },
        )
    "#]]
    .assert_debug_eq(&plan.quota);
}

#[test]
fn the_orders_table_has_its_keys_and_stream() {
    let (system, _) = System::built_in().unwrap();
    let table = system.table("OrdersTable").unwrap();
    expect![[r#"
        Table {
            id: LogicalId(
                "OrdersTable",
            ),
            name: "OrdersTable",
            arn: Arn(
                "arn:aws:dynamodb:local:000000000000:table/OrdersTable",
            ),
            key: KeySchema {
                partition: KeyAttribute {
                    name: "orderId",
                    kind: String,
                },
                sort: Some(
                    KeyAttribute {
                        name: "createdAt",
                        kind: String,
                    },
                ),
            },
            indexes: [
                SecondaryIndex {
                    name: "status-index",
                    key: KeySchema {
                        partition: KeyAttribute {
                            name: "status",
                            kind: String,
                        },
                        sort: Some(
                            KeyAttribute {
                                name: "createdAt",
                                kind: String,
                            },
                        ),
                    },
                    projection: All,
                },
                SecondaryIndex {
                    name: "unpublished-index",
                    key: KeySchema {
                        partition: KeyAttribute {
                            name: "unpublished",
                            kind: String,
                        },
                        sort: None,
                    },
                    projection: All,
                },
            ],
            stream: Some(
                NewAndOldImages,
            ),
            time_to_live: None,
        }
    "#]]
    .assert_debug_eq(table);
}

#[test]
fn every_route_goes_to_its_function() {
    let (system, _) = System::built_in().unwrap();
    let routes: String = system
        .routes()
        .map(|(function, route)| {
            let access = match route.access {
                Access::Open => "open",
                Access::ApiKey => "key",
                Access::Operator => "operator",
            };
            format!(
                "{:6} {:26} {:8} {}\n",
                route.method.as_str(),
                route.path.to_string(),
                access,
                function.name
            )
        })
        .collect();
    expect![[r#"
        POST   /orders                    key      order-creation
        GET    /orders                    key      order-query
        GET    /orders/{orderId}          key      order-query
        GET    /orders/{orderId}/timeline key      order-query
        POST   /orders/{orderId}/cancel   key      order-query
        GET    /products                  key      order-query
        GET    /products/{productId}      key      order-query
        PUT    /products/{productId}      operator order-query
        GET    /admin/analytics           operator order-query
        GET    /events                    key      order-query
        GET    /health                    open     order-query
        GET    /openapi.json              open     order-query
        ANY    /orders                    open     order-query
        ANY    /orders/{orderId}          open     order-query
        ANY    /orders/{orderId}/timeline open     order-query
        ANY    /orders/{orderId}/cancel   open     order-query
        ANY    /products                  open     order-query
        ANY    /products/{productId}      open     order-query
        ANY    /events                    open     order-query
    "#]]
    .assert_eq(&routes);
}

#[test]
fn functions_have_globals_and_their_own() {
    let (system, _) = System::built_in().unwrap();
    let functions: String = system
        .functions
        .iter()
        .map(|it| {
            format!(
                "{} {} {} MB, log {}\n",
                it.name, it.timeout, it.memory.0, it.log_group
            )
        })
        .collect();
    expect![[r#"
        order-creation 30 s 512 MB, log /aws/lambda/order-creation
        order-query 30 s 512 MB, log /aws/lambda/order-query
        order-processing 30 s 1024 MB, log /aws/lambda/order-processing
        order-notification 30 s 512 MB, log /aws/lambda/order-notification
        order-analytics 30 s 512 MB, log /aws/lambda/order-analytics
        order-feed 30 s 512 MB, log /aws/lambda/order-feed
        order-sweep 30 s 512 MB, log /aws/lambda/order-sweep
    "#]]
    .assert_eq(&functions);
    let creation = system.function("order-creation").unwrap();
    expect![[r#"
        {
            "ALLOWED_ORIGIN": "*",
            "IDEMPOTENCY_TABLE": "IdempotencyTable",
            "INVENTORY_TABLE": "InventoryTable",
            "METRICS_NAMESPACE": "OrderProcessingSystem",
            "ORDERS_TABLE": "OrdersTable",
            "ORDER_QUEUE_URL": "https://sqs.local/000000000000/OrderProcessingQueue",
            "RUST_LOG": "info",
        }
    "#]]
    .assert_debug_eq(&creation.environment);
}

#[test]
fn the_function_takes_batches_of_ten_and_says_which_failed() {
    let (system, _) = System::built_in().unwrap();
    let processing = system.function("order-processing").unwrap();
    let [event] = processing.events.as_slice() else {
        panic!("{:?}", processing.events)
    };
    let EventSource::Sqs(source) = &event.source else {
        panic!("{event:?}")
    };
    assert_eq!((source.batch_size, source.report_batch_item_failures), (10, true));
}

#[test]
fn the_notification_function_listens_with_a_filter() {
    let (system, _) = System::built_in().unwrap();
    let listeners: Vec<_> = system
        .subscriptions()
        .map(|(topic, listener)| (&topic.name, listener))
        .collect();
    expect![[r#"
        [
            (
                "OrderNotificationTopic",
                Subscription {
                    name: "OrderNotificationFunctionOrderChanged",
                    endpoint: Lambda(
                        LogicalId(
                            "OrderNotificationFunction",
                        ),
                    ),
                    filter: Some(
                        FilterPolicy {
                            scope: MessageAttributes,
                            clauses: [
                                Value {
                                    key: "status",
                                    tests: [
                                        Is(
                                            Text(
                                                "PROCESSING",
                                            ),
                                        ),
                                        Is(
                                            Text(
                                                "COMPLETED",
                                            ),
                                        ),
                                        Is(
                                            Text(
                                                "FAILED",
                                            ),
                                        ),
                                        Is(
                                            Text(
                                                "CANCELLED",
                                            ),
                                        ),
                                        Is(
                                            Text(
                                                "REFUNDED",
                                            ),
                                        ),
                                    ],
                                },
                            ],
                        },
                    ),
                    dead_letter_queue: Some(
                        LogicalId(
                            "OrderNotificationDLQ",
                        ),
                    ),
                    raw_message_delivery: false,
                },
            ),
        ]
    "#]]
    .assert_debug_eq(&listeners);
}

#[test]
fn the_workflow_has_local_names() {
    let (system, _) = System::built_in().unwrap();
    let workflow = system.state_machine("order-processing").unwrap();
    assert_eq!(workflow.workflow_type, WorkflowType::Standard);
    assert!(!workflow.definition.contains("${"));
    expect![[r#"
        {
            "OperationsTopic": "arn:aws:sns:local:000000000000:OperationsTopic",
            "OrderNotificationTopic": "arn:aws:sns:local:000000000000:OrderNotificationTopic",
            "OrderProcessingFunctionArn": "arn:aws:lambda:local:000000000000:function:order-processing",
            "OrdersTable": "OrdersTable",
        }
    "#]]
    .assert_debug_eq(&workflow.substitutions);
}

#[test]
fn logs_are_kept_for_seven_days() {
    let (system, _) = System::built_in().unwrap();
    let groups: String = system
        .log_groups
        .iter()
        .map(|it| format!("{} {:?}\n", it.name, it.retention_days))
        .collect();
    expect![[r#"
        /aws/lambda/order-creation Some(7)
        /aws/lambda/order-query Some(7)
        /aws/lambda/order-processing Some(7)
        /aws/lambda/order-notification Some(7)
        /aws/lambda/order-analytics Some(7)
        /aws/lambda/order-feed Some(7)
        /aws/lambda/order-sweep Some(7)
        /aws/apigateway/orders-api Some(7)
        /aws/vendedlogs/states/order-processing Some(7)
    "#]]
    .assert_eq(&groups);
}

#[test]
fn alarms_are_the_seeds_and_more() {
    let (system, _) = System::built_in().unwrap();
    let alarms: String = system
        .alarms
        .iter()
        .map(|it| {
            let dimensions: Vec<_> = it
                .dimensions
                .iter()
                .map(|it| format!("{}={}", it.name, it.value))
                .collect();
            format!(
                "{}: {}/{} {} {:?} {:?} {} over {} of {} x {} -> {}\n",
                it.name,
                it.namespace,
                it.metric,
                dimensions.join(","),
                it.statistic,
                it.comparison,
                it.threshold,
                it.datapoints_to_alarm,
                it.evaluation_periods,
                it.period,
                it.alarm_actions.first().map_or("nobody", |arn| arn.0.as_str()),
            )
        })
        .collect();
    expect![[r#"
        OrderProcessingErrorAlarm: AWS/Lambda/Errors FunctionName=order-processing Sum GreaterThan 10 over 1 of 1 x 300 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrderCreationRollbackAlarm: AWS/Lambda/Errors FunctionName=order-creation Sum GreaterThan 0 over 1 of 1 x 60 s -> nobody
        OrderQueryRollbackAlarm: AWS/Lambda/Errors FunctionName=order-query Sum GreaterThan 0 over 1 of 1 x 60 s -> nobody
        OrderNotificationRollbackAlarm: AWS/Lambda/Errors FunctionName=order-notification Sum GreaterThan 0 over 1 of 1 x 60 s -> nobody
        OrderAnalyticsRollbackAlarm: AWS/Lambda/Errors FunctionName=order-analytics Sum GreaterThan 0 over 1 of 1 x 60 s -> nobody
        OrderFeedRollbackAlarm: AWS/Lambda/Errors FunctionName=order-feed Sum GreaterThan 0 over 1 of 1 x 60 s -> nobody
        OrderSweepRollbackAlarm: AWS/Lambda/Errors FunctionName=order-sweep Sum GreaterThan 0 over 1 of 1 x 60 s -> nobody
        OrdersCreatedRollbackAlarm: OrderProcessingSystem/OrdersCreated Status=Failed Sum GreaterThan 0 over 1 of 1 x 60 s -> nobody
        OrdersApiRollbackAlarm: AWS/ApiGateway/5XXError ApiName=orders-api,Stage=prod Sum GreaterThan 0 over 1 of 1 x 60 s -> nobody
        OrdersBegunRollbackAlarm: OrderProcessingSystem/OrdersBegun Status=Failed Sum GreaterThan 0 over 1 of 1 x 60 s -> nobody
        FunctionFailuresRollbackAlarm: OrderProcessingSystem/FunctionFailures  Sum GreaterThan 0 over 1 of 1 x 60 s -> nobody
        OrderProcessingThrottleAlarm: AWS/Lambda/Throttles FunctionName=order-processing Sum GreaterThan 0 over 1 of 1 x 300 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrderProcessingDLQAlarm: AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=OrderProcessingDLQ Maximum GreaterThan 0 over 1 of 1 x 60 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrderNotificationDLQAlarm: AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=OrderNotificationDLQ Maximum GreaterThan 0 over 1 of 1 x 60 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrderAnalyticsDLQAlarm: AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=OrderAnalyticsDLQ Maximum GreaterThan 0 over 1 of 1 x 60 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrderSweepDLQAlarm: AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=OrderSweepDLQ Maximum GreaterThan 0 over 1 of 1 x 60 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrderQueueAgeAlarm: AWS/SQS/ApproximateAgeOfOldestMessage QueueName=OrderProcessingQueue Maximum GreaterThan 600 over 1 of 1 x 60 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrderAnalyticsIteratorAgeAlarm: AWS/Lambda/IteratorAge FunctionName=order-analytics Maximum GreaterThan 600000 over 1 of 1 x 60 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrderFeedIteratorAgeAlarm: AWS/Lambda/IteratorAge FunctionName=order-feed Maximum GreaterThan 600000 over 1 of 1 x 60 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrderExecutionFailedAlarm: AWS/States/ExecutionsFailed StateMachineArn=arn:aws:states:local:000000000000:stateMachine:order-processing Sum GreaterThan 0 over 1 of 1 x 60 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrderExecutionTimedOutAlarm: AWS/States/ExecutionsTimedOut StateMachineArn=arn:aws:states:local:000000000000:stateMachine:order-processing Sum GreaterThan 0 over 1 of 1 x 60 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrderExecutionAbortedAlarm: AWS/States/ExecutionsAborted StateMachineArn=arn:aws:states:local:000000000000:stateMachine:order-processing Sum GreaterThan 0 over 1 of 1 x 60 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrdersApiServerErrorAlarm: AWS/ApiGateway/5XXError ApiName=orders-api,Stage=prod Sum GreaterThan 5 over 1 of 1 x 300 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrdersApiLatencyAlarm: AWS/ApiGateway/Latency ApiName=orders-api,Stage=prod Percentile(99) GreaterThan 1000 over 2 of 3 x 300 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrdersTableThrottleAlarm: AWS/DynamoDB/WriteThrottleEvents TableName=OrdersTable Sum GreaterThan 0 over 1 of 1 x 300 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrdersIndexThrottleAlarm: AWS/DynamoDB/WriteThrottleEvents TableName=OrdersTable,GlobalSecondaryIndexName=status-index Sum GreaterThan 0 over 1 of 1 x 300 s -> arn:aws:sns:local:000000000000:OperationsTopic
        PaymentsUnknownAlarm: OrderProcessingSystem/Payments Status=Unknown Sum GreaterThan 0 over 1 of 1 x 300 s -> arn:aws:sns:local:000000000000:OperationsTopic
        OrdersStrandedAlarm: OrderProcessingSystem/OrdersStranded  Sum GreaterThan 0 over 1 of 1 x 300 s -> arn:aws:sns:local:000000000000:OperationsTopic
    "#]].assert_eq(&alarms);
}

#[test]
fn a_parameter_given_when_starting_wins() {
    let workflows = |path: &str| System::built_in_workflow(path).map(str::to_owned);
    let given = BTreeMap::from([("WorkflowType".to_owned(), "EXPRESS".to_owned())]);
    let (system, _) = System::parse_with(System::built_in_template(), &workflows, &given).unwrap();
    assert_eq!(system.state_machines[0].workflow_type, WorkflowType::Express);

    let mail = BTreeMap::from([("AlarmEmail".to_owned(), "ops@example.com".to_owned())]);
    let (system, _) = System::parse_with(System::built_in_template(), &workflows, &mail).unwrap();
    let operations = system.topic("OperationsTopic").unwrap();
    assert_eq!(
        operations.subscriptions[0].endpoint,
        template::Endpoint::Email("ops@example.com".to_owned())
    );

    let unknown = BTreeMap::from([("WorkflowKind".to_owned(), "EXPRESS".to_owned())]);
    let faults = System::parse_with(System::built_in_template(), &workflows, &unknown).unwrap_err();
    assert!(
        faults[0].to_string().contains("no such parameter"),
        "{}",
        faults[0]
    );
}
