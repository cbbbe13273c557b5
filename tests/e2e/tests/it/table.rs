//! The table as DynamoDB shows it to anybody with its address: raw items, none of the product's types.

use serde_json::{Map, Value, json};

use crate::world::World;

/// Operations that may change an item.
const WRITES: [&str; 6] =
    ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem", "ExecuteStatement"];

impl World {
    /// A call of DynamoDB or Secrets Manager.
    async fn aws_call(&self, target: &str, body: &Value) -> Value {
        let request = self
            .http
            .post(&self.aws)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-date", "20260101T000000Z")
            // The emulator checks that there is one, as the real services do, and not what it says.
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=test/20260101/ap-northeast-2/dynamodb/aws4_request, \
                 SignedHeaders=host, Signature=0",
            )
            .body(body.to_string());
        let response = request.send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 200, "{target}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn item(&self, pk: &str, sk: &str) -> Option<Value> {
        self.typed_item(pk, sk).await.as_ref().map(plain_item)
    }

    /// An item with DynamoDB's types, as it can be put back.
    pub(crate) async fn typed_item(&self, pk: &str, sk: &str) -> Option<Value> {
        let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        let body = json!({ "TableName": self.table, "Key": key, "ConsistentRead": true });
        self.aws_call("DynamoDB_20120810.GetItem", &body).await.get("Item").cloned()
    }

    /// Puts an item there that the product did not write.
    pub(crate) async fn plant(&self, item: &Value) {
        self.aws_call("DynamoDB_20120810.PutItem", &json!({ "TableName": self.table, "Item": item })).await;
    }

    /// Takes it away again.
    pub(crate) async fn uproot(&self, item: &Value) {
        let key = json!({ "pk": item["pk"], "sk": item["sk"] });
        self.aws_call("DynamoDB_20120810.DeleteItem", &json!({ "TableName": self.table, "Key": key })).await;
    }

    /// The report of a day, such as `2026-11-24`.
    pub(crate) async fn report_row(&self, day: &str) -> Option<Value> {
        self.item(&format!("RPT#{day}"), "RPT").await
    }

    /// The row of an order, if there is one.
    pub(crate) async fn row(&self, merchant_uid: &str) -> Option<Value> {
        self.item(&format!("PAY#{merchant_uid}"), "PAY").await
    }

    /// The row of an order.
    pub(crate) async fn the_row(&self, merchant_uid: &str) -> Value {
        self.row(merchant_uid).await.unwrap_or_else(|| panic!("{merchant_uid} has no row"))
    }

    /// The row of a billing key.
    pub(crate) async fn key_row(&self, customer_uid: &str) -> Value {
        let row = self.item(&format!("KEY#{customer_uid}"), "KEY").await;
        row.unwrap_or_else(|| panic!("{customer_uid} has no row"))
    }

    /// Every item of the table, as the wire has it.
    pub(crate) async fn items(&self) -> Vec<Value> {
        let mut items = Vec::new();
        let mut from = Value::Null;
        loop {
            let mut body = json!({ "TableName": self.table, "ConsistentRead": true });
            if !from.is_null() {
                body["ExclusiveStartKey"] = from;
            }
            let page = self.aws_call("DynamoDB_20120810.Scan", &body).await;
            items.extend(page["Items"].as_array().unwrap().iter().cloned());
            from = page["LastEvaluatedKey"].clone();
            if from.is_null() {
                return items;
            }
        }
    }

    /// Every item of one customer, readable.
    pub(crate) async fn items_of(&self, customer_id: &str) -> Vec<Value> {
        self.items().await.iter().map(plain_item).filter(|item| item["owner"] == customer_id).collect()
    }

    /// What the product's secret says.
    pub(crate) async fn secret(&self) -> Value {
        let body = json!({ "SecretId": self.secret_name });
        let reply = self.aws_call("secretsmanager.GetSecretValue", &body).await;
        serde_json::from_str(reply["SecretString"].as_str().unwrap()).unwrap()
    }

    /// How often anything was written, so far.
    pub(crate) async fn writes_so_far(&self) -> u64 {
        let reply = self.http.get(format!("{}/_aws/calls", self.aws)).send().await.unwrap();
        let calls: Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
        WRITES.iter().filter_map(|operation| calls[operation].as_u64()).sum()
    }

    /// Arms a fault of the AWS endpoint.
    pub(crate) async fn aws_fault(&self, operation: &str, kind: &str, times: u32, skip: u32) {
        let fault = json!({ "operation": operation, "kind": kind, "times": times, "skip": skip });
        let armed = self.http.post(format!("{}/_aws/faults", self.aws)).body(fault.to_string()).send().await.unwrap();
        assert_eq!(armed.status(), 201, "{fault}");
    }

    /// What is still armed there.
    pub(crate) async fn aws_faults(&self) -> Value {
        let reply = self.http.get(format!("{}/_aws/faults", self.aws)).send().await.unwrap();
        serde_json::from_str(&reply.text().await.unwrap()).unwrap()
    }

    /// Disarms them.
    pub(crate) async fn no_aws_faults(&self) {
        self.http.delete(format!("{}/_aws/faults", self.aws)).send().await.unwrap();
    }

    /// Sweeps, moving the clock to when the row is due, until nothing is owed on it. Returns the row.
    pub(crate) async fn sweep_until_settled(&self, merchant_uid: &str) -> Value {
        for _ in 0..8 {
            let row = self.the_row(merchant_uid).await;
            let Some(due_at) = row["due_at"].as_i64() else { return row };
            self.advance_to(due_at).await;
            self.sweep().await;
        }
        panic!("never settled: {}", self.the_row(merchant_uid).await)
    }
}

/// An item without DynamoDB's types. Numbers of a row are whole.
fn plain_item(item: &Value) -> Value {
    let attributes = item.as_object().unwrap().iter();
    Value::Object(attributes.map(|(name, value)| (name.clone(), plain(value))).collect::<Map<_, _>>())
}

fn plain(typed: &Value) -> Value {
    let (kind, value) = typed.as_object().and_then(|map| map.iter().next()).unwrap();
    match kind.as_str() {
        "NULL" => Value::Null,
        "N" => value.as_str().unwrap().parse::<i64>().unwrap().into(),
        "L" => value.as_array().unwrap().iter().map(plain).collect(),
        "M" => plain_item(value),
        "S" | "BOOL" => value.clone(),
        other => panic!("no row holds a {other}"),
    }
}

/// A row has to say what the PSP says, field by field; what is empty there is absent here.
#[track_caller]
pub(crate) fn same_as_psp(row: &Value, payment: &Value) {
    let record = &row["record"];
    for name in [
        "imp_uid",
        "merchant_uid",
        "status",
        "customer_uid",
        "cancel_amount",
        "paid_at",
        "failed_at",
        "cancelled_at",
        "fail_reason",
        "pay_method",
        "pg_provider",
        "pg_tid",
        "pg_id",
        "apply_num",
        "card_code",
        "card_name",
        "card_number",
        "card_quota",
        "receipt_url",
        "customer_uid_usage",
    ] {
        let psp = &payment[name];
        let is_time = name.ends_with("_at");
        let expected = if is_time && *psp == 0 { &Value::Null } else { psp };
        assert_eq!(&record[name], expected, "{name}: row {row}, PSP {payment}");
    }
    assert_eq!(record["amount"], json!({ "minor": payment["amount"], "currency": payment["currency"] }));
    assert_eq!(row["order"]["amount"], record["amount"], "the order and the record speak of the same money");
    assert_eq!(row["order"]["name"], payment["name"]);
    let state = match payment["status"].as_str().unwrap() {
        "cancelled" => "refunded",
        other => other,
    };
    assert_eq!(row["state"], state, "{row}");
    assert_eq!(row["due_at"], Value::Null, "nothing is owed on a settled row: {row}");
    assert_eq!(row["claim"], Value::Null, "nobody holds a settled row: {row}");
}
