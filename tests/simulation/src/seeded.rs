//! Seeded simulation: many clients, webhooks, a console, ticks and time; one seed decides everything.

mod client;
mod compared;
pub(crate) mod console;
mod endure;
pub mod fleet;
mod mail;
mod rest;
pub mod setup;
mod shopper;
mod subscribed;

use std::collections::BTreeMap;

use billing::policy::Policy;
use billing::usecase::WebhookHint;

use self::client::Shop;
use self::setup::Setup;
use self::shopper::{Act, Shopper};
use crate::check::events::Telling;
use crate::check::recorded;
use crate::check::told::Told;
use crate::chooser::{Chooser, Side, Swarm};
use crate::exec::{Executor, Step};
use crate::kernel::{Event, ProcessId};
use crate::lambda::{Answer, Request, invocation};
use crate::planted::{self, Bug, Planted};
use crate::rng::{Rng, splitmix};
use crate::sim::{Counts, START, Sim, Violation};

const DAY: i64 = 86_400;
/// Seconds between ticks.
const TICK_SECONDS: i64 = 300;
/// Ticks of one seed that come every five minutes.
const TICKS_SPARED_AFTER: u64 = 40;
/// Broken rules after which a seed ends.
const BROKEN_MAX: usize = 30;
/// Of a thousand moments, those at which something of what changed is published, or delivered.
const PUBLISHED: u64 = 150;
/// Ten times the longest that is passed over where somebody subscribes, in seconds.
const SPARED_SECONDS_MAX: i64 = 2 * DAY;
/// The gateway gives up after this many seconds.
const GATEWAY_SECONDS: i64 = 29;

/// What one seed came to.
#[derive(Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Rules broken.
    pub violations: Vec<Violation>,
    /// Digest of all that happened.
    pub trace: u64,
    /// How often what happened.
    pub counts: Counts,
    /// Answers heard, by kind; and what befell webhooks, ticks and the console.
    pub events: BTreeMap<&'static str, u64>,
    /// Virtual time that passed, in seconds.
    pub seconds: i64,
    /// Every payment's row at rest, without what depends on who wrote it.
    pub table: Vec<String>,
}

/// What a scenario's own event is.
#[derive(Debug, Clone)]
enum Scene {
    Client(usize),
    Webhook(WebhookHint),
    Shopper(usize, Act),
    Tick(u64),
}

struct Running {
    request: Request,
    client: Option<usize>,
    began: i64,
    moment: u64,
}

struct Play<'a> {
    sim: &'a Sim,
    setup: &'a Setup,
    rng: Rng,
    /// For ticks only, and
    pulse: Rng,
    /// for webhooks only, so that nothing else depends on how many there are.
    mail: Rng,
    /// For customers in windows only.
    custom: Rng,
    /// For what befalls cards only.
    cards: Rng,
    /// For what befalls events only.
    post: Rng,
    telling: Telling,
    shoppers: Vec<Shopper>,
    /// What they have still to do, and how often they have asked us for something.
    acting: u64,
    deeds: u64,
    shop: Shop,
    told: Told,
    policy: Policy,
    executor: Executor<'a, Answer>,
    scenes: Vec<Scene>,
    running: BTreeMap<ProcessId, Running>,
    /// Whether the daily comparison runs.
    compares: bool,
    calm: bool,
    left: Vec<u64>,
    events: BTreeMap<&'static str, u64>,
    deliveries: u64,
}

/// Runs a seed.
#[must_use]
pub fn run(seed: u64) -> Outcome {
    let mut rng = Rng::new(splitmix(seed));
    run_with(seed, &Setup::draw(&mut rng), true)
}

/// Runs a seed in a world with a planted bug.
#[must_use]
pub fn run_with_bug(seed: u64, bug: Bug) -> Outcome {
    let mut rng = Rng::new(splitmix(seed));
    let setup = Setup::draw(&mut rng);
    let sim = Sim::new(seed, true);
    sim.world().bug = Some(bug);
    let _planted = Planted::new(bug);
    play(&sim, seed, &setup)
}

/// Runs a seed and keeps its journal.
#[must_use]
pub fn replay(seed: u64) -> (Outcome, Vec<String>) {
    let mut rng = Rng::new(splitmix(seed));
    let setup = Setup::draw(&mut rng);
    let sim = Sim::new(seed, true);
    sim.world().journal = Some(vec![format!("{setup:#?}")]);
    let outcome = play(&sim, seed, &setup);
    let journal = sim.world().journal.take().unwrap_or_default();
    (outcome, journal)
}

/// Runs a seed in a world of one's own choice. Without `shuffle`, what happens in one second happens in order of arrival.
#[must_use]
pub fn run_with(seed: u64, setup: &Setup, shuffle: bool) -> Outcome {
    play(&Sim::new(seed, shuffle), seed, setup)
}

/// Plays a seed in a fresh world.
#[must_use]
pub fn play(sim: &Sim, seed: u64, setup: &Setup) -> Outcome {
    {
        let mut world = sim.world();
        world.ledger.set_knobs(setup.knobs.clone());
        world.admit_first = setup.admit_first;
        world.stubborn.clone_from(&setup.stubborn);
        world.index.lag_seconds = setup.lag_seconds;
        world.chooser = Chooser::Chance(Box::new(Swarm {
            seed,
            rates: setup.rates.clone(),
            slow: setup.slow,
            late_seconds_max: setup.late_seconds_max,
            outages: setup.outages.clone(),
            sources: BTreeMap::new(),
        }));
    }
    let bug = sim.world().bug;
    let mut play = Play {
        sim,
        setup,
        rng: Rng::new(seed ^ 0x5eed),
        pulse: Rng::new(seed ^ 0x71c5),
        mail: Rng::new(seed ^ 0x3a11),
        custom: Rng::new(seed ^ 0xc057),
        cards: Rng::new(seed ^ 0xca4d),
        post: Rng::new(seed ^ 0x907e),
        telling: Telling::default(),
        shoppers: Vec::new(),
        acting: 0,
        deeds: 0,
        shop: Shop::new(setup),
        told: Told { console: setup.console > 0, ..Told::default() },
        policy: planted::policy(bug, &setup.policy),
        executor: Executor::new(sim),
        scenes: Vec::new(),
        running: BTreeMap::new(),
        compares: setup.compares && sim.rows.backend().is_none(),
        calm: false,
        left: vec![setup.steps; setup.clients],
        events: BTreeMap::new(),
        deliveries: 0,
    };
    play.note_setup();
    play.act();
    if setup.stubborn.is_some() {
        play.calm_down();
        play.endure();
    }
    let mut at_rest = play.heal() && {
        play.ask_again();
        play.heal()
    };
    if at_rest && setup.subscribed > 0 {
        play.count_subscriptions();
        crate::check::subscription::rest::check(sim);
        play.end_subscriptions();
        at_rest = play.heal();
        if at_rest {
            crate::check::subscription::rest::check(sim);
        }
    }
    if at_rest && play.compares {
        play.compare_at_rest();
        // It has every key looked for that was issued and is not known.
        at_rest = play.sweep();
    }
    if at_rest {
        crate::check::rest::check(sim, &play.told, &setup.policy);
        play.told_at_rest();
    }
    let Play { told, mut events, telling, .. } = play;
    for (what, count) in
        [("event told", telling.told), ("event repeated", telling.repeats), ("publisher killed", telling.crashes)]
    {
        *events.entry(what).or_default() += count;
    }
    for (kind, count) in told.counts {
        *events.entry(kind).or_default() += count;
    }
    let rows = sim.rows.all_payments();
    let table = rows.iter().map(essence).collect();
    let mut world = sim.world();
    Outcome {
        seed,
        violations: std::mem::take(&mut world.violations),
        trace: world.trace,
        counts: std::mem::take(&mut world.counts),
        events,
        seconds: world.kernel.now() - START,

        table,
    }
}

/// A row without what depends on who wrote it, and when.
fn essence(row: &billing::payment::Payment) -> String {
    let record =
        row.record.as_ref().map(|record| (&record.imp_uid, record.status, record.amount, record.cancel_amount));
    let refunds: Vec<_> = row.refunds.iter().map(|refund| (&refund.id, refund.amount, refund.state)).collect();
    format!("{:?} {:?} {:?} {record:?} {refunds:?} {:?}", row.order, row.flow, row.state, row.due_at.is_some())
}

impl Play<'_> {
    fn count(&mut self, what: &'static str) {
        *self.events.entry(what).or_default() += 1;
    }

    fn after(&mut self, seconds: i64, scene: Scene) {
        let number = u64::try_from(self.scenes.len()).unwrap_or(u64::MAX);
        self.scenes.push(scene);
        self.sim.world().kernel.after(seconds, Event::Scenario(number));
    }

    fn spawn(&mut self, request: Request, client: Option<usize>, key: u64) -> ProcessId {
        let machine = self.setup.fleet.machine(key, self.sim.now(), &self.policy);
        self.told.ask(&request);
        let life = request.life();
        let process = invocation(self.sim, machine, request.clone());
        let id = self.executor.spawn(process, life);
        let mut world = self.sim.world();
        world.counts.invocations += 1;
        world.recorded.ask(id, &request);
        if !(self.setup.plain && matches!(request, Request::Sweep)) {
            world.chooser.begin(id, key);
        }
        world.write(|| format!("starts #{id}: {request:?}"));
        let (began, moment) = (world.kernel.now(), world.kernel.moment());
        self.running.insert(id, Running { request, client, began, moment });
        id
    }

    /// What is special about this seed's world.
    fn note_setup(&mut self) {
        let Setup { fleet, outages, .. } = self.setup;
        let of_psp = outages.iter().any(|outage| outage.of == Side::Psp);
        for (what, here) in [
            ("clocks differ", fleet.skews != [0; 3]),
            ("clocks jump", fleet.jumps),
            ("two versions", fleet.older.is_some()),
            ("secret rotated", fleet.rotation.is_some()),
            ("PSP out of reach", of_psp),
            ("table out of reach", outages.iter().any(|outage| outage.of == Side::Table)),
        ] {
            if here {
                self.count(what);
            }
        }
    }

    /// Clients act until they have nothing left to do.
    fn act(&mut self) {
        for client in 0..self.setup.clients {
            let mut pause = self.pause();
            self.after(pause, Scene::Client(client));
            for _ in 1..self.setup.steps {
                pause += self.pause();
                if self.setup.plain {
                    self.after(pause, Scene::Client(client));
                }
            }
        }
        self.after(TICK_SECONDS, Scene::Tick(1));
        while self.acting > 0 || self.left.iter().any(|left| *left > 0) || self.lasts() {
            if self.is_broken() {
                return;
            }
            self.step(i64::MAX);
        }
    }

    /// Whether so many rules are broken that nothing is learnt from more: a planted bug may go on for ever.
    fn is_broken(&self) -> bool {
        self.sim.world().violations.len() > BROKEN_MAX
    }

    fn pause(&mut self) -> i64 {
        self.rng.between(0, self.setup.pause_seconds_max)
    }

    fn step(&mut self, until: i64) -> bool {
        match self.executor.step(until) {
            Step::Reached => return false,
            Step::Busy => {}
            Step::Finished(id, answer) => self.finished(id, Some(&answer)),
            Step::Killed(id) => self.finished(id, None),
            Step::Scenario(number) => {
                let scene = usize::try_from(number).ok().and_then(|place| self.scenes.get(place)).cloned();
                match scene {
                    Some(Scene::Client(client)) => self.client(client),
                    Some(Scene::Webhook(hint)) => {
                        self.deliveries += 1;
                        let key = self.deliveries ^ 0x3a11_0000_0000;
                        self.spawn(Request::Notice(hint), None, key);
                    }
                    Some(Scene::Tick(number)) => self.tick(number),
                    Some(Scene::Shopper(place, act)) => self.perform(place, act),
                    None => {}
                }
            }
        }
        self.mail_notices();
        self.tell();
        true
    }

    /// What the table has written goes out, batch by batch, and arrives at some time.
    fn tell(&mut self) {
        self.telling.flow(self.sim);
        let bug = self.sim.world().bug;
        if self.post.chance(PUBLISHED) {
            self.telling.publish(&mut self.post, bug, false);
        }
        if self.post.chance(PUBLISHED) {
            self.telling.deliver(&mut self.post, self.sim);
        }
    }

    /// I27, once all that was written was told.
    fn told_at_rest(&mut self) {
        if self.sim.rows.backend().is_some() {
            return;
        }
        let bug = self.sim.world().bug;
        self.telling.settle(&mut self.post, bug, self.sim);
        self.telling.check(self.sim);
    }

    fn finished(&mut self, id: ProcessId, answer: Option<&Answer>) {
        let Some(Running { request, client, began, moment }) = self.running.remove(&id) else { return };
        let now = {
            let mut world = self.sim.world();
            world.chooser.end(id);
            world.kernel.now()
        };
        match answer {
            Some(answer) => {
                let took = now - began;
                let in_time = took <= GATEWAY_SECONDS || matches!(request, Request::Sweep | Request::Compare);
                if !in_time {
                    self.sim.world().violation("I13", format!("answered after {took} s: {request:?}"));
                }
                crate::check::seen::check_answered(&mut self.sim.world(), id, answer);
                recorded::check_answered(self.sim, id, answer);
                self.told.hear(self.sim, &request, answer, moment);
                self.shop.hear(answer);
                self.opened(answer);
            }
            None => {
                self.sim.world().seen.killed(id);
                self.count("killed");
            }
        }
        if let Some(client) = client.filter(|_| !self.setup.plain) {
            let pause = self.pause();
            self.after(pause, Scene::Client(client));
        }
    }

    fn client(&mut self, client: usize) {
        let Some(left) = self.left.get_mut(client).filter(|left| **left > 0) else { return };
        *left -= 1;
        let number = *left;
        let now = self.sim.now();
        let request = self.shop.next(&mut self.rng, self.setup, now);
        let key = (u64::try_from(client).unwrap_or(0) << 32) | number;
        self.before(&request);
        self.spawn(request, Some(client), key);
        self.befall_subscriptions();
        if self.mail.chance(self.setup.webhooks.forged) {
            self.forge();
        }
        if self.rng.chance(self.setup.strangers) {
            let orders = self.shop.charged();
            let done = console::haunt(&mut self.sim.world(), &mut self.rng, &orders);
            done.into_iter().for_each(|done| self.count(done));
        }
        if self.setup.other_hands > 0 && self.cards.chance(self.setup.other_hands) {
            let done = console::meddle(&mut self.sim.world(), &mut self.cards);
            done.into_iter().for_each(|done| self.count(done));
        }
        if self.rng.chance(self.setup.console) {
            let orders = self.shop.charged();
            let done = console::act(&mut self.sim.world(), &mut self.rng, &orders);
            if let Some(done) = done {
                self.count(done);
            }
        }
    }

    fn tick(&mut self, number: u64) {
        if self.calm {
            return;
        }
        let ticks = self.setup.ticks;
        let late = if self.pulse.chance(ticks.late) { self.pulse.between(1, 60) } else { 0 };
        // Between two ticks of years nothing happens but more ticks: those at which nothing is due are passed over.
        let now = self.sim.now();
        let first = self.sim.world().index.first().map_or(now, |due_at| due_at.0);
        let ahead = (first - now).max(TICK_SECONDS) / TICK_SECONDS * TICK_SECONDS;
        // Where years pass, most of the ticks during a long outage are passed over as well.
        let spared = match self.setup.subscribed {
            _ if number < TICKS_SPARED_AFTER => 0,
            0 => self.setup.pause_seconds_max / 10,
            _ => self.setup.pause_seconds_max.min(SPARED_SECONDS_MAX) / 10,
        };
        let ahead = if self.setup.plain { TICK_SECONDS } else { ahead.clamp(spared, DAY.max(spared)) };
        self.after(ahead + late, Scene::Tick(number + 1));
        if self.pulse.chance(ticks.skipped) {
            return self.count("tick skipped");
        }
        // Where years pass, a sweep that finds nothing shows nothing, and neither does a second report of one day.
        let nothing_due = self.sim.world().index.first().is_none_or(|due_at| due_at.0 > now);
        let idle = self.setup.subscribed > 0 && number > TICKS_SPARED_AFTER && nothing_due;
        if idle && !(self.compares && now.rem_euclid(DAY) < ahead + late) {
            return;
        }
        let key = number ^ 0x71c4_0000_0000;
        self.spawn(Request::Sweep, None, key);
        if self.compares {
            self.spawn(Request::Compare, None, key ^ 0xc03b_0000_0000_0000);
        }
        if self.pulse.chance(ticks.doubled) {
            self.count("tick doubled");
            self.spawn(Request::Sweep, None, key ^ 0xd0b1_0000_0000_0000);
            if self.compares {
                self.spawn(Request::Compare, None, key ^ 0xc03c_0000_0000_0000);
            }
        }
    }
}
