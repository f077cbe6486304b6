/** What a person's standing is in words. Pure. */

/** @typedef {import("../common/boot.js").Texts} Texts */
/** @typedef {import("./reporter.js").Standing} Standing */
/** @typedef {import("./reporter.js").Rule} Rule */
/** @typedef {import("./reporter.js").Window} Window */
/** @typedef {"enter" | "leave"} Door */
/** @typedef {"later" | "open" | "done" | "over"} DoorState */

/**
 * The rule that the chip speaks of: of the whole event, with a share or minutes; else the first that has them.
 * @param {Standing} standing
 * @returns {Rule | null}
 */
export function foremost({ rules }) {
  const timed = rules.filter((rule) => rule.share !== null || rule.minutes !== null);
  return timed.find((rule) => rule.title === null) ?? timed[0] ?? null;
}

/** @param {number} seconds */
export function minutes(seconds) {
  return Math.floor(seconds / 60);
}

/**
 * @param {Standing} standing
 * @param {Texts} texts
 * @returns {string}
 */
export function summary(standing, texts) {
  if (standing.outcome === "passed") return texts.say("attend_passed", { n: minutes(standing.live_s) });
  const there = texts.say("attend_present", { n: minutes(standing.live_s) });
  const rule = foremost(standing);
  const missed = standing.outcome === "failed" ? missing(standing, texts) : [];
  const said = [there, ...missed];
  // What cannot be met any more is asked of nobody.
  if (standing.outcome === "failed" && rule?.outcome !== "open") {
    if (!missed.length) said.push(texts.say("attend_not_reached"));
  } else if (rule?.share) said.push(texts.say("attend_needs_share", { n: rule.share }));
  else if (rule?.minutes) said.push(texts.say("attend_needs_minutes", { n: rule.minutes }));
  return said.join(" · ");
}

/**
 * What cannot be made good any more.
 * @param {Standing} standing
 * @param {Texts} texts
 */
function missing(standing, texts) {
  const { rules, asked: of, confirmed: have } = standing;
  const found = [];
  if (rules.some((rule) => rule.enter) && gone(standing, "enter")) found.push(texts.say("attend_enter_missing"));
  if (rules.some((rule) => rule.leave && rule.outcome === "failed") && gone(standing, "leave")) found.push(texts.say("attend_leave_missing"));
  const short = rules.some(({ confirmed, outcome }) => outcome === "failed" && confirmed !== null && 100 * have < confirmed * of);
  if (short) found.push(texts.say("attend_confirm_missing", { have, of }));
  return found;
}

/**
 * @param {Standing} standing
 * @param {Door} name
 */
function gone(standing, name) {
  const at = standing[name === "enter" ? "entered_at" : "left_at"];
  return door(standing[name], at, Date.parse(standing.now)) === "over";
}

/**
 * What one rule asks for and how far that is.
 * @param {Rule} rule
 * @param {Standing} standing
 * @param {Texts} texts
 * @returns {string[]}
 */
export function steps(rule, standing, texts) {
  const found = [];
  const watched = minutes(rule.watched_s);
  if (rule.share !== null) {
    const percent = rule.programme_s ? Math.floor((100 * rule.watched_s) / rule.programme_s) : 0;
    found.push(texts.say("attend_share", { n: rule.share, have: percent }));
  }
  if (rule.minutes !== null) found.push(texts.say("attend_minutes", { n: rule.minutes, have: watched }));
  const [enter, leave] = [gone(standing, "enter"), gone(standing, "leave")];
  if (rule.enter) found.push(texts.say(standing.entered_at ? "attend_entered" : enter ? "attend_enter_missing" : "attend_must_enter"));
  if (rule.leave && standing.left_at) found.push(texts.say("attend_left"));
  else if (rule.leave && rule.outcome !== "passed") found.push(texts.say(leave ? "attend_leave_missing" : "attend_must_leave"));
  if (rule.confirmed !== null) found.push(texts.say("attend_confirm", { n: rule.confirmed, have: standing.confirmed, of: standing.asked }));
  return found;
}

/**
 * @param {Window | null} window
 * @param {string | null} pressed
 * @param {number} now ms, the server's
 * @returns {DoorState | null} null where there is no such button
 */
export function door(window, pressed, now) {
  if (pressed) return "done";
  if (!window) return null;
  if (now < Date.parse(window.opens_at)) return "later";
  return now <= Date.parse(window.closes_at) ? "open" : "over";
}

/**
 * The prompt to answer now: asked, not answered, time left.
 * @param {import("./reporter.js").Prompt[]} prompts
 * @param {Set<number>} answered here, perhaps not yet known to the server
 * @param {number} now ms, the server's
 */
export function due(prompts, answered, now) {
  const open = (/** @type {import("./reporter.js").Prompt} */ { at, until }) => Date.parse(at) <= now && now < Date.parse(until);
  return prompts.find((prompt) => !prompt.answered && !answered.has(prompt.number) && open(prompt)) ?? null;
}
