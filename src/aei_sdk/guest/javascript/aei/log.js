// Lines for whoever runs the plugin. The host caps their total size.

import { log as write } from "aei:plugin/log@0.1.0";

export const debug = (message) => write("debug", String(message));
export const info = (message) => write("info", String(message));
export const warn = (message) => write("warn", String(message));
export const error = (message) => write("error", String(message));
