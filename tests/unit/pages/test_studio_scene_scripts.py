"""What viewers see of what a presenter has, run by Node as the browser runs it."""

from __future__ import annotations

from tests.media import scripts

_SCENE = """
import assert from "node:assert/strict";
import { START, changed, plan, possible, showsSlides, silenced } from "./studio/scene.js";
const having = (scene, ...names) =>
  changed(scene, Object.fromEntries(["camera", "screen", "slides"].map((name) => [name, names.includes(name)])));
const chosen = (scene, layout) => { assert.ok(possible(scene, layout)); return { ...scene, layout }; };
"""

_FRAME = """
import assert from "node:assert/strict";
import { parts, placed } from "./studio/frame.js";
"""


def test_one_source_goes_out_as_it_is_and_several_are_composed() -> None:
    scripts.run(
        _SCENE,
        """
        const camera = having(START, "camera");
        assert.deepEqual(plan(camera), { way: "direct", source: "camera" });
        const both = having(camera, "camera", "screen");
        assert.deepEqual(plan(both), { way: "direct", source: "screen" });
        assert.deepEqual(plan(chosen(both, "side")), { way: "composed" });
        assert.deepEqual(plan(chosen(both, "corner")), { way: "composed" });
        assert.deepEqual(plan(having(START, "slides")), { way: "composed" });
        assert.deepEqual(plan(START), { way: "none" });
        """,
    )


def test_what_is_shared_is_shown_and_beside_the_camera_it_is_seen_already() -> None:
    scripts.run(
        _SCENE,
        """
        const slides = having(having(START, "camera"), "camera", "slides");
        assert.equal(slides.layout, "content");
        const corner = chosen(slides, "corner");
        const screen = having(corner, "camera", "slides", "screen");
        assert.deepEqual([screen.layout, screen.content], ["corner", "screen"]);
        assert.equal(showsSlides(screen), false);
        assert.equal(showsSlides({ ...screen, content: "slides" }), true);
        """,
    )


def test_what_goes_makes_room_for_what_is_left() -> None:
    scripts.run(
        _SCENE,
        """
        const all = chosen(having(having(START, "camera"), "camera", "screen", "slides"), "side");
        const without = having({ ...all, content: "screen" }, "camera", "slides");
        assert.deepEqual([without.layout, without.content], ["side", "slides"]);
        assert.equal(having(without, "slides").layout, "content");
        assert.equal(having(without, "camera").layout, "camera");
        assert.deepEqual(plan(having(without)), { way: "none" });
        """,
    )


def test_the_holding_picture_stays_whatever_comes_and_goes_and_may_be_heard() -> None:
    scripts.run(
        _SCENE,
        """
        const held = chosen(having(START, "camera"), "hold");
        assert.deepEqual([silenced(held), plan(held).way], [true, "composed"]);
        assert.equal(having(held, "camera", "screen").layout, "hold");
        assert.equal(having(held).layout, "hold");
        assert.equal(silenced({ ...held, silent: false }), false);
        """,
    )


def test_every_part_lies_on_the_canvas_and_the_camera_in_the_corner_it_was_put_in() -> None:
    scripts.run(
        _FRAME,
        """
        for (const layout of ["camera", "content", "side", "corner", "hold"])
          for (const corner of ["tl", "tr", "bl", "br"])
            for (const { box } of parts(layout, corner, 1280, 720)) {
              assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.w <= 1280 && box.y + box.h <= 720, layout + corner);
            }
        const where = (corner) => parts("corner", corner, 1280, 720)[1].box;
        assert.ok(where("tl").x < 640 && where("tl").y < 360);
        assert.ok(where("br").x > 640 && where("br").y > 360);
        assert.ok(where("tr").x > 640 && where("bl").y > 360);
        const [content, camera] = parts("side", "br", 1280, 720).map((part) => part.box);
        assert.ok(content.x + content.w < camera.x);
        """,
    )


def test_a_picture_is_letterboxed_or_cut_and_never_stretched() -> None:
    scripts.run(
        _FRAME,
        """
        const box = { x: 100, y: 50, w: 400, h: 300 };
        assert.deepEqual(placed(box, 1600, 900, false).to, { x: 100, y: 88, w: 400, h: 225 });
        assert.deepEqual(placed(box, 600, 900, false).to, { x: 200, y: 50, w: 200, h: 300 });
        for (const [w, h] of [[1280, 720], [480, 640], [300, 300]]) {
          const { from, to } = placed(box, w, h, true);
          assert.deepEqual(to, box);
          assert.ok(Math.abs(from.w / from.h - 4 / 3) < 1e-9);
          assert.ok(from.x >= 0 && from.y >= 0 && from.x + from.w <= w + 1e-9 && from.y + from.h <= h + 1e-9);
        }
        """,
    )


def test_a_long_title_is_broken_between_words_and_ends_in_dots() -> None:
    scripts.run(
        """
        import assert from "node:assert/strict";
        import { wrapped } from "./studio/painter.js";
        const on = { measureText: (text) => ({ width: text.length }) };
        """,
        """
        assert.deepEqual(wrapped(on, "Short", 20, 2), ["Short"]);
        assert.deepEqual(wrapped(on, "The spring conference of 2027", 20, 2), ["The spring", "conference of 2027"]);
        assert.deepEqual(wrapped(on, "가나다라마바사아자차카타파하", 5, 2), ["가나다라마", "바사아자…"]);
        assert.deepEqual(wrapped(on, "", 5, 2), []);
        """,
    )


def test_a_slide_is_called_by_its_largest_text() -> None:
    scripts.run(
        """
        import assert from "node:assert/strict";
        import { titleOf } from "./studio/pdf.js";
        """,
        """
        const line = (str, height, hasEOL = true) => ({ str, height, hasEOL });
        const page = [line("Hospital Seoul", 10), line("Heart ", 40, false), line("failure", 40), line("Dr Kim", 18)];
        assert.equal(titleOf(page), "Heart failure");
        assert.equal(titleOf([line("심부전의", 36), line("치료", 36), line("본문", 12)]), "심부전의 치료");
        assert.equal(titleOf([line("  ", 80), line("Text", 12)]), "Text");
        assert.equal(titleOf([]), "");
        """,
    )


def test_slides_are_a_picture_to_go_live_with() -> None:
    scripts.run(
        'import assert from "node:assert/strict"; import { picture } from "./studio/check.js";',
        """
        const none = { camera: null, screen: null };
        const small = { getSettings: () => ({ height: 360 }) };
        assert.deepEqual(picture(none, false), ["open", "check_no_picture"]);
        assert.deepEqual(picture(none, true), ["good", "check_slides"]);
        assert.deepEqual(picture({ camera: small, screen: null }, true), ["warn", "check_small_picture"]);
        """,
    )
