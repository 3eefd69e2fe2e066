// Language models through the tenant's gateway. Needs the permission `models`.

import * as host from "aei:plugin/models@0.1.0";
import { ask } from "./ask.js";

export const chat = (model, messages, options = {}) =>
  JSON.parse(ask(host.chat, JSON.stringify({ model, messages, ...options })));

export const embed = (model, texts) => JSON.parse(ask(host.embed, JSON.stringify({ model, input: texts })));
