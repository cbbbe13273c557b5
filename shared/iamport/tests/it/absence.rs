//! What counts as "there is no such thing".

use iamport::*;
use serde_json::json;

use crate::server::{Reply, Server};
use crate::support::*;

/// 124: what counts as "there is no such thing", and what does not.
#[tokio::test]
async fn a_general_failure_is_not_an_absence() {
    let absent = async |reply: Reply| {
        let server = Server::with_token(move |_| reply.clone()).await;
        client(&server).payment(&imp_uid(), TestPayments::Hide).await.unwrap_err().says_absent()
    };
    let refused = |status: u16, code: i64, message: serde_json::Value| {
        Reply::json(status, &json!({ "code": code, "message": message, "response": null }))
    };
    assert!(absent(refused(404, 1, json!(null))).await, "404 with an envelope");
    for words in [
        "존재하지 않는 결제정보입니다.",
        "사전등록된 결제정보가 존재하지 않습니다.",
        "요청하신 key_1 로 등록된 정보를 찾을 수 없습니다.",
    ] {
        for code in [1, -1] {
            assert!(absent(refused(200, code, json!(words))).await, "{words}");
        }
    }
    for message in
        [json!(null), json!(""), json!("일시적인 오류가 발생했습니다"), json!("서버 점검 중입니다"), json!(7)]
    {
        for code in [1, -1, 99_999] {
            assert!(!absent(refused(200, code, message.clone())).await, "{code} {message}");
        }
    }
    assert!(!absent(refused(400, 1, json!("존재하지 않는 결제정보입니다."))).await, "a refusal of the request");
    assert!(!absent(refused(503, 1, json!("존재하지 않는 결제정보입니다."))).await);
}
