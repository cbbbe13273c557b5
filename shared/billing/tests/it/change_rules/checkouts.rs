//! Orders in the window: which amount it takes, and what is answered of them.

use std::sync::Mutex;

use billing::checkout::{AccountOrder, Window};
use billing::order::Order;
use billing::payment::{Payment, PaymentSnapshot, PspStatus, Refusal, ScheduleSnapshot, State};
use billing::ports::{ChargePsp, Clock, Lookup, PaymentStore, PostResult, SchedulePsp, WindowPsp};
use billing::usecase::{Billing, Caller, Failure, NewCheckout, ReturnView};
use billing::{CustomerUid, ForeignUid, ImpUid, MerchantUid, Money, Timestamp};

use crate::fixture::{START, TestBilling, TestWorld, billing, card_window, customer, order};
use crate::lossy::{Fate, lossy};
use crate::sweep::sweep;

const DAY: i64 = 86_400;
const RIGHT: Money = Money::krw(8_900);
const OTHER: Money = Money::krw(89_000);

fn uid() -> MerchantUid {
    MerchantUid::parse("order_1").unwrap()
}

fn paid_by(pay_method: &str) -> NewCheckout {
    let window = Window { pay_method: pay_method.to_owned(), ..card_window() };
    NewCheckout { order: Order { customer_uid: None, ..order("order_1") }, customer_id: customer("kim"), window }
}

async fn open(billing: &TestBilling) -> Payment {
    billing.checkout(paid_by("card")).await.unwrap().row
}

async fn stored(billing: &TestBilling) -> Option<Payment> {
    billing.store.payment(&uid()).await.unwrap()
}

/// What the PSP records of an attempt in the window.
fn in_window(billing: &TestBilling, status: PspStatus) -> ImpUid {
    let now = billing.host.now();
    billing.psp.world().record(&paid_by("card").order, status, now).imp_uid
}

/// A PSP that says what it is told to of the amount that the window takes, and nothing of anything else.
struct Registrar {
    prepare: PostResult<Money>,
    prepared: Lookup<Money>,
    correct: PostResult<Money>,
    /// What it said, in order: the amount, if it named one.
    said: Mutex<Vec<(&'static str, Option<Money>)>>,
}

impl Registrar {
    fn posted(&self, what: &'static str, answer: &PostResult<Money>) -> PostResult<Money> {
        let amount = if let PostResult::Known(amount) = answer { Some(*amount) } else { None };
        self.said.lock().unwrap().push((what, amount));
        answer.clone()
    }
}

impl WindowPsp for Registrar {
    async fn prepare(&self, _: &Order) -> PostResult<Money> {
        self.posted("prepare", &self.prepare)
    }

    async fn correct(&self, _: &Order) -> PostResult<Money> {
        self.posted("correct", &self.correct)
    }

    async fn prepared(&self, _: &Order) -> Lookup<Money> {
        let amount = if let Lookup::Found(amount) = self.prepared { Some(amount) } else { None };
        self.said.lock().unwrap().push(("prepared", amount));
        self.prepared.clone()
    }

    async fn close_account(&self, _: &ImpUid) -> PostResult<PaymentSnapshot> {
        PostResult::NotSent
    }
}

impl ChargePsp for Registrar {
    async fn ready(&self) -> bool {
        true
    }

    async fn charge(&self, _: &Order) -> PostResult<PaymentSnapshot> {
        PostResult::NotSent
    }

    async fn issue_account(&self, _: &Order, _: Option<&str>, _: &AccountOrder) -> PostResult<PaymentSnapshot> {
        PostResult::NotSent
    }

    async fn extend_account(&self, _: &ImpUid, _: Timestamp) -> PostResult<PaymentSnapshot> {
        PostResult::NotSent
    }

    async fn payments(&self, _: &MerchantUid) -> Lookup<Vec<PaymentSnapshot>> {
        Lookup::Absent
    }

    async fn payment(&self, _: &ImpUid) -> Lookup<PaymentSnapshot> {
        Lookup::Absent
    }
}

impl SchedulePsp for Registrar {
    async fn register(&self, _: &CustomerUid, _: &[(&Order, Timestamp)]) -> PostResult<Vec<ScheduleSnapshot>> {
        PostResult::NotSent
    }

    async fn revoke(&self, _: &CustomerUid, _: &ForeignUid) -> PostResult<Vec<ScheduleSnapshot>> {
        PostResult::NotSent
    }

    async fn reschedule(&self, _: &MerchantUid, _: Timestamp) -> PostResult<ScheduleSnapshot> {
        PostResult::NotSent
    }

    async fn schedule(&self, _: &MerchantUid) -> Lookup<ScheduleSnapshot> {
        Lookup::Absent
    }
}

#[tokio::test]
async fn whatever_the_psp_answers_the_window_opens_only_where_its_last_word_is_the_amount_that_was_ordered() {
    let refused = || PostResult::Refused(Refusal { code: 1, message: "거절".to_owned() });
    let posted = || {
        [
            PostResult::Known(RIGHT),
            PostResult::Known(OTHER),
            refused(),
            PostResult::NotSent,
            PostResult::Nonsense,
            PostResult::Lost,
        ]
    };
    let looked = [Lookup::Found(RIGHT), Lookup::Found(OTHER), Lookup::Absent, Lookup::Unreachable];
    for prepare in posted() {
        for prepared in looked.clone() {
            for correct in posted() {
                let Billing { store, host, policy, .. } = billing().await;
                let (prepare, prepared) = (prepare.clone(), prepared.clone());
                let psp = Registrar { prepare, prepared, correct, said: Mutex::default() };
                let billing = Billing { psp, store, host, policy };
                let opened = billing.checkout(paid_by("card")).await;
                let Registrar { prepare, prepared, correct, said } = billing.psp;
                let (said, case) = (said.into_inner().unwrap(), format!("{prepare:?}, {prepared:?}, {correct:?}"));

                // It is asked no more than it takes to know, and what is right is left alone.
                let asked: Vec<&str> = said.iter().map(|(what, _)| *what).collect();
                let expected = ["prepare", "prepared", "correct"];
                let calls = match (&prepare, &prepared) {
                    (PostResult::Known(RIGHT), _) => 1,
                    (_, Lookup::Found(OTHER)) => 3,
                    _ => 2,
                };
                assert_eq!(asked, expected[..calls], "{case}");
                let last = said.last().and_then(|(_, amount)| *amount);
                assert_eq!(opened.as_ref().is_ok_and(|opened| opened.ready), last == Some(RIGHT), "{case}");
                // Only a refusal is one: everything else may be better the next time.
                let last_refused = [(&prepare, 2, Lookup::Absent), (&correct, 3, Lookup::Found(OTHER))];
                let no = last_refused
                    .iter()
                    .any(|(answer, at, stands)| **answer == refused() && calls == *at && prepared == *stands);
                assert_eq!(matches!(opened, Err(Failure::RequestRefused(_))), no, "{case}");
                assert!(opened.is_ok() || no, "{case}");
                let row = billing.store.payment(&uid()).await.unwrap().unwrap();
                assert_eq!(row.state, State::Awaiting, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn what_the_merchant_does_not_take_any_more_is_refused_to_new_orders_alone() {
    let mut billing = billing().await;
    billing.policy.pgs = vec!["kcp".to_owned()];
    let refused = billing.checkout(paid_by("card")).await.map(|_| ());
    assert!(matches!(&refused, Err(Failure::Invalid(invalid)) if invalid.code == "pg_not_configured"), "{refused:?}");
    assert_eq!((stored(&billing).await, billing.psp.world().posts.len()), (None, 0), "nothing is recorded of it");

    billing.policy.pgs.clear();
    let row = open(&billing).await;
    billing.policy.pgs = vec!["kcp".to_owned()];
    assert_eq!(open(&billing).await, row, "what is recorded is answered as it was");
}

#[tokio::test]
async fn no_window_is_opened_for_an_order_that_nobody_knows_to_be_recorded() {
    for lands in [true, false] {
        let billing = lossy().await;
        // Neither the write nor its repetition is answered, and no read says what became of them.
        let fate = if lands { Fate::Lost } else { Fate::Dropped };
        billing.store.will([fate, fate]);
        billing.store.reads_fail_after(1);
        let opened = billing.checkout(paid_by("card")).await.unwrap();
        assert_eq!((opened.ready, opened.row.state), (false, State::Awaiting), "{lands}");
        assert_eq!(billing.psp.world().posts, Vec::<String>::new(), "no amount is registered for it either");
        billing.store.heals();
        assert!(billing.checkout(paid_by("card")).await.unwrap().ready, "the same request again makes sure of it");
        assert_eq!(billing.psp.world().posts, ["prepare order_1"]);
    }
}

#[tokio::test]
async fn an_order_that_can_be_paid_no_more_is_answered_without_the_psp() {
    let billing = billing().await;
    open(&billing).await;
    // Offered no more, though whoever is in the window may still pay; and closed.
    for (seconds, state) in [(DAY, State::Awaiting), (DAY + 3_600, State::Expired)] {
        billing.wait_until(START.plus(seconds));
        sweep(&billing).await;
        let asked = |billing: &TestBilling| {
            let world = billing.psp.world();
            (world.posts.len(), world.gets)
        };
        let before = asked(&billing);
        assert_eq!((open(&billing).await.state, asked(&billing)), (state, before), "{seconds} s");
    }
}

#[tokio::test]
async fn a_listing_that_does_not_show_the_named_payment_yet_settles_nothing() {
    let billing = billing().await;
    open(&billing).await;
    in_window(&billing, PspStatus::Failed);
    let named = in_window(&billing, PspStatus::Failed);
    let behind = billing.psp.world().payments.get_mut("order_1").unwrap().pop().unwrap();
    // Its own record can be read already.
    billing.psp.world().payments.insert("not listed yet".to_owned(), vec![behind.clone()]);
    let kim = Caller::Customer(customer("kim"));
    let still = billing.complete(&kim, "order_1", &named).await.unwrap();
    assert_eq!((still.state, still.record), (State::Awaiting, None), "a later attempt may have been paid");
    assert_eq!(stored(&billing).await.unwrap().due_at, Some(billing.host.now()), "it is looked at again at once");

    billing.psp.world().payments.remove("not listed yet");
    billing.psp.world().payments.get_mut("order_1").unwrap().push(behind);
    assert_eq!(billing.complete(&kim, "order_1", &named).await.unwrap().state, State::Failed);
}

#[tokio::test]
async fn a_browser_that_brings_the_payment_of_another_order_is_told_nothing_of_it() {
    for status in [PspStatus::Paid, PspStatus::Failed, PspStatus::Ready, PspStatus::Cancelled] {
        let billing = billing().await;
        let before = open(&billing).await;
        let now = billing.host.now();
        let foreign = billing.psp.world().record(&order("order_2"), status, now).imp_uid;
        assert_eq!(billing.returned(&uid(), Some(&foreign)).await, Ok(ReturnView::Pending), "{status:?}");
        assert_eq!(stored(&billing).await, Some(before), "{status:?}");
        assert_eq!(billing.alarms(), Vec::<&str>::new(), "{status:?}");
    }
}

#[tokio::test]
async fn whoever_comes_back_from_the_window_is_told_of_the_account_that_waits_for_a_deposit() {
    let billing = billing().await;
    billing.checkout(paid_by("vbank")).await.unwrap();
    let account = in_window(&billing, PspStatus::Ready);
    assert_eq!(billing.returned(&uid(), None).await, Ok(ReturnView::Pending), "nobody has looked yet");
    {
        let mut world = billing.psp.world();
        let facts = &mut world.payments.get_mut("order_1").unwrap()[0].details;
        facts.vbank_num = Some("56123456789012".to_owned());
        facts.vbank_date = Some(START.plus(3 * DAY));
    }
    assert_eq!(billing.returned(&uid(), Some(&account)).await, Ok(ReturnView::Ready));
    // Also to one who names nothing: the row knows of it by now.
    assert_eq!(billing.returned(&uid(), None).await, Ok(ReturnView::Ready));
    {
        let mut world = billing.psp.world();
        let record = &mut world.payments.get_mut("order_1").unwrap()[0];
        (record.status, record.paid_at) = (PspStatus::Paid, Some(START));
    }
    assert_eq!(billing.returned(&uid(), Some(&account)).await, Ok(ReturnView::Paid));
}
