// Text files in the granted area. Needs the permission `filesystem`.

import * as host from "aei:plugin/files@0.1.0";
import { ask } from "./ask.js";

export const read = (path) => ask(host.read, path);
export const listing = (folder) => JSON.parse(ask(host.list, folder));

export function write(path, content) {
  ask(host.write, path, content);
}

export function remove(path) {
  ask(host.delete, path);
}
