//! The PSP's listings, in small pages.

use billing::Timestamp;
use billing::channels::SetUp;
use billing::payment::{PaymentSnapshot, ScheduleSnapshot};
use billing::ports::{ChannelPsp, Listing, ListingPsp, Lookup};
use billing::report::Window;
use ledger::{ChannelKind, Page, PaymentSort, ScheduleFilter, Setting};

use super::port::Psp;
use super::wire;
use crate::fault::Call;

/// Records on a page: few, so that there are pages to be missed.
const PAGE_RECORDS: usize = 4;

/// One page of a list; one past the end is empty.
fn page<R, S>(rows: Vec<&R>, number: u32, read: impl Fn(&R) -> Option<S>, name: fn(&R) -> &str) -> Lookup<Listing<S>> {
    let cut = Page::cut(rows, usize::try_from(number).unwrap_or(1), PAGE_RECORDS);
    let Some(cut) = cut else {
        return Lookup::Found(Listing { items: Vec::new(), unreadable: Vec::new(), next: None });
    };
    let (mut items, mut unreadable) = (Vec::new(), Vec::new());
    for row in cut.list {
        match read(row) {
            Some(item) => items.push(item),
            None => unreadable.push(Some(name(row).to_owned())),
        }
    }
    let next = u32::try_from(cut.next).ok().filter(|next| *next > 0);
    Lookup::Found(Listing { items, unreadable, next })
}

impl ChannelPsp for Psp<'_> {
    async fn channels(&self) -> Lookup<Vec<SetUp>> {
        let set_up = |setting: &Setting| SetUp {
            pg: setting.pg_provider.clone(),
            pg_id: Some(setting.pg_id.clone()),
            channel_key: Some(setting.channel_key.clone()),
            sandbox: Some(setting.sandbox),
            takes_payments: setting.kind != ChannelKind::Certification,
        };
        self.get(Call::ListChannels, |books| Lookup::Found(books.channels().iter().map(set_up).collect())).await
    }
}

impl ListingPsp for Psp<'_> {
    async fn listed_payments(&self, window: Window, number: u32) -> Lookup<Listing<PaymentSnapshot>> {
        let Window { from: Timestamp(from), until: Timestamp(until) } = window;
        self.get(Call::ListPayments, |books| {
            page(
                books.by_status(None, from, until, PaymentSort::Started),
                number,
                |row| wire::shown(books, row),
                |row| &row.merchant_uid,
            )
        })
        .await
    }

    async fn changed_payments(&self, window: Window, number: u32) -> Lookup<Listing<PaymentSnapshot>> {
        let Window { from: Timestamp(from), until: Timestamp(until) } = window;
        self.get(Call::ListChanges, |books| {
            let rows = books.by_status(None, from, until, PaymentSort::UpdatedDescending);
            page(rows, number, |row| wire::shown(books, row), |row| &row.merchant_uid)
        })
        .await
    }

    async fn listed_schedules(&self, window: Window, number: u32) -> Lookup<Listing<ScheduleSnapshot>> {
        let Window { from: Timestamp(from), until: Timestamp(to) } = window;
        self.get(Call::ListPlanned, |books| {
            let rows = books.find_schedules(ScheduleFilter { customer_uid: None, from, to, status: None });
            page(rows, number, wire::schedule, |row| &row.order.merchant_uid)
        })
        .await
    }
}
