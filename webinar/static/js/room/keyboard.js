/**
 * The soft keyboard must not push the picture out of sight. Android shrinks the page by itself
 * (`interactive-widget=resizes-content`); iPhones lay the keyboard over it and tell only the visual viewport.
 */

/** @param {HTMLElement} room */
export function keepAboveKeyboard(room) {
  const seen = window.visualViewport;
  if (!seen) return;
  const fit = () => {
    const covered = window.innerHeight - seen.height;
    // Zoomed in by two fingers is not a keyboard.
    if (seen.scale > 1.05 || covered < 80) {
      room.style.removeProperty("--room-height");
      return;
    }
    room.style.setProperty("--room-height", `${Math.round(seen.height)}px`);
    window.scrollTo(0, 0);
  };
  seen.addEventListener("resize", fit);
  seen.addEventListener("scroll", fit);
}
