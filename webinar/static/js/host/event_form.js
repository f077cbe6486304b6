// A new event starts in the host's own time zone, when the list knows it.
import { ownZone } from "../common/time.js";
import { startOwnTime } from "./own_time.js";
import { startUnsaved } from "./unsaved.js";

const select = document.querySelector("select[data-own-zone]");
// After a refused form the page is a 422 with what was typed: that choice stays.
const refused = document.querySelector(".problems") !== null;
if (select instanceof HTMLSelectElement && !refused) {
  const zone = ownZone();
  if ([...select.options].some((option) => option.value === zone)) select.value = zone;
}
startOwnTime();
startUnsaved();
