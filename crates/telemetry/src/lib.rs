//! Traces, metrics, logs, alarms.
