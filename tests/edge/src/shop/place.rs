//! A shop: its table, its secret, and a process that plays its functions.

use std::collections::BTreeMap;
use std::path::Path;

use sandbox::aws::client::Client;
use sandbox::aws::table::Table;
use sandbox::template::Template;
use serde_json::json;

use super::lambda::Lambda;
use crate::world::WorldError;

/// Where notices come from (reliability, F23).
pub(crate) const LISTED: [&str; 3] = ["52.78.100.19", "52.78.48.223", "52.78.5.241"];
/// The functions of one shop, and what they share.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) lambda: Lambda,
    pub(crate) table: String,
    pub(crate) webhook_token: String,
    pub(crate) imp_secret: String,
    /// What must not stand in any text of this shop.
    pub(crate) secrets: Vec<String>,
    /// The environment of its functions.
    pub(crate) variables: BTreeMap<&'static str, String>,
}

impl Place {
    /// Starts `program` as the functions of a shop with a table and a secret of its own; `settings` go beside what every shop has.
    pub(crate) async fn start(
        program: &Path,
        bug: Option<u8>,
        name: &str,
        (aws_url, psp_url): (&str, &str),
        aws: &Client,
        settings: &[(&'static str, &str)],
    ) -> Result<Self, WorldError> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
        let template = Template::load(&path, BTreeMap::new()).map_err(WorldError::made)?;
        let table = Table::from_template(&template, name).map_err(WorldError::made)?;
        aws.ensure_table(&table).await.map_err(WorldError::made)?;
        let [webhook_token, imp_secret, fingerprint_key] =
            ["token", "secret", "print"].map(|kind| format!("canary{kind}of{name}").repeat(3));
        let secret = json!({
            "imp_key": "imp_apikey",
            "imp_secret": imp_secret,
            "webhook_tokens": [webhook_token],
            "fingerprint_key": fingerprint_key,
        });
        aws.ensure_secret(name, &secret).await.map_err(WorldError::made)?;
        let mut variables = BTreeMap::from([
            ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_LOG_LEVEL", "INFO".to_owned()),
            ("AWS_REGION", sandbox::REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "sandbox".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "sandbox".to_owned()),
            ("AWS_ENDPOINT_URL", aws_url.to_owned()),
            ("TABLE_NAME", name.to_owned()),
            ("IAMPORT_SECRET_ID", name.to_owned()),
            ("IAMPORT_BASE_URL", psp_url.to_owned()),
            ("NOTICE_URL", "https://shop.example/webhooks/iamport".to_owned()),
            ("WEBHOOK_IPS", LISTED.join(",")),
        ]);
        variables.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let lambda = Lambda::start(program, "function", bug, &variables).await?;
        let secrets = vec![webhook_token.clone(), imp_secret.clone(), fingerprint_key];
        Ok(Self { lambda, table: name.to_owned(), webhook_token, imp_secret, secrets, variables })
    }
}
