//! Lists: their pages, and those of several numbers.

use iamport::*;
use serde_json::json;

use crate::server::{Reply, Server};
use crate::support::*;

/// 126: the end of a list.
#[tokio::test]
async fn a_page_past_the_end_is_empty() {
    let envelope = json!({ "code": 1, "message": "page", "response": null });
    let server = Server::always(Reply::json(400, &envelope)).await;
    let client = client(&server);
    let page = |page| ByStatus { page, ..ByStatus::default() };
    assert!(client.payments_by_status(&page(Some(2))).await.unwrap().list.is_empty());
    let mut window = Schedules::new(1, 2);
    window.page = Some(3);
    assert!(client.schedules(&window).await.unwrap().list.is_empty());
    for first in [None, Some(1)] {
        let error = client.payments_by_status(&page(first)).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Rejected, "a 400 for the first page means what it says");
    }
    let twice = json!({ "total": 2, "previous": 1, "next": 0, "list": [payment(), payment()] });
    let server = Server::always(Reply::ok(&twice)).await;
    let page = crate::support::client(&server).payments_by_status(&page(Some(2))).await.unwrap();
    assert_eq!((page.total, page.previous, page.next, page.list.len()), (Some(2), Some(1), None, 2));
}

/// A page that says itself what follows is believed, however full it is.
#[tokio::test]
async fn a_next_page_is_guessed_for_bare_lists_only() {
    let full: serde_json::Value = (0..20).map(|_| scheduled()).collect();
    for (told, next) in [
        (json!({ "total": 20, "previous": 0, "next": 0, "list": full }), None),
        (json!({ "total": 60, "previous": 1, "next": 3, "list": full }), Some(3)),
        (json!({ "previous": 4, "next": 6, "list": full }), Some(6)),
        (full.clone(), Some(2)),
    ] {
        let server = Server::always(Reply::ok(&told)).await;
        assert_eq!(client(&server).schedules(&Schedules::new(1, 2)).await.unwrap().next, next);
    }
}

#[tokio::test]
async fn payments_are_found_by_either_number() {
    let server = Server::always(Reply::ok(&json!([payment()]))).await;
    let client = client(&server);
    let other = || (ImpUid::new("imp_2").unwrap(), MerchantUid::new("other").unwrap());
    for (imp_uids, merchant_uids, asked) in [
        (vec![imp_uid()], vec![], true),
        (vec![], vec![merchant_uid()], true),
        (vec![imp_uid()], vec![other().1], true),
        (vec![other().0], vec![merchant_uid()], true),
        (vec![], vec![other().1, merchant_uid()], true),
        (vec![other().0], vec![], false),
        (vec![], vec![other().1], false),
        (vec![other().0], vec![other().1], false),
    ] {
        let ids = PaymentIds::new(imp_uids, merchant_uids).unwrap();
        let outcome = client.payments(&ids).await.map_err(|error| error.class());
        assert_eq!(
            outcome.map(|many| many.found.len()),
            if asked { Ok(1) } else { Err(ErrorClass::Suspect) },
            "{ids:?}"
        );
    }
}
