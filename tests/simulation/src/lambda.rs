//! The functions of the simulation: one invocation is one process that runs one production use case.

use billing::card::{Birth, Card, CardNumber, Expiry, Pwd2Digit};
use billing::fingerprint::FingerprintKey;
use billing::key::BillingKey;
use billing::order::Order;
use billing::payment::receipt::ReceiptWish;
use billing::payment::{Payment, Refund};
use billing::policy::Policy;
use billing::ports::{CardHolder, StoreError};
use billing::subscription::{Ending, Subscription, SubscriptionState};
use billing::usecase::{
    Along, Billing, Caller, Comparison, Failure, IssueKey, IssuedKey, KeyDeleted, NewAccount, NewCheckout, NewConsent,
    NewPlan, NewSchedule, NewSubscription, NotApproved, OpenedCheckout, PrepareKey, PreparedKey, RefundRequest,
    ReturnView, ScheduleDisposition, Scheduled, SweepReport, WebhookHint, WebhookOutcome,
};
use billing::{CustomerId, CustomerUid, ImpUid, MerchantUid, Timestamp};

use crate::exec::Process;
use crate::host::Host;
use crate::planted;
use crate::psp::{ACCOUNTS_AT, Named, Psp};
use crate::sim::Sim;
use crate::table::Table;

/// A handler's own deadline, in seconds.
const HANDLER_SECONDS: i64 = 25;
/// A webhook's deadline, in seconds.
const WEBHOOK_SECONDS: i64 = 8;
/// A sweep's deadline, in seconds.
const SWEEP_SECONDS: i64 = 240;
/// The platform kills a function of the API after this many seconds.
pub const LIFE_SECONDS: i64 = 35;
/// The platform kills a sweep after this many seconds.
pub const SWEEP_LIFE_SECONDS: i64 = 300;

/// Keys of a customer in one page.
const KEYS_PAGE: usize = 100;

/// What may be asked.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the arguments of billing's use cases")]
pub enum Request {
    Issue { customer: CustomerId, name: String, card: &'static str, checking: Option<u64>, wanted: Vec<NewSchedule> },
    Charge { order: Order, customer: CustomerId },
    Schedule { customer_uid: CustomerUid, customer: CustomerId, wanted: Vec<NewSchedule> },
    Revoke { caller: Caller, merchant_uid: MerchantUid },
    Move { caller: Caller, merchant_uid: MerchantUid, schedule_at: Timestamp },
    DeleteKey { caller: Caller, customer_uid: CustomerUid, schedules: ScheduleDisposition },
    Checkout(NewCheckout),
    Account(NewAccount),
    Extend { merchant_uid: MerchantUid, due: Timestamp },
    Withdraw { merchant_uid: MerchantUid },
    Complete { caller: Caller, merchant_uid: MerchantUid, imp_uid: ImpUid },
    Return { merchant_uid: MerchantUid, imp_uid: Option<ImpUid> },
    Approve { merchant_uid: MerchantUid, amount: String },
    PrepareKey(PrepareKey),
    ConfirmKey { caller: Caller, customer_uid: CustomerUid },
    ImportKey { customer_uid: CustomerUid, customer: CustomerId },
    Refund(RefundRequest),
    Receipt { caller: Caller, merchant_uid: MerchantUid, wish: ReceiptWish },
    CancelReceipt { merchant_uid: MerchantUid },
    Read { caller: Caller, merchant_uid: MerchantUid },
    Keys(CustomerId),
    Subscribe(Box<NewSubscription>),
    Subscription { caller: Caller, id: String, wish: Wish },
    Subscriptions { caller: Caller, owner: Option<CustomerId>, state: Option<SubscriptionState> },
    Notice(WebhookHint),
    Sweep,
    Compare,
}

/// What is to become of a subscription.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the arguments of billing's use cases")]
pub enum Wish {
    Read,
    Cancel(Ending),
    Reactivate,
    Pause,
    Resume,
    ChangeCard(CustomerUid),
    ChangePlan(NewPlan),
    ChangePlanNow(NewPlan),
    Consent(NewConsent),
}

/// What is answered.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the results of billing's use cases")]
pub enum Answer {
    Key(Result<BillingKey, Failure>),
    Issued(Result<Box<IssuedKey>, Failure>),
    Keys(Result<Vec<BillingKey>, Failure>),
    Payment(Result<Payment, Failure>),
    Payments(Result<Vec<Scheduled>, Failure>),
    Opened(Result<Box<OpenedCheckout>, Failure>),
    Prepared(Result<Box<PreparedKey>, Failure>),
    ReturnView(Result<ReturnView, Failure>),
    Approved(Result<Result<(), NotApproved>, StoreError>),
    KeyDeleted(Result<KeyDeleted, Failure>),
    Refund(Result<Box<(Payment, Refund)>, Failure>),
    Receipt(Result<Payment, Failure>),
    Subscription(Result<Box<Subscription>, Failure>),
    Subscriptions(Result<Vec<Subscription>, Failure>),
    Noticed(Result<WebhookOutcome, StoreError>),
    Swept(Result<SweepReport, StoreError>),
    Compared(Result<Comparison, StoreError>),
}

impl Request {
    /// How long the platform lets it run, in seconds.
    #[must_use]
    pub const fn life(&self) -> i64 {
        match self {
            Self::Sweep | Self::Compare => SWEEP_LIFE_SECONDS,
            _ => LIFE_SECONDS,
        }
    }
}

/// A machine that functions run on.
#[derive(Debug, Clone)]
pub struct Machine {
    /// By how many seconds its clock is ahead.
    pub skew: i64,
    /// The merchant's settings.
    pub policy: Policy,
    /// What keys are named under.
    pub secret: FingerprintKey,
}

/// The secret under which keys are named.
#[expect(clippy::expect_used, reason = "the material is long enough")]
#[must_use]
pub fn secret() -> FingerprintKey {
    FingerprintKey::new(&[7; 32]).expect("32 bytes are enough")
}

/// One invocation.
#[must_use]
pub fn invocation<'a>(sim: &'a Sim, machine: Machine, request: Request) -> Process<'a, Answer> {
    let Machine { skew, policy, secret } = machine;
    let card_pg = {
        let world = sim.world();
        let knobs = world.ledger.knobs();
        // Where keys are issued against the list, nobody has told the product of it.
        let listed = knobs.rule_answers.get(&format!("{}.issue", knobs.default_pg)) != Some(&false);
        listed.then(|| knobs.default_pg.clone())
    };
    let policy = Policy { account_pgs: vec![ACCOUNTS_AT.to_owned()], card_pg, ..policy };
    let now = sim.now();
    sim.world().subscriptions.asks = policy.asks_for_consent();
    sim.world().subscriptions.ask(&request, now);
    let came_at = Some(now).filter(|_| !matches!(request, Request::Sweep | Request::Compare));
    let billing = move |seconds: i64| Billing {
        psp: Psp::new(sim, sim.now() + seconds),
        store: Table::new(sim),
        host: Host::new(sim, skew, came_at),
        policy,
    };
    match request {
        Request::Issue { customer, name, card, checking, wanted } => Box::pin(async move {
            let card = match typed(card, Timestamp(sim.now())) {
                Ok(card) => card,
                Err(invalid) => return Answer::Key(Err(Failure::Invalid(invalid))),
            };
            let alone = wanted.is_empty();
            let along = Along { checking_amount: checking, pg: None, schedules: wanted };
            let request = IssueKey { customer_id: customer, idempotency_key: name, card, holder: holder(), along };
            let issued = billing(HANDLER_SECONDS).issue_and_schedule(request, &secret).await;
            if alone { Answer::Key(issued.map(|issued| issued.key)) } else { Answer::Issued(issued.map(Box::new)) }
        }),
        Request::Charge { order, customer } => {
            let order = planted::ordered(sim, order);
            Box::pin(async move { Answer::Payment(billing(HANDLER_SECONDS).charge(order, Some(customer)).await) })
        }
        Request::Schedule { customer_uid, customer, wanted } => Box::pin(async move {
            Answer::Payments(billing(HANDLER_SECONDS).schedule(&customer_uid, Some(customer), wanted).await)
        }),
        Request::Revoke { caller, merchant_uid } => Box::pin(async move {
            Answer::Payment(billing(HANDLER_SECONDS).unschedule(&caller, merchant_uid.as_str()).await)
        }),
        Request::Move { caller, merchant_uid, schedule_at } => Box::pin(async move {
            Answer::Payment(billing(HANDLER_SECONDS).reschedule(&caller, merchant_uid.as_str(), schedule_at).await)
        }),
        Request::DeleteKey { caller, customer_uid, schedules } => Box::pin(async move {
            Answer::KeyDeleted(billing(HANDLER_SECONDS).delete_key(&caller, customer_uid.as_str(), schedules).await)
        }),
        Request::Account(new) => Box::pin(async move {
            let issued = billing(HANDLER_SECONDS).issue_account(new).await;
            Answer::Payment(issued.map(|(row, _)| row))
        }),
        Request::Extend { merchant_uid, due } => Box::pin(async move {
            let extended = billing(HANDLER_SECONDS).extend_account(merchant_uid.as_str(), due).await;
            Answer::Payment(extended.map(|(row, _)| row))
        }),
        Request::Checkout(new) => Box::pin(async move {
            let opened = billing(HANDLER_SECONDS).checkout(new).await;
            Answer::Opened(opened.map(Box::new))
        }),
        Request::Withdraw { merchant_uid } => {
            Box::pin(
                async move { Answer::Payment(billing(HANDLER_SECONDS).withdraw_checkout(merchant_uid.as_str()).await) },
            )
        }
        Request::Complete { caller, merchant_uid, imp_uid } => Box::pin(async move {
            let Billing { psp, store, host, policy } = billing(HANDLER_SECONDS);
            let hint = WebhookHint { imp_uid, merchant_uid };
            let billing = Billing { psp: psp.named(Named::ByCustomer(&hint)), store, host, policy };
            Answer::Payment(billing.complete(&caller, hint.merchant_uid.as_str(), &hint.imp_uid).await)
        }),
        Request::Return { merchant_uid, imp_uid } => Box::pin(async move {
            Answer::ReturnView(billing(HANDLER_SECONDS).returned(&merchant_uid, imp_uid.as_ref()).await)
        }),
        Request::Approve { merchant_uid, amount } => {
            Box::pin(async move { Answer::Approved(billing(HANDLER_SECONDS).confirm(&merchant_uid, &amount).await) })
        }
        Request::PrepareKey(request) => Box::pin(async move {
            Answer::Prepared(billing(HANDLER_SECONDS).prepare_key(request, &secret).await.map(Box::new))
        }),
        Request::ConfirmKey { caller, customer_uid } => Box::pin(async move {
            let caller = planted::confirming(sim, caller);
            let Billing { psp, store, host, policy } = billing(HANDLER_SECONDS);
            let billing = Billing { psp: psp.named(Named::ByConfirmation), store, host, policy };
            Answer::Key(billing.confirm_key(&caller, customer_uid.as_str()).await)
        }),
        Request::ImportKey { customer_uid, customer } => {
            Box::pin(async move { Answer::Key(billing(HANDLER_SECONDS).import_key(customer_uid, customer).await) })
        }
        Request::Refund(request) => {
            Box::pin(async move { Answer::Refund(billing(HANDLER_SECONDS).refund(request).await.map(Box::new)) })
        }
        Request::Receipt { caller, merchant_uid, wish } => Box::pin(async move {
            let billing = billing(HANDLER_SECONDS);
            Answer::Receipt(billing.ask_for_receipt(&caller, merchant_uid.as_str(), wish).await)
        }),
        Request::CancelReceipt { merchant_uid } => {
            Box::pin(
                async move { Answer::Receipt(billing(HANDLER_SECONDS).cancel_receipt(merchant_uid.as_str()).await) },
            )
        }
        Request::Read { caller, merchant_uid } => {
            Box::pin(
                async move { Answer::Payment(billing(HANDLER_SECONDS).payment(&caller, merchant_uid.as_str()).await) },
            )
        }
        Request::Keys(customer) => Box::pin(async move {
            let page = billing(HANDLER_SECONDS).billing_keys(&customer, KEYS_PAGE, None).await;
            Answer::Keys(page.map(|page| page.items))
        }),
        Request::Subscribe(new) => Box::pin(async move {
            Answer::Subscription(billing(HANDLER_SECONDS).subscribe(*new, &secret).await.map(Box::new))
        }),
        Request::Subscription { caller, id, wish } => {
            Box::pin(async move { Answer::Subscription(wished(billing(HANDLER_SECONDS), &caller, &id, wish).await) })
        }
        Request::Subscriptions { caller, owner, state } => Box::pin(async move {
            let billing = billing(HANDLER_SECONDS);
            let page = billing.subscriptions(&caller, owner.as_ref(), state, KEYS_PAGE, None).await;
            Answer::Subscriptions(page.map(|page| page.items))
        }),
        Request::Notice(hint) => Box::pin(async move {
            let Billing { psp, store, host, policy } = billing(WEBHOOK_SECONDS);
            Answer::Noticed(
                Billing { psp: psp.named(Named::ByWebhook(&hint)), store, host, policy }.notice(&hint).await,
            )
        }),
        Request::Sweep => Box::pin(async move {
            let deadline = Timestamp(sim.now() + skew + SWEEP_SECONDS);
            Answer::Swept(billing(SWEEP_SECONDS).sweep(deadline).await)
        }),
        Request::Compare => Box::pin(async move {
            let deadline = Timestamp(sim.now() + skew + SWEEP_SECONDS);
            Answer::Compared(billing(SWEEP_SECONDS).compare(deadline).await)
        }),
    }
}

/// Does with a subscription as its customer, or the merchant, wishes.
async fn wished(
    billing: Billing<Psp<'_>, Table<'_>, Host<'_>>,
    caller: &Caller,
    id: &str,
    wish: Wish,
) -> Result<Box<Subscription>, Failure> {
    let row = match wish {
        Wish::Read => billing.view(billing.subscription(caller, id).await?).await?.row,
        Wish::Cancel(ending) => billing.cancel_subscription(caller, id, ending).await?,
        Wish::Reactivate => billing.reactivate_subscription(caller, id).await?,
        Wish::Pause => billing.pause_subscription(caller, id).await?,
        Wish::Resume => billing.resume_subscription(caller, id).await?,
        Wish::ChangeCard(customer_uid) => billing.change_card(caller, id, &customer_uid).await?,
        Wish::ChangePlan(plan) => billing.change_plan(caller, id, plan).await?,
        Wish::ChangePlanNow(plan) => billing.change_plan_now(caller, id, plan).await?.0,
        Wish::Consent(new) => match caller {
            Caller::Customer(customer) => billing.consent(customer, id, new).await?,
            // Nobody agrees for somebody else: the edge refuses it.
            Caller::Merchant => return Err(Failure::NotFound),
        },
    };
    Ok(Box::new(row))
}

/// What the form says of the card's holder: one gateway or another takes no charge without it.
fn holder() -> CardHolder {
    let text = |text: &str| Some(text.to_owned());
    CardHolder {
        customer_name: text("홍길동"),
        customer_tel: text("01042424242"),
        customer_email: text("gildong@gmail.com"),
        ..CardHolder::default()
    }
}

/// A card form as a customer fills it in.
fn typed(number: &str, now: Timestamp) -> Result<Card, billing::Invalid> {
    Ok(Card {
        number: CardNumber::parse(number)?,
        expiry: Expiry::parse("2044-12", now)?,
        birth: Birth::parse("900101").ok(),
        pwd_2digit: Pwd2Digit::parse("12").ok(),
        cvc: None,
    })
}
