// Named secrets of the tenant. Needs the permission `secrets`.

import { get as read } from "aei:plugin/secrets@0.1.0";
import { ask } from "./ask.js";

export const get = (name) => ask(read, name);
