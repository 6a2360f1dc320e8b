//! CloudWatch's names as Prometheus writes them: `OrdersCreated` is `ordermill_orders_created_total`.

/// What is known of a metric: CloudWatch's name, Prometheus' name without prefix and suffix, and what it is.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "OrdersCreated",
        "orders_created",
        "Requests to place an order, by outcome.",
    ),
    (
        "OrderValue",
        "order_value",
        "Totals of the orders placed, in their currency.",
    ),
    (
        "OrdersBegun",
        "orders_begun",
        "Queue messages that begin an order's processing, by outcome.",
    ),
    ("Payments", "payments", "Attempts to take a payment, by outcome."),
    (
        "Refunds",
        "refunds",
        "Attempts to give a payment back, by outcome.",
    ),
    (
        "StockUpdates",
        "stock_updates",
        "Attempts to take an order's stock, by outcome.",
    ),
    (
        "NotificationsSent",
        "notifications_sent",
        "Messages handed to senders, by channel.",
    ),
    (
        "Invocations",
        "function_invocations",
        "Calls of a function that ended.",
    ),
    (
        "Errors",
        "function_errors",
        "Calls of a function that failed or timed out.",
    ),
    (
        "FunctionFailures",
        "function_failures",
        "Calls of functions that failed, orders that are out of stock apart.",
    ),
    (
        "Throttles",
        "function_throttles",
        "Calls of a function refused because too many were under way.",
    ),
    (
        "Duration",
        "function_duration_milliseconds",
        "How long a function's calls took.",
    ),
    ("Count", "http_requests", "Requests, by route."),
    (
        "4XXError",
        "http_client_errors",
        "Requests answered with a status of 400 to 499.",
    ),
    (
        "5XXError",
        "http_server_errors",
        "Requests answered with a status of 500 or more.",
    ),
    ("Latency", "http_latency_milliseconds", "How long requests took."),
    (
        "NumberOfMessagesSent",
        "queue_messages_sent",
        "Messages sent to a queue.",
    ),
    (
        "NumberOfMessagesReceived",
        "queue_messages_received",
        "Messages received from a queue, repeats included.",
    ),
    (
        "NumberOfMessagesDeleted",
        "queue_messages_deleted",
        "Messages done with.",
    ),
    (
        "NumberOfNotificationsDelivered",
        "topic_notifications_delivered",
        "Deliveries of a topic that arrived.",
    ),
    (
        "NumberOfNotificationsFailed",
        "topic_notifications_failed",
        "Deliveries of a topic that failed for good.",
    ),
    ("ExecutionsStarted", "executions_started", "Executions started."),
    (
        "ExecutionsSucceeded",
        "executions_succeeded",
        "Executions that succeeded.",
    ),
    ("ExecutionsFailed", "executions_failed", "Executions that failed."),
    (
        "ExecutionsTimedOut",
        "executions_timed_out",
        "Executions that took too long.",
    ),
    (
        "ExecutionsAborted",
        "executions_aborted",
        "Executions that were stopped.",
    ),
    (
        "ExecutionTime",
        "execution_time_milliseconds",
        "How long executions took.",
    ),
    (
        "OpenExecutionCount",
        "open_execution_count",
        "Executions that are under way.",
    ),
    (
        "ConcurrentExecutions",
        "concurrent_executions",
        "The most calls of a function that were under way at once, in ten seconds.",
    ),
    (
        "ApproximateNumberOfMessagesVisible",
        "approximate_number_of_messages_visible",
        "Messages of a queue that can be received, or dead letters that wait for a person.",
    ),
    (
        "ApproximateNumberOfMessagesNotVisible",
        "approximate_number_of_messages_not_visible",
        "Messages of a queue that are in hand.",
    ),
    (
        "ApproximateAgeOfOldestMessage",
        "approximate_age_of_oldest_message",
        "Age of a queue's oldest message, in seconds.",
    ),
    (
        "OrdersPerHour",
        "orders_per_hour",
        "Orders placed in the hour that is under way.",
    ),
    (
        "AverageOrderValue",
        "average_order_value",
        "Mean of the totals of the hour's orders, in their currency.",
    ),
    (
        "ConversionRate",
        "conversion_rate",
        "Orders placed of those placed and refused in the hour, in per cent.",
    ),
    (
        "PaymentSuccessRate",
        "payment_success_rate",
        "Payments taken of those taken and declined in the hour, in per cent.",
    ),
    (
        "OrdersSwept",
        "orders_swept",
        "Orders left behind by a killed process that were sent on.",
    ),
    (
        "ServiceLatency",
        "service_latency",
        "How long a part's calls of another took, in milliseconds.",
    ),
    (
        "ServiceFailures",
        "service_failures",
        "Calls of a part by another that failed.",
    ),
    (
        "SuccessfulRequestLatency",
        "table_successful_request_latency_milliseconds",
        "How long calls of a table took, those that succeeded.",
    ),
    (
        "SystemErrors",
        "table_system_errors",
        "Calls of a table that failed on our side.",
    ),
    (
        "UserErrors",
        "table_user_errors",
        "Calls of a table that it refused.",
    ),
    (
        "LogLinesDropped",
        "log_lines_dropped",
        "Log lines dropped because the disk was too slow for them.",
    ),
    (
        "SpansDropped",
        "spans_dropped",
        "Spans to be kept that were dropped because the store was too slow for them.",
    ),
    (
        "TracesNotKept",
        "traces_not_kept",
        "Traces that failed, were slow or were asked for, beyond the bound on those.",
    ),
    (
        "SpansExported",
        "spans_exported",
        "Spans that an OTLP receiver took.",
    ),
    (
        "SpansNotExported",
        "spans_not_exported",
        "Spans that no OTLP receiver took.",
    ),
];

/// What is said of a metric that isn't known.
const UNKNOWN: &str = "Not described.";

/// The metric's name without `_total`, and its help text.
pub(super) fn describe(name: &str) -> (String, &'static str) {
    match KNOWN.iter().find(|(known, _, _)| *known == name) {
        Some((_, prometheus, help)) => (format!("ordermill_{prometheus}"), *help),
        None => (format!("ordermill_{}", snake_case(name)), UNKNOWN),
    }
}

/// `QueueName` is `queue_name`. What no label may hold becomes an underscore.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut after_small = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && after_small {
            snake.push('_');
        }
        after_small = c.is_ascii_lowercase() || c.is_ascii_digit();
        let allowed = c.is_ascii_alphanumeric() && !(snake.is_empty() && c.is_ascii_digit());
        snake.push(if allowed { c.to_ascii_lowercase() } else { '_' });
    }
    snake
}
