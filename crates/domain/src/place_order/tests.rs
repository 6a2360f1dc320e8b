//! What is accepted, and every way of being wrong.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::json;

use super::{PlaceOrderRequest, check_against_catalogue};
use crate::{Amount, Currency, Fault, FaultCode, OrderId, Product, ProductId};

const GOOD: &str =
    r#"{"customerId":"CUST-001","items":[{"productId":"PROD-001","quantity":2,"price":29.99}]}"#;

fn show(faults: &[Fault]) -> String {
    faults
        .iter()
        .map(|f| format!("[{}] {:?}: {}\n", f.pointer, f.code, f.detail))
        .collect()
}

/// The faults of `body`, or the order it makes.
fn check(body: &str, expected: &Expect) {
    let shown = match PlaceOrderRequest::parse(body.as_bytes()) {
        Ok(request) => {
            let order = request.place(OrderId::from_parts(1_768_469_400_123, 0, 0), "t".repeat(32));
            serde_json::to_string_pretty(&order).unwrap()
        }
        Err(faults) => show(&faults),
    };
    expected.assert_eq(&shown);
}

/// One line with these members.
fn check_line(line: &str, expected: &Expect) {
    check(&format!(r#"{{"customerId":"C","items":[{line}]}}"#), expected);
}

#[test]
fn the_seeds_order() {
    check(
        GOOD,
        &expect![[r#"
        {
          "orderId": "019bc0fd-8a3b-7000-8000-000000000000",
          "customerId": "CUST-001",
          "totalAmount": 59.98,
          "currency": "USD",
          "createdAt": "2026-01-15T09:30:00.123Z",
          "items": [
            {
              "productId": "PROD-001",
              "quantity": 2,
              "price": 29.99
            }
          ],
          "traceId": "tttttttttttttttttttttttttttttttt"
        }"#]],
    );
}

#[test]
fn everything_that_may_be_sent() {
    check(
        r#" {"metadata":{"note":"a\u00e9\n","n":[1,2.50,-3e2,null,true,{}]},"customerPhone":"+14155550123",
            "customerEmail":"ada.l+shop@mail.example.com","currency":"KWD",
            "items":[{"price":1.125,"quantity":10000,"productId":"P \u00e9"},{"productId":"Q","quantity":1,"price":0}],
            "customerId":"C"} "#,
        &expect![[r#"
            {
              "orderId": "019bc0fd-8a3b-7000-8000-000000000000",
              "customerId": "C",
              "totalAmount": 11250.000,
              "currency": "KWD",
              "createdAt": "2026-01-15T09:30:00.123Z",
              "items": [
                {
                  "productId": "P é",
                  "quantity": 10000,
                  "price": 1.125
                },
                {
                  "productId": "Q",
                  "quantity": 1,
                  "price": 0
                }
              ],
              "customerEmail": "ada.l+shop@mail.example.com",
              "customerPhone": "+14155550123",
              "metadata": {
                "note": "aé\n",
                "n": [
                  1,
                  2.50,
                  -3e+2,
                  null,
                  true,
                  {}
                ]
              },
              "traceId": "tttttttttttttttttttttttttttttttt"
            }"#]],
    );
    check(
        r#"{"customerId":"C","currency":null,"customerEmail":null,"customerPhone":null,"metadata":null,
            "items":[{"productId":"P","quantity":1,"price":-0}]}"#,
        &expect![[r#"
            {
              "orderId": "019bc0fd-8a3b-7000-8000-000000000000",
              "customerId": "C",
              "totalAmount": 0,
              "currency": "USD",
              "createdAt": "2026-01-15T09:30:00.123Z",
              "items": [
                {
                  "productId": "P",
                  "quantity": 1,
                  "price": 0
                }
              ],
              "traceId": "tttttttttttttttttttttttttttttttt"
            }"#]],
    );
}

#[test]
fn no_json_at_all() {
    check(
        "",
        &expect![[r#"
            [] MalformedJson: the body is empty; send a JSON object
        "#]],
    );
    check(
        "{\"customerId\":\n  \"C\",,}",
        &expect![[r#"
            [] MalformedJson: not valid JSON: key must be a string at line 2 column 7
        "#]],
    );
    check(
        r#"{"customerId":"C"} trailing"#,
        &expect![[r#"
            [] MalformedJson: not valid JSON: trailing characters at line 1 column 20
        "#]],
    );
    check(
        r#"{"customerId":"\ud800","items":[]}"#,
        &expect![[r#"
            [/customerId] MalformedJson: not valid JSON: a \u escape is half of a surrogate pair
            [/items] OutOfRange: items must have at least one line
        "#]],
    );
    check(
        r#"{"customerId":"C","items":[{"productId":"P","quantity":NaN,"price":1}]}"#,
        &expect![[r#"
            [] MalformedJson: not valid JSON: expected value at line 1 column 56
        "#]],
    );
    let faults = PlaceOrderRequest::parse(b"{\"customerId\":\"\xff\"}").unwrap_err();
    expect![[r#"
        [] MalformedJson: the body is not UTF-8 from byte 15 on
    "#]]
    .assert_eq(&show(&faults));
}

#[test]
fn no_object() {
    for (body, found) in [
        ("[]", "a list"),
        ("null", "null"),
        ("1", "a number"),
        ("\"x\"", "a string"),
    ] {
        let faults = PlaceOrderRequest::parse(body.as_bytes()).unwrap_err();
        assert_eq!(
            show(&faults),
            format!("[] WrongType: the body must be an object, not {found}\n")
        );
    }
    // A line is an object too, though serde would read a struct from a list.
    check_line(
        r#"["P",1,2.50]"#,
        &expect![[r#"
            [/items/0] WrongType: element 0 of items must be an object, not a list
        "#]],
    );
}

#[test]
fn every_fault_at_once() {
    check(
        r#"{"customerID":"C","items":[{"productId":"","quantity":0,"price":-1},7,{"quantity":"2","price":"1","x/~y":1}],
            "currency":"usd","customerEmail":"ada@","customerPhone":"0123","metadata":[]}"#,
        &expect![[r#"
            [/customerID] UnknownField: unknown field: customerID; known here: customerId, items, currency, customerEmail, customerPhone, metadata
            [/customerId] MissingField: Missing required field: customerId
            [/currency] UnknownCurrency: unknown currency "usd": a currency is an active ISO 4217 code in capitals, such as USD or EUR
            [/items/0/productId] BadFormat: productId must be 1 to 128 characters, none of them a control character, no space at either end
            [/items/0/quantity] OutOfRange: quantity must be from 1 to 10000, not 0
            [/items/0/price] OutOfRange: price must not be negative, but is -1
            [/items/1] WrongType: element 1 of items must be an object, not a number
            [/items/2/x~1~0y] UnknownField: unknown field: x/~y; known here: productId, quantity, price
            [/items/2/productId] MissingField: Missing required field: productId
            [/items/2/quantity] WrongType: quantity must be a number, not a string
            [/items/2/price] WrongType: price must be a number, not a string
            [/customerEmail] BadFormat: customerEmail must be an address such as ada@example.com, in ASCII and at most 254 characters long
            [/customerPhone] BadFormat: customerPhone must be an E.164 number such as +14155550123: a plus, then 7 to 15 digits, the first not 0
            [/metadata] WrongType: metadata must be an object, not a list
        "#]],
    );
    check(
        "{}",
        &expect![[r#"
            [/customerId] MissingField: Missing required field: customerId
            [/items] MissingField: Missing required field: items
        "#]],
    );
}

#[test]
fn quantities() {
    for quantity in [
        "0",
        "-1",
        "10001",
        "99999999999999999999",
        "2.0",
        "1e400",
        "-0",
        "1E2",
    ] {
        let body = GOOD.replace(":2,", &format!(":{quantity},"));
        let faults = PlaceOrderRequest::parse(body.as_bytes()).unwrap_err();
        assert_eq!(faults[0].pointer, "/items/0/quantity", "{quantity}");
        assert_eq!(faults.len(), 1, "{quantity}");
    }
    check_line(
        r#"{"productId":"P","quantity":2.5,"price":1}"#,
        &expect![[r#"
            [/items/0/quantity] BadFormat: quantity must be a whole number such as 2, not 2.5
        "#]],
    );
    check_line(
        r#"{"productId":"P","quantity":0,"price":1}"#,
        &expect![[r#"
            [/items/0/quantity] OutOfRange: quantity must be from 1 to 10000, not 0
        "#]],
    );
}

#[test]
fn prices() {
    for (price, code) in [
        ("-0.01", FaultCode::OutOfRange),
        ("0.001", FaultCode::TooManyDecimals),
        ("0.00001", FaultCode::TooManyDecimals),
        ("1e400", FaultCode::BadFormat),
        ("1E2", FaultCode::BadFormat),
        ("1000000000000", FaultCode::OutOfRange),
        ("99999999999999999999999999999999999999", FaultCode::OutOfRange),
        (
            "0.0000000000000000000000000000000000001",
            FaultCode::TooManyDecimals,
        ),
        ("true", FaultCode::WrongType),
    ] {
        let body = GOOD.replace("29.99", price);
        let faults = PlaceOrderRequest::parse(body.as_bytes()).unwrap_err();
        assert_eq!(faults[0].pointer, "/items/0/price", "{price}");
        assert_eq!(faults[0].code, code, "{price}");
        assert_eq!(faults.len(), 1, "{price}");
    }
    check(
        r#"{"customerId":"C","currency":"JPY","items":[{"productId":"P","quantity":1,"price":1.5}]}"#,
        &expect![[r#"
            [/items/0/price] TooManyDecimals: JPY has 0 decimals; 1.5 has more
        "#]],
    );
}

#[test]
fn the_total_has_a_largest_amount() {
    check_line(
        r#"{"productId":"P","quantity":2,"price":999999999999.99}"#,
        &expect![[r#"
            [/items] TotalTooLarge: the order's total is too large: an amount is at most 999999999999.9999
        "#]],
    );
}

#[test]
fn lines_have_bounds_and_each_product_once() {
    let lines = |count: usize| {
        let lines: Vec<String> = (0..count)
            .map(|n| format!(r#"{{"productId":"P{n}","quantity":1,"price":1}}"#))
            .collect();
        format!(r#"{{"customerId":"C","items":[{}]}}"#, lines.join(","))
    };
    assert!(PlaceOrderRequest::parse(lines(100).as_bytes()).is_ok());
    check(
        &lines(101),
        &expect![[r#"
            [/items] TooLong: items must have at most 100 lines, not 101
        "#]],
    );
    check(
        &lines(0),
        &expect![[r#"
            [/items] OutOfRange: items must have at least one line
        "#]],
    );
    check_line(
        r#"{"productId":"P","quantity":1,"price":1},{"productId":"Q","quantity":0,"price":1},{"productId":"Q","quantity":1,"price":1}"#,
        &expect![[r#"
            [/items/1/quantity] OutOfRange: quantity must be from 1 to 10000, not 0
            [/items/2/productId] DuplicateProduct: Q is in line 1 already; put both quantities into one line
        "#]],
    );
}

#[test]
fn fields_sent_twice() {
    check(
        r#"{"customerId":"C","customerId":"D","items":[{"productId":"P","quantity":1,"quantity":2,"price":1}],
            "metadata":{"a":1,"a":2,"b":{"c":1,"\u0063":2}}}"#,
        &expect![[r#"
            [/customerId] DuplicateField: the field customerId is there twice; send it once
            [/items/0/quantity] DuplicateField: the field quantity is there twice; send it once
            [/metadata/a] DuplicateField: the field a is there twice; send it once
            [/metadata/b/c] DuplicateField: the field c is there twice; send it once
        "#]],
    );
}

#[test]
fn names_have_bounds() {
    for customer in ["", " C", "C\\n", &"x".repeat(129)] {
        let body = GOOD.replace("CUST-001", customer);
        let faults = PlaceOrderRequest::parse(body.as_bytes()).unwrap_err();
        assert_eq!(faults[0].pointer, "/customerId", "{customer}");
        assert_eq!(faults[0].code, FaultCode::BadFormat, "{customer}");
    }
    assert!(PlaceOrderRequest::parse(GOOD.replace("CUST-001", &"é".repeat(128)).as_bytes()).is_ok());
}

#[test]
fn addresses_and_numbers() {
    let accepts = |field: &str, value: &str| {
        let body = GOOD.replacen('{', &format!(r#"{{"{field}":"{value}","#), 1);
        match PlaceOrderRequest::parse(body.as_bytes()) {
            Ok(_) => true,
            Err(faults) => {
                assert_eq!(faults[0].pointer, format!("/{field}"), "{value}");
                false
            }
        }
    };
    let long_local = format!("{}@example.com", "x".repeat(65));
    let long_domain = format!("a@{}.com", "example.".repeat(32));
    for (email, good) in [
        ("a@b.co", true),
        ("o'hara+x@xn--bcher-kva.example", true),
        ("a@b", false),
        ("a@b..co", false),
        (".a@b.co", false),
        ("a@-b.co", false),
        ("a b@c.de", false),
        ("a@b.co\\nBcc: x@y.zz", false),
        ("a@b@c.de", false),
        ("ä@b.co", false),
        (&long_local, false),
        (&long_domain, false),
    ] {
        assert_eq!(accepts("customerEmail", email), good, "{email}");
    }
    for (phone, good) in [
        ("+14155550123", true),
        ("+4930123", true),
        ("+123456789012345", true),
        ("+1234567890123456", false),
        ("+493012", false),
        ("14155550123", false),
        ("+04155550123", false),
        ("+1 415 555 0123", false),
        ("+", false),
    ] {
        assert_eq!(accepts("customerPhone", phone), good, "{phone}");
    }
}

#[test]
fn metadata_has_bounds() {
    let faults = |metadata: &str| {
        let body = GOOD.replacen('{', &format!(r#"{{"metadata":{metadata},"#), 1);
        match PlaceOrderRequest::parse(body.as_bytes()) {
            Ok(_) => String::new(),
            Err(faults) => show(&faults),
        }
    };
    let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let fields = |count: usize| {
        let fields: Vec<String> = (0..count).map(|n| format!(r#""k{n}":1"#)).collect();
        format!(r#"{{"deeper":{{{}}}}}"#, fields.join(","))
    };
    assert_eq!(faults(&nested(8)), "");
    expect![[r#"
        [/metadata/a/a/a/a/a/a/a/a] TooDeep: metadata must nest at most 8 levels deep
    "#]]
    .assert_eq(&faults(&nested(9)));
    assert_eq!(
        faults(&format!(r#"{{"a":{}1{}}}"#, "[".repeat(7), "]".repeat(7))),
        ""
    );
    expect![[r#"
        [/metadata] TooLong: metadata must have at most 16384 bytes, not 100006
    "#]]
    .assert_eq(&faults(&format!(
        r#"{{"a":{}{}}}"#,
        "[".repeat(50_000),
        "]".repeat(50_000)
    )));
    assert_eq!(faults(&fields(49)), "");
    expect![[r#"
        [/metadata] TooLong: metadata must have at most 50 fields in all, not 51
    "#]]
    .assert_eq(&faults(&fields(50)));
    assert_eq!(faults(&format!(r#"{{"a":"{}"}}"#, "x".repeat(16 * 1024 - 8))), "");
    expect![[r#"
        [/metadata] TooLong: metadata must have at most 16384 bytes, not 16385
    "#]]
    .assert_eq(&faults(&format!(r#"{{"a":"{}"}}"#, "x".repeat(16 * 1024 - 7))));
    expect![[r#"
        [/metadata/n/0] OutOfRange: a number in metadata must have at most 38 digits and lie between 1e-130 and 1e126
        [/metadata/n/3] OutOfRange: a number in metadata must have at most 38 digits and lie between 1e-130 and 1e126
        [/metadata/n/5] OutOfRange: a number in metadata must have at most 38 digits and lie between 1e-130 and 1e126
        [/metadata/n/8] OutOfRange: a number in metadata must have at most 38 digits and lie between 1e-130 and 1e126
        [/metadata/$serde_json::private::Number] BadFormat: a field of metadata must not begin with $serde_json::private::
        [/metadata/bad] MalformedJson: not valid JSON: a \u escape is half of a surrogate pair
    "#]].assert_eq(&faults(
        r#"{"n":[1e400,1e125,9.9e125,1e126,1e-130,1e-131,0e999,12345678901234567890123456789012345678,
            123456789012345678901234567890123456789,0.00010],"$serde_json::private::Number":"1","bad":"\udc00"}"#,
    ));
}

fn product(id: &str, price: &str, currency: &str) -> Option<Product> {
    Some(Product {
        product_id: ProductId::new(id).unwrap(),
        name: String::new(),
        price: price.parse().unwrap(),
        currency: currency.parse().unwrap(),
        stock: 1,
    })
}

#[test]
fn a_client_cannot_choose_its_price() {
    let body = r#"{"customerId":"C","items":[{"productId":"A","quantity":1,"price":1.50},
        {"productId":"B","quantity":1,"price":1},{"productId":"C","quantity":1,"price":1},{"productId":"D","quantity":1,"price":1}]}"#;
    let request = PlaceOrderRequest::parse(body.as_bytes()).unwrap();
    let products = [
        product("A", "1.5", "USD"),
        product("B", "1.01", "USD"),
        product("C", "1", "EUR"),
        None,
    ];
    expect![[r#"
        [/items/1/price] PriceMismatch: B costs 1.01 USD, not 1
        [/items/2/price] CurrencyMismatch: C is sold in EUR, not in USD
        [/items/3/productId] UnknownProduct: there is no product D; GET /products lists those there are
    "#]]
    .assert_eq(&show(&check_against_catalogue(&request, &products).unwrap_err()));
    let products = [
        product("A", "1.5", "USD"),
        product("B", "1", "USD"),
        product("C", "1", "USD"),
        product("D", "1", "USD"),
    ];
    assert_eq!(check_against_catalogue(&request, &products), Ok(()));
    assert_eq!(
        check_against_catalogue(&request, &products[..2])
            .unwrap_err()
            .len(),
        2
    );
}

prop_compose! {
    fn amount(currency: Currency)(units in 0_u64..10_000_000, scale in 0..=currency.decimals()) -> String {
        let scale = scale as usize;
        let digits = format!("{units:0width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        if scale == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }
}

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec!["USD", "EUR", "JPY", "KWD", "CLF"]).prop_map(|code| code.parse().unwrap())
}

prop_compose! {
    /// A good body, as text: its prices must stay as they were written.
    fn good_body()(currency in currency())(
        lines in prop::collection::vec((1_u32..=10_000, amount(currency)), 1..8),
        currency in Just(currency),
        customer in "[A-Za-z0-9é-]{1,128}",
        email in prop::option::of("[a-z]{1,20}@[a-z]{1,20}\\.com"),
        phone in prop::option::of("\\+[1-9][0-9]{6,14}"),
        note in prop::option::of(".{0,100}"),
    ) -> String {
        let items: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(n, (quantity, price))| format!(r#"{{"productId":"P{n}","quantity":{quantity},"price":{price}}}"#))
            .collect();
        let mut body = format!(
            r#"{{"customerId":{},"items":[{}],"currency":"{currency}""#, json!(customer), items.join(",")
        );
        for (name, value) in [("customerEmail", email), ("customerPhone", phone)] {
            body += &value.map(|v| format!(r#","{name}":"{v}""#)).unwrap_or_default();
        }
        body += &note.map(|n| format!(r#","metadata":{{"note":{}}}"#, json!(n))).unwrap_or_default();
        body + "}"
    }
}

/// A change to a good body, the place where the fault must be, and its code.
fn mutation() -> impl Strategy<Value = (&'static str, &'static str, FaultCode)> {
    prop::sample::select(vec![
        (r#""customerId""#, "/customerId", FaultCode::MissingField),
        (r#""items""#, "/items", FaultCode::MissingField),
        (r#""productId""#, "/items/0/productId", FaultCode::MissingField),
        (r#""quantity""#, "/items/0/quantity", FaultCode::MissingField),
        (r#""price""#, "/items/0/price", FaultCode::MissingField),
    ])
}

proptest! {
    #[test]
    fn good_bodies_are_accepted_and_their_totals_exact(body in good_body()) {
        let request = PlaceOrderRequest::parse(body.as_bytes()).map_err(|f| TestCaseError::fail(show(&f)))?;
        // Counted in ten-thousandths, in whole numbers.
        let units = |amount: Amount| -> u128 {
            let mut decimal = amount.decimal();
            decimal.rescale(4);
            u128::try_from(decimal.mantissa()).unwrap()
        };
        let expected: u128 = request.items().iter().map(|l| units(l.price) * u128::from(l.quantity.get())).sum();
        prop_assert_eq!(units(request.total_amount), expected);
    }

    #[test]
    fn a_field_with_another_name_is_missing_and_unknown(body in good_body(), (name, pointer, code) in mutation()) {
        let mutated = body.replacen(name, r#""zzz""#, 1);
        let faults = PlaceOrderRequest::parse(mutated.as_bytes()).unwrap_err();
        let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        prop_assert!(faults.iter().any(|f| f.pointer == pointer && f.code == code), "{}", show(&faults));
        let unknown = format!("{parent}/zzz");
        prop_assert!(faults.iter().any(|f| f.pointer == unknown && f.code == FaultCode::UnknownField));
        prop_assert_eq!(faults.len(), 2);
    }

    #[test]
    fn a_cut_body_is_malformed(body in good_body(), at in any::<prop::sample::Index>()) {
        let cut = &body.as_bytes()[..at.index(body.len())];
        let faults = PlaceOrderRequest::parse(cut).unwrap_err();
        prop_assert_eq!(faults[0].code, FaultCode::MalformedJson);
        prop_assert_eq!(faults.len(), 1);
    }

    #[test]
    fn any_bytes_get_an_answer(body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(faults) = PlaceOrderRequest::parse(&body) {
            prop_assert!((1..=100).contains(&faults.len()));
        }
    }

    #[test]
    fn any_json_gets_an_answer(body in "[\\[\\]{}:,\"a0-9.eE \\-]{0,60}") {
        let valid = serde_json::from_str::<serde::de::IgnoredAny>(&body).is_ok();
        let faults = PlaceOrderRequest::parse(body.as_bytes()).unwrap_err();
        prop_assert_eq!(faults[0].code == FaultCode::MalformedJson, !valid, "{}", show(&faults));
    }
}

#[test]
fn zeros_behind_a_price_are_not_kept() {
    let body = br#"{"customerId":"C","items":[{"productId":"P","quantity":2,"price":29.990}]}"#;
    let request = PlaceOrderRequest::parse(body).unwrap();
    assert_eq!(request.items()[0].price.to_string(), "29.99");
    let placed = request.place(
        "01939f7c-8e00-7000-8000-000000000000".parse().unwrap(),
        String::new(),
    );
    assert_eq!(placed.total_amount.to_string(), "59.98");
}

/// An answer is never much longer than what is known, whatever was sent.
#[test]
fn what_is_too_long_to_repeat_is_cut() {
    let long = "ä".repeat(100_000);
    let bodies = [
        format!(r#"{{"customerId":"C","items":[],"{long}":1}}"#),
        format!(r#"{{"customerId":"C","items":[{{"{long}":1}}]}}"#),
        format!(r#"{{"customerId":"C","items":[],"currency":"{long}"}}"#),
        format!(
            r#"{{"customerId":"C","items":[],"metadata":{{"{0}":1,"{0}":1}}}}"#,
            &long[..7_000]
        ),
    ];
    for body in bodies {
        let faults = PlaceOrderRequest::parse(body.as_bytes()).unwrap_err();
        let told: usize = faults
            .iter()
            .map(|fault| fault.pointer.len() + fault.detail.len())
            .sum();
        assert!(told < 800, "{told}: {:.200}", faults[0].detail);
        assert!(faults.iter().any(|fault| fault.detail.contains('…')));
    }
}
