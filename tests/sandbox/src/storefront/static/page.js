// Pieces that both pages are made of.

import { Refusal } from "./http.js";
import { dateTime, language, money, text } from "./texts.js";

/** The element of an id. */
export const $ = (id) => document.getElementById(id);

/** A new element: attributes (`on…` are listeners), then children. Texts stay texts: nothing is parsed as HTML. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

/** The word for how a payment stands; also the style of its badge. */
export function statusOf(payment, answered = true) {
  if (!payment) return answered ? "unrecorded" : "unanswered";
  if (payment.status === "paid" && payment.cancel_amount > 0) return "partly";
  return payment.status;
}

export function badge(payment, answered) {
  const word = statusOf(payment, answered);
  return make("span", { class: `badge badge-${word}` }, text(`status_${word}`) ?? word);
}

/** A product's name in the page's language. */
export const nameOf = (product) => product.name[language()];

/** Where to transfer the money of a virtual account. */
export function account(payment) {
  if (payment.status !== "ready" || !payment.vbank_num) return null;
  const rows = [
    ["bank", payment.vbank_name],
    ["account", payment.vbank_num],
    ["holder", payment.vbank_holder],
    ["until", payment.vbank_date && dateTime(payment.vbank_date)],
  ];
  const shown = rows.filter(([, value]) => value);
  return make("dl", { class: "account" }, ...shown.flatMap(([name, value]) => [make("dt", {}, text(name)), make("dd", {}, value)]));
}

/** What to say of a payment: a state for the style, a title, details. */
export function outcome(payment, product) {
  const amount = money(payment.amount);
  const name = product ? nameOf(product) : payment.name;
  const gaveUp = payment.gaveUp !== undefined && payment.status === "pending";
  switch (gaveUp ? "closed" : payment.status) {
    case "paid":
      return { state: "paid", title: text("paid"), detail: text("paid_detail", { name, amount }) };
    case "ready":
      return { state: "ready", title: text("ready"), detail: text("ready_detail"), more: account(payment) };
    case "scheduled": {
      const when = dateTime(payment.schedule_at);
      return { state: "scheduled", title: text("scheduled"), detail: text("scheduled_detail", { when, amount }) };
    }
    case "failed": {
      const why = payment.fail_reason ? `${payment.fail_reason} · ` : "";
      return { state: "failed", title: text("failed"), detail: why + text("failed_detail") };
    }
    case "closed":
      return { state: "closed", title: text("closed"), detail: `${payment.gaveUp} · ${text("closed_detail")}` };
    case "cancelled":
    case "revoked":
    case "expired":
      return { state: payment.status, title: text(payment.status) };
    default:
      return { state: "pending", title: text("pending"), detail: text("pending_detail") };
  }
}

/** What to say of anything that was thrown. A decline is an outcome, not a mishap. */
export function mishap(thrown) {
  if (!(thrown instanceof Refusal)) throw thrown;
  const { code, body } = thrown;
  if (code === "payment_failed" || code === "card_declined") {
    return outcome({ status: "failed", fail_reason: body.fail_reason, amount: 0 });
  }
  if (code === "checkout_expired") return outcome({ status: "expired" });
  const known = text(`error_${code}`);
  const detail = known ?? [body.psp_message ?? thrown.message, `(${code})`].join(" ");
  if (code === "order_in_progress") return { state: "pending", title: text("unfinished"), detail };
  return { state: "error", title: text("error"), detail };
}

/** What each live region says, to say it again in the other language. */
const said = new Map();

/**
 * Says something in a live region: what `describe` makes of it (state, title, detail, more, buttons). With `focus` the
 * reader's place moves there.
 */
export function say(region, describe, focus = false) {
  said.set(region, describe);
  const { state, title, detail, more, buttons = [] } = describe();
  region.dataset.state = state;
  const parts = [make("p", { class: "notice-title" }, title)];
  if (detail) parts.push(make("p", {}, detail));
  if (more) parts.push(more);
  if (buttons.length) parts.push(make("div", { class: "actions" }, ...buttons));
  region.replaceChildren(...parts);
  if (focus) region.focus();
}

/** Says nothing any more. */
export function hush(region) {
  said.delete(region);
  region.replaceChildren();
  delete region.dataset.state;
}

/** Says everything again, in the language of now. */
export function sayAgain() {
  for (const [region, describe] of said) say(region, describe);
}

const listeners = new Map();

/** Runs something whenever `tell` names the event: the parts of the page hear of each other in this way only. */
export function on(event, run) {
  listeners.set(event, [...(listeners.get(event) ?? []), run]);
}

export function tell(event) {
  for (const run of listeners.get(event) ?? []) run();
}

/** A button that is made as the page goes on. */
export function button(id, name, run) {
  return make("button", { type: "button", id, class: "quiet", onclick: firstClick(run) }, text(name));
}

/** A button of a list's line: what it does stands in `data-do`, and while that runs it cannot be pressed again. */
export function lineButton(name, run) {
  const pressed = button(null, name, () => once(pressed, run));
  pressed.dataset.do = name;
  return pressed;
}

/** The second click of a double click may meet a button that has only just moved there. It is not meant for it. */
export function firstClick(run = () => {}) {
  return (event) => (event.detail > 1 ? event.preventDefault() : run(event));
}

/** Runs something with a button disabled: pressed twice, it runs once. */
export async function once(pressed, run) {
  if (pressed.disabled) return;
  pressed.disabled = true;
  pressed.setAttribute("aria-busy", "true");
  try {
    await run();
  } finally {
    pressed.disabled = false;
    pressed.removeAttribute("aria-busy");
  }
}

/**
 * Runs `run` now. A page that the browser had kept and shows again begins anew: what it showed may long be otherwise, and
 * a window that it waited for never says anything to it.
 */
export function whenShown(run) {
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  run();
}
