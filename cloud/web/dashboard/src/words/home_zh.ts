// 中文：网关自己的页面。
import type { en } from "./home_en";

export const zh: Record<keyof typeof en, string> = {
  "home.title": "网关",
  "home.how": "运行状况",
  "home.live": "实时",
  "home.stale": "自 {time} 起无应答",
  "home.as_then": "以下均为 {time} 时的情况。",
  "home.skip": "跳到内容",
  "home.may": "已登录",
  "home.enter": "登录",
  "home.leave": "退出",
  "home.token": "此网关的令牌",
  "home.where": "在网关状态文件夹的 keys/api-token 文件中。",
  "home.wrong": "这不是此网关的令牌，请检查。",
  "home.sign_in_first": "从其他机器查看请先登录。",
  "home.plain": "简版页面：告警数据、补货建议、房间",
  "home.stock": "此网关清点的库存",
  "home.seek": "查找货位或货品",
  "home.slot": "货位",
  "home.count": "现存",
  "home.book": "账面",
  "home.evidence": "最新依据",
  "home.range": "{low} 至 {high}",
  "home.units": "件",
  "home.differs": "不符",
};
