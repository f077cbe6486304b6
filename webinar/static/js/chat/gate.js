/**
 * Whether one may write now, and what is said in place of the field when not. Pure: the time is given.
 */

/** @typedef {import("./state.js").RoomState} RoomState */
/** @typedef {{key: string, until: number}} Closed `key` of a text; `until` ms since 1970 when it is known, else 0 */

const STAFF = ["host", "moderator", "presenter"];

/** @param {{role: string} | null} you */
export function isStaff(you) {
  return you !== null && STAFF.includes(you.role);
}

/**
 * @param {RoomState} state
 * @param {{role: string} | null} you
 * @param {number} now ms since 1970
 * @param {"message" | "question" | "vote"} what
 * @returns {Closed | null} null: it is open
 */
export function closed(state, you, now, what) {
  const { settings, mutedUntil } = state;
  if (settings.ended) return { key: "gate_ended", until: 0 };
  if (what === "vote") return null;
  if (mutedUntil > now) return { key: "gate_muted", until: mutedUntil };
  if (isStaff(you)) return null;
  if (settings.frozen) return { key: "gate_frozen", until: 0 };
  if (what === "question") return null;
  if (settings.mode === "hosts") return { key: "gate_hosts", until: 0 };
  if (settings.mode === "questions") return { key: "gate_questions", until: 0 };
  return null;
}
