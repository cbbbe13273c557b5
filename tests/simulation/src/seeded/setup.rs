//! What one seed draws: who is there, what goes wrong and how often, and how the PSP behaves where nobody knows.

mod faults;

use billing::policy::{CashReceiptPolicy, ConsentPolicy, LatePaidPolicy, Policy};
use ledger::{Dedupe, Knobs, PartialCancelStatus, PastSchedule, ReceiptFlag, ReceiptOnRefund, ScheduleBatch};

use self::faults::{outages, rates};
use super::fleet::Fleet;
use crate::chooser::{LATE_SECONDS_MAX, Outage};
use crate::fault::{Call, Class, Fault};
use crate::rng::Rng;
use crate::stubborn::Stubborn;

/// How webhooks reach us, in a thousand each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Webhooks {
    /// Never arrive.
    pub dropped: u64,
    /// Arrive more than once.
    pub doubled: u64,
    /// Arrive late, and so out of order.
    pub late: u64,
    /// Latest, in seconds.
    pub late_seconds_max: i64,
    /// Forged ones beside each step of a client.
    pub forged: u64,
}

/// How the five-minute tick comes, in a thousand each.
#[derive(Debug, Clone, Copy)]
pub struct Ticks {
    /// Does not come.
    pub skipped: u64,
    /// Comes twice at once.
    pub doubled: u64,
    /// Comes up to a minute late.
    pub late: u64,
}

/// One seed's world.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Customers.
    pub customers: usize,
    /// Clients that act for them, each on its own.
    pub clients: usize,
    /// What each client does.
    pub steps: u64,
    /// Longest pause between a client's steps, in seconds.
    pub pause_seconds_max: i64,
    /// Farthest that a schedule is ahead, in seconds.
    pub ahead_seconds_max: i64,
    /// The machines.
    pub fleet: Fleet,
    /// When a whole side is out of reach.
    pub outages: Vec<Outage>,
    /// Merchant's settings.
    pub policy: Policy,
    /// Faults per kind of call.
    pub rates: Vec<(Class, Vec<(Fault, u64)>)>,
    /// How often a call takes its time, in a thousand.
    pub slow: u64,
    /// Longest late execution after our timeout, in seconds.
    pub late_seconds_max: i64,
    /// Whether a late charge was admitted when it arrived.
    pub admit_first: bool,
    /// Webhooks.
    pub webhooks: Webhooks,
    /// Ticks.
    pub ticks: Ticks,
    /// A console's actions beside each step of a client, in a thousand.
    pub console: u64,
    /// Strangers' attempts under our order numbers beside each step of a client, in a thousand.
    pub strangers: u64,
    /// Refunds in place of whatever else a client would ask, in a thousand.
    pub refunds: u64,
    /// Cards other than the one that approves, in a thousand.
    pub odd_cards: u64,
    /// Parts of a thousand of the cards that are checked by a charge.
    pub checked: u64,
    /// Windows in place of whatever else a client would ask, in a thousand.
    pub windows: u64,
    /// Keys replaced in place of whatever else a client would ask, in a thousand.
    pub replaced: u64,
    /// Subscriptions in place of whatever else a client would ask, in a thousand.
    pub subscribed: u64,
    /// Cards that begin to decline, or recover, beside each step of a client, in a thousand.
    pub turning_cards: u64,
    /// How long time goes on at least, in seconds.
    pub lasts_seconds: i64,
    /// Whether the daily comparison runs, too.
    pub compares: bool,
    /// Whether what clients ask depends on nothing but time, and sweeps never fail: for comparing one seed with itself.
    pub plain: bool,
    /// The PSP where nobody knows how it behaves.
    pub knobs: Knobs,
    /// How far a lagging index is behind, in seconds.
    pub lag_seconds: i64,
    /// Batches of up to a hundred among the schedules that a client asks for, in a thousand.
    pub batches: u64,
    /// What other systems on the same account do, and keys that vanish, beside each step of a client, in a thousand.
    pub other_hands: u64,
    /// Cash receipts in place of whatever else a client would ask, in a thousand.
    pub receipts: u64,
    /// Receipts that the gateway issues by itself as it is paid, in a thousand.
    pub own_receipts: u64,
    /// What the gateway refuses, or ignores, for ever.
    pub stubborn: Option<Stubborn>,
}

const DAY: i64 = 86_400;

/// Gateways that issue a key for a card that is typed, each of which asks for the parts of a refund in its own way
/// (`POST /subscribe/customers/{customer_uid}` of `src/schema/v1.openapi.yml`, af926bd2, 2026-08-06).
const PGS: [&str; 8] = ["html5_inicis", "kcp", "nice", "nice_v2", "welcome", "daou", "tosspayments", "ksnet"];

/// What becomes of a receipt whose payment is given back.
const ON_REFUND: [ReceiptOnRefund; 4] =
    [ReceiptOnRefund::Stays, ReceiptOnRefund::CancelledWithAll, ReceiptOnRefund::Cancelled, ReceiptOnRefund::Reduced];
/// Whose receipts are issued.
const POLICIES: [CashReceiptPolicy; 6] = [
    CashReceiptPolicy::OnRequest,
    CashReceiptPolicy::OnRequest,
    CashReceiptPolicy::OnRequest,
    CashReceiptPolicy::Required,
    CashReceiptPolicy::Required,
    CashReceiptPolicy::Off,
];

impl Setup {
    /// What a seed draws. A third of the seeds have a single kind of fault, one in a hundred lives for years.
    #[must_use]
    pub fn draw(rng: &mut Rng) -> Self {
        let long = rng.chance(12);
        let busy = rng.chance(500);
        let mut setup = Self {
            customers: if rng.chance(600) { 1 } else { 2 },
            clients: 1 + rng.place(4),
            steps: 2 + rng.below(5),
            pause_seconds_max: if busy { 3 } else { 400 },
            ahead_seconds_max: 4_000,
            fleet: Fleet::default(),
            outages: Vec::new(),
            policy: Policy {
                late_paid: if rng.chance(500) { LatePaidPolicy::Accept } else { LatePaidPolicy::Refund },
                ..Policy::default()
            },
            rates: rates(rng),
            slow: *rng.pick(&[0, 50, 200]).unwrap_or(&0),
            late_seconds_max: LATE_SECONDS_MAX,
            admit_first: rng.chance(500),
            webhooks: Webhooks {
                dropped: *rng.pick(&[0, 0, 300, 1_000]).unwrap_or(&0),
                doubled: *rng.pick(&[0, 300]).unwrap_or(&0),
                late: *rng.pick(&[0, 300]).unwrap_or(&0),
                late_seconds_max: 900,
                forged: *rng.pick(&[0, 150]).unwrap_or(&0),
            },
            ticks: Ticks {
                skipped: *rng.pick(&[0, 300]).unwrap_or(&0),
                doubled: *rng.pick(&[0, 200]).unwrap_or(&0),
                late: *rng.pick(&[0, 300]).unwrap_or(&0),
            },
            console: *rng.pick(&[0, 0, 300]).unwrap_or(&0),
            strangers: 0,
            refunds: 0,
            checked: 0,
            odd_cards: *rng.pick(&[0, 250, 600]).unwrap_or(&0),
            windows: 0,
            replaced: 0,
            subscribed: 0,
            turning_cards: 0,
            lasts_seconds: 0,
            compares: rng.chance(200),
            plain: false,
            knobs: knobs(rng),
            lag_seconds: 10,
            batches: 0,
            other_hands: 0,
            receipts: 0,
            own_receipts: 0,
            stubborn: None,
        };
        setup.fleet = Fleet::draw(rng, &setup.policy);
        setup.outages = outages(rng, long);
        match rng.below(10) {
            0 => setup.upstream(),
            1 => setup.watched(),
            2 => setup.refunding(),
            3 => setup.haunted(),
            4 => setup.crowded(),
            _ => {}
        }
        if rng.chance(260) {
            setup.windowed(rng);
        }
        if rng.chance(60) {
            setup.replacing();
        }
        if long {
            setup.clients = 1;
            setup.steps = 12;
            setup.pause_seconds_max = 200 * DAY;
            setup.ahead_seconds_max = 390 * DAY;
        }
        // Last, so that every other seed is the story that it was before there were subscriptions.
        setup.subscribing(rng);
        setup.widened(rng);
        setup.receipted(rng);
        setup.extended(&mut rng.clone());
        setup.at_a_wallet(&mut rng.clone());
        setup
    }
}

impl Setup {
    /// Keys are those of a gateway that schedules charges and moves none. The simulator issues them for the cards that everybody has
    /// here, whatever its list says.
    fn at_a_wallet(&mut self, rng: &mut Rng) {
        // The same draws have decided about accounts already.
        if rng.below(1_000) < 940 || self.windows > 0 || self.receipts > 0 {
            return;
        }
        self.knobs.default_pg = "tosspay_v2".to_owned();
        // Whoever finds a schedule that was forgotten could not move it either.
        self.knobs.lose_schedules = 0;
        self.knobs.rule_answers.insert("tosspay_v2.issue".to_owned(), false);
    }

    /// The PSP does what it is asked and says something else.
    fn upstream(&mut self) {
        let lies = [Fault::RefusedAfter, Fault::LostReply, Fault::WrongAmount, Fault::ErrorAfter, Fault::RefusedBefore];
        // Of a record that cannot be trusted, few turn out to be paid after all.
        let often = |fault| if fault == Fault::WrongAmount { 180 } else { 110 };
        self.rates = vec![
            (Class::Post, lies.into_iter().map(|fault| (fault, often(fault))).collect()),
            (Class::Get, vec![(Fault::Unreachable, 500)]),
        ];
        self.odd_cards = 400;
    }

    /// Somebody sits at the console, and cards fail.
    const fn watched(&mut self) {
        self.console = 700;
        self.odd_cards = 600;
        self.steps = 10;
        self.pause_seconds_max = 2_000;
    }

    /// Much is given back, over a bad line.
    fn refunding(&mut self) {
        self.refunds = 500;
        self.steps = 12;
        self.pause_seconds_max = 60;
        self.odd_cards = 0;
        let bad = [(Fault::Late, 250), (Fault::LostReply, 30), (Fault::RefusedBefore, 30)];
        self.rates = vec![(Class::Post, bad.to_vec()), (Class::Get, vec![(Fault::Unreachable, 100)])];
    }

    /// Strangers use our order numbers while our own requests are late.
    fn haunted(&mut self) {
        self.strangers = 500;
        self.steps = 6;
        self.pause_seconds_max = 60;
        self.odd_cards = 0;
        self.rates = vec![(Class::Post, vec![(Fault::Late, 300), (Fault::LostReply, 100)])];
    }

    /// Every tick comes twice at once, and finds orders that never left.
    fn crowded(&mut self) {
        self.ticks.doubled = 1_000;
        self.steps = 8;
        self.slow = 200;
        self.rates = vec![(Class::Post, vec![(Fault::NotSent, 300), (Fault::Unauthorized, 100), (Fault::Late, 100)])];
    }

    /// Customers pay in the PG's window and register their cards there. It closes soon, so that much comes too late.
    fn windowed(&mut self, rng: &mut Rng) {
        self.windows = *rng.pick(&[200, 500, 800]).unwrap_or(&500);
        self.steps = self.steps.min(5);
        let window_seconds = *rng.pick(&[600, 2_400, 7_200]).unwrap_or(&600);
        let deposit_grace_seconds = *rng.pick(&[300, 3_600]).unwrap_or(&300);
        for policy in self.policies() {
            policy.window_seconds = window_seconds;
            policy.deposit_grace_seconds = deposit_grace_seconds;
        }
    }

    /// Customers subscribe. One in seventy of all seeds goes on for three years and more.
    fn subscribing(&mut self, rng: &mut Rng) {
        if !rng.chance(300) {
            return;
        }
        self.subscribed = *rng.pick(&[300, 600, 900]).unwrap_or(&600);
        self.turning_cards = *rng.pick(&[0, 150, 400]).unwrap_or(&150);
        if rng.chance(250) {
            self.knobs.lose_schedules = 1;
        }
        let lasting = rng.chance(50);
        let days = *rng.pick(&[0, 0, 1, 6, 40]).unwrap_or(&0);
        if lasting {
            // What comes of a window is over long before.
            self.windows = 0;
            self.clients = 1;
            self.steps = 12;
            self.pause_seconds_max = 150 * DAY;
            self.lasts_seconds = 1_130 * DAY;
            self.outages = outages(rng, true);
            self.soften(60);
        } else if rng.chance(150) {
            // Everybody wants something else of the same subscription at once.
            self.customers = 1;
            self.clients = 3;
            self.steps = 10;
            self.subscribed = 900;
            self.pause_seconds_max = 6;
            self.slow = 300;
            self.odd_cards = 0;
            self.soften(60);
        } else if days > 0 && self.windows == 0 && self.replaced == 0 {
            self.steps += 4;
            self.pause_seconds_max = days * DAY;
            if days > 1 {
                self.soften(200);
            }
        }
    }

    /// Fewer faults, in a thousand, where time is long: with more of them no sweep ever comes to its end.
    fn soften(&mut self, most: u64) {
        for (_, faults) in &mut self.rates {
            let sum: u64 = faults.iter().map(|(_, rate)| rate).sum();
            if sum > most {
                faults.iter_mut().for_each(|(_, rate)| *rate = (*rate * most / sum).max(1));
            }
        }
    }

    /// What an inspection found missing: permanence, batches that split, an index that is minutes behind, refunds that the
    /// gateway shows in part, schedules that run for minutes, and other hands on the account.
    fn widened(&mut self, rng: &mut Rng) {
        self.lag_seconds = *rng.pick(&[0, 10, 10, 60, 300]).unwrap_or(&10);
        if rng.chance(250) {
            self.knobs.reason_chars = Some(rng.place(40));
        }
        self.knobs.history_hidden = rng.chance(100);
        self.knobs.running_seconds = *rng.pick(&[0, 0, 0, 30, 400]).unwrap_or(&0);
        self.knobs.default_pg = (*rng.pick(&PGS).unwrap_or(&PGS[0])).to_owned();
        if rng.chance(150) {
            self.other_hands = 150;
        }
        if rng.chance(200) && self.lasts_seconds == 0 && self.subscribed == 0 {
            self.batches = 400;
            self.clients = 1;
            // One of a batch's transactions is written, and the next one is not.
            if rng.chance(700) {
                self.rates.retain(|(class, _)| *class != Class::Write);
                self.rates.push((Class::Write, vec![(Fault::Throttled, 350)]));
            }
        }
        if rng.chance(100) && self.lasts_seconds == 0 {
            let (call, how) = *rng.pick(&Stubborn::KINDS).unwrap_or(&Stubborn::KINDS[0]);
            self.stubborn = Some(Stubborn::new(call, rng.below(3), how));
            match call {
                Call::Cancel => self.refunds = self.refunds.max(300),
                Call::Delete => self.replaced = self.replaced.max(100),
                _ => {}
            }
            self.soften(60);
        }
        if self.subscribed > 0 && rng.chance(400) {
            for policy in self.policies() {
                policy.consent = ConsentPolicy::Kr;
            }
        }
        // Drawn beside the others, so that a seed without checks goes as it did before there were any.
        if rng.clone().chance(300) {
            self.checked = 500;
        }
    }

    /// The settings of both versions, where two are deployed.
    fn policies(&mut self) -> impl Iterator<Item = &mut Policy> {
        std::iter::once(&mut self.policy).chain(self.fleet.older.as_mut().map(|(older, _)| older))
    }

    /// Customers pay in cash, and want receipts of it. Last of all, for the same reason.
    fn receipted(&mut self, rng: &mut Rng) {
        let elsewhere =
            self.subscribed > 0 || self.lasts_seconds > 0 || self.pause_seconds_max > DAY || self.batches > 0;
        if elsewhere || !rng.chance(250) {
            return;
        }
        self.receipts = *rng.pick(&[300, 500]).unwrap_or(&300);
        self.windows = self.windows.max(600);
        self.refunds = self.refunds.max(150);
        self.steps = self.steps.clamp(6, 10);
        self.pause_seconds_max = self.pause_seconds_max.max(150);
        self.own_receipts = *rng.pick(&[0, 0, 200]).unwrap_or(&0);
        self.knobs.receipt_on_refund = *rng.pick(&ON_REFUND).unwrap_or(&ReceiptOnRefund::Stays);
        self.knobs.receipt_flag = if rng.chance(500) { ReceiptFlag::Automatic } else { ReceiptFlag::Any };
        let policy = *rng.pick(&POLICIES).unwrap_or(&CashReceiptPolicy::OnRequest);
        for settings in self.policies() {
            settings.cash_receipts = policy;
            settings.window_seconds = settings.window_seconds.min(7_200);
            settings.deposit_grace_seconds = settings.deposit_grace_seconds.min(3_600);
        }
        if rng.chance(150) {
            let (call, how) = *rng.pick(&Stubborn::RECEIPTS).unwrap_or(&Stubborn::RECEIPTS[0]);
            self.stubborn = Some(Stubborn::new(call, rng.below(2), how));
            self.soften(60);
        }
    }

    /// What the documents leave open about accounts that are given more time.
    fn extended(&mut self, rng: &mut Rng) {
        self.knobs.late_extension = rng.chance(500);
        self.knobs.due_by_minutes = rng.chance(300);
        self.knobs.extension_notifies = rng.chance(500);
    }

    /// Hundreds of payments fall due within minutes, and no webhook tells of any.
    #[must_use]
    pub fn backlog(rng: &mut Rng) -> Self {
        let mut setup = Self::draw(rng);
        setup.clients = 2;
        setup.customers = 1;
        setup.steps = 8;
        setup.pause_seconds_max = 30;
        setup.ahead_seconds_max = 900;
        (setup.batches, setup.odd_cards, setup.console, setup.other_hands) = (850, 0, 0, 0);
        (setup.windows, setup.subscribed, setup.lasts_seconds, setup.replaced) = (0, 0, 0, 0);
        (setup.webhooks.dropped, setup.stubborn, setup.compares, setup.receipts) = (1_000, None, false, 0);
        setup.knobs.past_schedule = PastSchedule::Run;
        setup.soften(60);
        setup
    }

    /// Keys are replaced while payments wait on them.
    const fn replacing(&mut self) {
        self.customers = 1;
        self.replaced = 300;
        self.ahead_seconds_max = 1_500;
    }

    /// A seed's world in which the table at rest may not depend on webhooks.
    #[must_use]
    pub fn comparable(rng: &mut Rng, webhooks: Webhooks) -> Self {
        let drawn = Self::draw(rng);
        Self {
            clients: 1,
            steps: 8,
            pause_seconds_max: 900,
            ahead_seconds_max: 4_000,
            fleet: Fleet::default(),
            outages: Vec::new(),
            ticks: Ticks { skipped: 0, doubled: 0, late: 0 },
            console: 0,
            strangers: 0,
            refunds: 0,
            windows: 0,
            replaced: 0,
            subscribed: 0,
            webhooks,
            compares: false,
            batches: 0,
            other_hands: 0,
            receipts: 0,
            own_receipts: 0,
            checked: 0,
            stubborn: None,
            plain: true,
            // What a customer was told, hence what is given back, does depend on which came first.
            policy: Policy::default(),
            ..drawn
        }
    }
}

fn knobs(rng: &mut Rng) -> Knobs {
    Knobs {
        dedupe: if rng.chance(500) { Dedupe::Admission } else { Dedupe::Commit },
        failed_reusable: rng.chance(700),
        partial_cancel_status: if rng.chance(500) { PartialCancelStatus::Paid } else { PartialCancelStatus::Cancelled },
        past_schedule: if rng.chance(500) { PastSchedule::Run } else { PastSchedule::Refuse },
        schedule_batch: if rng.chance(700) { ScheduleBatch::Atomic } else { ScheduleBatch::Partial },
        delete_key_revokes_schedules: rng.chance(300),
        schedule_delay_seconds: *rng.pick(&[0, 0, 40, 21_600]).unwrap_or(&0),
        ..Knobs::default()
    }
}

/// Which faults chance can ever choose: what non-vacuity is counted over.
#[must_use]
pub fn possible() -> Vec<(Call, Fault)> {
    Call::ALL.iter().flat_map(|call| call.class().faults().iter().map(|fault| (*call, *fault))).collect()
}
