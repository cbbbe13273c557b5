// The sandbox's clock: what time it is there, and buttons that let days and months pass. No real shop has this.

import { shop } from "./http.js";
import { $, mishap, once, say, tell } from "./page.js";
import { dateTime, text } from "./texts.js";

/** Milliseconds between two looks at the time. */
const TICK = 5_000;
/** What the shop's server said last: its time, and when that was by this machine. */
let told = null;
/** The move that got no answer yet, in the same words each time: pressed again it moves time once. */
let pending = null;

export function start() {
  for (const pressed of document.querySelectorAll("#clock [data-step]")) {
    pressed.addEventListener("click", () => once(pressed, () => move(pressed.dataset.step)));
  }
  setInterval(showClock, TICK);
}

/** UNIX seconds by the sandbox's clock. */
export function now() {
  return told ? told.now + Math.floor((Date.now() - told.at) / 1000) : Math.floor(Date.now() / 1000);
}

/** Takes the server's time; `null` if there is no clock to move. */
export function setClock(time) {
  told = time === null ? null : { now: time, at: Date.now() };
  $("clock").hidden = told === null;
  showClock();
}

/** Looks at the time again: the clock is moved from the command line as well. Without an answer it goes on as it was. */
export async function readClock() {
  if (told) await shop.get("/api/clock").then(({ body }) => setClock(body.now), () => {});
}

export function showClock() {
  if (!told) return;
  $("clock-now").textContent = dateTime(now());
  $("clock-now").setAttribute("datetime", new Date(now() * 1000).toISOString());
}

async function move(by) {
  if (pending?.by !== by) pending = { from: now(), by };
  say($("clock-result"), () => ({ state: "working", title: text("clock_moving") }));
  try {
    const { body } = await shop.post("/api/clock", pending);
    pending = null;
    setClock(body.now);
    tell("time");
    say($("clock-result"), () => ({ state: "done", title: text("clock_moved", { when: dateTime(body.now) }), detail: told_of(body) }));
  } catch (thrown) {
    if (!thrown.retryable) pending = null;
    say($("clock-result"), () => mishap(thrown));
  }
  // Everything may have changed meanwhile.
  tell("orders");
  tell("subscriptions");
}

/** What happened on the way. */
function told_of({ moments, sweeps, failed, swept }) {
  const parts = [text("clock_ran", { moments, sweeps })];
  if (failed > 0) parts.push(text("clock_failed", { failed }));
  if (swept === false) parts.push(text("clock_unswept"));
  return parts.join(" · ");
}
