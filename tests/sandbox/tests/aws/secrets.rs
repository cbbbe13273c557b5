use aws_sdk_secretsmanager::operation::create_secret::CreateSecretError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use serde_json::json;

use crate::support::Endpoint;

const NAME: &str = "iamport-billing/iamport";

#[tokio::test]
async fn a_secret_is_found_by_name_and_by_arn() {
    let endpoint = Endpoint::start(None).await;
    let seed = json!({ "imp_key": "k" });
    let text = endpoint.client().ensure_secret(NAME, &seed).await.expect("created");
    assert_eq!(text, seed.to_string());
    let sdk = endpoint.secrets();
    let by_name = sdk.get_secret_value().secret_id(NAME).send().await.expect("by name");
    assert_eq!(by_name.secret_string(), Some(text.as_str()));
    assert_eq!(by_name.version_stages(), ["AWSCURRENT"]);
    assert_eq!(by_name.name(), Some(NAME));
    let arn = by_name.arn().expect("an ARN");
    let by_arn = sdk.get_secret_value().secret_id(arn).send().await.expect("by ARN");
    assert_eq!(by_arn.secret_string(), Some(text.as_str()));
    let (without_suffix, _) = arn.rsplit_once('-').expect("a suffix");
    sdk.get_secret_value().secret_id(without_suffix).send().await.expect("by partial ARN");
}

#[tokio::test]
async fn an_existing_secret_is_never_overwritten() {
    let endpoint = Endpoint::start(None).await;
    endpoint.client().ensure_secret(NAME, &json!({ "imp_key": "mine" })).await.expect("created");
    let text = endpoint.client().ensure_secret(NAME, &json!({ "imp_key": "other" })).await.expect("read");
    assert_eq!(text, json!({ "imp_key": "mine" }).to_string());
}

#[tokio::test]
async fn a_missing_secret_is_the_real_services_exception() {
    let endpoint = Endpoint::start(None).await;
    let error = endpoint.secrets().get_secret_value().secret_id("nope").send().await.expect_err("none there");
    let error = error.into_service_error();
    let GetSecretValueError::ResourceNotFoundException(missing) = &error else { panic!("{error:?}") };
    assert_eq!(missing.message(), Some("Secrets Manager can't find the specified secret."));
}

#[tokio::test]
async fn rotation_moves_the_stages() {
    let endpoint = Endpoint::start(None).await;
    let sdk = endpoint.secrets();
    sdk.create_secret().name(NAME).secret_string("one").send().await.expect("created");
    let previous = sdk.get_secret_value().secret_id(NAME).version_stage("AWSPREVIOUS").send().await;
    let missing = previous.expect_err("nothing before the first").into_service_error();
    assert!(missing.is_resource_not_found_exception(), "{missing:?}");
    for value in ["two", "three"] {
        sdk.put_secret_value().secret_id(NAME).secret_string(value).send().await.expect("rotated");
    }
    let value = |stage: &'static str| {
        let request = sdk.get_secret_value().secret_id(NAME).version_stage(stage);
        async move { request.send().await.expect(stage).secret_string().map(str::to_owned) }
    };
    assert_eq!(value("AWSCURRENT").await.as_deref(), Some("three"));
    assert_eq!(value("AWSPREVIOUS").await.as_deref(), Some("two"));
    let plain = sdk.get_secret_value().secret_id(NAME).send().await.expect("current");
    assert_eq!(plain.secret_string(), Some("three"));
    let version = plain.version_id().expect("an id");
    let by_version = sdk.get_secret_value().secret_id(NAME).version_id(version).send().await.expect("by version");
    assert_eq!(by_version.secret_string(), Some("three"));
    let contradiction =
        sdk.get_secret_value().secret_id(NAME).version_id(version).version_stage("AWSPREVIOUS").send().await;
    contradiction.expect_err("that version is not the previous one");
}

#[tokio::test]
async fn a_token_makes_a_repeated_put_harmless_and_another_value_an_error() {
    let endpoint = Endpoint::start(None).await;
    let sdk = endpoint.secrets();
    sdk.create_secret().name(NAME).secret_string("one").send().await.expect("created");
    let token = "11111111-2222-4333-8444-555555555555";
    let put =
        |value: &str| sdk.put_secret_value().secret_id(NAME).secret_string(value).client_request_token(token).send();
    let first = put("two").await.expect("put");
    let again = put("two").await.expect("the same again");
    assert_eq!(first.version_id(), again.version_id());
    let previous = sdk.get_secret_value().secret_id(NAME).version_stage("AWSPREVIOUS").send().await.expect("previous");
    assert_eq!(previous.secret_string(), Some("one"));
    let error = put("three").await.expect_err("another value").into_service_error();
    assert!(matches!(error, PutSecretValueError::ResourceExistsException(_)), "{error:?}");
}

#[tokio::test]
async fn creating_twice_and_unknown_operations_are_refused() {
    let endpoint = Endpoint::start(None).await;
    let sdk = endpoint.secrets();
    sdk.create_secret().name(NAME).secret_string("one").send().await.expect("created");
    let error = sdk.create_secret().name(NAME).secret_string("two").send().await.expect_err("exists");
    assert!(matches!(error.into_service_error(), CreateSecretError::ResourceExistsException(_)));
    let error = sdk.delete_secret().secret_id(NAME).send().await.expect_err("not simulated").into_service_error();
    assert_eq!(error.code(), Some("UnknownOperationException"));
    assert!(error.message().is_some_and(|message| message.contains("DeleteSecret")), "{error:?}");
}
