//! `Idempotency-Key`: what makes a repeated request the same request.

use domain::{Fault, FaultCode};
use ports::function::aws_lambda_events::apigw::ApiGatewayProxyRequest;
use ports::orders::Idempotency;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

const HEADER: &str = "idempotency-key";

/// The longest key, in characters.
const MAX_CHARS: usize = 255;

/// What the request's key stands for; `None` when it has none.
pub(super) fn read_idempotency(
    request: &ApiGatewayProxyRequest,
    body: &[u8],
) -> Result<Option<Idempotency>, Problem> {
    let mut values = request.headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let key = value.as_bytes();
    let visible = key.iter().all(u8::is_ascii_graphic);
    if !(1..=MAX_CHARS).contains(&key.len()) || !visible || values.next().is_some() {
        return Err(Problem::validation(vec![Fault {
            pointer: "header:Idempotency-Key".to_owned(),
            code: FaultCode::BadFormat,
            detail: format!(
                "Idempotency-Key must be there once, with 1 to {MAX_CHARS} visible ASCII characters"
            ),
        }]));
    }
    let api_key_id = request.request_context.identity.api_key_id.as_deref();
    Ok(Some(Idempotency {
        key_hash: key_hash(api_key_id.unwrap_or_default(), key),
        body_hash: Sha256::digest(body).into(),
    }))
}

/// The length in front keeps one client's id and key from reading as another's.
fn key_hash(api_key_id: &str, key: &[u8]) -> [u8; 32] {
    let length = u64::try_from(api_key_id.len()).unwrap_or(u64::MAX);
    Sha256::new()
        .chain_update(length.to_be_bytes())
        .chain_update(api_key_id)
        .chain_update(key)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::key_hash;

    #[test]
    fn clients_cannot_meet_each_others_keys() {
        assert_eq!(key_hash("a", b"bc"), key_hash("a", b"bc"));
        assert_ne!(key_hash("a", b"bc"), key_hash("ab", b"c"));
        assert_ne!(key_hash("a", b"bc"), key_hash("b", b"bc"));
    }
}
