//! Looking things up, with V1's paging.

use super::{Ledger, Payment, PaymentStatus, Refusal, Schedule, ScheduleStatus};

/// One page of a list; page numbers start at 1, 0 means there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Rows on all pages.
    pub total: usize,
    /// Number of the page before.
    pub previous: usize,
    /// Number of the page after.
    pub next: usize,
    /// Rows of this page.
    pub list: Vec<T>,
}

impl<T> Page<T> {
    /// Cuts page `number` (from 1) of `limit` rows out of all of them; `None` past the end (an empty first page
    /// is a page).
    pub fn cut(rows: impl IntoIterator<Item = T>, number: usize, limit: usize) -> Option<Self> {
        let rows: Vec<T> = rows.into_iter().collect();
        let total = rows.len();
        let skipped = number.saturating_sub(1).saturating_mul(limit);
        if skipped >= total && number > 1 {
            return None;
        }
        let list: Vec<T> = rows.into_iter().skip(skipped).take(limit).collect();
        let next = if skipped.saturating_add(list.len()) < total { number + 1 } else { 0 };
        Some(Self { total, previous: number.saturating_sub(1), next, list })
    }
}

/// V1's `sorting` of payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentSort {
    /// Oldest attempt first.
    Started,
    /// Newest attempt first; V1's default.
    StartedDescending,
    /// By time of payment, oldest first.
    Paid,
    /// By time of payment, newest first.
    PaidDescending,
    /// By the latest change, oldest first.
    Updated,
    /// By the latest change, newest first.
    UpdatedDescending,
}

impl PaymentSort {
    /// Reads V1's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "started" => Self::Started,
            "-started" => Self::StartedDescending,
            "paid" => Self::Paid,
            "-paid" => Self::PaidDescending,
            "updated" => Self::Updated,
            "-updated" => Self::UpdatedDescending,
            _ => return None,
        })
    }

    /// Sorts rows given in order of creation; equal times keep that order (or its reverse).
    fn apply(self, rows: &mut [&Payment]) {
        match self {
            Self::Started | Self::StartedDescending => rows.sort_by_key(|row| row.started_at),
            Self::Paid | Self::PaidDescending => rows.sort_by_key(|row| row.paid_at),
            Self::Updated | Self::UpdatedDescending => {
                rows.sort_by_key(|row| row.started_at.max(row.paid_at).max(row.failed_at).max(row.cancelled_at));
            }
        }
        if matches!(self, Self::StartedDescending | Self::PaidDescending | Self::UpdatedDescending) {
            rows.reverse();
        }
    }
}

/// Which schedules a list shows; `from <= schedule_at < to`, UNIX seconds.
#[derive(Debug, Clone, Copy)]
pub struct ScheduleFilter<'a> {
    /// Only this key's.
    pub customer_uid: Option<&'a str>,
    /// Inclusive.
    pub from: i64,
    /// Exclusive.
    pub to: i64,
    /// Only these.
    pub status: Option<ScheduleStatus>,
}

impl Ledger {
    /// `GET /payments/{imp_uid}`. Payments of a test channel are hidden unless asked for.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn payment(&self, imp_uid: &str, include_sandbox: bool) -> Result<&Payment, Refusal> {
        self.by_imp_uid
            .get(imp_uid)
            .and_then(|place| self.payments.get(*place))
            .filter(|row| include_sandbox || !row.sandbox)
            .ok_or_else(|| Refusal::not_found("존재하지 않는 결제정보입니다"))
    }

    /// Currency of the payment that a refund would be of; KRW if there is none.
    #[must_use]
    pub fn currency_of(&self, imp_uid: Option<&str>, merchant_uid: Option<&str>) -> String {
        let row = match (imp_uid, merchant_uid) {
            (Some(imp_uid), _) => self.payment(imp_uid, true).ok(),
            (None, Some(merchant_uid)) => self.attempts(merchant_uid).next(),
            (None, None) => None,
        };
        row.map_or_else(|| "KRW".to_owned(), |row| row.currency.clone())
    }

    /// Every payment, in order of creation.
    #[must_use]
    pub fn payments(&self) -> &[Payment] {
        &self.payments
    }

    /// Every schedule, by order number.
    pub fn schedules(&self) -> impl Iterator<Item = &Schedule> {
        self.schedules.values()
    }

    /// `GET /payments/findAll/{merchant_uid}[/{status}]`: every attempt with that order number.
    #[must_use]
    pub fn find_all(&self, merchant_uid: &str, status: Option<PaymentStatus>, sort: PaymentSort) -> Vec<&Payment> {
        let mut rows: Vec<&Payment> =
            self.attempts(merchant_uid).filter(|row| status.is_none_or(|status| status == row.status)).collect();
        sort.apply(&mut rows);
        rows
    }

    /// `GET /payments/status/{status}`: attempts started in `from..=to`.
    #[must_use]
    pub fn by_status(&self, status: Option<PaymentStatus>, from: i64, to: i64, sort: PaymentSort) -> Vec<&Payment> {
        let mut rows: Vec<&Payment> = self
            .payments
            .iter()
            .filter(|row| status.is_none_or(|status| status == row.status))
            .filter(|row| (from..=to).contains(&row.started_at))
            .collect();
        sort.apply(&mut rows);
        rows
    }

    /// `GET /subscribe/customers/{customer_uid}/payments`, newest first.
    #[must_use]
    pub fn payments_of_key(&self, customer_uid: &str) -> Vec<&Payment> {
        self.payments.iter().rev().filter(|row| row.customer_uid.as_deref() == Some(customer_uid)).collect()
    }

    /// Schedules, the latest first: the order of every list of V1 that is asked for no other.
    #[must_use]
    pub fn find_schedules(&self, filter: ScheduleFilter<'_>) -> Vec<&Schedule> {
        let mut rows: Vec<&Schedule> = self
            .schedules
            .values()
            .filter(|row| filter.customer_uid.is_none_or(|uid| uid == row.customer_uid))
            .filter(|row| filter.from <= row.schedule_at && row.schedule_at < filter.to)
            .filter(|row| filter.status.is_none_or(|status| status == row.status))
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.schedule_at));
        rows
    }
}
