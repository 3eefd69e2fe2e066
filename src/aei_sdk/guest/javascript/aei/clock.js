// Time from the host, so that a replay can return what was recorded.

import { monotonic as nanoseconds, now as milliseconds } from "aei:plugin/clock@0.1.0";

export const now = () => Number(milliseconds());
export const monotonic = () => Number(nanoseconds()) / 1e6;
