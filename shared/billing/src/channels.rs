//! The channels that the merchant's settings name, held against those that Iamport has set up for the account
//! (`GET /users/pg`).
//!
//! A channel that is not there refuses every window and every key; a test channel in production gives goods away, and a live one in
//! a test stage takes real money. Neither is seen before a customer meets it, unless somebody asks.

use serde::{Deserialize, Serialize};

/// A channel as the settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    /// The gateway's code, if it is named.
    pub pg: Option<String>,
    /// The merchant's id at the gateway, if it is named.
    pub pg_id: Option<String>,
    /// The channel's key, if it is named. It is compared and never told.
    pub channel_key: Option<String>,
    /// The payment methods that it is for; any if there are none.
    pub pay_methods: Vec<String>,
}

impl Configured {
    /// How a person is told which one: as the settings write it, without the key.
    #[must_use]
    pub fn name(&self) -> String {
        let id = self.pg_id.as_ref().map(|id| format!(".{id}")).unwrap_or_default();
        let methods =
            if self.pay_methods.is_empty() { String::new() } else { format!(":{}", self.pay_methods.join("+")) };
        format!("{}{id}{methods}", self.pg.as_deref().unwrap_or("(by its key)"))
    }
}

/// A channel as Iamport has it (`PgSettingAnnotation`, V1 schema of 2026-08-06).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetUp {
    /// The gateway's code.
    pub pg: String,
    /// The merchant's id at the gateway.
    pub pg_id: Option<String>,
    /// The channel's key.
    pub channel_key: Option<String>,
    /// Whether it is a test channel; nothing if Iamport does not say.
    pub sandbox: Option<bool>,
    /// Whether it is for payments, in the window or by API, and not for identity checks.
    pub takes_payments: bool,
}

/// What is wrong with a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It is not set up, or its key is that of another gateway or another id.
    Missing,
    /// It is a test channel where live ones are expected.
    Test,
    /// It is a live channel where test ones are expected.
    Live,
}

/// A channel of the settings that something is wrong with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which one, see [`Configured::name`].
    pub channel: String,
    /// What.
    pub wrong: Wrong,
}

/// What a day's look at the channels came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Channels that were looked for.
    pub expected: u32,
    /// Those that are not set up.
    pub missing: u32,
    /// Those that are test channels where live ones are expected, or the other way round.
    pub other_mode: u32,
}

/// What the settings expect. Where they name no channel, Iamport takes the account's default one, so any that takes payments has to
/// be there.
fn expected(configured: &[Configured]) -> Vec<Option<&Configured>> {
    if configured.is_empty() { vec![None] } else { configured.iter().map(Some).collect() }
}

/// Whether a channel of Iamport's is the one that the settings name. One with a key is known by it alone, and has to be of that
/// gateway; without a key `pg` names any channel of the gateway, or the one with that id.
fn is_meant(set_up: &SetUp, configured: &Configured) -> bool {
    configured.pg.as_ref().is_none_or(|pg| *pg == set_up.pg)
        && configured.pg_id.as_ref().is_none_or(|id| set_up.pg_id.as_ref() == Some(id))
        // The schema does not promise a key.
        && configured.channel_key.as_ref().is_none_or(|key| set_up.channel_key.as_ref().is_none_or(|it| it == key))
}

/// Compares the settings with what is set up. `test` says that this stage accepts payments of test channels, and so expects them.
///
/// Where several channels could be meant, one in the expected mode is enough: which of them Iamport takes is its console's to say.
#[must_use]
pub fn check(configured: &[Configured], set_up: &[SetUp], test: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for channel in expected(configured) {
        let meant = |it: &&SetUp| it.takes_payments && channel.is_none_or(|channel| is_meant(it, channel));
        let mut modes = set_up.iter().filter(meant).map(|it| it.sandbox).peekable();
        let wrong = if modes.peek().is_none() {
            Some(Wrong::Missing)
        } else {
            let other = modes.all(|sandbox| sandbox == Some(!test));
            other.then_some(if test { Wrong::Live } else { Wrong::Test })
        };
        let name = channel.map_or_else(|| "default".to_owned(), Configured::name);
        findings.extend(wrong.map(|wrong| Finding { channel: name, wrong }));
    }
    findings
}

impl Seen {
    /// The sums of what was found.
    #[must_use]
    pub fn of(configured: &[Configured], findings: &[Finding]) -> Self {
        let count =
            |is: fn(&Finding) -> bool| u32::try_from(findings.iter().filter(|it| is(it)).count()).unwrap_or(u32::MAX);
        Self {
            expected: u32::try_from(expected(configured).len()).unwrap_or(u32::MAX),
            missing: count(|it| it.wrong == Wrong::Missing),
            other_mode: count(|it| it.wrong != Wrong::Missing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(text: &str, key: Option<&str>) -> Configured {
        let (named, methods) = text.split_once(':').unwrap_or((text, ""));
        let (pg, id) = named.split_once('.').map_or((named, None), |(pg, id)| (pg, Some(id)));
        Configured {
            pg: (!pg.is_empty()).then(|| pg.to_owned()),
            pg_id: id.map(str::to_owned),
            channel_key: key.map(str::to_owned),
            pay_methods: methods.split('+').filter(|it| !it.is_empty()).map(str::to_owned).collect(),
        }
    }

    fn set_up(pg: &str, id: &str, sandbox: bool) -> SetUp {
        SetUp {
            pg: pg.to_owned(),
            pg_id: Some(id.to_owned()),
            channel_key: Some(format!("key-{id}")),
            sandbox: Some(sandbox),
            takes_payments: true,
        }
    }

    fn told(configured: &[Configured], set_up: &[SetUp], test: bool) -> Vec<(String, Wrong)> {
        check(configured, set_up, test).into_iter().map(|it| (it.channel, it.wrong)).collect()
    }

    #[test]
    fn a_channel_is_known_by_its_key_and_has_to_be_of_the_gateway_that_is_named() {
        let console = [set_up("nice", "A1", false), set_up("kcp", "B1", false)];
        let wrong = |text, key| told(&[configured(text, key)], &console, false);
        for (text, key) in
            [("nice", None), ("nice.A1", None), ("nice", Some("key-A1")), ("kcp.B1:card+trans", Some("key-B1"))]
        {
            assert_eq!(wrong(text, key), [], "{text}");
        }
        for (text, key) in [
            ("kicc", None),
            ("nice.A2", None),
            ("nice", Some("key-A2")),
            ("nice", Some("key-B1")),
            ("kcp.B2:card", Some("key-B1")),
        ] {
            assert_eq!(wrong(text, key), [(text.to_owned(), Wrong::Missing)], "{text}: the key is not told");
        }
        assert_eq!(wrong("", Some("key-B1")), [], "a key may stand alone");
        assert_eq!(wrong("", Some("key-C1")), [("(by its key)".to_owned(), Wrong::Missing)]);
        let unkeyed = [SetUp { channel_key: None, ..set_up("nice", "A1", false) }];
        assert_eq!(told(&[configured("nice", Some("key-A1"))], &unkeyed, false), [], "no key is told by the console");
    }

    #[test]
    fn the_stage_says_which_channels_are_expected() {
        for test in [false, true] {
            let (right, other) = (set_up("nice", "A1", test), set_up("nice", "A2", !test));
            let wrong = if test { Wrong::Live } else { Wrong::Test };
            let named = |text| told(&[configured(text, None)], &[right.clone(), other.clone()], test);
            assert_eq!(named("nice.A1"), []);
            assert_eq!(named("nice.A2"), [("nice.A2".to_owned(), wrong)]);
            assert_eq!(named("nice"), [], "one of them may be meant");
            let unsaid = SetUp { sandbox: None, ..other.clone() };
            assert_eq!(told(&[configured("nice.A2", None)], &[unsaid], test), [], "what is not said is no finding");
        }
    }

    #[test]
    fn without_a_setting_any_channel_for_payments_will_do() {
        let checks_people = SetUp { takes_payments: false, ..set_up("danal", "C1", false) };
        let default = |wrong| [("default".to_owned(), wrong)];
        assert_eq!(told(&[], &[], false), default(Wrong::Missing));
        assert_eq!(told(&[], std::slice::from_ref(&checks_people), false), default(Wrong::Missing));
        assert_eq!(told(&[], &[set_up("nice", "A1", true)], false), default(Wrong::Test));
        assert_eq!(told(&[], &[set_up("nice", "A1", true), set_up("kcp", "B1", false)], false), []);
        assert_eq!(told(&[configured("danal", None)], &[checks_people], false)[0].1, Wrong::Missing);
    }

    #[test]
    fn a_look_is_summed_up() {
        let settings = [configured("nice", None), configured("kcp", None), configured("kicc", None)];
        let findings = check(&settings, &[set_up("nice", "A1", true), set_up("kcp", "B1", false)], false);
        assert_eq!(Seen::of(&settings, &findings), Seen { expected: 3, missing: 1, other_mode: 1 });
        assert_eq!(Seen::of(&[], &[]), Seen { expected: 1, missing: 0, other_mode: 0 });
    }
}
