//! The delivery of escrow payments.

use iamport::*;
use serde_json::{Value, json};

use crate::server::{Reply, Server};
use crate::support::*;

const PATH: &str = "/escrows/logis/imp_123456789012";

fn least() -> EscrowDelivery {
    EscrowDelivery::new(imp_uid(), "CJGLS", "1234567890", 1_800_000_000).unwrap()
}

fn party(name: &str) -> EscrowParty {
    EscrowParty {
        name: text(name),
        tel: text("01012345678"),
        addr: text("서울"),
        postcode: text("01181"),
        formed_address: Some(FormedAddress { address_line_1: "신사동 1".into(), address_line_2: "101호".into() }),
    }
}

fn party_json(name: &str) -> Value {
    json!({
        "name": name, "tel": "01012345678", "addr": "서울", "postcode": "01181",
        "formed_address": { "address_line_1": "신사동 1", "address_line_2": "101호" },
    })
}

fn most() -> EscrowDelivery {
    let mut delivery = least();
    delivery.sender = party("의자공방");
    delivery.sender_relationship = text("본인");
    delivery.receiver = party("홍길동");
    delivery.receiving_at = Some("20270102".to_owned());
    delivery.address = text("부산");
    let mut chair = EscrowProduct::new("p1", "의자", Amount::from_minor(1_999, 2));
    chair.code = Some("c1".to_owned());
    chair.currency = Some("USD".to_owned());
    chair.quantity = Some(2);
    chair.tag = Some("가구".to_owned());
    delivery.products = vec![chair, EscrowProduct::new("p2", "책상", won(1))];
    delivery
}

fn most_json() -> Value {
    json!({
        "sender": merged(party_json("의자공방"), &json!({ "relationship": "본인" })),
        "receiver": party_json("홍길동"),
        "logis": {
            "company": "CJGLS", "invoice": "1234567890", "sent_at": 1_800_000_000, "receiving_at": "20270102",
            "address": "부산",
        },
        "products": [
            {
                "id": "p1", "name": "의자", "amount": 19.99, "code": "c1", "currency": "USD", "quantity": 2,
                "tag": "가구",
            },
            { "id": "p2", "name": "책상", "amount": 1 },
        ],
    })
}

#[tokio::test]
async fn deliveries_are_registered_changed_and_read() {
    let full =
        json!({ "company": "CJGLS", "invoice": "1234567890", "sent_at": 1_800_000_000, "applied_at": 1_800_000_009 });
    let minimal = json!({ "invoice": 1_234_567_890, "company": null, "sent_at": 0 });
    let assert_read = |full: &EscrowLogis, minimal: &EscrowLogis| {
        assert_eq!((full.company.as_deref(), full.invoice.as_str()), (Some("CJGLS"), "1234567890"));
        assert_eq!((full.sent_at, full.applied_at), (Some(1_800_000_000), Some(1_800_000_009)));
        assert_eq!((&minimal.company, minimal.invoice.as_str()), (&None, "1234567890"));
        assert_eq!((minimal.sent_at, minimal.applied_at), (None, None));
    };
    let read = async |client: Client| client.escrow_delivery(&imp_uid()).await;
    let (call, told_full) = told(full.clone(), read).await;
    assert_call(&call, "GET", PATH, &Value::Null);
    assert_read(&told_full, &told(minimal.clone(), read).await.1);

    let logis = json!({ "company": "CJGLS", "invoice": "1234567890", "sent_at": 1_800_000_000 });
    let least_json = json!({ "sender": {}, "receiver": {}, "logis": logis });
    let register = async |client: Client| client.register_escrow_delivery(&least()).await;
    let (call, told_minimal) = told(minimal.clone(), register).await;
    assert_call(&call, "POST", PATH, &least_json);
    assert_read(&told(full.clone(), register).await.1, &told_minimal);
    let update = async |client: Client| client.update_escrow_delivery(&least()).await;
    let (call, told_minimal) = told(minimal, update).await;
    assert_call(&call, "PUT", PATH, &least_json);
    assert_read(&told(full.clone(), update).await.1, &told_minimal);

    let mut delivery = most();
    delivery.send_email = Some(false);
    let call = sent(full.clone(), async |client| client.register_escrow_delivery(&delivery).await).await;
    assert_call(&call, "POST", PATH, &merged(most_json(), &json!({ "send_email": false })));
    let call = sent(full, async |client| client.update_escrow_delivery(&delivery).await).await;
    assert_call(&call, "PUT", PATH, &most_json());
    assert!(EscrowDelivery::new(imp_uid(), "c", "i", 1_800_000_000_000).is_err(), "milliseconds");
    assert_eq!(class_after(json!({ "company": "CJGLS" }), read).await, ErrorClass::Suspect);
}

/// 409 says on reading that nothing is registered, and on writing that it cannot be.
#[tokio::test]
async fn nothing_registered_is_an_absence() {
    let envelope = json!({ "code": 1, "message": "m", "response": null });
    let server = Server::always(Reply::json(409, &envelope)).await;
    let client = client(&server);
    let error = client.escrow_delivery(&imp_uid()).await.unwrap_err();
    assert_eq!((error.class(), error.code(), error.says_absent()), (ErrorClass::NotFound, Some(1), true));
    let error = client.update_escrow_delivery(&least()).await.unwrap_err();
    assert!(matches!(error, Error::Rejected { status: 409, .. }) && !error.says_absent(), "{error:?}");
}
