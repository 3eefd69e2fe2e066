// The installation's configuration.

import { get as text } from "aei:plugin/config@0.1.0";

export const get = () => JSON.parse(text());
