use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use jiff::Timestamp;
use sandbox::gateway::keys::{AUDIENCE, ISSUER, SigningKey};
use serde_json::{Map, Value, json};

use crate::support::{Gateway, claims, customer, key_id, merchant, sign, sign_as};

fn changed(change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut claims = claims("customer-1", "billing/customer");
    change(&mut claims);
    sign(&claims)
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The same token with another header.
fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let (header, rest) = token.split_once('.').expect("a token");
    let decoded = URL_SAFE_NO_PAD.decode(header).expect("base64");
    let mut header: Value = serde_json::from_slice(&decoded).expect("JSON");
    change(&mut header);
    format!("{}.{rest}", part(&header))
}

#[tokio::test]
async fn every_token_that_is_not_valid_is_401_and_invokes_nothing() {
    let gateway = Gateway::start().await;
    let now = Timestamp::now().as_second();
    let good = customer();
    let (unsigned, signature) = good.rsplit_once('.').expect("a token");
    let (header, payload) = unsigned.split_once('.').expect("a token");
    let other_key = SigningKey::ephemeral().expect("a key");
    let forged = other_key.sign(&claims("customer-1", "billing/customer")).expect("signed");
    let richer = part(&json!(claims("customer-2", "billing/merchant")));
    let cases = [
        ("no signature", format!("{unsigned}.")),
        ("signature of another payload", format!("{header}.{richer}.{signature}")),
        ("changed signature", format!("{unsigned}.{}", signature.chars().rev().collect::<String>())),
        ("alg none", format!("{}.{payload}.", part(&json!({ "alg": "none", "typ": "JWT" })))),
        ("alg none with a signature", with_header(&good, |header| header["alg"] = json!("none"))),
        ("alg HS256", with_header(&good, |header| header["alg"] = json!("HS256"))),
        ("alg RS512", with_header(&good, |header| header["alg"] = json!("RS512"))),
        ("alg PS256", with_header(&good, |header| header["alg"] = json!("PS256"))),
        ("another key", forged.clone()),
        ("another key under our id", {
            let id: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64")).expect("JSON");
            with_header(&forged, |header| header["kid"] = id["kid"].clone())
        }),
        (
            "no key id",
            with_header(&good, |header| {
                header.as_object_mut().expect("an object").remove("kid");
            }),
        ),
        (
            "expired",
            changed(|claims| {
                claims.insert("exp".into(), json!(now - 1));
            }),
        ),
        (
            "without exp",
            changed(|claims| {
                claims.remove("exp");
            }),
        ),
        (
            "exp is text",
            changed(|claims| {
                claims.insert("exp".into(), json!("never"));
            }),
        ),
        (
            "not yet valid",
            changed(|claims| {
                claims.insert("nbf".into(), json!(now + 60));
            }),
        ),
        (
            "issued in the future",
            changed(|claims| {
                claims.insert("iat".into(), json!(now + 60));
            }),
        ),
        (
            "another issuer",
            changed(|claims| {
                claims.insert("iss".into(), json!("https://elsewhere/"));
            }),
        ),
        (
            "without issuer",
            changed(|claims| {
                claims.remove("iss");
            }),
        ),
        (
            "another audience",
            changed(|claims| {
                claims.insert("aud".into(), json!("elsewhere"));
            }),
        ),
        (
            "other audiences",
            changed(|claims| {
                claims.insert("aud".into(), json!(["a", "b"]));
            }),
        ),
        (
            "without audience",
            changed(|claims| {
                claims.remove("aud");
            }),
        ),
        (
            "another client",
            changed(|claims| {
                claims.remove("aud");
                claims.insert("client_id".into(), json!("elsewhere"));
            }),
        ),
        (
            "audience wins over client",
            changed(|claims| {
                claims.insert("aud".into(), json!("elsewhere"));
                claims.insert("client_id".into(), json!(AUDIENCE));
            }),
        ),
        ("garbage", "garbage".to_owned()),
        ("three dots", "a.b.c.d".to_owned()),
    ];
    for (what, token) in cases {
        let answer = gateway.get_as(&token, "/charges/x").await;
        assert_eq!((answer.status, answer.json()), (401, json!({ "message": "Unauthorized" })), "{what}");
        let challenge = answer.header("www-authenticate").expect("a challenge");
        assert!(
            challenge.starts_with("Bearer ") && challenge.contains("error=\"invalid_token\""),
            "{what}: {challenge}"
        );
        assert!(!challenge.contains(&token), "{what}");
    }
    assert!(gateway.invocations().is_empty());
}

/// The real gateway picks the key by its id, so a token without a known one cannot be verified there.
#[tokio::test]
async fn a_good_signature_under_an_unknown_key_id_is_401() {
    let gateway = Gateway::start().await;
    let claims = claims("customer-1", "billing/customer");
    for (id, status) in [(Some(key_id()), 200), (Some("another"), 401), (None, 401)] {
        assert_eq!(gateway.get_as(&sign_as(id, &claims), "/charges/x").await.status, status, "{id:?}");
    }
}

#[tokio::test]
async fn a_missing_token_is_401_with_a_bare_challenge() {
    let gateway = Gateway::start().await;
    for headers in [&[][..], &[("authorization", "")], &[("authorization", "Bearer ")]] {
        let answer = gateway.call(Method::GET, "/charges/x", headers, "").await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")), "{headers:?}");
    }
    for value in ["Basic dXNlcjpwYXNz", &format!("Token {}", customer())] {
        let answer = gateway.call(Method::GET, "/charges/x", &[("authorization", value)], "").await;
        assert_eq!(answer.status, 401, "{value}");
    }
    let two = [("authorization", &*customer()), ("authorization", "x")];
    assert_eq!(gateway.call(Method::GET, "/charges/x", &two, "").await.status, 401);
    // A token anywhere else is none.
    let query = format!("/charges/x?access_token={}", customer());
    assert_eq!(gateway.get(&query).await.status, 401);
    assert!(gateway.invocations().is_empty());
}

#[tokio::test]
async fn the_wrong_audience_is_worded_as_the_real_gateway_words_it() {
    let gateway = Gateway::start().await;
    let token = changed(|claims| {
        claims.insert("aud".into(), json!("elsewhere"));
    });
    let answer = gateway.get_as(&token, "/charges/latest").await;
    let expected =
        "Bearer scope=\"\" error=\"invalid_token\" error_description=\"the token does not have a valid audience\"";
    assert_eq!(answer.header("www-authenticate"), Some(expected));
}

#[tokio::test]
async fn a_scope_that_is_missing_is_403() {
    let gateway = Gateway::start().await;
    for token in [
        customer(),
        changed(|claims| {
            claims.remove("scope");
        }),
        // Whole words only.
        changed(|claims| {
            claims.insert("scope".into(), json!("billing/merchants xbilling/merchant billing"));
        }),
    ] {
        let answer = gateway.call(Method::POST, "/charges", &[("authorization", &token)], "{}").await;
        assert_eq!((answer.status, answer.json()), (403, json!({ "message": "Forbidden" })));
    }
    assert!(gateway.invocations().is_empty());
}

#[tokio::test]
async fn any_one_of_the_scopes_is_enough_and_both_spellings_count() {
    let gateway = Gateway::start().await;
    for token in [
        customer(),
        merchant(),
        changed(|claims| {
            claims.insert("scope".into(), json!("openid billing/customer profile"));
        }),
        changed(|claims| {
            claims.remove("scope");
            claims.insert("scp".into(), json!(["billing/merchant"]));
        }),
        changed(|claims| {
            claims.remove("aud");
            claims.insert("client_id".into(), json!(AUDIENCE));
        }),
        changed(|claims| {
            claims.insert("aud".into(), json!(["elsewhere", AUDIENCE]));
        }),
        changed(|claims| {
            claims.remove("iat");
            claims.remove("nbf");
        }),
    ] {
        assert_eq!(gateway.get_as(&token, "/charges/x").await.status, 200);
        // The scheme may be left out, and its case does not matter.
        for value in [token.clone(), format!("bearer {token}")] {
            let answer = gateway.call(Method::GET, "/charges/x", &[("authorization", &value)], "").await;
            assert_eq!(answer.status, 200);
        }
    }
}

#[tokio::test]
async fn a_route_that_says_nothing_needs_a_token() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.get("/charges/latest").await.status, 401);
    let answer = gateway.get_as(&customer(), "/charges/latest").await;
    assert_eq!(answer.status, 200);
    assert_eq!(gateway.only_event()["requestContext"]["authorizer"]["jwt"]["scopes"], Value::Null);
}

#[tokio::test]
async fn claims_reach_the_function_as_text() {
    let gateway = Gateway::start().await;
    let token = changed(|claims| {
        claims.insert("groups".into(), json!(["admin", "power user"]));
        claims.insert("verified".into(), json!(true));
        claims.insert("nothing".into(), Value::Null);
        claims.insert("address".into(), json!({ "city": "Seoul" }));
        claims.insert("scope".into(), json!("openid billing/merchant billing/customer"));
    });
    gateway.get_as(&token, "/charges/x").await;
    let event = gateway.only_event();
    let jwt = &event["requestContext"]["authorizer"]["jwt"];
    assert_eq!(jwt["scopes"], json!(["billing/customer", "billing/merchant"]));
    let claims = jwt["claims"].as_object().expect("an object");
    assert!(claims.values().all(Value::is_string), "{claims:?}");
    assert_eq!(claims["groups"], "[admin power user]");
    assert_eq!(claims["verified"], "true");
    assert_eq!(claims["address"], r#"{"city":"Seoul"}"#);
    assert_eq!(claims["iss"], ISSUER);
    assert!(claims["exp"].as_str().is_some_and(|exp| exp.parse::<i64>().is_ok()));
    assert!(!claims.contains_key("nothing"));
}

#[tokio::test]
async fn an_open_route_ignores_whatever_token_comes() {
    let gateway = Gateway::start().await;
    let answer = gateway.call(Method::POST, "/webhooks/iamport/t", &[("authorization", "garbage")], "{}").await;
    assert_eq!(answer.status, 200);
    assert_eq!(gateway.only_event()["requestContext"].get("authorizer"), None);
}
