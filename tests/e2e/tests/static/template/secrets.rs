//! The secret that the stack makes is one that the code can read, and that nobody guesses.

use runtime::secret::{Secret, SecretError};
use serde_json::{Value, json};

use super::document::{properties, resources_of, substituted, text};

/// Secrets Manager makes so many characters if it is not told (API reference, GetRandomPassword).
const LENGTH_UNSAID: i64 = 32;
/// Nobody guesses that many bits.
const BITS_MIN: i64 = 128;
/// A letter of either case or a digit is log2(62) bits: five, and almost six.
const BITS_A_CHARACTER: i64 = 5;
/// Where the seed's value is put in.
const SEED: &str = "{{resolve:secretsmanager:${WebhookTokenSeed}}}";

fn generated(name: &str) -> &'static Value {
    &properties(name, "AWS::SecretsManager::Secret")["GenerateSecretString"]
}

/// A value as Secrets Manager would make it.
fn made(of: &Value, at: &str) -> String {
    let length = of.get("PasswordLength").map_or(LENGTH_UNSAID, |length| length.as_i64().expect("a length"));
    assert!(length * BITS_A_CHARACTER >= BITS_MIN, "{at}: {length} characters can be guessed");
    let plain = of.get("ExcludePunctuation") == Some(&json!(true));
    let characters = if plain { "aZ09" } else { "a!'~" };
    characters.chars().cycle().take(usize::try_from(length).expect("a length")).collect()
}

#[test]
fn what_is_generated_is_what_the_code_reads() {
    assert_eq!(resources_of("AWS::SecretsManager::Secret"), ["IamportSecret", "WebhookTokenSeed"]);
    let main = generated("IamportSecret");
    let template = text(&main["SecretStringTemplate"]["!Sub"], "SecretStringTemplate");
    assert!(template.contains(SEED), "the first webhook token is generated: {template}");
    let token = made(generated("WebhookTokenSeed"), "WebhookTokenSeed");
    let mut secret: Value = serde_json::from_str(&template.replace(SEED, &token)).expect("JSON");
    let key = text(&main["GenerateStringKey"], "GenerateStringKey");
    assert!(secret.get(key).is_none(), "{key} is written over");
    secret[key] = json!(made(main, "IamportSecret"));
    let read = Secret::parse(&secret.to_string());
    assert!(read.is_ok(), "the code does not read it: {:?}", read.err());
    assert!(read.expect("a secret").knows_webhook_token(&token));
    // Each field is one that the code cannot do without: nothing else is kept in a secret.
    for field in secret.as_object().expect("fields").keys() {
        let mut less = secret.clone();
        less.as_object_mut().expect("fields").remove(field);
        assert!(matches!(Secret::parse(&less.to_string()), Err(SecretError::Malformed(_))), "nothing reads {field}");
    }
}

/// Its owner finds it by the stack's name; two stacks of one account are two contracts.
#[test]
fn a_secret_belongs_to_its_stack() {
    let name = &properties("IamportSecret", "AWS::SecretsManager::Secret")["Name"];
    assert_eq!(*name, substituted("${AWS::StackName}/iamport"));
    assert!(!properties("WebhookTokenSeed", "AWS::SecretsManager::Secret").contains_key("Name"), "nobody looks for it");
}
