//! Once a day the channels of the settings are held against those of the account.

use billing::alarm::Alarm;
use billing::channels::{Configured, Seen};
use billing::usecase::Comparison;

use crate::fixture::{TestBilling, billing};
use crate::listing::channel;

const DAY: i64 = 86_400;

fn named(pg: &str) -> Configured {
    Configured { pg: Some(pg.to_owned()), pg_id: None, channel_key: None, pay_methods: Vec::new() }
}

/// The next tick's part in the comparison.
async fn tick(billing: &TestBilling) -> Comparison {
    use billing::ports::Clock;
    billing.compare(billing.host.now().plus(300)).await.unwrap()
}

fn told(billing: &TestBilling) -> Vec<Alarm> {
    let about = |alarm: &Alarm| matches!(alarm, Alarm::ChannelMissing { .. } | Alarm::ChannelMode { .. });
    billing.host.alarms.lock().unwrap().iter().filter(|alarm| about(alarm)).cloned().collect()
}

#[tokio::test]
async fn a_channel_that_is_not_there_or_of_the_other_kind_is_told_once_a_day() {
    let mut billing = billing().await;
    billing.policy.channels = vec![named("nice"), named("kcp"), named("kicc")];
    billing.psp.world().listing.channels = Some(vec![channel("nice", false), channel("kcp", true)]);
    let expected = [
        Alarm::ChannelMode { channel: "kcp".to_owned(), test: true },
        Alarm::ChannelMissing { channel: "kicc".to_owned() },
    ];
    let finished = tick(&billing).await;
    assert!(matches!(finished, Comparison::Finished(_)), "{finished:?}");
    assert_eq!(finished.report().channels, Some(Seen { expected: 3, missing: 1, other_mode: 1 }));
    assert_eq!(told(&billing), expected);
    billing.host.pass(300);
    assert!(matches!(tick(&billing).await, Comparison::Done(_)));
    assert_eq!(told(&billing).len(), 2, "not at every tick");
    billing.host.pass(DAY);
    tick(&billing).await;
    assert_eq!(told(&billing).len(), 4, "and the next day again");

    // A stage that accepts test payments expects test channels.
    billing.policy.accept_sandbox_payments = true;
    billing.host.pass(DAY);
    assert_eq!(tick(&billing).await.report().channels, Some(Seen { expected: 3, missing: 1, other_mode: 1 }));
    assert_eq!(told(&billing)[4], Alarm::ChannelMode { channel: "nice".to_owned(), test: false });
}

/// What nobody has answered is not known to be wrong, and is asked once more by each tick until the report is through.
#[tokio::test]
async fn without_an_answer_nothing_is_said_of_the_channels() {
    let mut billing = billing().await;
    billing.policy.channels = vec![named("kicc")];
    billing.psp.world().down = true;
    let unfinished = tick(&billing).await;
    assert!(matches!(unfinished, Comparison::Unfinished(_)), "{unfinished:?}");
    assert_eq!((unfinished.report().channels, told(&billing)), (None, vec![]));
    billing.psp.world().down = false;
    billing.host.pass(600);
    let finished = tick(&billing).await;
    assert_eq!(finished.report().channels, Some(Seen { expected: 1, missing: 1, other_mode: 0 }));
    assert_eq!(told(&billing), [Alarm::ChannelMissing { channel: "kicc".to_owned() }]);
}
