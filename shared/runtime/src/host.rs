//! The domain's clock, chance and alarms on a real machine.

use billing::alarm::Alarm;
use billing::ports::{AlarmSink, Clock, Entropy};
use billing::{Nonce, Timestamp};

use crate::clock::SystemClock;

/// The machine a function runs on.
#[derive(Debug, Clone)]
pub struct Host {
    clock: SystemClock,
    came_at: Option<Timestamp>,
}

impl Host {
    /// For what somebody waits for who came at that time, or nobody.
    pub(crate) const fn new(clock: SystemClock, came_at: Option<Timestamp>) -> Self {
        Self { clock, came_at }
    }
}

impl Clock for Host {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn came_at(&self) -> Option<Timestamp> {
        self.came_at
    }
}

impl Entropy for Host {
    fn nonce(&self) -> Nonce {
        let mut bytes = [0_u8; 16];
        fill(&mut bytes);
        Nonce::from_bytes(bytes)
    }
}

/// Fresh bytes of the operating system. Without them no write could be told from another, so the function ends: the
/// platform starts a new one.
#[expect(clippy::disallowed_methods, reason = "the place where chance enters")]
fn fill(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        std::process::abort();
    }
}

impl AlarmSink for Host {
    fn alarm(&self, alarm: &Alarm) {
        tracing::error!(alarm = alarm.name(), detail = ?alarm, "a person has to look at this");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::log::tests::logged;

    #[test]
    fn somebody_who_waits_came_when_their_request_did() {
        let clock = SystemClock::new(None);
        for came_at in [None, Some(Timestamp(1_795_478_400))] {
            let host = Host::new(clock.clone(), came_at);
            assert_eq!(host.came_at(), came_at);
            assert!((clock.now()..=clock.now().plus(5)).contains(&host.now()));
        }
    }

    #[test]
    fn no_two_marks_are_the_same() {
        let host = Host::new(SystemClock::new(None), None);
        let marks: BTreeSet<String> = (0..64).map(|_| host.nonce().to_string()).collect();
        assert_eq!(marks.len(), 64);
        // Of 64 times 32 digits, none is the same throughout.
        assert!(
            (0..32).all(|place| marks.iter().map(|mark| mark.as_bytes()[place]).collect::<BTreeSet<_>>().len() > 1)
        );
    }

    /// The filter that counts alarms looks for the name; whoever reads the line needs to know of what.
    #[test]
    fn an_alarm_is_a_line_at_the_level_of_errors_that_names_it() {
        let merchant_uid = billing::MerchantUid::parse("order_1").unwrap();
        let lines = logged(|| {
            Host::new(SystemClock::new(None), None).alarm(&Alarm::PspNonsense { merchant_uid: merchant_uid.clone() });
        });
        assert_eq!(lines.len(), 1);
        assert_eq!((&lines[0]["level"], &lines[0]["fields"]["alarm"]), (&"ERROR".into(), &"psp_nonsense".into()));
        assert!(lines[0]["fields"]["detail"].as_str().unwrap().contains("order_1"), "{}", lines[0]);
    }
}
