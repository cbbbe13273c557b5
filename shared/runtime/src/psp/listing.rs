//! Iamport's listings, page by page. One record that cannot be read costs that record, not its page.

use billing::payment::{PaymentSnapshot, ScheduleSnapshot};
use billing::ports::{Listing, ListingPsp, Looked};
use billing::report::Window;
use iamport::{ByStatus, Class, Client, Error, Page, Payment, ScheduledPayment, Schedules, Sorting};

use super::{Psp, looked, note, read};

/// Records on a page of payments. The documented limit of 1,000 is another list's.
const PAYMENTS_LIMIT: u32 = 100;
/// Records on a page of schedules; the documented limit is 1,000.
const SCHEDULES_LIMIT: u32 = 500;
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
    told.next.filter(|next| *next > page).or_else(|| unnumbered.then(|| page.saturating_add(1)))
}

impl Psp {
    async fn listed<L: List>(&self, list: L, page: u32) -> Looked<Listing<L::Record>> {
        let mut listing = Listing { items: Vec::new(), unreadable: Vec::new(), next: None };
        match list.fetch(&self.client(), page, L::LIMIT).await {
            Ok(told) => {
                add::<L>(&mut listing, &told.list);
                listing.next = next(&told, page);
                Looked::Found(listing)
            }
            Err(error) if error.class() == Class::Suspect => {
                note(&error, L::CALL);
                self.one_by_one(list, page).await
            }
            Err(error) => looked(Err(error), |()| None, L::CALL),
        }
    }

    /// The records of a page that cannot be read as a whole, each asked for as a page of its own.
    async fn one_by_one<L: List>(&self, list: L, page: u32) -> Looked<Listing<L::Record>> {
        let mut listing = Listing { items: Vec::new(), unreadable: Vec::new(), next: Some(page.saturating_add(1)) };
        let mut failed = 0;
        let first = page.saturating_sub(1).saturating_mul(L::LIMIT).saturating_add(1);
        for place in first..first.saturating_add(L::LIMIT) {
            match list.fetch(&self.client(), place, 1).await {
                Ok(told) => {
                    failed = 0;
                    add::<L>(&mut listing, &told.list);
                    if next(&told, place).is_none() {
                        listing.next = None;
                        break;
                    }
                }
                Err(error) if error.class() == Class::Suspect && failed < UNREADABLE_MAX => {
                    note(&error, L::CALL);
                    failed += 1;
                    listing.unreadable.push(None);
                }
                Err(error) => return looked(Err(error), |()| None, L::CALL),
            }
        }
        Looked::Found(listing)
    }
}

impl ListingPsp for Psp {
    async fn listed_payments(&self, window: Window, page: u32) -> Looked<Listing<PaymentSnapshot>> {
        self.listed(Payments { window, sorting: Sorting::StartedFirst }, page).await
    }

    async fn changed_payments(&self, window: Window, page: u32) -> Looked<Listing<PaymentSnapshot>> {
        self.listed(Payments { window, sorting: Sorting::UpdatedLast }, page).await
    }

    async fn listed_schedules(&self, window: Window, page: u32) -> Looked<Listing<ScheduleSnapshot>> {
        self.listed(AllSchedules(window), page).await
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, next};

    fn page(json: &str) -> Page<u32> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_next_page_is_the_one_that_the_psp_names() {
        assert_eq!(next(&page(r#"{"total":3,"previous":0,"next":2,"list":[1,2]}"#), 1), Some(2));
        assert_eq!(next(&page(r#"{"total":3,"previous":1,"next":0,"list":[3]}"#), 2), None);
        assert_eq!(next(&page(r#"{"total":9,"previous":1,"next":2,"list":[3]}"#), 2), None, "never round in circles");
    }

    #[test]
    fn a_bare_list_ends_with_an_empty_page() {
        assert_eq!(next(&page("[1,2]"), 4), Some(5));
        assert_eq!(next(&page("[]"), 5), None);
    }
}
