// The settings of an event: each module looks for its own marks.
import { startColours } from "./colour.js";
import { startFiles } from "./files.js";
import { startOwnTime } from "./own_time.js";
import { startRows } from "./rows.js";
import { startUnsaved } from "./unsaved.js";

startRows();
startColours();
startFiles();
startOwnTime();
startUnsaved();
