//! Credentials, the token's life, and how it is presented.

use serde_json::{Value, json};

use crate::harness::{SECRET, Sim};

async fn login(sim: &Sim) -> Value {
    sim.post("/users/getToken", json!({"imp_key": "imp_apikey", "imp_secret": SECRET})).await.ok()
}

#[tokio::test]
async fn wrong_credentials_are_401_and_missing_ones_are_refused() {
    let sim = Sim::start().await;
    for (key, secret) in [("imp_apikey", "wrong"), ("wrong", SECRET)] {
        sim.post("/users/getToken", json!({"imp_key": key, "imp_secret": secret})).await.refused(401, -1);
    }
    sim.post("/users/getToken", json!({"imp_key": "imp_apikey"})).await.refused(200, 1);
    let form = format!("imp_key=imp_apikey&imp_secret={SECRET}");
    assert_eq!(sim.form("/users/getToken", &form).await.ok()["access_token"], sim.token.as_str());
}

#[tokio::test]
async fn the_same_token_until_its_last_minute_then_extended_then_a_fresh_one() {
    let sim = Sim::start().await;
    let first = login(&sim).await;
    sim.advance(1700).await;
    let second = login(&sim).await;
    assert_eq!((&second["access_token"], &second["expired_at"]), (&first["access_token"], &first["expired_at"]));

    sim.advance(50).await;
    let extended = login(&sim).await;
    assert_eq!(extended["access_token"], first["access_token"]);
    assert_eq!(extended["expired_at"].as_i64().unwrap(), first["expired_at"].as_i64().unwrap() + 300);

    sim.advance(200).await;
    sim.get("/payments/imp_000000000000").await.refused(404, 1);
    sim.advance(200).await;
    sim.get("/payments/imp_000000000000").await.refused(401, -1);
    let fresh = login(&sim).await;
    assert_ne!(fresh["access_token"], first["access_token"]);
    let lifetime = fresh["expired_at"].as_i64().unwrap() - fresh["now"].as_i64().unwrap();
    assert_eq!(lifetime, 1800);
}

#[tokio::test]
async fn raw_and_bearer_are_accepted_and_nothing_else() {
    let sim = Sim::start().await;
    let ask = async |value: Option<String>| {
        let mut request = sim.http.get(format!("{}/payments/imp_000000000000", sim.base));
        if let Some(value) = value {
            request = request.header("authorization", value);
        }
        request.send().await.unwrap().status().as_u16()
    };
    let token = &sim.token;
    for good in [token.clone(), format!("Bearer {token}"), format!("bearer {token}")] {
        assert_eq!(ask(Some(good)).await, 404, "let in");
    }
    for bad in [format!("Basic {token}"), format!("{token}x"), String::new(), "Bearer".to_owned()] {
        assert_eq!(ask(Some(bad)).await, 401);
    }
    assert_eq!(ask(None).await, 401);
}

#[tokio::test]
async fn the_token_can_be_revoked_and_expired_under_a_client() {
    let mut sim = Sim::start().await;
    let first = sim.token.clone();
    sim.tell("token/revoke", json!({})).await;
    sim.get("/payments/imp_000000000000").await.refused(401, -1);
    sim.login().await;
    assert_ne!(sim.token, first);
    sim.tell("token/expire", json!({})).await;
    sim.get("/payments/imp_000000000000").await.refused(401, -1);
}

#[tokio::test]
async fn rotated_credentials_leave_the_token_alive_unless_told_otherwise() {
    let sim = Sim::start().await;
    sim.tell("credentials", json!({"imp_secret": "next"})).await;
    sim.get("/payments/imp_000000000000").await.refused(404, 1);
    sim.post("/users/getToken", json!({"imp_key": "imp_apikey", "imp_secret": SECRET})).await.refused(401, -1);
    let reply = sim.post("/users/getToken", json!({"imp_key": "imp_apikey", "imp_secret": "next"})).await.ok();
    assert_eq!(reply["access_token"], sim.token.as_str());
    sim.tell("credentials", json!({"imp_secret": "third", "revoke_token": true})).await;
    sim.get("/payments/imp_000000000000").await.refused(401, -1);
}

#[tokio::test]
async fn a_skewed_psp_clock_shows_in_now_but_not_in_the_offset() {
    let sim = Sim::start().await;
    let before = sim.now().await;
    let reply = sim.tell("clock", json!({"skew_seconds": 600})).await;
    assert_eq!(reply["offset_seconds"], json!(0));
    assert!((590..=620).contains(&(login(&sim).await["now"].as_i64().unwrap() - before)));
}
