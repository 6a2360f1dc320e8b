//! Payment gateways, mail, SMS, webhooks.
