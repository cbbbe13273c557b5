// The customer's subscriptions: how each stands, its picture, and what its customer may do with it.

import { cancel, changeCard, periods, reactivate, subscriptions } from "./billing.js";
import { activeCards, cardName } from "./cards.js";
import { now, readClock } from "./clock.js";
import { $, button, firstClick, hush, lineButton, make, mishap, on, once, say, tell } from "./page.js";
import { isOver, planName, planPrice, stateOf } from "./plans.js";
import { dateTime, money, text } from "./texts.js";
import { timeline } from "./timeline.js";

/** Each with its periods, newest first, and where the earlier ones are. */
let list = [];
/** Only the answer to the last question is shown. */
let asked = 0;

export function start() {
  $("subscriptions-refresh").addEventListener("click", () => once($("subscriptions-refresh"), refreshSubscriptions));
  on("subscriptions", refreshSubscriptions);
  on("cards", showSubscriptions);
  on("time", () => hush($("subscriptions-result")));
}

export async function refreshSubscriptions() {
  const turn = ++asked;
  try {
    const [found] = await Promise.all([subscriptions(), readClock()]);
    const read = await Promise.all(found.map(async (subscription) => {
      const { list: known, next } = await periods(subscription.id);
      return { subscription, periods: known, next };
    }));
    if (turn !== asked) return;
    // What is over stands below what goes on; of both the newest first.
    list = read.reverse().sort((one, other) => isOver(one.subscription) - isOver(other.subscription));
    tell("periods");
  } catch (thrown) {
    if (turn === asked) say($("subscriptions-result"), () => mishap(thrown));
  }
  showSubscriptions();
}

/** The payments of all periods that were read, each with the plan that its subscription has. */
export function subscriptionPayments() {
  const attempts = list.flatMap(({ subscription, periods: known }) => known.flatMap((period) => period.attempts.map((payment) => ({ plan: subscription.plan, payment }))));
  // An attempt that was only made anew was never a payment.
  return attempts.filter(({ payment }) => payment.status !== "revoked");
}

export function showSubscriptions() {
  $("subscriptions-empty").hidden = list.length > 0;
  $("subscriptions").replaceChildren(...list.map((entry) => {
    const { subscription } = entry;
    return subscriptionRow(subscription, null, customerSteps(subscription), [timeline(subscription, entry.periods, now()), earlier(entry)]);
  }));
}

/** One subscription of a list, with the name of whose it is where that matters. */
export function subscriptionRow(subscription, of, steps, pictures) {
  const { id, plan, next_plan, next_charge, access_until, trial_until, cancel: ending, customer_uid, card_problem } = subscription;
  const state = stateOf(subscription, now());
  const card = activeCards().find((known) => known.customer_uid === customer_uid);
  const facts = [
    ["next_charge", next_charge ? `${dateTime(next_charge.at)} · ${money(next_charge.amount)}` : !isOver(subscription) && text("no_next_charge")],
    ["access_until", access_until && dateTime(access_until)],
    ["trial_until", state === "trial" && dateTime(trial_until)],
    ["card", card_problem ? text("card_gone") : card && cardName(card)],
    ["next_plan", next_plan && [planName(next_plan), planPrice(next_plan), next_plan.begins_at && dateTime(next_plan.begins_at)].filter(Boolean).join(" · ")],
    ["cancel_requested", ending && dateTime(ending.requested_at)],
  ];
  return make("li", { class: "subscription", "data-id": id, "data-state": state },
    make("div", { class: "row-main" },
      make("h3", {}, planName(plan)),
      make("span", { class: "price" }, planPrice(plan)),
      of && make("span", { class: "small" }, of),
      make("span", { class: `badge badge-${state}` }, text(`state_${state}`))),
    make("p", { class: "small" }, text(`state_${state}_detail`)),
    make("dl", { class: "account" }, ...facts.filter(([, value]) => value).flatMap(([name, value]) => [
      make("dt", {}, text(name)),
      make("dd", { "data-fact": name }, value),
    ])),
    make("div", { class: "actions" }, ...steps),
    ...pictures.filter(Boolean));
}

function customerSteps(subscription) {
  if (isOver(subscription)) return [];
  const { id, state, cancel: ending } = subscription;
  const steps = [cardForm(subscription)];
  if (ending?.at === "period_end") {
    steps.push(lineButton("reactivate", () => act(() => reactivate(id), () => ({ state: "paid", title: text("reactivated") }))));
  } else {
    if (state === "active") steps.push(lineButton("cancel_at_end", () => act(() => cancel(id, "period_end"), endsThen)));
    steps.push(lineButton("cancel_now", () => askFirst(subscription)));
  }
  return steps;
}

/** Another of the customer's own cards. */
function cardForm({ id, customer_uid }) {
  const others = activeCards().filter((card) => card.customer_uid !== customer_uid);
  if (others.length === 0) return make("a", { href: "#cards-section" }, text("other_card_first"));
  const options = others.map((card) => make("option", { value: card.customer_uid }, cardName(card)));
  const select = make("select", { name: "card", "aria-label": text("other_card") }, ...options);
  const press = make("button", { type: "submit", class: "quiet", "data-do": "change_card", onclick: firstClick() }, text("change_card"));
  const form = make("form", { class: "inline" }, select, press);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = others.find((card) => card.customer_uid === select.value);
    once(press, () => act(() => changeCard(id, chosen.customer_uid), (changed) => cardChanged(changed, chosen)));
  });
  return form;
}

/** Ending at once cannot be taken back, so it is asked about first. */
function askFirst({ id, plan }) {
  const confirmed = () => act(() => cancel(id, "now"), () => ({ state: "done", title: text("canceled") }));
  say($("subscriptions-result"), () => ({
    state: "pending",
    title: text("cancel_now_question", { name: planName(plan) }),
    detail: text("cancel_now_detail"),
    buttons: [
      button("cancel-now-yes", "cancel_now_yes", ({ currentTarget }) => once(currentTarget, confirmed)),
      button("cancel-now-no", "cancel_now_no", () => hush($("subscriptions-result"))),
    ],
  }), true);
}

function endsThen({ access_until }) {
  return { state: "done", title: text("ends_then"), detail: access_until && text("ends_then_detail", { when: dateTime(access_until) }) };
}

function cardChanged({ state }, card) {
  const overdue = state === "past_due" && text("past_due_detail");
  return { state: overdue ? "failed" : "paid", title: text("card_changed"), detail: [cardName(card), overdue].filter(Boolean).join(" · ") };
}

/** Runs a change, and says what came of it. */
async function act(run, describe) {
  const region = $("subscriptions-result");
  say(region, () => ({ state: "working", title: text("paying") }));
  try {
    const { status, body, retryAfter } = await run();
    const open = status === 202;
    // A change is not said twice: meanwhile another tab may have said something else.
    if (open) setTimeout(() => tell("subscriptions"), retryAfter * 1000);
    say(region, () => (open ? { state: "pending", title: text("change_pending"), detail: text("change_pending_detail") } : describe(body)), true);
  } catch (thrown) {
    say(region, () => mishap(thrown), true);
  }
  tell("subscriptions");
}

/** More periods than one answer holds. */
function earlier(entry) {
  if (!entry.next) return null;
  return lineButton("earlier_periods", async () => {
    try {
      const { list: more, next } = await periods(entry.subscription.id, entry.next);
      Object.assign(entry, { periods: [...entry.periods, ...more], next });
      tell("periods");
    } catch (thrown) {
      say($("subscriptions-result"), () => mishap(thrown));
    }
    showSubscriptions();
  });
}
