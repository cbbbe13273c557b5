//! Billing's table port of subscriptions.

use billing::CustomerId;
use billing::ports::{DueRow, Inserted, Page, Saved, StoreError, SubscriptionStore, WriteError};
use billing::subscription::{PlanId, Subscription, SubscriptionId, SubscriptionState};

use super::landing::Landing;
use super::port::{Table, now};
use super::rows::Rows;
use crate::check::{recorded, subscription};
use crate::fault::{Call, Fault};

impl Table<'_> {
    /// What stands after one write: the index follows, and the rules of moving are checked.
    pub(super) fn subscription_written(&self, before: Option<&Subscription>, after: &Subscription) {
        let mut world = self.sim().world();
        if before != Some(after) {
            subscription::check_written(&mut world, before, after);
        }
        let clock = world.kernel.now();
        world.index.set(DueRow::Subscription(after.id.clone()), after.due_at, clock);
    }

    /// Somebody else touches a subscription first.
    fn rival_subscription(&self, row: &Subscription) {
        let Some(writer) = self.mark() else { return };
        let Ok(Some(state)) = now(self.rows().subscription(&row.id)) else { return };
        let theirs = Subscription { version: state.version + 1, writer, ..state.clone() };
        if now(self.rows().save_subscription(&theirs)) == Ok(Saved::Done) {
            self.subscription_written(Some(&state), &theirs);
        }
    }

    /// Somebody else begins the very same subscription first, and is never heard of again.
    fn rival_beginning(&self, row: &Subscription, last: Option<&SubscriptionId>) {
        let Some(writer) = self.mark() else { return };
        let state = now(self.rows().subscription(&row.id)).ok().flatten();
        let theirs = Subscription { writer, ..row.clone() };
        if state.is_none() && now(self.rows().begin_subscription(&theirs, last)) == Ok(Inserted::Done) {
            self.subscription_written(None, &theirs);
        }
    }

    pub(super) fn begin(&self, row: &Subscription, last: Option<&SubscriptionId>) -> Result<Inserted, WriteError> {
        let before = now(self.rows().subscription(&row.id))?;
        let begun = now(self.rows().begin_subscription(row, last))?;
        if begun == Inserted::Done {
            recorded::subscription(self.sim(), before.as_ref(), row);
            self.subscription_written(before.as_ref(), row);
        }
        Ok(begun)
    }

    pub(super) fn put_subscription(&self, row: &Subscription) -> Result<Saved<Subscription>, WriteError> {
        let before = now(self.rows().subscription(&row.id))?;
        let saved = now(self.rows().save_subscription(row))?;
        if saved == Saved::Done {
            recorded::subscription(self.sim(), before.as_ref(), row);
            self.subscription_written(before.as_ref(), row);
        }
        Ok(saved)
    }

    /// A list that an index answers: a lagging one does not show what has just been written.
    async fn listing(
        &self,
        list: impl Future<Output = Result<Page<Subscription>, StoreError>> + Send,
    ) -> Result<Page<Subscription>, StoreError> {
        let call = Call::ListSubscriptions;
        let fault = self.sim().enter(call).await;
        let mut answer = match fault {
            Some(Fault::Throttled) => Err(StoreError::Unavailable),
            _ => match self.wired() {
                Some(wired) => wired.drive(list).await,
                None => list.await,
            },
        };
        if let (Ok(page), Some(Fault::Stale)) = (&mut answer, fault) {
            let (now, lag) = self.lag();
            page.items.retain(|row| now - row.updated_at.0 >= lag);
        }
        self.sim().leave(call, fault, 0).await;
        answer
    }
}

impl SubscriptionStore for Table<'_> {
    async fn subscription(&self, id: &SubscriptionId) -> Result<Option<Subscription>, StoreError> {
        match self.wired() {
            Some(wired) => wired.reading(Call::ReadSubscription, wired.backend.subscription(id)).await,
            None => self.reading(Call::ReadSubscription, self.rows().subscription(id)).await,
        }
    }

    async fn last_of_plan(&self, owner: &CustomerId, plan: &PlanId) -> Result<Option<SubscriptionId>, StoreError> {
        match self.wired() {
            Some(wired) => wired.reading(Call::LastOfPlan, wired.backend.last_of_plan(owner, plan)).await,
            None => self.reading(Call::LastOfPlan, self.rows().last_of_plan(owner, plan)).await,
        }
    }

    async fn begin_subscription(
        &self,
        row: &Subscription,
        last: Option<&SubscriptionId>,
    ) -> Result<Inserted, WriteError> {
        let call = Call::BeginSubscription;
        let rival = || self.rival_beginning(row, last);
        match self.wired() {
            Some(wired) => wired.writing(call, rival, || wired.backend.begin_subscription(row, last)).await,
            None => {
                let landing = || Landing::Begin(Box::new(row.clone()), last.cloned());
                self.writing(call, rival, landing, || self.begin(row, last)).await
            }
        }
    }

    async fn save_subscription(&self, row: &Subscription) -> Result<Saved<Subscription>, WriteError> {
        let call = Call::SaveSubscription;
        let rival = || self.rival_subscription(row);
        let answer = match self.wired() {
            Some(wired) => wired.writing(call, rival, || wired.backend.save_subscription(row)).await,
            None => {
                let landing = || Landing::SaveSubscription(Box::new(row.clone()));
                self.writing(call, rival, landing, || self.put_subscription(row)).await
            }
        };
        if answer == Err(WriteError::Unknown) {
            self.sim().world().unanswered.insert(row.id.to_string());
        }
        answer
    }

    async fn subscriptions_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Subscription>, StoreError> {
        self.listing(self.rows().subscriptions_of(owner, limit, cursor)).await
    }

    async fn subscriptions_in(
        &self,
        state: SubscriptionState,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Subscription>, StoreError> {
        self.listing(self.rows().subscriptions_in(state, limit, cursor)).await
    }
}

impl SubscriptionStore for Rows {
    async fn subscription(&self, id: &SubscriptionId) -> Result<Option<Subscription>, StoreError> {
        match self {
            Self::Memory(rows) => rows.subscription(id).await,
            Self::Backed(backend) => backend.subscription(id).await,
        }
    }

    async fn last_of_plan(&self, owner: &CustomerId, plan: &PlanId) -> Result<Option<SubscriptionId>, StoreError> {
        match self {
            Self::Memory(rows) => rows.last_of_plan(owner, plan).await,
            Self::Backed(backend) => backend.last_of_plan(owner, plan).await,
        }
    }

    async fn begin_subscription(
        &self,
        row: &Subscription,
        last: Option<&SubscriptionId>,
    ) -> Result<Inserted, WriteError> {
        match self {
            Self::Memory(rows) => rows.begin_subscription(row, last).await,
            Self::Backed(backend) => backend.begin_subscription(row, last).await,
        }
    }

    async fn save_subscription(&self, row: &Subscription) -> Result<Saved<Subscription>, WriteError> {
        match self {
            Self::Memory(rows) => rows.save_subscription(row).await,
            Self::Backed(backend) => backend.save_subscription(row).await,
        }
    }

    async fn subscriptions_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Subscription>, StoreError> {
        match self {
            Self::Memory(rows) => rows.subscriptions_of(owner, limit, cursor).await,
            Self::Backed(backend) => backend.subscriptions_of(owner, limit, cursor).await,
        }
    }

    async fn subscriptions_in(
        &self,
        state: SubscriptionState,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Subscription>, StoreError> {
        match self {
            Self::Memory(rows) => rows.subscriptions_in(state, limit, cursor).await,
            Self::Backed(backend) => backend.subscriptions_in(state, limit, cursor).await,
        }
    }
}
