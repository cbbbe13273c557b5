//! Pages of lists.

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
