//! Lists page by page, and several calls at the same time.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use iamport::{
    ByStatus, CustomerUid, Error, FindAll, ImpUid, InvalidInput, KeySchedules, MerchantUid, Page, Payment,
    ScheduledPayment, Schedules, TestPayments,
};
use serde_json::{Value, json};

use super::{BEGIN, NEW_STATE, Run};
use crate::peer::{Answer, Seen};
use crate::rule::Rule;

/// Elements on a page, unless a request says otherwise.
const PAGE: usize = 20;
/// Most pages that are read: more than any list here has.
const PAGES_MAX: u32 = 10;

/// What is listed.
#[derive(Debug, Clone, Copy)]
enum Listed {
    PaymentsByStatus,
    PaymentsOfOrder,
    Schedules,
    SchedulesOfKey,
}

/// One element of a list, fit for each of them.
fn element(place: usize) -> Value {
    json!({
        "imp_uid": format!("imp_{place}"), "merchant_uid": "order1", "customer_uid": "key1",
        "amount": 8_900, "cancel_amount": 0, "currency": "KRW",
        "status": if place % 7 == 3 { NEW_STATE } else { "paid" },
        "schedule_at": BEGIN, "schedule_status": "executed",
    })
}

/// The page of `total` elements that a request asks for; past the end the API answers 400.
fn page(seen: &Seen, total: usize, bare: bool) -> Answer {
    let number = |name: &str, fallback: usize| seen.query.get(name).map_or(Some(fallback), |text| text.parse().ok());
    let (Some(page), Some(limit)) = (number("page", 1), number("limit", PAGE)) else {
        return Answer::refused(400, -1, "no number");
    };
    let from = page.saturating_sub(1).saturating_mul(limit);
    if from >= total && page > 1 {
        return Answer::refused(400, -1, "past the end");
    }
    let until = from.saturating_add(limit).min(total);
    let next = if until < total { page + 1 } else { 0 };
    let list: Vec<Value> = (from..until).map(element).collect();
    if bare {
        return Answer::ok(&Value::Array(list));
    }
    Answer::ok(&json!({ "total": total, "previous": page - 1, "next": next, "list": list }))
}

fn payments(page: Page<Payment>) -> (Vec<String>, Option<u32>) {
    (page.list.into_iter().map(|payment| payment.imp_uid).collect(), page.next)
}

fn schedules(page: Page<ScheduledPayment>) -> (Vec<String>, Option<u32>) {
    (page.list.into_iter().filter_map(|schedule| schedule.imp_uid).collect(), page.next)
}

impl Run<'_> {
    pub(super) async fn list(&mut self) -> Result<(), InvalidInput> {
        let kinds = [Listed::PaymentsByStatus, Listed::PaymentsOfOrder, Listed::Schedules, Listed::SchedulesOfKey];
        let listed = self.rng.pick(&kinds).copied().unwrap_or(Listed::Schedules);
        let total = usize::try_from(self.rng.between(0, 65)).unwrap_or(0);
        // Schema and SDKs disagree on whether schedules come as a bare list.
        let bare = matches!(listed, Listed::Schedules | Listed::SchedulesOfKey) && self.rng.chance(300);
        self.peer.script(move |seen| page(seen, total, bare));
        let owner = Owner { order: MerchantUid::new("order1")?, key: CustomerUid::new("key1")? };
        let (mut found, mut at) = (BTreeSet::new(), 1);
        while at <= PAGES_MAX {
            let client = self.client.clone();
            let (outcome, _) = self.observe("list", read(&client, listed, &owner, at)).await;
            let Some(Ok((list, next))) = outcome else {
                self.broken(Rule::Answered, format!("page {at} of {listed:?} was not read"));
                return Ok(());
            };
            found.extend(list);
            match next.filter(|next| *next > at) {
                Some(next) => at = next,
                None => break,
            }
        }
        if found.len() != total {
            self.broken(Rule::WholeList, format!("{} of {total} elements of {listed:?} were read", found.len()));
        }
        Ok(())
    }

    /// A look for something that there is not, or while the API fails: only the one says that there is none.
    pub(super) async fn look_for_nothing(&mut self) -> Result<(), InvalidInput> {
        // What the API says of its own failure stands under the same code as many a "not found".
        let (status, code, message, absent) = *self
            .rng
            .pick(&[
                (404, -1, "존재하지 않는 결제정보입니다.", true),
                (200, 1, "등록된 정보를 찾을 수 없습니다.", true),
                (200, 1, "일시적인 오류가 발생하였습니다.", false),
                (200, 1, "", false),
                (200, -1, "처리 중 오류가 발생했습니다.", false),
                (502, -1, "Bad Gateway", false),
            ])
            .unwrap_or(&(404, -1, "", true));
        self.peer.script(move |_| Answer::refused(status, code, message));
        let client = self.client.clone();
        let uid = CustomerUid::new("key1")?;
        let (outcome, _) = self.observe("billing key", async { client.billing_key(&uid).await.map(|_| ()) }).await;
        let said = match &outcome {
            Some(Err(error)) => Some(error.says_absent()),
            Some(Ok(())) | None => None,
        };
        if said != Some(absent) {
            self.broken(Rule::AbsentIfSaid, format!("HTTP {status} with {code} `{message}`: absent {said:?}"));
        }
        Ok(())
    }

    /// Several lookups at once, as one instance has them in its first second.
    pub(super) async fn look_at_once(&mut self) -> Result<(), InvalidInput> {
        self.peer.script(|seen| {
            Answer::ok(&json!({
                "imp_uid": seen.path.rsplit('/').next(), "merchant_uid": "order1",
                "amount": 8_900, "cancel_amount": 0, "currency": "KRW", "status": "paid",
            }))
        });
        let mut uids = Vec::new();
        for place in 0..self.rng.between(1, 6) {
            uids.push(ImpUid::new(format!("imp_{place}"))?);
        }
        let client = self.client.clone();
        let all = async {
            let looked = join_all(uids.iter().map(|uid| client.payment(uid, TestPayments::Hide))).await;
            looked.into_iter().collect::<Result<Vec<_>, Error>>()
        };
        let (outcome, _) = self.observe("payments", all).await;
        if matches!(outcome, Some(Err(_))) {
            self.broken(Rule::Answered, "a lookup was not read");
        }
        Ok(())
    }
}

/// Whose lists they are.
struct Owner {
    order: MerchantUid,
    key: CustomerUid,
}

async fn read(
    client: &iamport::Client,
    listed: Listed,
    owner: &Owner,
    page: u32,
) -> Result<(Vec<String>, Option<u32>), Error> {
    let (from, to, page) = (BEGIN, BEGIN + 60 * 86_400, Some(page));
    match listed {
        Listed::PaymentsByStatus => {
            let options = ByStatus { page, limit: Some(10), ..ByStatus::default() };
            client.payments_by_status(&options).await.map(payments)
        }
        Listed::PaymentsOfOrder => {
            let options = FindAll { page, ..FindAll::default() };
            client.find_all_payments(&owner.order, &options).await.map(payments)
        }
        Listed::Schedules => {
            let mut request = Schedules::new(from, to);
            request.page = page;
            client.schedules(&request).await.map(schedules)
        }
        Listed::SchedulesOfKey => {
            let mut request = KeySchedules::new(owner.key.clone(), from, to);
            request.page = page;
            client.billing_key_schedules(&request).await.map(schedules)
        }
    }
}
