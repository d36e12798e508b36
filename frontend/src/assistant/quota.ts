/** What is left of one's tokens: quiet in the bottom line, plainer from 80 % on, clear at the end. */
import type { Quota } from "./messages";

const LOW_SHARE = 0.2;
const HOUR_MS = 3_600_000;

export interface QuotaLine {
  text: string;
  /** For narrow screens. */
  short: string;
  /** From when on there are more. */
  again: string;
  tone: "calm" | "low" | "out";
  detail: string;
}

const WINDOWS = { day: "today", week: "this week", month: "this month" };

/** Null where there is no limit. `zone`: the reader's own unless a test names another. */
export function quotaLine(quota: Quota, now: Date, locale = "en", zone?: string): QuotaLine | null {
  const { remaining_tokens: left, limit_tokens: limit, resets_at: resets } = quota;
  if (left === null || !limit || !resets) return null;
  const when = WINDOWS[quota.window ?? "day"];
  const whose = quota.payer === "team" ? "Your team's pool. " : "";
  const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
  const smaller = quota.smaller_tokens
    ? ` Beside these, smaller models have ${compact.format(quota.smaller_tokens)} today.`
    : "";
  const from = moment(new Date(resets), now, locale, zone);
  const detail = `${whose}There are more ${from}.${smaller}`;
  const again = `more ${from}`;
  if (left === 0)
    return { text: `No tokens left ${when}`, short: "No tokens left", again, tone: "out", detail };
  const count = compact.format(left);
  const words = { text: `${count} tokens left ${when}`, short: `${count} left`, again };
  if (left > limit * LOW_SHARE) return { ...words, tone: "calm", detail };
  const used = Math.floor((1 - left / limit) * 100);
  return { ...words, tone: "low", detail: `${used} % are used. ${detail}` };
}

function moment(at: Date, now: Date, locale: string, zone?: string): string {
  const time = at.toLocaleTimeString(locale, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
  });
  if (at.getTime() - now.getTime() < 24 * HOUR_MS) return `from ${time}`;
  const day = at.toLocaleDateString(locale, {
    weekday: "long",
    day: "numeric",
    month: "long",
    timeZone: zone,
  });
  return `from ${day}, ${time}`;
}
