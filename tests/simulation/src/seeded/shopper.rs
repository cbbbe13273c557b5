//! What customers do in the PG's window, and when they come back from it, if they do. Strangers, too: the window's
//! parameters are no secret.

mod account;
mod books;

use billing::calendar::window_ends;
use billing::key::KeyState;
use billing::usecase::Caller;
use billing::{CustomerId, CustomerUid, ImpUid, MerchantUid, Timestamp};
use ledger::{KeyWish, Ledger, PaymentStatus, Prepared, WindowOrder, cards};

use self::books::legacy;
use super::{Play, Scene};
use crate::lambda::{Answer, Request};
use crate::psp::wire;
use crate::sim::World;

/// A window, and what happened in it.
#[derive(Debug, Clone)]
pub(super) struct Shopper {
    uid: MerchantUid,
    owner: CustomerId,
    /// What the window was handed.
    order: ledger::Order,
    /// The key that it issues.
    key: Option<CustomerUid>,
    /// When it is not waited for any more.
    closes: i64,
    /// The payments that were made in it.
    attempts: Vec<ImpUid>,
    tabs: u32,
}

/// Which payment a customer names who comes back.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    First,
    Last,
    /// One of another order.
    Foreign,
    /// One that there is not.
    MadeUp,
}

/// One thing that somebody does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    Pay(Means),
    /// Money arrives on the account of this attempt.
    Deposit(usize),
    Complete(Which),
    CompleteAsStranger,
    /// The merchant withdraws the order.
    Withdraw,
    /// The merchant gives its account until then.
    Extend(Timestamp),
    Return(Which),
    Confirm,
    ConfirmAsStranger,
    Import,
}

/// What is paid with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    Card,
    DeclinedCard,
    /// A card that no key is issued for.
    RefusedCard,
    Account,
    /// The window's amount is changed in the browser.
    OtherAmount,
    /// The window is opened on a test channel.
    TestChannel,
}

/// How long a virtual account stays open, in seconds.
const DEPOSIT_SECONDS: i64 = 900;
/// What a tampered window asks for.
const TAMPERED: u64 = 100;

const CARD: &str = "4242424242424242";
const DECLINED: &str = "4000000000000341";
const REFUSED: &str = "4000000000000002";

impl Play<'_> {
    /// What happens around a request before it is made.
    pub(super) fn before(&mut self, request: &Request) {
        match request {
            Request::Checkout(new) if self.sim.payment(&new.order.merchant_uid).is_none() => {
                let uid = new.order.merchant_uid.clone();
                match self.custom.below(100) {
                    // Somebody guesses the number: nothing keeps a browser from asking for less until we have named the amount.
                    0..=14 => {
                        let place = self.shopper(uid, new.customer_id.clone(), wire::order(&new.order), None, 0);
                        let delay = self.custom.between(0, 3);
                        self.act_in(delay, place, Act::Pay(Means::OtherAmount));
                        if self.custom.chance(500) {
                            self.act_in(delay + 4, place, Act::Complete(Which::Last));
                        }
                    }
                    15..=17 => {
                        let place = self.shopper(uid, new.customer_id.clone(), wire::order(&new.order), None, 0);
                        let delay = self.custom.between(0, 60);
                        self.act_in(delay, place, Act::Pay(Means::TestChannel));
                        // Whoever does not come back is told of by the webhook alone.
                        if self.custom.chance(500) {
                            self.act_in(delay + 4, place, Act::Complete(Which::Last));
                        }
                    }
                    // The storefront has named another amount itself.
                    18..=21 => {
                        let order = Prepared {
                            merchant_uid: uid.to_string(),
                            amount: new.order.amount.minor + 500,
                            currency: "KRW".to_owned(),
                        };
                        if self.sim.world().ledger.prepare(order).is_ok() {
                            self.count("registered otherwise");
                        }
                    }
                    _ => {}
                }
            }
            Request::ImportKey { customer_uid, .. } if self.custom.chance(700) => {
                let mut world = self.sim.world();
                let now = world.kernel.now();
                let known = world.ledger.key(customer_uid.as_str()).is_ok();
                let row = self.sim.key(customer_uid);
                if let (false, None, Ok(card)) = (known, row, cards::read(CARD, "2044-12", now))
                    && world.ledger.issue_key(now, legacy(customer_uid, card)).is_ok()
                {
                    drop(world);
                    self.count("brought along");
                }
            }
            _ => {}
        }
    }

    /// A window is handed out: somebody may go through it.
    pub(super) fn opened(&mut self, answer: &Answer) {
        let now = Timestamp(self.sim.now());
        if self.calm {
            return;
        }
        match answer {
            Answer::Opened(Ok(opened)) if opened.ready && opened.row.is_payable(now) => {
                let row = &opened.row;
                let closes = row.open_until().map_or(0, |end| window_ends(end).0);
                let by_account = row.window.as_ref().is_some_and(|window| window.pay_method == "vbank");
                let (uid, owner) = (row.merchant_uid().clone(), row.customer_id.clone());
                let place = self.shopper(uid, owner, wire::order(&row.order), None, closes);
                if self.takes_a_tab(place) {
                    self.pays(place, by_account);
                }
            }
            Answer::Payment(Ok(row)) if row.account.is_some() => self.told_of_account(row),
            Answer::Prepared(Ok(prepared)) if prepared.ready && prepared.key.is_issuable(now) => {
                let Some(window) = &prepared.key.window else { return };
                if prepared.payment.as_ref().is_some_and(|payment| !payment.is_payable(now)) {
                    return;
                }
                let (uid, owner) = (window.order.merchant_uid.clone(), prepared.key.customer_id.clone());
                let key = Some(prepared.key.customer_uid.clone());
                let place = self.shopper(uid, owner, wire::order(&window.order), key, window_ends(window.open_until).0);
                if self.takes_a_tab(place) {
                    self.issues(place);
                }
            }
            _ => {}
        }
    }

    fn shopper(
        &mut self,
        uid: MerchantUid,
        owner: CustomerId,
        order: ledger::Order,
        key: Option<CustomerUid>,
        closes: i64,
    ) -> usize {
        if let Some(place) = self.shoppers.iter().position(|shopper| shopper.uid == uid) {
            self.shoppers[place].closes = closes;
            return place;
        }
        self.shoppers.push(Shopper { uid, owner, order, key, closes, attempts: Vec::new(), tabs: 0 });
        self.shoppers.len() - 1
    }

    /// Whether somebody opens the window that was handed out: always the first, and now and then a second one.
    fn takes_a_tab(&mut self, place: usize) -> bool {
        let second = self.custom.chance(200);
        let Some(shopper) = self.shoppers.get_mut(place) else { return false };
        let opens = shopper.tabs == 0 || (shopper.tabs == 1 && second);
        shopper.tabs += u32::from(opens);
        opens
    }

    fn act_in(&mut self, delay: i64, place: usize, act: Act) {
        self.acting += 1;
        self.after(delay, Scene::Shopper(place, act));
    }

    /// Acts one after another, each a while after the one before.
    fn acts(&mut self, place: usize, acts: &[Act]) {
        let most = self.setup.pause_seconds_max.clamp(20, 200);
        let mut delay = 0;
        for act in acts {
            delay += self.custom.between(1, most);
            self.act_in(delay, place, *act);
        }
    }

    /// The seconds from now until the window has been closed for a while.
    fn too_late(&mut self, place: usize) -> i64 {
        let closes = self.shoppers.get(place).map_or(0, |shopper| shopper.closes);
        (closes - self.sim.now()).max(0) + self.custom.between(1, 1_500)
    }

    fn pays(&mut self, place: usize, by_account: bool) {
        use Act::{Complete, Deposit, Pay, Return, Withdraw};
        use Means::{Account, Card, DeclinedCard};
        use Which::{First, Foreign, Last, MadeUp};
        if self.setup.receipts > 0 && self.custom.chance(600) {
            let paid: &[Act] = if by_account { &[Pay(Means::Account), Act::Deposit(0)] } else { &[Pay(Card)] };
            return self.acts(place, &[paid, &[Complete(Last)]].concat());
        }
        if by_account {
            return self.pays_by_account(place);
        }
        match self.custom.below(20) {
            0..=2 => self.acts(place, &[Pay(Card), Complete(Last)]),
            3 => self.acts(place, &[Pay(Card), Return(Last), Complete(Last)]),
            4 => self.acts(place, &[Pay(Card)]),
            5 => self.acts(place, &[Pay(DeclinedCard), Pay(Card), Complete(First)]),
            6 => self.acts(place, &[Pay(DeclinedCard), Complete(Last), Pay(Card)]),
            7 => self.acts(place, &[Pay(DeclinedCard), Return(Last)]),
            8 => self.acts(place, &[Pay(DeclinedCard), Complete(Last)]),
            9 => self.acts(place, &[Complete(MadeUp)]),
            10 => self.acts(place, &[Complete(Foreign), Pay(Card), Complete(Foreign)]),
            11 | 12 => {
                let delay = self.too_late(place);
                self.act_in(delay, place, Pay(Card));
                self.act_in(delay + 5, place, Complete(Last));
            }
            13 => self.acts(place, &[Act::CompleteAsStranger, Pay(Card), Act::CompleteAsStranger]),
            // An account that the order did not ask for.
            14 => self.acts(place, &[Pay(Account), Pay(Card), Deposit(0), Complete(Last)]),
            15 => {
                let delay = self.custom.between(1, 60);
                self.act_in(delay, place, Pay(Card));
                self.act_in(delay + 1, place, Complete(MadeUp));
            }
            16 => self.acts(place, &[Withdraw, Pay(Card), Complete(Last)]),
            17 => self.acts(place, &[Pay(Means::TestChannel)]),
            // Both at once: either the withdrawal is told of the payment, or the payment goes back.
            18 => {
                let delay = self.custom.between(1, 60);
                self.act_in(delay, place, Pay(Card));
                let delay = delay + self.custom.between(-2, 3);
                self.act_in(delay, place, Withdraw);
            }
            _ => {}
        }
    }

    fn issues(&mut self, place: usize) {
        use Act::{Confirm, ConfirmAsStranger, Pay, Return};
        use Means::{Card, DeclinedCard, RefusedCard};
        match self.custom.below(12) {
            0 | 1 => self.acts(place, &[Pay(Card), Confirm]),
            2 => self.acts(place, &[Pay(Card)]),
            3 => self.acts(place, &[Confirm, Pay(Card), Confirm]),
            4 => self.acts(place, &[ConfirmAsStranger, Pay(Card), ConfirmAsStranger]),
            5 => self.acts(place, &[Pay(DeclinedCard), Confirm, Pay(Card), Confirm]),
            6 => self.acts(place, &[Pay(RefusedCard), Pay(Card), Confirm]),
            7 => self.acts(place, &[Pay(Card), Return(Which::Last)]),
            8 => self.acts(place, &[Pay(Card), Act::Import]),
            9 => self.acts(place, &[Confirm]),
            10 => {
                let delay = self.too_late(place);
                self.act_in(delay, place, Pay(Card));
                if self.custom.chance(500) {
                    self.act_in(delay + 5, place, Confirm);
                }
            }
            _ => {}
        }
    }

    /// Somebody does something.
    pub(super) fn perform(&mut self, place: usize, act: Act) {
        self.acting = self.acting.saturating_sub(1);
        let Some(shopper) = self.shoppers.get(place).cloned() else { return };
        let (merchant_uid, owner) = (shopper.uid.clone(), shopper.owner.clone());
        let stranger = self.shop.customers.iter().find(|customer| **customer != owner).cloned();
        let stranger = stranger.or_else(|| CustomerId::parse("stranger").ok());
        let request = match act {
            Act::Pay(means) => return self.pay(place, &shopper, means),
            Act::Deposit(attempt) => return self.deposit(&shopper, attempt),
            Act::Complete(which) => {
                let imp_uid = self.named(&shopper, which);
                self.count(match which {
                    Which::First | Which::Last => "came back",
                    Which::Foreign => "came back with another's payment",
                    Which::MadeUp => "came back with a made-up payment",
                });
                imp_uid.map(|imp_uid| Request::Complete { caller: Caller::Customer(owner), merchant_uid, imp_uid })
            }
            Act::CompleteAsStranger => {
                let imp_uid = self.named(&shopper, Which::Last).or_else(|| ImpUid::parse("imp_000000000000").ok());
                let caller = stranger.map(Caller::Customer);
                caller.zip(imp_uid).map(|(caller, imp_uid)| Request::Complete { caller, merchant_uid, imp_uid })
            }
            Act::Withdraw => {
                self.count("withdrawal asked for");
                Some(Request::Withdraw { merchant_uid })
            }
            Act::Extend(due) => {
                self.count("more time asked for");
                Some(Request::Extend { merchant_uid, due })
            }
            Act::Return(which) => Some(Request::Return { merchant_uid, imp_uid: self.named(&shopper, which) }),
            Act::Confirm => {
                shopper.key.map(|customer_uid| Request::ConfirmKey { caller: Caller::Customer(owner), customer_uid })
            }
            Act::ConfirmAsStranger => {
                let caller = stranger.map(Caller::Customer);
                self.count("stranger confirms");
                caller.zip(shopper.key).map(|(caller, customer_uid)| Request::ConfirmKey { caller, customer_uid })
            }
            Act::Import => shopper.key.map(|customer_uid| Request::ImportKey { customer_uid, customer: owner }),
        };
        let Some(request) = request else { return };
        self.deeds += 1;
        let key = self.deeds ^ 0x5409_0000_0000;
        self.spawn(request, None, key);
    }

    fn named(&self, shopper: &Shopper, which: Which) -> Option<ImpUid> {
        match which {
            Which::First => shopper.attempts.first().cloned(),
            Which::Last => shopper.attempts.last().cloned(),
            Which::Foreign => {
                let world = self.sim.world();
                let other = |payment: &&ledger::Payment| payment.merchant_uid != shopper.uid.as_str();
                world.ledger.payments().iter().find(other).and_then(|payment| ImpUid::parse(&payment.imp_uid).ok())
            }
            Which::MadeUp => ImpUid::parse("imp_000000000000").ok(),
        }
    }

    fn pay(&mut self, place: usize, shopper: &Shopper, means: Means) {
        let ended = self.has_ended(shopper);
        let transfers =
            self.sim.payment(&shopper.uid).and_then(|row| row.window).is_some_and(|it| it.pay_method == "trans");
        let paid = {
            let mut world = self.sim.world();
            world.run_ledger();
            let paid = pay(&mut world, shopper, means, transfers);
            world.run_ledger();
            paid
        };
        let what = match (&paid, means) {
            (None, Means::OtherAmount) => "tampering refused",
            (None, _) => "window refuses",
            (Some(_), Means::Card) => "paid in the window",
            (Some(_), Means::DeclinedCard | Means::RefusedCard) => "declined in the window",
            (Some(_), Means::Account) => "account issued",
            (Some(_), Means::OtherAmount) => "paid another amount",
            (Some(_), Means::TestChannel) => "paid on a test channel",
        };
        self.count(what);
        self.issues_by_itself(paid.as_deref());
        let Some(imp_uid) = paid.and_then(|imp_uid| ImpUid::parse(&imp_uid).ok()) else { return };
        if let Some(shopper) = self.shoppers.get_mut(place) {
            shopper.attempts.push(imp_uid);
        }
        if ended {
            self.touched(shopper, "used after its end");
        }
        let given_up = |key| self.sim.key(key).is_some_and(|row| row.state == KeyState::Abandoned);
        if shopper.key.as_ref().is_some_and(given_up) {
            self.count("issued too late");
        }
    }

    fn deposit(&mut self, shopper: &Shopper, attempt: usize) {
        let ended = self.has_ended(shopper);
        let Some(imp_uid) = shopper.attempts.get(attempt) else { return };
        let deposited = {
            let mut world = self.sim.world();
            world.run_ledger();
            let now = world.kernel.now();
            let waits = world.ledger.payment(imp_uid.as_str(), true).is_ok_and(|p| p.status == PaymentStatus::Ready);
            let deposited = waits && world.ledger.settle(now, imp_uid.as_str()).is_ok();
            world.run_ledger();
            deposited
        };
        if deposited {
            self.issues_by_itself(Some(imp_uid.as_str()));
            self.count("deposited");
            let paid_twice = {
                let world = self.sim.world();
                world
                    .ledger
                    .payments()
                    .iter()
                    .filter(|p| p.merchant_uid == shopper.uid.as_str() && p.paid_at != 0)
                    .count()
                    > 1
            };
            if paid_twice {
                self.count("paid twice");
            }
            // A row of which nothing is owed any more hears of it by webhook, or by the daily comparison.
            if ended || paid_twice {
                self.touched(shopper, "deposited after its end");
            }
        }
    }

    /// Whether nothing is owed any more of a window, so that no sweep looks at it.
    fn has_ended(&self, shopper: &Shopper) -> bool {
        self.sim.payment(&shopper.uid).is_none_or(|row| row.due_at.is_none()) || self.sim.now() >= shopper.closes
    }

    fn touched(&mut self, shopper: &Shopper, what: &'static str) {
        self.count(what);
        self.sim.world().seen.touched.insert(shopper.uid.to_string());
    }
}

/// Somebody confirms in the window.
fn pay(world: &mut World, shopper: &Shopper, means: Means, transfers: bool) -> Option<String> {
    let now = world.kernel.now();
    let number = match means {
        Means::DeclinedCard => DECLINED,
        Means::RefusedCard => REFUSED,
        Means::Card | Means::Account | Means::OtherAmount | Means::TestChannel => CARD,
    };
    let transfers = transfers && means == Means::Card;
    let card = cards::read(number, "2044-12", now).ok().filter(|_| means != Means::Account && !transfers);
    let order = shopper.order.clone();
    let order = if means == Means::OtherAmount {
        ledger::Order { amount: TAMPERED, tax: ledger::TaxParts::default(), ..order }
    } else {
        order
    };
    let strange = matches!(means, Means::OtherAmount | Means::TestChannel);
    let method = match means {
        Means::Account => "vbank",
        _ if transfers => "trans",
        _ => "card",
    };
    let key = shopper.key.as_ref().filter(|_| !strange);
    let window = WindowOrder {
        card,
        key: key.map(|key| KeyWish { customer_uid: key.to_string(), customer_id: None }),
        due_at: now + DEPOSIT_SECONDS,
        ..WindowOrder::by(order, method)
    };
    on_channel(&mut world.ledger, means == Means::TestChannel, |books| {
        books.pay_in_window(now, window).ok().and_then(|agreed| agreed.payment).map(|payment| payment.imp_uid)
    })
}

/// Does something on a PG's test channel, or on the live one.
fn on_channel<T>(books: &mut Ledger, test: bool, act: impl FnOnce(&mut Ledger) -> T) -> T {
    if !test {
        return act(books);
    }
    let usual = books.knobs().clone();
    books.set_knobs(ledger::Knobs { sandbox: true, ..usual.clone() });
    let done = act(books);
    books.set_knobs(usual);
    done
}
