//! Iamport's listings, page by page. One record that cannot be read costs that record, not its page; nor does a page that is
//! larger than the client reads.

use billing::channels::SetUp;
use billing::payment::{PaymentSnapshot, ScheduleSnapshot};
use billing::ports::{ChannelPsp, Listing, ListingPsp, Lookup};
use billing::report::Window;
use iamport::{
    ByStatus, Client, Error, ErrorClass, Page, Payment, PgSetting, PgSettingType, ScheduledPayment, Schedules, Sorting,
};

use super::{Psp, later, looked, note, read};

/// Records on a page of payments. The documented limit of 1,000 is another list's. A power of two, as the next one: pages can
/// be halved exactly, down to one record.
const PAYMENTS_LIMIT: u32 = 64;
/// Records on a page of schedules; the documented limit is 1,000. Smaller than it ever was (500): a comparison that began with
/// larger pages goes on earlier in the list, never later.
const SCHEDULES_LIMIT: u32 = 256;
/// Records in a row that cannot be read one by one before the list itself counts as unreadable.
const UNREADABLE_MAX: usize = 3;

/// One kind of list: how a page of it is asked for, and how its records are read.
trait List: Sync {
    /// The client's record.
    type Told: Send;
    /// The domain's.
    type Record: Send;
    /// The call's name in logs.
    const CALL: &str;
    /// Records on a page.
    const LIMIT: u32;

    fn fetch(
        &self,
        client: &Client,
        page: u32,
        limit: u32,
    ) -> impl Future<Output = Result<Page<Self::Told>, Error>> + Send;
    fn read(told: &Self::Told) -> Option<Self::Record>;
    fn merchant_uid(told: &Self::Told) -> &str;
}

struct Payments {
    window: Window,
    sorting: Sorting,
}

impl List for Payments {
    type Told = Payment;
    type Record = PaymentSnapshot;
    const CALL: &str = "payments_by_status";
    const LIMIT: u32 = PAYMENTS_LIMIT;

    async fn fetch(&self, client: &Client, page: u32, limit: u32) -> Result<Page<Payment>, Error> {
        let options = ByStatus {
            status: None,
            page: Some(page),
            limit: Some(limit),
            from: Some(self.window.from.0),
            to: Some(self.window.until.0),
            sorting: Some(self.sorting),
        };
        client.payments_by_status(&options).await
    }

    fn read(told: &Payment) -> Option<PaymentSnapshot> {
        read::payment(told)
    }

    fn merchant_uid(told: &Payment) -> &str {
        &told.merchant_uid
    }
}

struct AllSchedules(Window);

impl List for AllSchedules {
    type Told = ScheduledPayment;
    type Record = ScheduleSnapshot;
    const CALL: &str = "schedules";
    const LIMIT: u32 = SCHEDULES_LIMIT;

    async fn fetch(&self, client: &Client, page: u32, limit: u32) -> Result<Page<ScheduledPayment>, Error> {
        let mut request = Schedules::new(self.0.from.0, self.0.until.0);
        request.page = Some(page);
        request.limit = Some(limit);
        client.schedules(&request).await
    }

    fn read(told: &ScheduledPayment) -> Option<ScheduleSnapshot> {
        read::schedule(told)
    }

    fn merchant_uid(told: &ScheduledPayment) -> &str {
        &told.merchant_uid
    }
}

/// Adds a page's records to what is listed so far.
fn add<L: List>(listing: &mut Listing<L::Record>, told: &[L::Told]) {
    for told in told {
        match L::read(told) {
            Some(record) => listing.items.push(record),
            None => listing.unreadable.push(Some(L::merchant_uid(told).to_owned())),
        }
    }
}

/// The page after `page`. A bare list does not say whether there is one: only an empty page is its end.
fn next<T>(told: &Page<T>, page: u32) -> Option<u32> {
    let unnumbered = told.total.is_none() && told.next.is_none() && !told.list.is_empty();
    later(told.next, page).or_else(|| unnumbered.then(|| page.saturating_add(1)))
}

/// A page of a list: the records from `(number - 1) * limit` on, `limit` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    number: u32,
    limit: u32,
}

impl Part {
    /// The two pages of half the size that hold exactly the same records, or `None` if it is a single one. The size is a power
    /// of two.
    const fn halves(self) -> Option<[Self; 2]> {
        let limit = self.limit / 2;
        if limit == 0 {
            return None;
        }
        let second = self.number.saturating_mul(2);
        Some([Self { number: second.saturating_sub(1), limit }, Self { number: second, limit }])
    }
}

/// Why a page could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unread {
    /// It is larger than the client reads.
    TooLarge,
    /// One of its records cannot be, or the list itself.
    Contradictory,
    /// There is no such list.
    Absent,
    /// Nothing was learnt.
    Unanswered,
}

impl Unread {
    fn of(error: &Error, call: &'static str) -> Self {
        if error.says_absent() {
            return Self::Absent;
        }
        note(error, call);
        match error.class() {
            _ if matches!(error, Error::TooLarge { .. }) => Self::TooLarge,
            ErrorClass::Suspect => Self::Contradictory,
            ErrorClass::NotSent
            | ErrorClass::Unauthorized
            | ErrorClass::Refused
            | ErrorClass::NotFound
            | ErrorClass::Rejected
            | ErrorClass::RateLimited
            | ErrorClass::Unknown => Self::Unanswered,
        }
    }
}

/// The records of one page. What cannot be read as a whole, because one of its records cannot or because it is too large, is
/// asked for in halves, down to single records: nothing is skipped and nothing is read twice.
async fn read_page<L: List, F>(page: u32, fetch: impl Fn(u32, u32) -> F) -> Lookup<Listing<L::Record>>
where
    F: Future<Output = Result<Page<L::Told>, Unread>>,
{
    let after = Some(page.saturating_add(1));
    let mut listing = Listing { items: Vec::new(), unreadable: Vec::new(), next: after };
    let mut parts = vec![Part { number: page, limit: L::LIMIT }];
    let (mut contradictions, mut answered) = (0, false);
    while let Some(part) = parts.pop() {
        let failure = match fetch(part.number, part.limit).await {
            Ok(told) => {
                (contradictions, answered) = (0, true);
                add::<L>(&mut listing, &told.list);
                let next = next(&told, part.number);
                if next.is_none() {
                    // The list ends here.
                    parts.clear();
                }
                listing.next = next.and(if part.limit == L::LIMIT { next } else { after });
                continue;
            }
            Err(failure) => failure,
        };
        match failure {
            Unread::TooLarge | Unread::Contradictory => {}
            Unread::Absent => return Lookup::Absent,
            Unread::Unanswered => return Lookup::Unreachable,
        }
        listing.next = after;
        if let Some([first, second]) = part.halves() {
            parts.extend([second, first]);
            continue;
        }
        contradictions += usize::from(failure == Unread::Contradictory);
        if contradictions > UNREADABLE_MAX {
            return Lookup::Unreachable;
        }
        listing.unreadable.push(None);
    }
    // A list of which nothing at all can be read has no end that anybody would come to.
    if answered { Lookup::Found(listing) } else { Lookup::Unreachable }
}

impl Psp {
    async fn listed<L: List>(&self, list: L, page: u32) -> Lookup<Listing<L::Record>> {
        let list = &list;
        let fetch = |number, limit| async move {
            let told = list.fetch(&self.client(), number, limit).await;
            told.map_err(|error| Unread::of(&error, L::CALL))
        };
        read_page::<L, _>(page, fetch).await
    }
}

impl ChannelPsp for Psp {
    async fn channels(&self) -> Lookup<Vec<SetUp>> {
        let told = self.client().pg_settings().await;
        looked(told, |list| Some(list.into_iter().map(set_up).collect()), "getPgSettingList")
    }
}

fn set_up(setting: PgSetting) -> SetUp {
    SetUp {
        takes_payments: setting.kind != Some(PgSettingType::Certification),
        pg: setting.pg_provider,
        pg_id: setting.pg_id,
        channel_key: setting.channel_key.map(iamport::Sensitive::into_string),
        sandbox: setting.sandbox,
    }
}

impl ListingPsp for Psp {
    async fn listed_payments(&self, window: Window, page: u32) -> Lookup<Listing<PaymentSnapshot>> {
        self.listed(Payments { window, sorting: Sorting::StartedAsc }, page).await
    }

    async fn changed_payments(&self, window: Window, page: u32) -> Lookup<Listing<PaymentSnapshot>> {
        self.listed(Payments { window, sorting: Sorting::UpdatedDesc }, page).await
    }

    async fn listed_schedules(&self, window: Window, page: u32) -> Lookup<Listing<ScheduleSnapshot>> {
        self.listed(AllSchedules(window), page).await
    }
}

#[cfg(test)]
mod tests;
