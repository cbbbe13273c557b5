// What the shop's plans and the customer's subscriptions are called, in words.

import { language, money, text } from "./texts.js";

let plans = [];

/** Takes the shop's plans, which its server knows. */
export function setPlans(list) {
  plans = list;
}

export const allPlans = () => plans;

/** A plan's name in the page's language; one that the shop does not sell any more has its own. */
export function planName({ id, name }) {
  return plans.find((plan) => plan.id === id)?.name[language()] ?? name;
}

/** What a plan costs, and how often. */
export function planPrice({ amount, price, interval, interval_count = 1 }) {
  const often = text(interval_count === 1 ? `every_${interval}` : `every_n_${interval}`, { count: interval_count });
  return `${money(amount ?? price)} / ${often}`;
}

/** The word for how a subscription stands; also the style of its badge. */
export function stateOf({ state, trial_until, cancel }, now) {
  if (state === "active" && cancel?.at === "period_end") return "ending";
  if (state === "active" && trial_until > now) return "trial";
  return state;
}

/** Whether anything can still come of a subscription. */
export const isOver = ({ state }) => state === "canceled" || state === "completed";
