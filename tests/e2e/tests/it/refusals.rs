//! How a table of bad requests is worked through: each refused with its status, code and field; its value not repeated;
//! nothing written, and nobody asked.

use serde_json::Value;

use crate::world::World;

/// A request that must be refused.
pub(crate) struct Refusal {
    pub(crate) name: String,
    pub(crate) request: reqwest::RequestBuilder,
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    /// `None`: no single field is to blame.
    pub(crate) field: Option<String>,
    /// What the request held, and the answer must not.
    pub(crate) secret: Option<String>,
}

/// Works through the table. `World::alone` only: all calls are counted.
pub(crate) async fn all_refused(world: &World, table: Vec<Refusal>) {
    let (calls, writes) = (world.requests_so_far().await, world.writes_so_far().await);
    let items = world.items().await.len();
    let mut wrong = Vec::new();
    for refusal in table {
        let reply = world.send(refusal.request).await;
        let problem: Value = serde_json::from_str(&reply.text).unwrap_or_default();
        let got = (reply.status, problem["code"].as_str().unwrap_or_default(), problem["field"].as_str());
        if got != (refusal.status, refusal.code, refusal.field.as_deref()) {
            let expected = (refusal.status, refusal.code, refusal.field.as_deref());
            wrong.push(format!("{}: expected {expected:?}, got {got:?} {}", refusal.name, reply.text));
            continue;
        }
        reply.problem(refusal.status, refusal.code);
        if let Some(secret) = refusal.secret.filter(|secret| secret.len() > 2) {
            let headers = format!("{:?}", reply.headers);
            if reply.text.contains(&secret) || headers.contains(&secret) {
                wrong.push(format!("{}: {secret} is echoed in {}", refusal.name, reply.text));
            }
        }
        if world.writes_so_far().await != writes {
            wrong.push(format!("{}: something was written", refusal.name));
            break;
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
    let asked = world.requests_since(calls).await;
    assert!(asked.is_empty(), "the PSP was asked: {asked:?}");
    assert_eq!(world.writes_so_far().await, writes, "writes");
    assert_eq!(world.items().await.len(), items, "items");
}
