//! The gateway adapter: billing's PSP ports over the Iamport client. The one place that knows both.

mod listing;
mod read;
#[cfg(test)]
mod tests;
pub(crate) mod write;

use std::time::Duration;

use billing::card::Card;
use billing::checkout::AccountOrder;
use billing::key::KeySnapshot;
use billing::order::Order;
use billing::payment::receipt::{ReceiptOrder, ReceiptSnapshot};
use billing::payment::{PaymentSnapshot, Refund, Refusal, ScheduleSnapshot};
use billing::ports::{
    CardHolder, ChargePsp, KeyPsp, Lookup, PostResult, ReceiptPsp, RefundPsp, SchedulePsp, WindowPsp,
};
use billing::{CustomerUid, ForeignUid, ImpUid, MerchantUid, Money, Timestamp};
use iamport::{Client, Error, ErrorClass, FindAll, KeySchedules, ModifyVbank, Sensitive, TestPayments, Unschedule};

use crate::config::{Config, WindowChannel, channel_among};
use crate::deadline::Deadline;
use crate::secret::Secrets;

/// Longest money POST; the client's own limit for a change is the same.
const POST_MAX: Duration = Duration::from_secs(15);

/// Billing keys that are asked for at once. Iamport takes a hundred; eighty characters of Hangul each are long in a URL.
const KEYS_A_CALL: usize = 25;
/// The envelope's code of a request that failed for any reason.
const GENERAL_FAILURE: i64 = 1;
/// Widest window of a list of schedules: Iamport allows three months.
const SCHEDULE_WINDOW_SECONDS: i64 = 85 * 86_400;

/// Settings of the PSP that no caller may choose.
#[derive(Debug, Clone)]
struct Channel {
    pg: Option<String>,
    channel_key: Option<String>,
    /// Channels of the gateways that a request may name instead.
    others: Vec<WindowChannel>,
    /// For virtual accounts: codes of gateways, each with the key of its channel.
    accounts: Vec<(String, String)>,
    notice_url: Option<String>,
    test_payments: TestPayments,
}

/// Iamport, for one request: every call ends in time to write down what came of it.
#[derive(Debug, Clone)]
pub struct Psp {
    client: Client,
    secrets: Secrets,
    channel: Channel,
    deadline: Deadline,
}

impl Psp {
    pub(crate) fn new(client: Client, secrets: Secrets, config: &Config, deadline: Deadline) -> Self {
        let test_payments = if config.policy.accept_sandbox_payments { TestPayments::Show } else { TestPayments::Hide };
        let channel = Channel {
            pg: config.pg.clone(),
            channel_key: config.channel_key.clone(),
            others: config.window_channels.clone(),
            accounts: config.account_channels.iter().filter_map(keyed).collect(),
            notice_url: config.notice_url.clone(),
            test_payments,
        };
        Self { client, secrets, channel, deadline }
    }

    /// The client with what is left of the request's time.
    fn client(&self) -> Client {
        self.client.within(self.deadline.for_psp())
    }

    fn posting(&self) -> Client {
        self.client.within(self.deadline.for_psp().min(POST_MAX))
    }

    /// Where a payment's webhook goes. Without a secret there is no token, hence no call either: nothing is sent.
    async fn notice_url(&self) -> Result<Option<Sensitive>, NotSent> {
        let Some(base) = &self.channel.notice_url else { return Ok(None) };
        let secret = self.secrets.current().await.map_err(|_| NotSent)?;
        Ok(secret.notice_url(base).map(|url| Sensitive::from(url.as_str())))
    }
}

/// The gateway of a channel, and its key.
fn keyed(channel: &WindowChannel) -> Option<(String, String)> {
    Some((channel.code().to_owned(), channel.channel_key.clone()?))
}

/// The request could not be made, so nothing left.
#[derive(Debug)]
struct NotSent;

/// How a POST ended, by what the client says of it (reliability §3.1).
fn posted<T, U>(reply: Result<T, Error>, read: impl FnOnce(T) -> Option<U>, what: &'static str) -> PostResult<U> {
    match reply {
        Ok(record) => read(record).map_or(PostResult::Nonsense, PostResult::Known),
        Err(error) => {
            note(&error, what);
            match error.class() {
                ErrorClass::NotSent | ErrorClass::Unauthorized | ErrorClass::RateLimited => PostResult::NotSent,
                ErrorClass::Refused => PostResult::Refused(refusal(&error)),
                ErrorClass::Rejected | ErrorClass::NotFound => {
                    tracing::error!(alarm = "psp_rejected", psp.call = what, "our own checks should have caught this");
                    PostResult::Refused(refusal(&error))
                }
                ErrorClass::Suspect => PostResult::Nonsense,
                ErrorClass::Unknown => PostResult::Lost,
            }
        }
    }
}

/// How a request ended about what may have changed meanwhile: an account may have been paid into or closed, a receipt may be there already,
/// or none. That it is refused for that, or by a gateway that cannot, is no fault of the request.
fn posted_on<T, U>(reply: Result<T, Error>, read: impl FnOnce(T) -> Option<U>, what: &'static str) -> PostResult<U> {
    match reply {
        Err(error) if matches!(error.class(), ErrorClass::Rejected | ErrorClass::NotFound) => {
            note(&error, what);
            PostResult::Refused(refusal(&error))
        }
        reply => posted(reply, read, what),
    }
}

/// How a GET ended.
fn looked<T, U>(reply: Result<T, Error>, read: impl FnOnce(T) -> Option<U>, what: &'static str) -> Lookup<U> {
    match reply {
        Ok(record) => read(record).map_or(Lookup::Unreachable, Lookup::Found),
        // Anything that does not say so in as many words is no answer: of what the PSP has, nothing may be taken for gone.
        Err(error) if error.says_absent() => Lookup::Absent,
        Err(error) => {
            note(&error, what);
            Lookup::Unreachable
        }
    }
}

/// The page after this one, as a list names it: never round in circles.
fn later(next: Option<u32>, page: u32) -> Option<u32> {
    next.filter(|next| *next > page)
}

fn refusal(error: &Error) -> Refusal {
    let message = error.psp_message().map_or("refused", |text| text.as_str());
    // What an HTTP status refuses is our request, whatever code stands beside it.
    let code = match error {
        Error::Rejected { status, .. } => i64::from(*status),
        Error::NotFound { .. } => 404,
        _ => error.code().unwrap_or(GENERAL_FAILURE),
    };
    Refusal { code, message: billing::scrub::scrub(message, read::TEXT_MAX) }
}

/// One log line a failed exchange, with its causes and without a word of the request.
fn note(error: &Error, call: &'static str) {
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    tracing::warn!(psp.call = call, psp.class = ?error.class(), error = %error, causes = causes.join(": "), "PSP");
}

impl ChargePsp for Psp {
    async fn ready(&self) -> bool {
        let ready = self.client().ready().await;
        if let Err(error) = &ready {
            note(error, "getToken");
        }
        ready.is_ok()
    }

    async fn charge(&self, order: &Order) -> PostResult<PaymentSnapshot> {
        let Ok(notice_url) = self.notice_url().await else { return PostResult::NotSent };
        let Ok(request) = write::again(order, notice_url) else { return PostResult::NotSent };
        posted(self.posting().again(&request).await, |payment| read::payment(&payment), "again")
    }

    async fn issue_account(
        &self,
        order: &Order,
        pg: Option<&str>,
        account: &AccountOrder,
    ) -> PostResult<PaymentSnapshot> {
        let channel = self.channel.accounts.iter().find(|(code, _)| pg == Some(code));
        // A channel that was taken out of the settings since: it stays to be sent, and a person hears of it.
        let Some((_, channel_key)) = channel else { return PostResult::NotSent };
        let Ok(notice_url) = self.notice_url().await else { return PostResult::NotSent };
        let Ok(request) = write::account(order, account, channel_key, notice_url) else { return PostResult::NotSent };
        posted(self.posting().issue_vbank(&request).await, |payment| read::payment(&payment), "createVbank")
    }

    async fn extend_account(&self, imp_uid: &ImpUid, due: Timestamp) -> PostResult<PaymentSnapshot> {
        let Ok(uid) = iamport::ImpUid::new(imp_uid.as_str()) else { return PostResult::NotSent };
        let Ok(request) = ModifyVbank::vbank_due(uid, due.0) else { return PostResult::NotSent };
        posted_on(self.posting().modify_vbank(&request).await, |payment| read::payment(&payment), "modifyVbank")
    }

    async fn payments(&self, merchant_uid: &MerchantUid) -> Lookup<Vec<PaymentSnapshot>> {
        let Ok(uid) = iamport::MerchantUid::new(merchant_uid.as_str()) else { return Lookup::Unreachable };
        let (client, mut found, mut page) = (self.client(), Vec::new(), 1);
        loop {
            let options = FindAll { page: Some(page), ..FindAll::default() };
            let reply = client.find_all_payments(&uid, &options).await;
            // An order number that one of whose records cannot be read is not known: leaving it out might hide a payment.
            let read = |page: iamport::Page<iamport::Payment>| {
                let list: Option<Vec<_>> = page.list.iter().map(read::payment).collect();
                list.map(|list| (list, page.next))
            };
            match looked(reply, read, "findAll") {
                Lookup::Found((list, next)) => {
                    found.extend(list);
                    match later(next, page) {
                        Some(next) => page = next,
                        None => return Lookup::Found(found),
                    }
                }
                Lookup::Absent if page == 1 => return Lookup::Absent,
                Lookup::Absent => return Lookup::Found(found),
                Lookup::Unreachable => return Lookup::Unreachable,
            }
        }
    }

    async fn payment(&self, imp_uid: &ImpUid) -> Lookup<PaymentSnapshot> {
        let Ok(uid) = iamport::ImpUid::new(imp_uid.as_str()) else { return Lookup::Absent };
        let reply = self.client().payment(&uid, self.channel.test_payments).await;
        looked(reply, |payment| read::payment(&payment), "payment")
    }
}

impl WindowPsp for Psp {
    async fn prepare(&self, order: &Order) -> PostResult<Money> {
        let Ok(request) = write::prepare(order) else { return PostResult::NotSent };
        let read = |prepared| read::prepared(&prepared, order.amount.currency);
        posted(self.posting().prepare(&request).await, read, "prepare")
    }

    async fn correct(&self, order: &Order) -> PostResult<Money> {
        let Ok(request) = write::prepare(order) else { return PostResult::NotSent };
        let read = |prepared| read::prepared(&prepared, order.amount.currency);
        posted(self.posting().update_prepared(&request).await, read, "update_prepared")
    }

    async fn prepared(&self, order: &Order) -> Lookup<Money> {
        let Ok(uid) = iamport::MerchantUid::new(order.merchant_uid.as_str()) else { return Lookup::Unreachable };
        let read = |prepared| read::prepared(&prepared, order.amount.currency);
        looked(self.client().prepared(&uid).await, read, "prepared")
    }

    async fn close_account(&self, imp_uid: &ImpUid) -> PostResult<PaymentSnapshot> {
        let Ok(uid) = iamport::ImpUid::new(imp_uid.as_str()) else { return PostResult::NotSent };
        posted_on(self.posting().revoke_vbank(&uid).await, |payment| read::payment(&payment), "revoke_vbank")
    }
}

impl RefundPsp for Psp {
    async fn cancel(&self, refund: &Refund) -> PostResult<PaymentSnapshot> {
        let Ok(request) = write::cancel(refund) else { return PostResult::NotSent };
        posted(self.posting().cancel(&request).await, |payment| read::payment(&payment), "cancel")
    }
}

impl ReceiptPsp for Psp {
    async fn issue_receipt(&self, order: &ReceiptOrder) -> PostResult<ReceiptSnapshot> {
        let Ok(request) = write::receipt(order) else { return PostResult::NotSent };
        let reply = self.posting().issue_receipt(&request).await;
        posted_on(reply, |receipt| read::receipt(&receipt), "issue_receipt")
    }

    async fn revoke_receipt(&self, imp_uid: &ImpUid) -> PostResult<ReceiptSnapshot> {
        let Ok(uid) = iamport::ImpUid::new(imp_uid.as_str()) else { return PostResult::NotSent };
        let reply = self.posting().revoke_receipt(&uid).await;
        posted_on(reply, |receipt| read::receipt(&receipt), "revoke_receipt")
    }

    async fn receipt(&self, imp_uid: &ImpUid) -> Lookup<ReceiptSnapshot> {
        let Ok(uid) = iamport::ImpUid::new(imp_uid.as_str()) else { return Lookup::Absent };
        looked(self.client().receipt(&uid).await, |receipt| read::receipt(&receipt), "receipt")
    }
}

impl SchedulePsp for Psp {
    async fn register(
        &self,
        customer_uid: &CustomerUid,
        orders: &[(&Order, Timestamp)],
    ) -> PostResult<Vec<ScheduleSnapshot>> {
        let Ok(notice_url) = self.notice_url().await else { return PostResult::NotSent };
        let Ok(request) = write::schedule(customer_uid, orders, notice_url.as_ref()) else {
            return PostResult::NotSent;
        };
        posted(self.posting().schedule(&request).await, |list| read::schedules(&list), "schedule")
    }

    async fn revoke(&self, customer_uid: &CustomerUid, merchant_uid: &ForeignUid) -> PostResult<Vec<ScheduleSnapshot>> {
        let (Ok(uid), Ok(key)) =
            (iamport::AnyMerchantUid::new(merchant_uid.as_str()), iamport::CustomerUid::new(customer_uid.as_str()))
        else {
            return PostResult::NotSent;
        };
        let mut request = Unschedule::new(iamport::NonEmpty::new(uid));
        request.customer_uid = Some(key);
        posted(self.posting().unschedule(&request).await, |list| read::schedules(&list), "unschedule")
    }

    async fn reschedule(&self, merchant_uid: &MerchantUid, schedule_at: Timestamp) -> PostResult<ScheduleSnapshot> {
        let Ok(uid) = iamport::MerchantUid::new(merchant_uid.as_str()) else { return PostResult::NotSent };
        let reply = self.posting().move_schedule(&uid, schedule_at.0).await;
        posted(reply, |schedule| read::schedule(&schedule), "move_schedule")
    }

    async fn schedule(&self, merchant_uid: &MerchantUid) -> Lookup<ScheduleSnapshot> {
        let Ok(uid) = iamport::MerchantUid::new(merchant_uid.as_str()) else { return Lookup::Unreachable };
        looked(self.client().scheduled(&uid).await, |schedule| read::schedule(&schedule), "scheduled")
    }
}

impl KeyPsp for Psp {
    async fn issue(
        &self,
        customer_uid: &CustomerUid,
        card: &Card,
        holder: &CardHolder,
        pg: Option<&str>,
    ) -> PostResult<KeySnapshot> {
        let own = (self.channel.pg.as_deref(), self.channel.channel_key.as_deref());
        let (pg, channel_key) = match pg {
            Some(_) => channel_among(&self.channel.others, own, pg, "card"),
            None => (own.0.map(str::to_owned), own.1.map(str::to_owned)),
        };
        let request = write::issue(customer_uid, card, holder, pg.as_deref(), channel_key.as_deref());
        let Ok(request) = request else { return PostResult::NotSent };
        posted(self.posting().issue_billing_key(&request).await, |key| Some(read::key(&key)), "customers")
    }

    async fn key(&self, customer_uid: &CustomerUid) -> Lookup<KeySnapshot> {
        let Ok(uid) = iamport::CustomerUid::new(customer_uid.as_str()) else { return Lookup::Unreachable };
        looked(self.client().billing_key(&uid).await, |key| Some(read::key(&key)), "customer")
    }

    async fn held_keys(&self, customer_uids: &[CustomerUid]) -> Lookup<Vec<String>> {
        let (client, mut held) = (self.client(), Vec::new());
        for names in customer_uids.chunks(KEYS_A_CALL) {
            let names: Result<Vec<_>, _> = names.iter().map(|uid| iamport::CustomerUid::new(uid.as_str())).collect();
            let Ok(Ok(names)) = names.map(iamport::NonEmpty::try_from) else { return Lookup::Unreachable };
            match looked(client.billing_keys(&names).await, Some, "customers") {
                Lookup::Found(many) => held.extend(many.found.into_iter().map(|key| key.customer_uid)),
                Lookup::Absent => {}
                Lookup::Unreachable => return Lookup::Unreachable,
            }
        }
        Lookup::Found(held)
    }

    async fn waiting_schedules(
        &self,
        customer_uid: &CustomerUid,
        from: Timestamp,
        until: Timestamp,
    ) -> Lookup<Vec<String>> {
        let Ok(uid) = iamport::CustomerUid::new(customer_uid.as_str()) else { return Lookup::Unreachable };
        let (client, mut found) = (self.client(), Vec::new());
        let starts = std::iter::successors(Some(from), |start| Some(start.plus(SCHEDULE_WINDOW_SECONDS)));
        for start in starts.take_while(|start| *start < until) {
            let end = start.plus(SCHEDULE_WINDOW_SECONDS).min(until);
            let mut page = 1;
            loop {
                let mut request = KeySchedules::new(uid.clone(), start.0, end.0);
                request.status = Some(iamport::ScheduleFilter::Scheduled);
                request.page = Some(page);
                let reply = client.billing_key_schedules(&request).await;
                match looked(reply, Some, "customer_schedules") {
                    Lookup::Found(listed) => {
                        found.extend(listed.list.into_iter().map(|schedule| schedule.merchant_uid));
                        match later(listed.next, page) {
                            Some(next) => page = next,
                            None => break,
                        }
                    }
                    Lookup::Absent => break,
                    Lookup::Unreachable => return Lookup::Unreachable,
                }
            }
        }
        Lookup::Found(found)
    }

    async fn delete(&self, customer_uid: &CustomerUid) -> PostResult<()> {
        let Ok(uid) = iamport::CustomerUid::new(customer_uid.as_str()) else { return PostResult::NotSent };
        let mut request = iamport::DeleteBillingKey::new(uid);
        // Keys of wallets are not deleted without (pg/v1/nice-v2/billing-api-caution.mdx and pg/v1/naver.mdx, 2026-08); the others do not mind.
        request.reason = Some(billing::pg::DELETION_REASON.to_owned());
        request.requester = Some(write::REQUESTER);
        posted(self.posting().delete_billing_key(&request).await, |_| Some(()), "delete_customer")
    }
}
