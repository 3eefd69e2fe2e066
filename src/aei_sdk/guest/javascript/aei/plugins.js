// Other plugins, as declared in the manifest's `dependencies`.

import { call as ofHost } from "aei:plugin/plugins@0.1.0";
import { ask } from "./ask.js";

export const call = (plugin, task) => JSON.parse(ask(ofHost, plugin, JSON.stringify(task)));
