"""What the replay's page does with keys, run by Node as the browser runs it."""

from __future__ import annotations

from tests.media import scripts

_IMPORTS = """
import assert from "node:assert/strict";
import { Captions } from "./replay/captions.js";
class Place extends EventTarget {
  constructor(value = "", inside = "") { super(); this.value = value; this.inside = inside; }
  setAttribute() {}
  closest(which) { return this.inside && which.split(", ").includes(this.inside) ? this : null; }
}
globalThis.HTMLElement = globalThis.Element = globalThis.HTMLButtonElement = Place;
globalThis.localStorage = { getItem: () => null, setItem() {} };
globalThis.document = Object.assign(new EventTarget(), { body: new Place() });
const buttons = ["", "ko", "en"].map((language) => new Place(language));
const root = { querySelector: (which) => (which.includes("replay=") ? { querySelectorAll: () => buttons } : null) };
const tracks = ["ko", "en"].map((language) => ({ kind: "captions", language, mode: "disabled" }));
new Captions(root, { textTracks: tracks });
function press(key, target = document.body, more = {}) {
  const event = Object.assign(new Event("keydown", { cancelable: true }), { key, ...more });
  Object.defineProperty(event, "target", { value: target });
  document.dispatchEvent(event);
  return tracks.map(({ mode }) => mode === "showing");
}
"""


def test_the_key_of_captions_works_with_caps_lock_too_and_stands_back_where_somebody_types_or_is_asked() -> None:
    scripts.run(
        _IMPORTS,
        """
        assert.deepEqual(press("c"), [true, false]);
        assert.deepEqual(press("C"), [false, true]);
        for (const where of ["dialog", "textarea", "select", "[contenteditable]", "input:not([type=range])"])
          assert.deepEqual(press("c", new Place("", where)), [false, true], where);
        assert.deepEqual(press("c", document.body, { ctrlKey: true }), [false, true]);
        assert.deepEqual(press("x"), [false, true]);
        assert.deepEqual(press("c"), [false, false]);
        """,
    )
