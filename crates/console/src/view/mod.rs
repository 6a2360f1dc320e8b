//! The frame of every page, and the parts that pages are made of.

pub(crate) mod chart;
mod confirm;
mod frame;
pub(crate) mod icon;
mod map;
mod parts;
mod plot;
mod spark;
mod table;
mod text;
mod waterfall;

pub(crate) use confirm::Confirm;
pub(crate) use frame::{Section, error_page, page, plain_page};
pub(crate) use map::service_map;
pub(crate) use parts::{
    ago, breakable, copyable, empty, execution_pill, fact, json_block, labelled_fact, message, more, not_yet,
    order_link, order_pill, pill, tabs,
};
pub(crate) use plot::{Line, Periods, Plot, Summary, Unit};
pub(crate) use spark::{Period, spark};
pub(crate) use table::{Column, Row, bare_table, dense_table, table};
pub(crate) use text::{absolute, bytes, count, duration_ms, money, short_id};
pub(crate) use waterfall::{outcome_pill, took, waterfall};
