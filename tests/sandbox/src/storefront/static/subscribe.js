// Subscribing. A wish has a name before it is sent, and keeps it over presses and reloads until its outcome is known.

import { subscribe } from "./billing.js";
import { activeCards, cardName } from "./cards.js";
import { $, hush, make, mishap, on, once, say, tell } from "./page.js";
import { allPlans, planName, planPrice } from "./plans.js";
import { dateTime, money, text } from "./texts.js";

/** Where the wish is kept whose outcome is not known: { plan, customer_uid, start, request }. */
const KEPT = "subscribe";
let trialDays = 0;

export function start() {
  $("subscribe-form").addEventListener("submit", (event) => {
    event.preventDefault();
    once($("subscribe"), send).finally(showForm);
  });
  $("subscribe-form").addEventListener("change", showForm);
  on("cards", showForm);
  // What was said of the next charge is over.
  on("time", () => hush($("subscribe-result")));
}

export function enter(session) {
  trialDays = session.trial_days;
  showForm();
}

/** Shows the form as it stands: plans, cards, and what the button does. */
export function showForm() {
  const form = $("subscribe-form");
  const kept = wish();
  const chosen = form.elements.plan?.value || kept?.plan || allPlans()[0]?.id;
  const focused = document.activeElement?.name === "plan";
  $("plans").replaceChildren(...allPlans().map((plan) => {
    const id = `plan-${plan.id}`;
    return make("div", {},
      make("input", { type: "radio", name: "plan", id, value: plan.id, checked: plan.id === chosen }),
      make("label", { for: id }, make("span", {}, planName(plan)), make("small", {}, planPrice(plan))));
  }));
  if (focused) $(`plan-${chosen}`).focus();
  showCards(kept);
  form.elements.start.querySelector("[value=trial]").textContent = text("start_trial", { days: trialDays });
  const busy = $("subscribe").hasAttribute("aria-busy");
  const plan = allPlans().find(({ id }) => id === chosen);
  const amount = plan ? money(plan.price) : "";
  const trial = form.elements.start.value === "trial";
  $("subscribe").textContent = busy ? text("paying") : text(trial ? "subscribe_trial" : "subscribe_now", { amount });
  $("subscribe").disabled = busy || !plan || activeCards().length === 0;
}

function showCards(kept) {
  const select = $("subscribe-card");
  const wanted = select.value || kept?.customer_uid;
  const cards = activeCards();
  select.replaceChildren(...cards.map((card) => make("option", { value: card.customer_uid }, cardName(card))));
  if (cards.some((card) => card.customer_uid === wanted)) select.value = wanted;
  $("subscribe-card-fields").hidden = cards.length === 0;
  $("subscribe-no-card").hidden = cards.length > 0;
}

async function send() {
  const { plan, card, start } = $("subscribe-form").elements;
  const { request, ...chosen } = named({ plan: plan.value, customer_uid: card.value, start: start.value });
  showForm();
  say($("subscribe-result"), () => ({ state: "working", title: text("paying") }));
  try {
    const subscription = await subscribe(chosen.plan, chosen.customer_uid, chosen.start, request, (open) => {
      say($("subscribe-result"), () => described(open));
      tell("subscriptions");
    });
    sessionStorage.removeItem(KEPT);
    say($("subscribe-result"), () => described(subscription), true);
    $("subscribe-details").open = false;
  } catch (thrown) {
    if (!thrown.retryable) sessionStorage.removeItem(KEPT);
    say($("subscribe-result"), () => mishap(thrown), true);
  }
  tell("subscriptions");
}

/** A wish with its name: the one it had, as long as it is the same wish. */
function named(chosen) {
  const kept = wish();
  const same = kept && Object.entries(chosen).every(([name, value]) => kept[name] === value);
  const made = same ? kept : { ...chosen, request: crypto.randomUUID() };
  sessionStorage.setItem(KEPT, JSON.stringify(made));
  return made;
}

function wish() {
  return JSON.parse(sessionStorage.getItem(KEPT));
}

/** What came of it. */
function described({ plan, state, attempts = [], next_charge, trial_until, pending }) {
  const name = planName(plan);
  const next = next_charge && text("next_charge_detail", { when: dateTime(next_charge.at), amount: money(next_charge.amount) });
  const failed = attempts.findLast(({ status }) => status === "failed");
  if (pending) {
    return { state: "pending", title: text("pending"), detail: text("pending_detail") };
  }
  if (state !== "active") {
    return { state: "failed", title: text("subscribe_failed"), detail: [failed?.fail_reason, text("past_due_detail")].filter(Boolean).join(" · ") };
  }
  return { state: trial_until ? "scheduled" : "paid", title: text(trial_until ? "trial_begun" : "subscribed", { name }), detail: next };
}
