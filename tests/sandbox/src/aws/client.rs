//! What the sandbox itself asks of an AWS endpoint, its own or another emulator's: the table and the secret, if absent.
//!
//! Emulators look at the form of a signature, not at its value, so nothing is signed here. The real AWS refuses such
//! requests, and only plain HTTP is spoken: the sandbox can never touch an account.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::Full;
use serde_json::{Value, json};

use super::table::Table;
use crate::net::{Http, HttpError};

/// Emulators answer at once; creating a table may take one of them a moment.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A page of a scan is at most 1 MB.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// How often a table that is being created is looked at.
const POLL: Duration = Duration::from_millis(100);
/// How many times, before giving up.
const POLLS: usize = 100;

/// Why an AWS endpoint did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AwsClientError {
    /// Not a plain-HTTP base URL.
    #[error(
        "the AWS URL `{0}` is not of the form http://HOST:PORT (an emulator; the sandbox does not talk to real AWS)"
    )]
    Url(String),
    /// No answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The service says no.
    #[error("{operation}: {kind}: {message}")]
    Refused {
        /// Operation.
        operation: String,
        /// Short name of the exception.
        kind: String,
        /// Its text.
        message: String,
    },
    /// Not an answer of this service.
    #[error("{0}: the answer is not one of DynamoDB or Secrets Manager")]
    Form(String),
}

impl AwsClientError {
    fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { kind, .. } if kind == wanted)
    }
}

/// A client of one endpoint.
#[derive(Clone, Debug)]
pub struct Client {
    base: Uri,
    http: Http,
}

impl Client {
    /// A client of the endpoint at `url`.
    ///
    /// # Errors
    /// [`AwsClientError::Url`] unless it is plain HTTP.
    pub fn new(url: &str) -> Result<Self, AwsClientError> {
        let wrong = || AwsClientError::Url(url.to_owned());
        let base: Uri = format!("{}/", url.trim_end_matches('/')).parse().map_err(|_| wrong())?;
        if base.scheme_str() != Some("http") || base.authority().is_none() {
            return Err(wrong());
        }
        Ok(Self { base, http: Http::new() })
    }

    /// One call of DynamoDB.
    ///
    /// # Errors
    /// [`AwsClientError`].
    pub async fn dynamodb(&self, operation: &str, body: &Value) -> Result<Value, AwsClientError> {
        self.call("dynamodb", "DynamoDB_20120810", "1.0", operation, body).await
    }

    /// One call of the table's stream.
    ///
    /// # Errors
    /// [`AwsClientError`].
    pub async fn streams(&self, operation: &str, body: &Value) -> Result<Value, AwsClientError> {
        self.call("dynamodb", "DynamoDBStreams_20120810", "1.0", operation, body).await
    }

    /// One call of Secrets Manager.
    ///
    /// # Errors
    /// [`AwsClientError`].
    pub async fn secrets(&self, operation: &str, body: &Value) -> Result<Value, AwsClientError> {
        self.call("secretsmanager", "secretsmanager", "1.1", operation, body).await
    }

    async fn call(
        &self,
        service: &str,
        prefix: &str,
        version: &str,
        operation: &str,
        body: &Value,
    ) -> Result<Value, AwsClientError> {
        // Emulators read service and region out of the scope of the credential.
        let scope = format!("20260101/{}/{service}/aws4_request", crate::REGION);
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential=sandbox/{scope}, SignedHeaders=host;x-amz-date, Signature=sandbox");
        let request = Request::post(self.base.clone())
            .header(header::CONTENT_TYPE, format!("application/x-amz-json-{version}"))
            .header("x-amz-target", format!("{prefix}.{operation}"))
            .header("x-amz-date", "20260101T000000Z")
            .header(header::AUTHORIZATION, authorization)
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|_| AwsClientError::Url(self.base.to_string()))?;
        let answer = self.http.send(request, TIMEOUT, MAX_ANSWER).await?;
        let value: Value =
            serde_json::from_slice(answer.body()).map_err(|_| AwsClientError::Form(operation.to_owned()))?;
        if answer.status() == StatusCode::OK {
            return Ok(value);
        }
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let kind = text("__type").rsplit('#').next().unwrap_or_default().to_owned();
        let message = if value.get("message").is_some() { text("message") } else { text("Message") };
        Err(AwsClientError::Refused { operation: operation.to_owned(), kind, message })
    }

    /// Creates the table if it is absent, and waits until it can be used.
    ///
    /// # Errors
    /// [`AwsClientError`].
    pub async fn ensure_table(&self, table: &Table) -> Result<(), AwsClientError> {
        match self.dynamodb("CreateTable", &table.create).await {
            Ok(_) => {}
            Err(error) if error.is("ResourceInUseException") => return self.ensure_stream(table).await,
            Err(error) => return Err(error),
        }
        for _ in 0..POLLS {
            let description = self.dynamodb("DescribeTable", &json!({ "TableName": table.name() })).await?;
            if description.pointer("/Table/TableStatus").and_then(Value::as_str) == Some("ACTIVE") {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        if let Some(time_to_live) = table.time_to_live() {
            self.dynamodb("UpdateTimeToLive", &time_to_live).await?;
        }
        Ok(())
    }

    /// Gives a table that an earlier version has made the stream that it is to have.
    async fn ensure_stream(&self, table: &Table) -> Result<(), AwsClientError> {
        let described = self.dynamodb("DescribeTable", &json!({ "TableName": table.name() })).await?;
        let wanted =
            table.create.get("StreamSpecification").filter(|_| described.pointer("/Table/LatestStreamArn").is_none());
        if let Some(stream) = wanted {
            let update = json!({ "TableName": table.name(), "StreamSpecification": stream });
            self.dynamodb("UpdateTable", &update).await?;
        }
        Ok(())
    }

    /// The text of a secret; `seed` becomes its text if it is absent.
    ///
    /// # Errors
    /// [`AwsClientError`].
    pub async fn ensure_secret(&self, name: &str, seed: &Value) -> Result<String, AwsClientError> {
        let current = json!({ "SecretId": name });
        let found = match self.secrets("GetSecretValue", &current).await {
            Err(error) if error.is("ResourceNotFoundException") => {
                let create = json!({ "Name": name, "SecretString": seed.to_string() });
                match self.secrets("CreateSecret", &create).await {
                    // Somebody else was quicker; theirs is as good.
                    Err(error) if !error.is("ResourceExistsException") => return Err(error),
                    Ok(_) | Err(_) => self.secrets("GetSecretValue", &current).await?,
                }
            }
            other => other?,
        };
        let text = found.get("SecretString").and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| AwsClientError::Form("GetSecretValue".to_owned()))
    }

    /// Every item of a table, in DynamoDB's JSON.
    ///
    /// # Errors
    /// [`AwsClientError`].
    pub async fn scan(&self, table: &str) -> Result<Vec<Value>, AwsClientError> {
        self.every_item(json!({ "TableName": table, "ConsistentRead": true })).await
    }

    /// Every item of a global secondary index, in DynamoDB's JSON.
    ///
    /// # Errors
    /// [`AwsClientError`].
    pub async fn scan_index(&self, table: &str, index: &str) -> Result<Vec<Value>, AwsClientError> {
        self.every_item(json!({ "TableName": table, "IndexName": index })).await
    }

    async fn every_item(&self, mut request: Value) -> Result<Vec<Value>, AwsClientError> {
        let mut items = Vec::new();
        loop {
            let mut page = self.dynamodb("Scan", &request).await?;
            if let Some(Value::Array(found)) = page.get_mut("Items").map(Value::take) {
                items.extend(found);
            }
            match page.get_mut("LastEvaluatedKey").map(Value::take) {
                Some(key) if !key.is_null() => request["ExclusiveStartKey"] = key,
                _ => return Ok(items),
            }
        }
    }
}
