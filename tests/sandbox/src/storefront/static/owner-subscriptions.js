// The owner's view of everybody's subscriptions: those whose payment is overdue first of all.

import { now } from "./clock.js";
import { shop } from "./http.js";
import { refundDescribed } from "./owner.js";
import { $, lineButton, make, mishap, on, once, say, tell } from "./page.js";
import { allPlans, isOver, planName } from "./plans.js";
import { subscriptionRow } from "./subscriptions.js";
import { money, text } from "./texts.js";
import { timeline } from "./timeline.js";

/** The API's page so far, and where the next one is. */
let list = [];
let next = null;
/** Only the answer to the last question is shown. */
let asked = 0;
/** Pictures that are open, by subscription: its periods. */
const shown = new Map();
/** Each refund's name, the same until its outcome is known. */
const refunds = new Map();

export function start() {
  $("owner-state").addEventListener("change", refreshOwnerSubscriptions);
  $("owner-subscriptions-more").addEventListener("click", () => once($("owner-subscriptions-more"), () => read(next)));
  on("owner", refreshOwnerSubscriptions);
  on("subscriptions", refreshOwnerSubscriptions);
}

export async function refreshOwnerSubscriptions() {
  if ($("owner-inside").hidden) return;
  await read(null);
  await Promise.all([...shown.keys()].map(readPeriods));
  showOwnerSubscriptions();
}

async function read(cursor) {
  const turn = ++asked;
  const from = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
  try {
    const { body } = await shop.get(`/api/owner/subscriptions?state=${$("owner-state").value}${from}`);
    if (turn !== asked) return;
    list = cursor ? [...list, ...body.list] : body.list;
    next = body.next;
  } catch (thrown) {
    if (turn === asked) say($("owner-result"), () => mishap(thrown));
  }
  showOwnerSubscriptions();
}

async function readPeriods(id) {
  try {
    shown.set(id, (await shop.get(`/api/owner/subscriptions/${id}/periods`)).body.list);
  } catch (thrown) {
    shown.delete(id);
    say($("owner-result"), () => mishap(thrown));
  }
}

export function showOwnerSubscriptions() {
  $("owner-subscriptions-empty").hidden = list.length > 0;
  $("owner-subscriptions-more").hidden = !next;
  $("owner-subscriptions").replaceChildren(...list.map((subscription) =>
    subscriptionRow(subscription, subscription.customer_id, steps(subscription), [pictureOf(subscription)])));
}

function steps(subscription) {
  if (isOver(subscription)) return [];
  const { id, state } = subscription;
  const pause = (paused, name) => lineButton(name, () => change(id, { paused }));
  return [
    ["active", "past_due"].includes(state) && pause(true, "pause"),
    state === "paused" && pause(false, "resume"),
    state === "active" && planForm(subscription),
  ].filter(Boolean);
}

/** Another plan, with the next period or at once. */
function planForm({ id, plan, next_plan }) {
  const current = (next_plan ?? plan).id;
  const others = allPlans().filter((other) => other.id !== current);
  const select = make("select", { name: "plan", "aria-label": text("other_plan") },
    ...others.map((other) => make("option", { value: other.id }, planName(other))));
  const press = (when) => lineButton(`change_plan_${when}`, () => change(id, { plan: select.value, change: when }));
  return make("span", { class: "inline" }, select, press("next_period"), press("now"));
}

function pictureOf(subscription) {
  const { id } = subscription;
  const details = make("details", { open: shown.has(id), class: "owner-timeline" }, make("summary", {}, text("timeline")));
  if (shown.has(id)) details.append(timeline(subscription, shown.get(id), now(), (attempt) => refundStep(id, attempt)) ?? "");
  details.addEventListener("toggle", async () => {
    if (details.open === shown.has(id)) return;
    if (!details.open) return shown.delete(id);
    await readPeriods(id);
    showOwnerSubscriptions();
  });
  return details;
}

/** Gives back what is left of a payment. */
function refundStep(id, { merchant_uid, kind, amount, cancel_amount }) {
  if (!["paid", "partially_refunded"].includes(kind)) return null;
  const left = amount - (cancel_amount ?? 0);
  const press = lineButton("refund", () => refund(id, merchant_uid, left));
  press.textContent = text("refund_amount_of", { amount: money(left) });
  return press;
}

async function refund(id, merchant_uid, amount) {
  if (!refunds.has(merchant_uid)) refunds.set(merchant_uid, crypto.randomUUID());
  await attempt(async () => {
    const { body } = await shop.post(`/api/owner/subscriptions/${id}/refund`, { merchant_uid, amount, refund: refunds.get(merchant_uid) });
    if (body.status !== "pending") refunds.delete(merchant_uid);
    return () => refundDescribed(body);
  }, (thrown) => {
    if (!thrown.retryable) refunds.delete(merchant_uid);
  });
}

async function change(id, wanted) {
  await attempt(async () => {
    const { status, body, retryAfter } = await shop.post(`/api/owner/subscriptions/${id}/change`, wanted);
    const open = status === 202;
    if (open) setTimeout(() => tell("subscriptions"), retryAfter * 1000);
    return () => ({
      state: open ? "pending" : "paid",
      title: text(open ? "change_pending" : "change_done"),
      detail: [open && text("change_pending_detail"), prorated(body.proration)].filter(Boolean).join(" "),
    });
  });
}

/** What is charged now, or taken off the next charge. */
function prorated(proration) {
  if (!proration) return null;
  const { amount, charged, days_left, days } = proration;
  if (charged > 0) return text("proration_up", { amount: money(charged), days_left, days });
  return text("proration_down", { amount: money(Math.abs(amount)), days_left, days });
}

/** Runs something that resolves with how to describe what came of it. */
async function attempt(run, otherwise = () => {}) {
  say($("owner-result"), () => ({ state: "working", title: text("paying") }));
  try {
    say($("owner-result"), await run(), true);
  } catch (thrown) {
    otherwise(thrown);
    say($("owner-result"), () => mishap(thrown), true);
  }
  tell("subscriptions");
}
