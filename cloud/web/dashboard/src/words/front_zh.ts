// 中文：最差趋势、快捷键与声音，需要时加载。
import type { en } from "./front_en";

export const zh: Record<keyof typeof en, string> = {
  "trends.title": "最差趋势",
  "trends.none": "没有带正常范围的测量值。",
  "trends.of_day": "{when}",
  "trends.chart": "{name}：{feature}，现在 {value}",
  "trends.count": "货架上的件数",
  "trends.of": "{n} / {capacity}",
  "trends.nothing_yet": "这段时间还没有记录。",
  "keys.title": "键盘快捷键",
  "keys.rows": "下一行、上一行",
  "keys.search": "搜索",
  "keys.close": "关闭",
  "keys.these": "本列表",
  "keys.off_in_menu": "可在菜单中关闭。",
  "habits.keys": "键盘快捷键（按 ? 查看）",
  "habits.sound": "出现新的一级告警时发声",
  "habits.on": "开",
  "habits.off": "关",
  "habits.blocked": "浏览器会在您首次点按本页后允许发声。",
};
