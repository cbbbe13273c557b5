//! A request to the PSP as data, so that it can arrive long after its sender has given up, and what the PSP's books make
//! of it.

use billing::checkout::AccountOrder;
use billing::key::KeySnapshot;
use billing::order::Order;
use billing::payment::receipt::{ReceiptOrder, ReceiptSnapshot};
use billing::payment::{PaymentSnapshot, Refund, Refusal, ScheduleSnapshot};
use billing::ports::PostResult;
use billing::{Currency, CustomerId, CustomerUid, ForeignUid, ImpUid, MerchantUid, Money, Timestamp};
use ledger::cards::Behaviour;
use ledger::{AccountChange, CancelOrder, Channel, Delivery, Instrument, KeyOrder, Ledger, Person, RefusalKind, cards};

use super::wire;

/// The gateway that issues accounts without a window.
pub(crate) const ACCOUNTS_AT: &str = "settle";

/// A request that changes something at the PSP.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the arguments of billing's ports")]
pub enum PspRequest {
    Charge(Order),
    /// A virtual account without a window.
    Account(Order, AccountOrder),
    Register {
        customer_uid: CustomerUid,
        orders: Vec<(Order, Timestamp)>,
    },
    Revoke {
        customer_uid: CustomerUid,
        merchant_uid: ForeignUid,
    },
    Move {
        merchant_uid: MerchantUid,
        schedule_at: Timestamp,
    },
    Issue {
        customer_uid: CustomerUid,
        customer_id: Option<CustomerId>,
        number: String,
        expiry: String,
        name: Option<String>,
        said: ledger::Said,
    },
    Delete {
        customer_uid: CustomerUid,
    },
    Cancel(Box<Refund>),
    /// A virtual account that nobody is to pay into any more.
    CloseAccount(ImpUid),
    /// One that is to take its deposit until then.
    ExtendAccount(ImpUid, Timestamp),
    /// A cash receipt, or no more of it.
    IssueReceipt(Box<ReceiptOrder>),
    RevokeReceipt(ImpUid),
    /// The amount that the window is to take.
    Prepare(Order),
    /// The same where another one was registered.
    Correct(Order),
    /// Planted: a refund without its amount, or without its checksum.
    CarelessCancel {
        refund: Box<Refund>,
        amount: bool,
        checksum: bool,
    },
    /// Planted: every schedule of a key is taken back.
    RevokeAll {
        customer_uid: CustomerUid,
    },
}

/// What the PSP answers with.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "few of them live at a time, and a box would cost an allocation a call")]
pub(crate) enum PspReply {
    Payment(PaymentSnapshot),
    Schedules(Vec<ScheduleSnapshot>),
    Schedule(ScheduleSnapshot),
    Key(KeySnapshot),
    Prepared(Money),
    Receipt(ReceiptSnapshot),
    Deleted,
}

/// How the answer of an executed request comes back by the PSP's own doing (its test cards may hang or lie).
#[derive(Debug)]
pub(crate) struct Executed {
    pub(crate) posted: PostResult<PspReply>,
    /// It comes only after the caller has given up.
    pub(crate) hangs: bool,
}

impl PspRequest {
    /// What may be sent only once at a time: the order numbers that this request would make pay, or the payment that it
    /// would give back.
    pub(crate) fn subjects(&self) -> Vec<String> {
        match self {
            Self::Charge(order) | Self::Account(order, _) => vec![order.merchant_uid.to_string()],
            Self::Register { orders, .. } => orders.iter().map(|(order, _)| order.merchant_uid.to_string()).collect(),
            Self::Cancel(refund) | Self::CarelessCancel { refund, .. } => vec![refund.imp_uid.to_string()],
            Self::IssueReceipt(order) => vec![receipt_of(&order.imp_uid)],
            Self::RevokeReceipt(imp_uid) => vec![receipt_of(imp_uid)],
            Self::ExtendAccount(imp_uid, _) => vec![extension_of(imp_uid)],
            Self::Revoke { .. }
            | Self::RevokeAll { .. }
            | Self::Move { .. }
            | Self::Issue { .. }
            | Self::Prepare(_)
            | Self::Correct(_)
            | Self::CloseAccount(_)
            | Self::Delete { .. } => Vec::new(),
        }
    }

    /// The schedule that it changes.
    pub(crate) fn changes(&self) -> Option<String> {
        match self {
            Self::Move { merchant_uid, .. } => Some(merchant_uid.to_string()),
            Self::Revoke { merchant_uid, .. } => Some(merchant_uid.to_string()),
            _ => None,
        }
    }

    /// The balance that a refund insists on.
    pub(crate) const fn checksum(&self) -> Option<u64> {
        match self {
            Self::Cancel(refund) | Self::CarelessCancel { refund, checksum: true, .. } => Some(refund.checksum),
            _ => None,
        }
    }

    /// Seconds that the card takes to pay, whenever the request arrives.
    pub(crate) fn pays_late(&self, books: &Ledger) -> i64 {
        let Self::Charge(order) = self else { return 0 };
        let late = books.key(key_of(order)).is_ok_and(|key| key.card.behaviour == Behaviour::Late);
        if late { books.knobs().late_seconds } else { 0 }
    }

    /// Lets the PSP do it.
    pub(crate) fn execute(&self, books: &mut Ledger, now: i64) -> Executed {
        let posted = match self.try_execute(books, now) {
            Ok((reply, Delivery::Answer)) => reply.map_or(PostResult::Nonsense, PostResult::Known),
            Ok((_, Delivery::Hang)) => return Executed { posted: PostResult::Lost, hangs: true },
            Ok((_, Delivery::ServerError)) => PostResult::Lost,
            Ok((_, Delivery::FalseRefusal)) => PostResult::Refused(refusal()),
            Err(refused) => {
                let code = if refused.kind == RefusalKind::Pg { -1 } else { 1 };
                PostResult::Refused(Refusal { code, message: refused.message.into_owned() })
            }
        };
        Executed { posted, hangs: false }
    }

    /// The first half of a charge: the PSP takes the request, and no money has moved yet.
    pub(crate) fn admit(&self, books: &mut Ledger, now: i64) -> Option<ledger::Admission> {
        let Self::Charge(order) = self else { return None };
        books.admit(now, wire::order(order), Instrument::Key(key_of(order).to_owned())).ok()
    }

    fn try_execute(&self, books: &mut Ledger, now: i64) -> Result<(Option<PspReply>, Delivery), ledger::Refusal> {
        let reply = match self {
            Self::Charge(order) => {
                let instrument = Instrument::Key(key_of(order).to_owned());
                let admission = books.admit(now, wire::order(order), instrument)?;
                let charged = books.commit(now, admission)?;
                let row = charged.imp_uid.and_then(|uid| books.payment(&uid, true).ok().and_then(wire::payment));
                return Ok((row.map(PspReply::Payment), charged.delivery));
            }
            Self::Account(order, account) => {
                let asked = ledger::AccountOrder {
                    order: wire::order(order),
                    channel: Channel { pg_provider: ACCOUNTS_AT.to_owned(), ..Channel::default() },
                    bank: account.bank.clone(),
                    due_at: account.due.0,
                    holder: account.holder.clone(),
                    has_api_key: false,
                };
                wire::payment(&books.issue_account(now, asked)?).map(PspReply::Payment)
            }
            Self::Register { customer_uid, orders } => {
                let entry = |(order, at): &(Order, Timestamp)| ledger::ScheduleOrder {
                    order: wire::order(order),
                    schedule_at: at.0,
                };
                let entries = orders.iter().map(entry).collect();
                schedules(&books.register(now, customer_uid.as_str(), None, 0, entries)?)
            }
            Self::Revoke { customer_uid, merchant_uid } => {
                schedules(&books.unschedule(now, Some(customer_uid.as_str()), &[merchant_uid.to_string()])?)
            }
            Self::Move { merchant_uid, schedule_at } => {
                let row = books.move_schedule(now, merchant_uid.as_str(), schedule_at.0)?;
                wire::schedule(&row).map(PspReply::Schedule)
            }
            Self::Issue { customer_uid, customer_id, number, expiry, name, said } => {
                let card = cards::read(number, expiry, now)?;
                let channel = Channel { pg_provider: books.knobs().default_pg.clone(), ..Channel::default() };
                let row = books.issue_key(
                    now,
                    KeyOrder {
                        customer_uid: customer_uid.to_string(),
                        customer_id: customer_id.as_ref().map(ToString::to_string),
                        channel,
                        has_channel_key: true,
                        card,
                        customer: Person { name: name.clone(), ..Person::default() },
                        said: said.clone(),
                    },
                )?;
                Some(PspReply::Key(wire::key(&row)))
            }
            Self::Delete { customer_uid } => {
                books.delete_key(now, customer_uid.as_str())?;
                Some(PspReply::Deleted)
            }
            Self::RevokeAll { customer_uid } => schedules(&books.unschedule(now, Some(customer_uid.as_str()), &[])?),
            Self::Prepare(order) => prepared(&books.prepare(wire::prepared(order))?),
            Self::Correct(order) => prepared(&books.change_prepared(wire::prepared(order))?),
            Self::IssueReceipt(order) => {
                wire::receipt(&books.issue_receipt(now, &wire::receipt_order(order))?).map(PspReply::Receipt)
            }
            Self::RevokeReceipt(imp_uid) => {
                wire::receipt(&books.revoke_receipt(now, imp_uid.as_str())?).map(PspReply::Receipt)
            }
            Self::ExtendAccount(imp_uid, due) => {
                let imp_uid = imp_uid.to_string();
                let change = AccountChange { imp_uid, amount: None, due_at: Some(due.0) };
                wire::payment(&books.change_account(now, &change)?).map(PspReply::Payment)
            }
            Self::CloseAccount(imp_uid) => {
                wire::payment(&books.close_account(now, imp_uid.as_str(), false)?).map(PspReply::Payment)
            }
            Self::Cancel(refund) => cancel(books, now, refund, Some(refund.amount), Some(refund.checksum))?,
            Self::CarelessCancel { refund, amount, checksum } => {
                cancel(books, now, refund, amount.then_some(refund.amount), checksum.then_some(refund.checksum))?
            }
        };
        Ok((reply, Delivery::Answer))
    }
}

fn cancel(
    books: &mut Ledger,
    now: i64,
    refund: &Refund,
    amount: Option<u64>,
    checksum: Option<u64>,
) -> Result<Option<PspReply>, ledger::Refusal> {
    let order = CancelOrder {
        imp_uid: Some(refund.imp_uid.to_string()),
        amount,
        tax_free: refund.parts.tax_free,
        vat_amount: refund.parts.vat_amount,
        checksum,
        reason: Some(refund.sent_reason()),
        ..CancelOrder::default()
    };
    let row = books.cancel(now, &order)?;
    Ok(wire::shown(books, &row).map(PspReply::Payment))
}

/// What a request about a payment's cash receipt is about: the payment itself may be given back meanwhile.
pub(crate) fn receipt_of(imp_uid: &ImpUid) -> String {
    format!("receipt of {imp_uid}")
}

/// What a request about an account's last moment is about.
pub(crate) fn extension_of(imp_uid: &ImpUid) -> String {
    format!("extension of {imp_uid}")
}

fn prepared(row: &ledger::Prepared) -> Option<PspReply> {
    wire::amount(row).map(PspReply::Prepared)
}

/// The billing key that an order is charged to.
fn key_of(order: &Order) -> &str {
    order.customer_uid.as_ref().map_or("", CustomerUid::as_str)
}

fn schedules(rows: &[ledger::Schedule]) -> Option<PspReply> {
    rows.iter().map(wire::schedule).collect::<Option<Vec<_>>>().map(PspReply::Schedules)
}

/// A refusal in a PG's own words.
pub(crate) fn refusal() -> Refusal {
    Refusal { code: -1, message: "카드사 응답 오류".to_owned() }
}

impl PspReply {
    /// The same reply with an amount, a currency, a channel or a name that was not asked for.
    pub(crate) fn falsified(mut self) -> Self {
        match &mut self {
            Self::Payment(payment) => match payment.imp_uid.as_str().bytes().last().unwrap_or_default() % 3 {
                0 => payment.amount.minor += 1,
                1 => payment.amount.currency = Currency::Usd,
                _ => payment.sandbox = true,
            },
            Self::Schedules(list) => list.iter_mut().for_each(|schedule| schedule.amount.minor += 1),
            Self::Schedule(schedule) => schedule.amount.minor += 1,
            Self::Key(key) => key.customer_uid.push('x'),
            Self::Prepared(amount) => amount.minor += 1,
            Self::Receipt(receipt) => receipt.amount += 1,
            Self::Deleted => {}
        }
        self
    }
}
