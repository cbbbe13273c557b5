//! The shop's channels: the gateways and accounts that it has set up in the console.

use serde::{Deserialize, Serialize};

use super::{Channel, Ledger, Refusal, UnknownChannel};

/// What a channel is for: V1's `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Payments in the gateway's window.
    Payment,
    /// Payments over the API.
    ApiPayment,
    /// Who somebody is.
    Certification,
}

/// One line of `GET /users/pg`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// The gateway's code.
    pub pg_provider: String,
    /// The shop's account there.
    pub pg_id: String,
    /// A test channel: what is paid on it is not money.
    #[serde(default)]
    pub sandbox: bool,
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: ChannelKind,
    /// The shop's name for it.
    #[serde(default)]
    pub channel_name: String,
    /// Iamport's name for it.
    pub channel_key: String,
}

/// The channels of a shop that has set up nothing else: gateway, account, what for.
const USUAL: [(&str, &str, ChannelKind); 16] = [
    ("html5_inicis", "INIBillTst", ChannelKind::Payment),
    ("html5_inicis", "INIBillTst", ChannelKind::ApiPayment),
    ("nice_v2", "nicev2test0m", ChannelKind::Payment),
    ("nice_v2", "nicev2test0m", ChannelKind::ApiPayment),
    ("kakaopay", "TCSUBSCRIP", ChannelKind::Payment),
    ("naverpay", "np_sandbox", ChannelKind::Payment),
    ("smartro_v2", "t_2401191m", ChannelKind::Payment),
    ("tosspayments", "iamporttest", ChannelKind::Payment),
    ("danal", "A010002002", ChannelKind::Payment),
    ("welcome", "welcometst", ChannelKind::Payment),
    ("settle", "hecto_test", ChannelKind::ApiPayment),
    ("nice", "nictest00m", ChannelKind::ApiPayment),
    ("ksnet", "2999199999", ChannelKind::ApiPayment),
    ("smartro_v2", "t_2401191m", ChannelKind::ApiPayment),
    ("tosspayments", "iamporttest", ChannelKind::ApiPayment),
    ("welcome", "welcometst", ChannelKind::ApiPayment),
];

/// A sandbox's channels. Their keys are made of their places, so that they can be written down.
pub(super) fn usual() -> Vec<Setting> {
    let settings = USUAL.iter().zip(1..).map(|((pg_provider, pg_id, kind), place): (_, u32)| Setting {
        pg_provider: (*pg_provider).to_owned(),
        pg_id: (*pg_id).to_owned(),
        sandbox: false,
        kind: *kind,
        channel_name: format!("{pg_provider} {place}"),
        channel_key: format!("channel-key-00000000-0000-4000-8000-{place:012}"),
    });
    settings.collect()
}

impl Ledger {
    /// `GET /users/pg`.
    #[must_use]
    pub fn channels(&self) -> &[Setting] {
        &self.settings
    }

    /// The shop sets up its channels: these, and no other.
    ///
    /// # Errors
    /// `Invalid` for a key that two of them have, or none.
    pub fn set_channels(&mut self, settings: Vec<Setting>) -> Result<(), Refusal> {
        for (place, setting) in settings.iter().enumerate() {
            let taken = settings.iter().take(place).any(|earlier| earlier.channel_key == setting.channel_key);
            if taken || setting.channel_key.is_empty() {
                return Err(Refusal::invalid("channel_key 가 없거나 중복되었습니다"));
            }
        }
        self.settings = settings;
        Ok(())
    }

    /// The channel that a request names by its key; `None` for a key that the shop does not have.
    ///
    /// # Errors
    /// `Rejected` for such a key, if the knob says so.
    pub fn channel_by_key(&self, channel_key: &str) -> Result<Option<Channel>, Refusal> {
        let found = self.settings.iter().find(|setting| setting.channel_key == channel_key);
        if found.is_none() && self.knobs.unknown_channel_key == UnknownChannel::Refuse {
            return Err(Refusal::rejected("등록되지 않은 channel_key 입니다"));
        }
        Ok(found.map(|setting| Channel { pg_provider: setting.pg_provider.clone(), pg_id: setting.pg_id.clone() }))
    }

    /// Whether what is paid there is no money.
    pub(super) fn is_test(&self, channel: &Channel) -> bool {
        let is = |setting: &&Setting| setting.pg_provider == channel.pg_provider && setting.pg_id == channel.pg_id;
        self.knobs.sandbox || self.settings.iter().filter(is).any(|setting| setting.sandbox)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Instrument, Knobs, Order, cards};

    #[test]
    fn a_shop_has_the_channels_it_has_set_up() {
        let mut ledger = Ledger::new(1);
        assert!(ledger.channels().len() > 5);
        let first = ledger.channels()[0].clone();
        let named = ledger.channel_by_key(&first.channel_key).unwrap().unwrap();
        assert_eq!((named.pg_provider, named.pg_id), (first.pg_provider.clone(), first.pg_id.clone()));
        assert_eq!(ledger.channel_by_key("channel-key-none"), Ok(None));
        ledger.set_knobs(Knobs { unknown_channel_key: UnknownChannel::Refuse, ..Knobs::default() });
        assert!(ledger.channel_by_key("channel-key-none").is_err());
        assert!(ledger.set_channels(vec![first.clone(), first.clone()]).is_err(), "one key, one channel");
        assert!(ledger.set_channels(vec![Setting { channel_key: String::new(), ..first.clone() }]).is_err());
        ledger.set_channels(vec![first]).unwrap();
        ledger.clear();
        assert_eq!(ledger.channels().len(), 1);
    }

    #[test]
    fn what_is_paid_on_a_test_channel_is_no_money() {
        let mut ledger = Ledger::new(1);
        ledger.set_knobs(Knobs { gateway_rules: false, ..Knobs::default() });
        let mut settings = ledger.channels().to_vec();
        settings[0].sandbox = true;
        let channel = ledger.channel_by_key(&settings[0].channel_key).unwrap().unwrap();
        ledger.set_channels(settings).unwrap();
        for (channel, sandbox) in [(channel, true), (Channel { pg_id: "live".to_owned(), ..Channel::default() }, false)]
        {
            let card = cards::read("4242424242424242", "2099-12", 0).unwrap();
            let order = Order::krw(&channel.pg_id, 100, "n");
            let admission = ledger.admit(0, order, Instrument::Card { card, channel, save_as: None }).unwrap();
            ledger.commit(0, admission).unwrap();
            assert_eq!(ledger.payments().last().unwrap().sandbox, sandbox);
        }
    }
}
