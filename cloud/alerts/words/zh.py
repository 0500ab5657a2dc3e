"""Chinese (simplified)."""

from __future__ import annotations

from cloud.alerts.words import Language, Words

_RULES: dict[str, Words] = {
    "zone_temperature": Words(
        "温度超出范围",
        "请关好门，确认制冷在运行；若温度不回落，请转移需冷藏的货物。",
        ("{value}，限值 {limit}",),
        (("high", "温度高于上限"), ("low", "温度低于下限")),
    ),
    "zone_humidity": Words(
        "湿度超出范围",
        "请查看门是否敞开、是否漏水或地面潮湿。",
        ("{value}，限值 {limit}",),
        (("high", "湿度高于上限"), ("low", "湿度低于下限")),
    ),
    "device_silent": Words("设备失联", "请检查供电和网络；电池可能已耗尽。", ("{state}", "最近通信 {last_seen_ms}")),
    "device_sick": Words(
        "传感器需要维护", "路过时请看一下，它的读数可能不准。", ("{finding}", "{remedy}", "已 {hours} 小时")
    ),
    "gateway_silent": Words("网关失联", "请检查其供电和网络。期间收到的数据它会保存。", ("最近通信 {last_seen_ms}",)),
    "incomplete": Words(
        "网关有报告缺失", "请运行 `python -m cloud completeness`，它会说明缺什么以及原因。", ("缺 {missing} 条",)
    ),
    "refrigeration_capacity": Words(
        "制冷能力下降",
        "请在库房升温之前安排检修；先清洁盘管、查看风机。",
        (
            "制冷能力已损失 {capacity_lost_pct} %",
            "自 {loss_since_ms} 起",
            "预计 {days_to_limit} 天后达到极限",
            "（{days_low} 至 {days_high}）",
            "运行占比 {duty}，预期 {duty_expected}",
        ),
    ),
    "stock_differs": Words(
        "账面库存有误", "请清点该货位并更正账面。", ("账面 {booked}", "实际 {count}", "在 {low} 与 {high} 之间")
    ),
    "stock_out": Words("缺货", "请查看是否有在途货物，否则请订货。", ("在途 {on_order}", "日需求 {daily_demand}")),
    "stock_unknown": Words("库存无法计数", "请查看该货位，取走不属于那里的东西。", ("{reason}", "{remedy}")),
    "outbox_full": Words(
        "网关待发送数据即将占满空间",
        "请恢复它与服务的连接；占满后它会精简读数，但不会丢弃事件。",
        ("已用 {used_pct} %",),
    ),
    "not_acknowledging": Words("网关无法存储数据", "请立即检查其磁盘：已满、只读或损坏。设备会尽量保存数据。"),
    "broker_away": Words("网关连不上消息代理", "请检查 MQTT 消息代理是否运行、网络是否正常。"),
    "clock_wrong": Words("网关时钟有误", "请校准时钟，并让它跟随时间服务器。", ("偏差 {off_s} 秒",)),
    "service_away": Words(
        "网关曾与服务断开", "它会自行工作，连接恢复后补发所存数据；请检查连接。", ("{backlog} 条报告等待发送",)
    ),
}

_CODES: dict[str, str] = {
    "silent": "无信号",
    "offline": "已关机或断开",
    "stuck": "读数不变",
    "drift": "漂移",
    "noise": "噪声大",
    "battery": "电池将耗尽",
    "battery_low": "电池将耗尽",
    "restart_device": "请重启",
    "foreign_object": "有其他物品",
    "look": "请查看",
}

_PHRASES: dict[str, str] = {
    "urgent": "紧急：",
    "critical": "",
    "news": "",
    "digest": "上次通知以来：",
    "again": "仍未处理：",
    "over": "已解除：",
    "assigned": "请您处理：",
    "tuning": "需要调整：",
    "test": "测试：",
    "where": "{what} - {where}",
    "many": "{n} 条告警：{first}",
    "severity.1": "紧急",
    "severity.2": "严重",
    "severity.3": "轻微",
    "how_bad": "{figures}。严重程度：{severity}。",
    "bare": "严重程度：{severity}。",
    "since": "自 {when} 起（{ago}）。",
    "advice": "怎么办：{advice}",
    "next": "还没有人接手，所以也请您看一下。",
    "over_text": "无需再处理。谢谢。",
    "over_ago": "自 {when} 起，现已解除。",
    "group": "{n} 个 {what}：{subjects}",
    "one": "{what}：{subjects}",
    "more": "等，另有 {n} 个",
    "listed": "- {line}，自 {when} 起",
    "link": "我来处理：{url}",
    "no_link": "请在看板的“告警”页面确认。",
    "assigned_text": "{by} 请您处理。",
    "assigned_note": "{by} 请您处理：{note}",
    "tuning_title": "规则 {rule}",
    "tuning_text": "人们认为其告警有 {precision} % 正确，至少应为 {floor} %。在调整之前（站点文件的 [tuning]），"
    "它只显示、不通知。",
    "tuning_safety": "人们认为其告警有 {precision} % 正确，至少应为 {floor} %。请在站点文件的 [tuning] 中调整。"
    "因涉及安全，它仍会照常通知。",
    "test_title": "您能看到这条消息吗？",
    "test_text": "这是 {site} 的通知测试。一切正常，无需处理。",
    "again_maybe": "（您可能已收到过此消息：发送时服务中断。）",
    "minutes": "{n} 分钟",
    "hours": "{n} 小时",
    "days": "{n} 天",
    "now": "刚刚",
    "list": "、",
    "never": "从未",
    "page.title": "接手告警",
    "page.ask": "{name}，由您来处理吗？",
    "page.button": "我来处理",
    "page.hint": "之后不再呼叫其他人。",
    "page.done": "谢谢，{name}。已由您接手，不再呼叫其他人。",
    "page.taken": "{by} 已经接手。谢谢您查看。",
    "page.over": "已解除，无需再处理。谢谢。",
    "page.used": "此链接已使用过，事情已办妥。",
    "page.old": "此链接已过期，请打开看板。",
    "page.unknown": "此链接无效或不完整，请打开看板。",
    "page.many": "尝试过多，请等几分钟。",
    "page.later": "暂时无法保存，请一分钟后再点一次。",
}

CHINESE = Language(_RULES, _CODES, _PHRASES)
