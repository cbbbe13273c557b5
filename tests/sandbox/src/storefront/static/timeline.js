// The picture of a subscription: a bar for each period in order of time, in it a mark for each attempt to be paid. The
// same stands below it as a table.

import { KINDS, draw, kindOf, mark } from "./marks.js";
import { make } from "./page.js";
import { dateTime, day, money, monthDay, monthName, text, yearName } from "./texts.js";

/** Pixels: the narrowest cell, the heads of a row, the room of a mark with its number, its height, and what is between two rows. */
const CELL = 58;
const HEAD = 34;
const ROOM = 23;
const TALL = 21;
const GAP = 12;
/** As many as a year has months. */
const MOST_COLUMNS = 12;
/** From so many days on, a period is named by its month, or its year. */
const MONTH_DAYS = 27;
const YEAR_DAYS = 360;

/** Tables that are open, so that a look at the server closes none. */
const open = new Set();
let pictures = 0;

/**
 * A picture with its legend and its table. `periods` are the API's, newest first. `step` adds to the table what can be
 * done about an attempt.
 */
export function timeline(subscription, periods, now, step = null) {
  const cells = cellsOf(subscription, periods);
  if (cells.length === 0) return null;
  const figure = make("figure", { class: "timeline" });
  let columns = 0;
  let drawn = null;
  const fit = () => {
    const fitting = Math.max(3, Math.min(MOST_COLUMNS, Math.floor(figure.clientWidth / CELL)));
    if (figure.clientWidth === 0 || fitting === columns) return;
    columns = fitting;
    const next = picture(cells, now, columns, figure.clientWidth);
    if (drawn) drawn.replaceWith(next);
    else figure.prepend(next);
    drawn = next;
  };
  figure.append(legend(cells, now), table(`${step ? "owner" : "own"}-${subscription.id}`, cells, step));
  new ResizeObserver(fit).observe(figure);
  return figure;
}

/** What there is a cell for, oldest first: the trial, the periods, and pauses between them. */
function cellsOf({ created_at, trial_until }, periods) {
  const cells = [];
  const oldestFirst = [...periods].sort((one, other) => one.starts_at - other.starts_at);
  // Earlier periods may not have been read.
  const fromTheStart = oldestFirst.length === 0 || oldestFirst[0].starts_at === trial_until;
  if (trial_until && fromTheStart) cells.push({ kind: "trial", starts_at: created_at, ends_at: trial_until, attempts: [] });
  for (const period of oldestFirst) {
    const before = cells.at(-1);
    if (before && before.kind !== "trial" && before.ends_at < period.starts_at) {
      cells.push({ kind: "gap", starts_at: before.ends_at, ends_at: period.starts_at, attempts: [] });
    }
    const attempts = triesOf(period.attempts);
    cells.push({ ...period, attempts, kind: looksOf(attempts) });
  }
  return cells;
}

/** Attempts with their kind, and the number of the try: a schedule that was only made anew is no other try. */
function triesOf(attempts) {
  let tries = 1;
  return attempts.map((attempt) => {
    const known = { ...attempt, kind: kindOf(attempt), tries };
    if (known.kind === "failed") tries += 1;
    return known;
  });
}

/** The looks of a period's bar: how its attempts ended, the best of them first. */
function looksOf(attempts) {
  const has = (...kinds) => attempts.some(({ kind }) => kinds.includes(kind));
  if (has("paid", "partially_refunded")) return "paid";
  if (has("refunded")) return "refunded";
  if (has("pending", "suspect")) return "open";
  if (has("failed")) return "failed";
  return has("scheduled") ? "scheduled" : "none";
}

/** The picture, so many cells a row. */
function picture(cells, now, columns, width) {
  const cell = width / columns;
  const perRow = Math.max(1, Math.floor((cell - 12) / ROOM));
  const rows = Math.max(1, ...cells.map(({ attempts }) => Math.ceil(attempts.length / perRow)));
  const bar = rows * TALL + 14;
  const height = Math.ceil(cells.length / columns) * (HEAD + bar + GAP);
  const id = `timeline-${++pictures}`;
  const parts = cells.map((each, index) => {
    const x = (index % columns) * cell;
    const y = Math.floor(index / columns) * (HEAD + bar + GAP);
    const newYear = index % columns === 0 || yearName(each.starts_at) !== yearName(cells[index - 1].starts_at);
    const isNow = each.starts_at <= now && now < each.ends_at;
    return draw("g", { class: `cell cell-${each.kind}${isNow ? " is-now" : ""}`, transform: `translate(${x} ${y})`, "data-period": each.number ?? each.kind },
      draw("title", {}, `${span(each)} · ${text(`period_${each.kind}`)}`),
      newYear && !isYear(each) && draw("text", { class: "year", x: 3, y: 12 }, yearName(each.starts_at)),
      isNow && draw("path", { class: "now", d: `M${cell - 18} 3 h12 l-6 9 Z` }),
      draw("text", { class: "label", x: 3, y: 28 }, label(each)),
      draw("rect", { class: "bar", x: 2, y: HEAD, width: cell - 6, height: bar, rx: 8 }),
      ["trial", "gap"].includes(each.kind) && draw("text", { class: "word", x: cell / 2 - 1, y: HEAD + bar / 2 + 4 }, text(`period_${each.kind}`)),
      ...marks(each.attempts, cell, perRow, bar));
  });
  return draw("svg", { role: "img", "aria-labelledby": `${id}-title ${id}-desc`, viewBox: `0 0 ${width} ${height}`, height },
    draw("title", { id: `${id}-title` }, text("timeline")),
    draw("desc", { id: `${id}-desc` }, summary(cells)),
    ...parts);
}

function marks(attempts, cell, perRow, bar) {
  const rows = Math.ceil(attempts.length / perRow);
  return attempts.map((attempt, index) => {
    const row = Math.floor(index / perRow);
    const inRow = Math.min(perRow, attempts.length - row * perRow);
    // A number beside the last mark needs room as well.
    const x = cell / 2 - (attempts.length > 1 ? 4 : 1) + ((index % perRow) - (inRow - 1) / 2) * ROOM;
    const y = HEAD + bar / 2 + (row - (rows - 1) / 2) * TALL;
    const drawn = mark(attempt.kind, attempt.tries);
    drawn.setAttribute("transform", `translate(${x} ${y})`);
    drawn.prepend(draw("title", {}, told(attempt)));
    return drawn;
  });
}

/** What is in the picture, mark by mark. */
function legend(cells, now) {
  const attempts = cells.flatMap((each) => each.attempts);
  const entries = KINDS.filter((known) => attempts.some(({ kind }) => kind === known)).map((kind) => [mark(kind), text(`attempt_${kind}`)]);
  const retried = attempts.find(({ tries }) => tries > 1);
  if (retried) entries.push([mark(retried.kind, 2), text("retried")]);
  if (cells.some(({ starts_at, ends_at }) => starts_at <= now && now < ends_at)) {
    entries.push([draw("path", { class: "now", d: "M-6 -5 h12 l-6 9 Z" }), text("timeline_now")]);
  }
  return make("ul", { class: "legend" }, ...entries.map(([drawn, words]) => make("li", {},
    draw("svg", { "aria-hidden": "true", viewBox: "-10 -13 28 24", width: 28, height: 24 }, drawn), words)));
}

function table(name, cells, step) {
  const head = make("tr", {}, ...["period", "payments"].map((name) => make("th", { scope: "col" }, text(name))));
  const rows = cells.map((each) => make("tr", { "data-period": each.number ?? each.kind },
    make("th", { scope: "row" }, span(each), make("small", {}, text(`period_${each.kind}`))),
    make("td", {}, make("ul", {}, ...each.attempts.map((attempt) => make("li", {
      "data-merchant-uid": attempt.merchant_uid,
      "data-kind": attempt.kind,
    }, told(attempt), reason(attempt), step?.(attempt)))))));
  const details = make("details", { open: open.has(name) }, make("summary", {}, text("as_table")),
    make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": text("as_table") },
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))));
  details.addEventListener("toggle", () => (details.open ? open.add(name) : open.delete(name)));
  return details;
}

/** An attempt in words. */
function told({ kind, tries, at, paid_at, amount, cancel_amount }) {
  const parts = [text(`attempt_${kind}`), tries > 1 && text("try_number", { number: tries }), dateTime(paid_at ?? at), money(amount)];
  if (kind === "partially_refunded") parts.push(text("refunded_of", { amount: money(cancel_amount) }));
  return parts.filter(Boolean).join(" · ");
}

/** The PG's own words, which are Korean in both languages. */
function reason({ fail_reason }) {
  return fail_reason && make("span", { class: "small", lang: "ko" }, ` ${fail_reason}`);
}

function summary(cells) {
  const count = (...kinds) => cells.flatMap(({ attempts }) => attempts).filter(({ kind }) => kinds.includes(kind)).length;
  return text("timeline_desc", {
    periods: cells.filter(({ number }) => number !== undefined).length,
    from: day(cells[0].starts_at),
    to: day(cells.at(-1).ends_at),
    paid: count("paid", "partially_refunded"),
    failed: count("failed"),
    refunded: count("refunded", "partially_refunded"),
    scheduled: count("scheduled"),
  });
}

const days = ({ starts_at, ends_at }) => (ends_at - starts_at) / 86_400;
const isYear = (cell) => days(cell) >= YEAR_DAYS;

function label(cell) {
  if (isYear(cell)) return yearName(cell.starts_at);
  return days(cell) >= MONTH_DAYS ? monthName(cell.starts_at) : monthDay(cell.starts_at);
}

function span({ starts_at, ends_at }) {
  return `${day(starts_at)} – ${day(ends_at)}`;
}
