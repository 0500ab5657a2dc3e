// The few words of the public page, apart from the others so that it stays small.
const en = {
  title: "Stock",
  tier: "What {tier} may have",
  at: "As of",
  old: "These figures are older than five minutes.",
  search: "Search articles",
  article: "Article",
  available: "Available",
  expected: "Expected",
  not_known: "not known yet",
  nothing: "No article matches.",
  unknown: "This link is not valid, or not any more. Please ask whoever sent it to you for a new one.",
  away: "The warehouse does not answer. This page tries again every minute.",
};
const zh: typeof en = {
  title: "库存",
  tier: "面向 {tier} 的库存",
  at: "截至",
  old: "这些数据已超过五分钟未更新。",
  search: "搜索物品",
  article: "物品",
  available: "可供数量",
  expected: "预计到货",
  not_known: "尚不清楚",
  nothing: "没有匹配的物品。",
  unknown: "此链接无效或已失效，请向发送者索取新的链接。",
  away: "仓库服务没有响应，本页每分钟重试一次。",
};
export const PUBLIC_WORDS = { en, zh };

/** A day as people write it. A date without a time ("2026-11-28") is that day everywhere. */
export function dayIn(day: string | number, locale: string): string {
  const style = { weekday: "short", day: "numeric", month: "short" } as const;
  return new Intl.DateTimeFormat(locale, typeof day === "string" ? { ...style, timeZone: "UTC" } : style).format(new Date(day));
}
