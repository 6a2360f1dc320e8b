//! The gateway's promises, for every kind of failure.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::{Currency, OrderId, Timestamp};
use ports::StoreError;
use ports::clock::Clock;
use ports::payment::{
    ChargeOutcome, ChargeRequest, GatewayLedger, LedgerEntry, PaymentError, PaymentGateway,
};

use super::{FailureKind, FailureWeights, Rate, SimulatedGateway, SimulatedSettings};

/// Entries by key.
#[derive(Debug, Default)]
struct Ledger(Mutex<HashMap<String, LedgerEntry>>);

impl GatewayLedger for Ledger {
    async fn record_charge(&self, entry: LedgerEntry) -> Result<LedgerEntry, StoreError> {
        let mut entries = self.0.lock().unwrap();
        Ok(entries
            .entry(entry.idempotency_key.clone())
            .or_insert(entry)
            .clone())
    }

    async fn find_entry(&self, idempotency_key: String) -> Result<Option<LedgerEntry>, StoreError> {
        Ok(self.0.lock().unwrap().get(&idempotency_key).cloned())
    }

    async fn record_refund(&self, payment_id: String, _at: Timestamp) -> Result<bool, StoreError> {
        let mut entries = self.0.lock().unwrap();
        let entry = entries.values_mut().find(|e| e.payment_id == payment_id);
        Ok(match entry {
            Some(entry) if !matches!(entry.outcome, ChargeOutcome::Declined(_)) => {
                entry.outcome = ChargeOutcome::Refunded;
                true
            }
            Some(_) | None => false,
        })
    }
}

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(43_200_000)
    }
}

type Gateway = SimulatedGateway<Ledger, Noon>;

fn gateway(settings: SimulatedSettings) -> Gateway {
    SimulatedGateway::new(Arc::new(Ledger::default()), Arc::new(Noon), settings)
}

fn always(kind: FailureKind) -> SimulatedSettings {
    SimulatedSettings {
        success_rate: Rate::NEVER,
        failures: FailureWeights::only(kind),
        ..SimulatedSettings::default()
    }
}

fn request(key: &str) -> ChargeRequest {
    ChargeRequest {
        idempotency_key: key.to_owned(),
        order_id: OrderId::from_parts(1, 0, 0),
        amount: "59.98".parse().unwrap(),
        currency: Currency::USD,
    }
}

fn entries(gateway: &Gateway) -> usize {
    gateway.ledger.0.lock().unwrap().len()
}

#[tokio::test]
async fn a_repeated_key_is_charged_once_and_answered_alike() {
    let gateway = gateway(SimulatedSettings {
        success_rate: Rate::ALWAYS,
        ..SimulatedSettings::default()
    });
    let first = gateway.charge(request("a")).await.unwrap();
    // Even when every new charge would fail by now.
    gateway.set_settings(always(FailureKind::Error));
    let second = gateway.charge(request("a")).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(first.outcome, ChargeOutcome::Charged);
    assert_eq!(entries(&gateway), 1);
    assert_eq!(gateway.find_charge("a".to_owned()).await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_decline_is_booked_and_stays() {
    let gateway = gateway(always(FailureKind::Declined));
    let first = gateway.charge(request("a")).await.unwrap();
    gateway.set_settings(SimulatedSettings {
        success_rate: Rate::ALWAYS,
        ..SimulatedSettings::default()
    });
    assert_eq!(gateway.charge(request("a")).await.unwrap(), first);
    assert!(matches!(first.outcome, ChargeOutcome::Declined(_)));
}

#[tokio::test]
async fn what_a_failure_leaves_in_the_books() {
    for (kind, unknown, booked) in [
        (FailureKind::Error, false, false),
        (FailureKind::TimeoutBeforeCharge, true, false),
        (FailureKind::TimeoutAfterCharge, true, true),
    ] {
        let gateway = gateway(always(kind));
        let failure = gateway.charge(request("a")).await.unwrap_err();
        assert_eq!(matches!(failure, PaymentError::Unknown), unknown, "{kind:?}");
        let found = gateway.find_charge("a".to_owned()).await.unwrap();
        assert_eq!(found.is_some(), booked, "{kind:?}");
        assert_eq!(
            found.is_some_and(|c| c.outcome == ChargeOutcome::Charged),
            booked,
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn attempts_draw_anew_until_there_is_an_outcome() {
    let gateway = gateway(SimulatedSettings {
        success_rate: Rate::new(0.3).unwrap(),
        failures: FailureWeights::only(FailureKind::Error),
        ..SimulatedSettings::default()
    });
    for n in 0..50 {
        let mut tries = 0;
        while gateway.charge(request(&n.to_string())).await.is_err() {
            tries += 1;
            assert!(tries < 200, "key {n} never succeeds");
        }
    }
    assert_eq!(entries(&gateway), 50);
}

#[tokio::test]
async fn the_same_seed_fails_in_the_same_places() {
    let mixed = |seed| SimulatedSettings {
        success_rate: Rate::new(0.5).unwrap(),
        seed,
        failures: FailureWeights {
            declined: 1,
            error: 1,
            timeout_before_charge: 1,
            timeout_after_charge: 1,
        },
        ..SimulatedSettings::default()
    };
    let run = async |seed| {
        let gateway = gateway(mixed(seed));
        let mut outcomes = Vec::new();
        for n in 0..200 {
            outcomes.push(format!(
                "{:?}",
                gateway.charge(request(&format!("k{}", n / 2))).await
            ));
        }
        outcomes
    };
    assert_eq!(run(7).await, run(7).await);
    assert_ne!(run(7).await, run(8).await);
}

#[tokio::test]
async fn rates_and_weights_are_kept() {
    let gateway = gateway(SimulatedSettings {
        failures: FailureWeights {
            declined: 1,
            error: 0,
            timeout_before_charge: 3,
            timeout_after_charge: 0,
        },
        ..SimulatedSettings::default()
    });
    let (mut charged, mut declined, mut unknown) = (0, 0, 0);
    for n in 0..20_000 {
        match gateway.charge(request(&n.to_string())).await {
            Ok(charge) if charge.outcome == ChargeOutcome::Charged => charged += 1,
            Ok(_) => declined += 1,
            Err(PaymentError::Unknown) => unknown += 1,
            Err(other) => panic!("{other}"),
        }
    }
    // 19,000, 250 and 750 are expected; the draws are fixed by the seed, so this can't fail by chance.
    assert!((18_850..19_150).contains(&charged), "{charged}");
    assert!((190..310).contains(&declined), "{declined}");
    assert!((650..850).contains(&unknown), "{unknown}");
    let ledger = gateway.ledger.0.lock().unwrap();
    let mut ids: Vec<&str> = ledger.values().map(|e| e.payment_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), charged + declined);
    assert!(ids.iter().all(|id| id.starts_with("PAY-") && id.len() == 24));
}

#[tokio::test]
async fn a_refund_is_made_once_and_of_charges_only() {
    let gateway = gateway(SimulatedSettings {
        success_rate: Rate::ALWAYS,
        ..SimulatedSettings::default()
    });
    let charge = gateway.charge(request("a")).await.unwrap();
    for _ in 0..2 {
        gateway
            .refund("r".to_owned(), charge.payment_id.clone())
            .await
            .unwrap();
    }
    let found = gateway.find_charge("a".to_owned()).await.unwrap().unwrap();
    assert_eq!(found.outcome, ChargeOutcome::Refunded);

    gateway.set_settings(always(FailureKind::Declined));
    let declined = gateway.charge(request("b")).await.unwrap();
    for payment_id in [declined.payment_id, "PAY-0".to_owned()] {
        let failure = gateway.refund("r".to_owned(), payment_id).await.unwrap_err();
        assert!(matches!(failure, PaymentError::Refused(_)), "{failure}");
    }
}

#[tokio::test]
async fn a_refund_that_fails_gives_nothing_back() {
    let gateway = gateway(SimulatedSettings {
        success_rate: Rate::ALWAYS,
        refund_failure_rate: Rate::ALWAYS,
        ..SimulatedSettings::default()
    });
    let charge = gateway.charge(request("a")).await.unwrap();
    let failure = gateway
        .refund("r".to_owned(), charge.payment_id)
        .await
        .unwrap_err();
    assert!(matches!(failure, PaymentError::Unavailable(_)));
    let found = gateway.find_charge("a".to_owned()).await.unwrap().unwrap();
    assert_eq!(found.outcome, ChargeOutcome::Charged);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_on_charges_nothing() {
    let gateway = gateway(SimulatedSettings {
        success_rate: Rate::ALWAYS,
        delay: Duration::from_secs(5),
        ..SimulatedSettings::default()
    });
    let given_up = tokio::time::timeout(Duration::from_secs(1), gateway.charge(request("a"))).await;
    assert!(given_up.is_err());
    assert_eq!(gateway.find_charge("a".to_owned()).await.unwrap(), None);
}

#[test]
fn a_rate_is_from_0_to_1() {
    for (text, good) in [
        ("0", true),
        ("1", true),
        ("0.95", true),
        ("1.01", false),
        ("-0.1", false),
        ("NaN", false),
        ("x", false),
    ] {
        assert_eq!(text.parse::<Rate>().is_ok(), good, "{text}");
    }
}
