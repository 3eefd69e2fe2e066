// How far the work has come, shown live.

import { report } from "aei:plugin/progress@0.1.0";

export const progress = (fraction, message = "") => report(Number(fraction), String(message));
