//! Secrets Manager: the operations that the functions and a rotation need, worded as the real service words them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::files;

/// The file in the data directory.
pub const DATA_FILE: &str = "secrets.json";
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// An error as it goes over the wire: HTTP status, `__type`, message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretError {
    /// HTTP status.
    pub status: StatusCode,
    /// Short name of the exception.
    pub kind: &'static str,
    /// Text for people.
    pub message: String,
}

impl SecretError {
    fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind, message: message.into() }
    }

    fn not_found(what: &str) -> Self {
        Self::new("ResourceNotFoundException", format!("Secrets Manager can't find the specified secret{what}."))
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Version {
    id: String,
    string: String,
    stages: Vec<String>,
    created: i64,
}

#[derive(Clone, Serialize, Deserialize)]
struct Secret {
    arn: String,
    created: i64,
    versions: Vec<Version>,
}

/// All secrets, in memory or in one file that only its owner can read.
pub struct Secrets {
    secrets: BTreeMap<String, Secret>,
    file: Option<PathBuf>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("names", &self.secrets.keys()).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutSecretValue {
    secret_id: String,
    secret_string: Option<String>,
    client_request_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateSecret {
    name: String,
    secret_string: Option<String>,
    client_request_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeSecret {
    secret_id: String,
}

impl Secrets {
    /// The secrets of a file (a missing file has none), or none at all.
    ///
    /// # Errors
    /// If the file cannot be read or is not ours.
    pub fn open(file: Option<PathBuf>) -> std::io::Result<Self> {
        let secrets = match &file {
            Some(path) if path.exists() => serde_json::from_slice(&std::fs::read(path)?)?,
            Some(_) | None => BTreeMap::new(),
        };
        Ok(Self { secrets, file })
    }

    /// Carries out one operation.
    ///
    /// # Errors
    /// [`SecretError`] as the real service answers.
    pub fn call(&mut self, operation: &str, body: &[u8], now: Timestamp) -> Result<Value, SecretError> {
        match operation {
            "GetSecretValue" => self.get(parse(body)?),
            "PutSecretValue" => self.put(parse(body)?, now),
            "CreateSecret" => self.create(parse(body)?, now),
            "DescribeSecret" => self.describe(parse(body)?),
            _ => Err(SecretError::new(
                "UnknownOperationException",
                format!("The sandbox's Secrets Manager has no operation {operation}."),
            )),
        }
    }

    fn get(&self, request: GetSecretValue) -> Result<Value, SecretError> {
        let (name, secret) = self.find(&request.secret_id)?;
        let stage = match (&request.version_stage, &request.version_id) {
            (None, None) => Some(CURRENT),
            (stage, _) => stage.as_deref(),
        };
        let found = secret.versions.iter().find(|version| {
            request.version_id.as_ref().is_none_or(|id| version.id == *id)
                && stage.is_none_or(|stage| version.stages.iter().any(|own| own == stage))
        });
        let version = found.ok_or_else(|| match (&request.version_id, stage) {
            (Some(id), _) => SecretError::not_found(&format!(" value for VersionId: {id}")),
            (None, stage) => {
                SecretError::not_found(&format!(" value for staging label: {}", stage.unwrap_or_default()))
            }
        })?;
        Ok(json!({
            "ARN": secret.arn,
            "Name": name,
            "VersionId": version.id,
            "SecretString": version.string,
            "VersionStages": version.stages,
            "CreatedDate": version.created,
        }))
    }

    fn put(&mut self, request: PutSecretValue, now: Timestamp) -> Result<Value, SecretError> {
        let string = required(request.secret_string)?;
        let (name, secret) = self.find(&request.secret_id)?;
        let (name, arn) = (name.to_owned(), secret.arn.clone());
        let id = match request.client_request_token {
            Some(token) => token,
            None => version_id()?,
        };
        if let Some(known) = secret.versions.iter().find(|version| version.id == id) {
            // The token makes a repeated call harmless, and another value under it an error.
            if known.string != string {
                return Err(SecretError::new(
                    "ResourceExistsException",
                    format!(
                        "You can't use ClientRequestToken {id} because that value is already in use for a version of secret {arn}."
                    ),
                ));
            }
            return Ok(json!({ "ARN": arn, "Name": name, "VersionId": id, "VersionStages": known.stages }));
        }
        let stages = vec![CURRENT.to_owned()];
        self.change(|secrets| {
            if let Some(secret) = secrets.get_mut(&name) {
                for version in &mut secret.versions {
                    let was_current = version.stages.iter().any(|stage| stage == CURRENT);
                    version.stages.retain(|stage| stage != CURRENT && stage != PREVIOUS);
                    if was_current {
                        version.stages.push(PREVIOUS.to_owned());
                    }
                }
                // A version without a stage is deprecated; the service deletes it in time, and so do we.
                secret.versions.retain(|version| !version.stages.is_empty());
                secret.versions.push(Version {
                    id: id.clone(),
                    string,
                    stages: stages.clone(),
                    created: now.as_second(),
                });
            }
        })?;
        Ok(json!({ "ARN": arn, "Name": name, "VersionId": id, "VersionStages": stages }))
    }

    fn create(&mut self, request: CreateSecret, now: Timestamp) -> Result<Value, SecretError> {
        let string = required(request.secret_string)?;
        let name = request.name;
        if self.secrets.contains_key(&name) {
            return Err(SecretError::new(
                "ResourceExistsException",
                format!("The operation failed because the secret {name} already exists."),
            ));
        }
        let suffix = crate::random_hex::<3>().map_err(|error| internal(&error))?;
        let arn = format!("arn:aws:secretsmanager:{}:{}:secret:{name}-{suffix}", crate::REGION, crate::ACCOUNT_ID);
        let id = match request.client_request_token {
            Some(token) => token,
            None => version_id()?,
        };
        let created = now.as_second();
        let version = Version { id: id.clone(), string, stages: vec![CURRENT.to_owned()], created };
        let secret = Secret { arn: arn.clone(), created, versions: vec![version] };
        let key = name.clone();
        self.change(|secrets| {
            secrets.insert(key, secret);
        })?;
        Ok(json!({ "ARN": arn, "Name": name, "VersionId": id }))
    }

    fn describe(&self, request: DescribeSecret) -> Result<Value, SecretError> {
        let (name, secret) = self.find(&request.secret_id)?;
        let stages: BTreeMap<&str, &[String]> =
            secret.versions.iter().map(|version| (version.id.as_str(), version.stages.as_slice())).collect();
        Ok(json!({ "ARN": secret.arn, "Name": name, "CreatedDate": secret.created, "VersionIdsToStages": stages }))
    }

    /// By name, by ARN, or by ARN without its random end.
    fn find(&self, id: &str) -> Result<(&str, &Secret), SecretError> {
        let matches = |name: &str, secret: &Secret| {
            name == id || secret.arn == id || secret.arn.rsplit_once('-').is_some_and(|(stem, _)| stem == id)
        };
        self.secrets
            .iter()
            .find(|(name, secret)| matches(name, secret))
            .map(|(name, secret)| (name.as_str(), secret))
            .ok_or_else(|| SecretError::not_found(""))
    }

    /// Changes a copy, writes it, and only then makes it the truth: a failed write changes nothing.
    fn change(&mut self, change: impl FnOnce(&mut BTreeMap<String, Secret>)) -> Result<(), SecretError> {
        let mut changed = self.secrets.clone();
        change(&mut changed);
        if let Some(file) = &self.file {
            let content = serde_json::to_vec_pretty(&changed).map_err(|error| internal(&error))?;
            files::replace(file, &content).map_err(|error| internal(&error))?;
        }
        self.secrets = changed;
        Ok(())
    }
}

fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, SecretError> {
    // The error's own text would quote the request, which may hold a secret.
    serde_json::from_slice(body).map_err(|_| {
        SecretError::new(
            "SerializationException",
            "The request is not JSON, or a required field is missing or has the wrong type.",
        )
    })
}

fn required(string: Option<String>) -> Result<String, SecretError> {
    string.ok_or_else(|| {
        SecretError::new("InvalidRequestException", "You must provide SecretString. The sandbox has no SecretBinary.")
    })
}

fn internal(error: &dyn std::error::Error) -> SecretError {
    SecretError {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        kind: "InternalServiceError",
        message: format!("An error occurred on the server side: {error}"),
    }
}

/// A random UUID (version 4), as the service makes version ids.
fn version_id() -> Result<String, SecretError> {
    let mut bytes = crate::random_bytes::<16>().map_err(|error| internal(&error))?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or_default().to_owned());
    Ok(parts.join("-"))
}
