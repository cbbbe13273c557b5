//! Settings as they are read, and refused.

use super::*;

fn read(variables: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
    let required = [("TABLE_NAME", "billing"), ("IAMPORT_SECRET_ID", "billing/iamport")];
    Config::read(|name| {
        let value = variables.iter().chain(&required).find(|(known, _)| *known == name);
        value.map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn the_bus_is_named_and_never_guessed() {
    assert_eq!(event_bus_name(|_| Some("shop".to_owned())), Ok("shop".to_owned()));
    for given in [None, Some(String::new())] {
        let error = event_bus_name(|_| given.clone()).unwrap_err();
        assert_eq!(error.variable, "EVENT_BUS_NAME");
    }
}

#[test]
fn the_defaults_are_the_safe_side() {
    let config = read(&[]).unwrap();
    assert_eq!(config.base_url, "https://api.iamport.kr");
    assert_eq!(config.webhook_ip_mode, WebhookIpMode::Observe);
    assert!(!config.policy.accept_sandbox_payments && config.policy.asks_for_consent());
    assert_eq!(config.policy.currencies, [Currency::Krw]);
    assert_eq!(config.policy.quarantine_seconds, 120);
}

#[test]
fn an_error_names_the_variable_and_not_its_value() {
    for (variable, value) in [
        ("TABLE_NAME", ""),
        ("WEBHOOK_IP_MODE", "canary-off"),
        ("WEBHOOK_IPS", "canary-52.78.100.19"),
        ("ACCEPT_SANDBOX_PAYMENTS", "canary-1"),
        ("CONSENT_POLICY", "canary-none"),
        ("LATE_PAID_POLICY", "canary-keep"),
        ("CASH_RECEIPT_POLICY", "canary-always"),
        ("CASH_RECEIPT_CORP_REG_NO", "canary-1178178261"),
        ("CASH_RECEIPT_CORP_REG_NO", "117-81-7826"),
        ("CURRENCIES", "canary-krw"),
        ("AMOUNT_MAX", "0"),
        ("QUARANTINE_SECONDS", "59"),
        ("IAMPORT_RATE", "0"),
        ("IAMPORT_RATE", "1001"),
        ("IAMPORT_RATE", "fast"),
        ("IAMPORT_CHECKOUT_PGS", "canary pg=key"),
        ("IAMPORT_CHECKOUT_PGS", "kcp:canary +card"),
        ("IAMPORT_CHECKOUT_PGS", "kcp:=canary"),
        ("PUBLIC_URL", "http://canary.example"),
        ("CHECKOUT_RETURN_URL", "javascript:canary"),
        ("CHECKOUT_CONFIRM", "canary-yes"),
    ] {
        let error = read(&[(variable, value)]).unwrap_err();
        assert_eq!(error.variable, variable);
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[test]
fn a_sub_merchants_code_reaches_the_page_and_the_client() {
    let config = read(&[("IAMPORT_CODE", "imp12345678"), ("IAMPORT_TIER", "t01")]).unwrap();
    assert_eq!(config.imp_code.as_ref().unwrap().tier.as_deref(), Some("t01"));
    assert!(format!("{:?}", config.psp().unwrap()).contains(r#"tier: Some("t01")"#));
    // Also where the page knows the merchant's code by itself.
    let config = read(&[("IAMPORT_TIER", "t01")]).unwrap();
    assert!(format!("{:?}", config.psp().unwrap()).contains(r#"tier: Some("t01")"#));
    assert!(format!("{:?}", read(&[]).unwrap().psp().unwrap()).contains("tier: None"));
}

#[test]
fn an_address_or_a_tier_that_cannot_be_one_stops_the_start() {
    for (variable, value) in [("IAMPORT_TIER", "canary"), ("IAMPORT_BASE_URL", "http://canary.example")] {
        let error = read(&[(variable, value)]).unwrap().psp().unwrap_err();
        assert_eq!(error.variable, variable);
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[test]
fn a_public_address_is_https_or_this_machines_own_and_ends_without_a_slash() {
    for (written, kept) in [
        ("https://a", Some("https://a")),
        ("https://shop.example/v1/", Some("https://shop.example/v1")),
        ("https://shop.example//", Some("https://shop.example")),
        ("http://localhost:3000/", Some("http://localhost:3000")),
        ("http://127.0.0.1", Some("http://127.0.0.1")),
        ("https://", None),
        ("https:///", None),
        ("HTTPS://shop.example", None),
        ("http://shop.example", None),
        ("shop.example", None),
        ("ftp://localhost", None),
        ("https://shop.example/#top", None),
        ("http://localhost/#top", None),
        ("https://shop .example", None),
        ("https://상점.example", None),
        ("http://localhost/a b", None),
    ] {
        for variable in ["PUBLIC_URL", "CHECKOUT_RETURN_URL"] {
            let config = read(&[(variable, written)]);
            let read = config
                .as_ref()
                .map(|it| if variable == "PUBLIC_URL" { &it.public_url } else { &it.checkout_return_url });
            match (read, kept) {
                (Ok(url), Some(kept)) => assert_eq!(url.as_deref(), Some(kept)),
                (Err(error), None) => assert_eq!(error.variable, variable),
                (other, _) => panic!("{written}: {other:?}"),
            }
        }
    }
    assert_eq!(read(&[("PUBLIC_URL", " ")]).unwrap().public_url, None);
}

#[test]
fn a_gateway_with_a_channel_for_each_method_is_limited_to_them_and_one_with_a_channel_for_all_is_not() {
    let limited = |pgs| {
        let methods = read(&[("IAMPORT_CHECKOUT_PGS", pgs)]).unwrap().policy.pg_methods;
        methods.into_iter().map(|(pg, methods)| format!("{pg}: {}", methods.join(" "))).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(limited("kcp.A1:card+trans=k1,kcp.A2:kakaopay=k2,nice=k3"), "kcp: card trans kakaopay");
    assert_eq!(limited("kcp.A1:card=k1,kcp=k2"), "");
}

#[test]
fn accounts_are_issued_through_channels_with_a_key() {
    let pgs = |channels| read(&[("IAMPORT_VBANK_CHANNELS", channels)]).map(|config| config.policy.account_pgs);
    assert_eq!(pgs("settle=k1, nice_v2.A1=k2"), Ok(vec!["settle".to_owned(), "nice_v2".to_owned()]));
    assert_eq!(pgs(""), Ok(Vec::new()));
    for refused in ["settle", "settle:vbank=k1", "=k1"] {
        assert_eq!(pgs(refused).unwrap_err().variable, "IAMPORT_VBANK_CHANNELS", "{refused}");
    }
}

#[test]
fn every_channel_that_is_named_is_looked_for() {
    let names = |variables: &[(&'static str, &str)]| {
        let channels = read(variables).unwrap().policy.channels;
        channels.iter().map(|it| (it.name(), it.channel_key.is_some())).collect::<Vec<_>>()
    };
    let pgs = ("IAMPORT_CHECKOUT_PGS", "kcp.A1:card+trans=k1,nice");
    assert_eq!(names(&[]), []);
    assert_eq!(names(&[pgs]), [("kcp.A1:card+trans".to_owned(), true), ("nice".to_owned(), false)]);
    assert_eq!(names(&[pgs, ("IAMPORT_PG", "nice")]).len(), 2, "the same for both");
    assert_eq!(names(&[pgs, ("IAMPORT_PG", "nice.B1")])[2], ("nice.B1".to_owned(), false));
    assert_eq!(names(&[("IAMPORT_CHANNEL_KEY", "k3")]), [("(by its key)".to_owned(), true)]);
    assert_eq!(names(&[("IAMPORT_VBANK_CHANNELS", "settle.C1=k4")]), [("settle.C1".to_owned(), true)]);
}

#[test]
fn the_clock_can_be_moved_only_beside_a_simulator() {
    let with = |url| read(&[("SANDBOX_CLOCK_FILE", "offset"), ("IAMPORT_BASE_URL", url)]).is_ok();
    assert!(with("http://127.0.0.1:8010") && with("http://localhost:8010/") && with("http://[::1]:8010"));
    for url in ["https://api.iamport.kr", "http://127.0.0.1.evil.kr", "http://evil.kr/127.0.0.1", ""] {
        assert!(!with(url), "{url}");
    }
}
