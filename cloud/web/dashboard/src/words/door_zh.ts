// 中文：登录页，未登录时加载。
import type { en } from "./door_en";

export const zh: Record<keyof typeof en, string> = {
  "sign_in.with": "通过 {name} 登录",
  "vouched.oidc_failed": "此次无法信任该服务的答复，请重试。",
  "vouched.oidc_late": "用时过长，或不是从此浏览器开始的，请重试。",
  "vouched.oidc_away": "目前无法连接该服务，请稍后重试。",
  "vouched.oidc_no_role": "该服务认识您，但未给您此处的角色，请联系管理员。",
  "vouched.oidc_no_name": "该服务没有提供可用的用户名，请联系管理员。",
  "vouched.oidc_taken": "此用户名在此属于他人，或已被停用，请联系管理员。",
  "sign_in.title": "登录",
  "sign_in.user": "用户名",
  "sign_in.password": "密码",
  "sign_in.go": "登录",
  "sign_in.busy": "正在登录……",
  "sign_in.no_user": "请输入用户名。",
  "sign_in.no_password": "请输入密码。",
  "sign_in.wrong": "用户名或密码不正确，请检查。",
  "sign_in.slow_down": "尝试次数过多，请稍等一分钟。",
  "sign_in.no_answer": "服务没有响应，请稍后再试。",
};
