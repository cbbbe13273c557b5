//! The listings of a test's PSP.

use std::collections::BTreeSet;

use billing::channels::SetUp;
use billing::payment::{PaymentSnapshot, ScheduleSnapshot};
use billing::ports::{ChannelPsp, Listing, ListingPsp, Lookup};
use billing::report::Window;

use crate::fixture::{TestPsp, World};

/// How the listings behave.
#[derive(Debug, Default)]
pub(crate) struct Habits {
    /// Records on a page; a hundred if 0.
    pub(crate) page_rows: usize,
    /// Names that no listing shows.
    pub(crate) hidden: BTreeSet<String>,
    /// Order numbers that are listed with a record that cannot be read.
    pub(crate) garbled: Vec<Option<String>>,
    /// Whether lists have no page numbers: only an empty page ends them.
    pub(crate) endless: bool,
    /// Whether one order's payments cannot be looked up.
    pub(crate) single_looks_fail: bool,
    /// The account's channels; a live one if nothing is said.
    pub(crate) channels: Option<Vec<SetUp>>,
    /// GETs that are still answered, if they are numbered.
    pub(crate) gets_left: Option<u32>,
}

impl Habits {
    /// Takes one GET, and says whether it is one too many.
    pub(crate) fn no_more(&mut self) -> bool {
        match &mut self.gets_left {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }
}

/// A page of what a listing shows. `None` stands for a page past the end, as the PSP has it.
fn page<R: Clone>(world: &World, rows: &[R], number: u32) -> Option<Listing<R>> {
    let habits = &world.listing;
    let size = if habits.page_rows == 0 { 100 } else { habits.page_rows };
    let number = usize::try_from(number).unwrap();
    let items: Vec<R> = rows.iter().skip((number - 1) * size).take(size).cloned().collect();
    let more = if habits.endless { true } else { number * size < rows.len() };
    let next = more.then(|| u32::try_from(number + 1).unwrap());
    if items.is_empty() && number > 1 && !habits.endless {
        return None;
    }
    let unreadable = if number == 1 { habits.garbled.clone() } else { Vec::new() };
    Some(Listing { items, unreadable, next })
}

/// Payments here begin when they end.
fn payments(world: &World, window: Window) -> Vec<PaymentSnapshot> {
    let began = |payment: &PaymentSnapshot| payment.paid_at.or(payment.failed_at).unwrap();
    let listed = world.payments.values().flatten().filter(|payment| {
        let within = window.from <= began(payment) && began(payment) <= window.until;
        within && !world.listing.hidden.contains(payment.imp_uid.as_str())
    });
    let mut listed: Vec<_> = listed.cloned().collect();
    listed.sort_by_key(|payment| (began(payment), payment.imp_uid.clone()));
    listed
}

/// A channel that takes payments.
pub(crate) fn channel(pg: &str, sandbox: bool) -> SetUp {
    let named = |name: &str| Some(name.to_owned());
    SetUp {
        pg: pg.to_owned(),
        pg_id: named("A1"),
        channel_key: named("key-A1"),
        sandbox: Some(sandbox),
        takes_payments: true,
    }
}

/// Asking for them is no GET that a test counts.
impl ChannelPsp for TestPsp {
    async fn channels(&self) -> Lookup<Vec<SetUp>> {
        let world = self.world();
        if world.down {
            return Lookup::Unreachable;
        }
        Lookup::Found(world.listing.channels.clone().unwrap_or_else(|| vec![channel("nice", false)]))
    }
}

impl ListingPsp for TestPsp {
    async fn listed_payments(&self, window: Window, number: u32) -> Lookup<Listing<PaymentSnapshot>> {
        self.getting(|world| page(world, &payments(world, window), number))
    }

    async fn changed_payments(&self, window: Window, number: u32) -> Lookup<Listing<PaymentSnapshot>> {
        self.getting(|world| {
            let mut rows = payments(world, window);
            rows.sort_by_key(|payment| payment.paid_at.max(payment.failed_at).max(payment.cancelled_at));
            rows.reverse();
            page(world, &rows, number)
        })
    }

    async fn listed_schedules(&self, window: Window, number: u32) -> Lookup<Listing<ScheduleSnapshot>> {
        self.getting(|world| {
            let within = |schedule: &&ScheduleSnapshot| {
                window.from <= schedule.schedule_at
                    && schedule.schedule_at < window.until
                    && !world.listing.hidden.contains(&schedule.merchant_uid)
            };
            let mut rows: Vec<_> = world.schedules.values().filter(within).cloned().collect();
            rows.sort_by_key(|schedule| schedule.schedule_at);
            page(world, &rows, number)
        })
    }
}
