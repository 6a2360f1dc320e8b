//! A payment gateway that is not there, with every way of failing that a real one has.
//!
//! The seed's "simulate 95% success rate" (section 3), made repeatable: what becomes of a charge follows from the seed,
//! the caller's key and the attempt, so the same run fails in the same places again. Like a real gateway it keeps its own
//! ledger and answers a repeated key with the first outcome. Its hardest failure is the time-out **after** the charge: the
//! money is taken and durably booked, and the caller hears nothing of it.

mod chance;
mod settings;
#[cfg(test)]
mod tests;
mod variables;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use ports::StoreError;
use ports::clock::Clock;
use ports::payment::{
    Charge, ChargeOutcome, ChargeRequest, GatewayLedger, LedgerEntry, PaymentError, PaymentGateway,
};

use chance::Chance;
pub use settings::{FailureKind, FailureWeights, Rate, RateError, SimulatedSettings};
pub use variables::{FailuresError, VariableError};

/// How many keys without an outcome are remembered with their attempts. When there are more, counting starts over.
const MAX_OPEN_KEYS: usize = 10_000;

/// The simulated gateway. `L` keeps its books, `C` tells the time of their entries.
#[derive(Debug)]
pub struct SimulatedGateway<L, C> {
    ledger: Arc<L>,
    clock: Arc<C>,
    settings: RwLock<SimulatedSettings>,
    /// Attempts of the keys that have no outcome yet.
    attempts: Mutex<HashMap<String, u32>>,
}

impl<L, C> SimulatedGateway<L, C> {
    /// A gateway over this ledger.
    pub fn new(ledger: Arc<L>, clock: Arc<C>, settings: SimulatedSettings) -> Self {
        Self {
            ledger,
            clock,
            settings: RwLock::new(settings),
            attempts: Mutex::default(),
        }
    }

    /// How it behaves now.
    pub fn settings(&self) -> SimulatedSettings {
        self.settings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Behaves so from the next call on.
    pub fn set_settings(&self, settings: SimulatedSettings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// The number of this attempt with the key, from 0.
    fn next_attempt(&self, key: &str) -> u32 {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() >= MAX_OPEN_KEYS && !attempts.contains_key(key) {
            attempts.clear();
        }
        let next = attempts.entry(key.to_owned()).or_insert(0);
        let attempt = *next;
        *next = next.saturating_add(1);
        attempt
    }

    fn forget_attempts(&self, key: &str) {
        self.attempts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
    }
}

impl<L: GatewayLedger, C: Clock> SimulatedGateway<L, C> {
    /// Books the outcome. The entry that stands then may be one that another call booked meanwhile.
    async fn book(&self, request: ChargeRequest, outcome: ChargeOutcome) -> Result<Charge, PaymentError> {
        let key = request.idempotency_key.clone();
        let entry = LedgerEntry {
            payment_id: chance::payment_id(request.order_id, &request.idempotency_key),
            idempotency_key: request.idempotency_key,
            order_id: request.order_id,
            amount: request.amount,
            currency: request.currency,
            outcome,
            at: self.clock.now(),
        };
        // Whether a ledger that failed holds the entry can't be told, so the caller has to ask.
        let standing = self
            .ledger
            .record_charge(entry)
            .await
            .map_err(|error| unknown(&error))?;
        self.forget_attempts(&key);
        Ok(charge_of(standing))
    }

    async fn find(&self, idempotency_key: String) -> Result<Option<Charge>, PaymentError> {
        let found = self.ledger.find_entry(idempotency_key).await;
        let found = found.map_err(|error| PaymentError::Unavailable(with_cause(&error)))?;
        Ok(found.map(charge_of))
    }
}

impl<L, C> PaymentGateway for SimulatedGateway<L, C>
where
    L: GatewayLedger,
    C: Clock,
{
    async fn charge(&self, request: ChargeRequest) -> Result<Charge, PaymentError> {
        let settings = self.settings();
        wait(settings.delay).await;
        let key = request.idempotency_key.as_str();
        let chance = Chance::of_charge(settings.seed, key, self.next_attempt(key));
        // The ledger answers a known key with its first outcome, so there is no need to look first.
        if chance.is_within(settings.success_rate) {
            return self.book(request, ChargeOutcome::Charged).await;
        }
        if let Some(first) = self.find(key.to_owned()).await? {
            self.forget_attempts(key);
            return Ok(first);
        }
        match settings.failures.pick(chance) {
            FailureKind::Declined => {
                let reason = "insufficient funds".to_owned();
                self.book(request, ChargeOutcome::Declined(reason)).await
            }
            FailureKind::Error => Err(PaymentError::Unavailable("simulated failure".to_owned())),
            FailureKind::TimeoutBeforeCharge => Err(PaymentError::Unknown),
            FailureKind::TimeoutAfterCharge => {
                self.book(request, ChargeOutcome::Charged).await?;
                Err(PaymentError::Unknown)
            }
        }
    }

    async fn find_charge(&self, idempotency_key: String) -> Result<Option<Charge>, PaymentError> {
        wait(self.settings().delay).await;
        self.find(idempotency_key).await
    }

    async fn refund(&self, idempotency_key: String, payment_id: String) -> Result<(), PaymentError> {
        let settings = self.settings();
        wait(settings.delay).await;
        let chance = Chance::of_refund(
            settings.seed,
            &idempotency_key,
            self.next_attempt(&idempotency_key),
        );
        if chance.is_within(settings.refund_failure_rate) {
            return Err(PaymentError::Unavailable(
                "simulated failure of the refund".to_owned(),
            ));
        }
        let refunded = self
            .ledger
            .record_refund(payment_id.clone(), self.clock.now())
            .await;
        self.forget_attempts(&idempotency_key);
        match refunded {
            Ok(true) => Ok(()),
            Ok(false) => Err(PaymentError::Refused(format!(
                "there is no payment {payment_id} to give back"
            ))),
            Err(error) => Err(unknown(&error)),
        }
    }
}

/// Waits as long as a call takes. A timer rounds up to a millisecond, so there is none where there's no delay.
async fn wait(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

fn charge_of(entry: LedgerEntry) -> Charge {
    Charge {
        payment_id: entry.payment_id,
        outcome: entry.outcome,
    }
}

fn unknown(error: &StoreError) -> PaymentError {
    tracing::error!(
        event_type = "gateway_ledger_failed",
        error = error as &dyn std::error::Error
    );
    PaymentError::Unknown
}

fn with_cause(error: &StoreError) -> String {
    match error {
        StoreError::Full(_) | StoreError::Busy => error.to_string(),
        StoreError::Failed(cause) => format!("{error}: {cause}"),
    }
}
