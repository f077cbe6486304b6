// What every page has: each module looks for its own marks and leaves the rest alone.
import { startConfirms } from "./confirm.js";
import { startCopies } from "./copy.js";
import { startForms } from "./forms.js";
import { idle } from "./idle.js";
import { startMenus } from "./menu.js";
import { startReveals } from "./reveal.js";
import { startThemes } from "./theme.js";
import { startTimes } from "./time.js";
import { startToasts } from "./toast.js";

startThemes();
startMenus();
startToasts();
startCopies();
startReveals();
startForms();
startConfirms();
// A browser's first format of a time takes long.
idle(() => startTimes(document));
