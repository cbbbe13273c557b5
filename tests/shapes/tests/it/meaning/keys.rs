//! Billing keys.

use iamport::{BillingKey, CardType, CustomerUidUsage, Error, Sensitive};

use super::Check;
use crate::ask::Told;

#[track_caller]
fn key(told: Result<Told, Error>) -> BillingKey {
    match told {
        Ok(Told::Key(key)) => *key,
        other => panic!("{other:?}"),
    }
}

pub(super) const ALL: &[(&str, Check)] = &[
    ("key_issued", |_, told| {
        let key = key(told);
        assert_eq!((key.customer_uid.as_str(), key.sandbox, key.customer_id), ("key-1001", None, None));
        assert_eq!((key.inserted, key.updated), (Some(1_789_000_000), Some(1_789_000_100)));
        let card = key.card_number.unwrap();
        assert_eq!((card.as_str(), card.was_exposed()), ("527200******0005", true), "two digits fewer than were shown");
        assert_eq!((key.card_type, key.card_code.as_deref()), (Some(CardType::Check), Some("381")));
    }),
    ("key_found", |_, told| {
        let key = key(told);
        assert_eq!((key.sandbox, key.card_type, key.card_issuer_code), (Some(false), None, None));
        assert_eq!(key.customer_name, Some(Sensitive::from("예시 구매자")));
        assert_eq!((key.customer_email, key.customer_id), (None, None));
    }),
    ("key_with_card_type_as_text", |_, told| assert_eq!(key(told).card_type, Some(CardType::Credit))),
    ("key_of_paypal", |_, told| {
        let key = key(told);
        assert_eq!((key.card_name, key.card_code, key.card_number, key.card_type), (None, None, None, None));
        assert_eq!(key.pg_provider.as_deref(), Some("paypal_v2"));
    }),
    ("key_of_a_group", |_, told| {
        let key = key(told);
        assert_eq!(key.channel_group_id.as_deref(), Some("channel-group-id-00000000"));
        assert_eq!((key.pg_provider, key.card_number), (None, None), "they are the channels' own");
        let taken = &key.succeeded_channels[0];
        assert_eq!((taken.pg_provider.as_deref(), taken.updated), (Some("nice_v2"), Some(1_789_000_100)));
        assert_eq!((taken.card_type.clone(), taken.inserted), (Some(CardType::Credit), Some(1_789_000_000)));
        let failed = &key.failed_channels[0];
        assert_eq!((failed.pg_id.as_deref(), failed.kind.as_deref()), (Some("EXAMPLE03"), Some("PG_PROVIDER")));
        assert_eq!(failed.message.as_deref(), Some("[예시] 계약되지 않은 카드"));
    }),
    ("keys_partly", |_, told| {
        let Ok(Told::Keys(found)) = told else { panic!("{told:?}") };
        assert!(found.partial, "one of the two is missing");
        assert_eq!((found.found.len(), found.found[0].customer_uid.as_str()), (1, "key-1008"));
    }),
    ("key_payments", |_, told| {
        let Ok(Told::Payments(page)) = told else { panic!("{told:?}") };
        assert_eq!((page.total, page.previous, page.next, page.list.len()), (Some(1), None, None, 1));
        assert_eq!(page.list[0].customer_uid_usage, Some(CustomerUidUsage::Payment));
    }),
    ("key_deleted", |_, told| assert_eq!(key(told).customer_uid, "key-1010")),
];
