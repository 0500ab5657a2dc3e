"""Chinese (simplified): the rules."""

from __future__ import annotations

from cloud.alerts.words import Language, Words
from cloud.alerts.words.phrases_zh import CODES, PHRASES

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
    "gateway_silent": Words("网关失联", "请检查其供电和网络。期间收到的数据它会保存。", ("最近通信 {last_seen_ms}",)),
    "goods_aside": Words(
        "货物等待签字",
        "请在“冷链”中查看该超限记录，逐批签字：放行或报废。",
        (
            "{lots} 个批次，共 {units} 件",
            "隔离于 {aside_ms}",
        ),
    ),
    "room_unwatched": Words(
        "库房温度无人可见",
        "请立即人工测温，再检查温度计的电源、电池和连接。",
        (
            "有 {lots} 个批次",
            "最后收到 {heard_ms}",
        ),
    ),
    "incomplete": Words(
        "网关有报告缺失", "请运行 `python -m cloud completeness`，它会说明缺什么以及原因。", ("缺 {missing} 条",)
    ),
    "refrigeration_capacity": Words(
        "制冷能力下降",
        "请在库房升温之前安排检修；先清洁盘管、查看风机。",
        (
            "制冷能力已损失 {capacity_lost_pct}%",
            "预计 {days_mid} 天后达到极限（{days_low} 至 {days_high}）|最早 {days_low} 天后达到极限",
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
        ("已用 {used_pct}%",),
    ),
    "not_acknowledging": Words("网关无法存储数据", "请立即检查其磁盘：已满、只读或损坏。设备会尽量保存数据。"),
    "broker_away": Words("网关连不上消息代理", "请检查 MQTT 消息代理是否运行、网络是否正常。"),
    "clock_wrong": Words("网关时钟有误", "请校准时钟，并让它跟随时间服务器。", ("偏差 {off_s} 秒",)),
    "service_away": Words(
        "网关曾与服务断开",
        "它会自行工作，连接恢复后补发所存数据；请检查连接。",
        ("{silent_s} 秒无联系", "{backlog} 条报告等待发送"),
    ),
    "below_reorder_point": Words(
        "低于再订货点",
        "请查看为何还没有人订货；批准需求或下单。",
        (
            "现有与在途 {projected}，再订货点 {reorder_point}",
            "可用 {cover_days} 天",
            "缺货风险 {risk_pct}%",
            "在途 {on_order}",
            "日需求 {daily_demand}",
            "现有 {on_hand}",
        ),
    ),
    "backlog": Words(
        "服务中积压较多",
        "请查看存储或链路为何变慢；未达上限前数据不会丢。",
        (
            "已用 {used_pct}%",
            "等待 {waiting}，上限 {most}",
        ),
    ),
    "battery_low": Words(
        "电池将耗尽",
        "下次巡检时请更换。",
        (
            "剩余 {battery_pct}%",
            "约 {days} 天后耗尽",
            "{finding}",
        ),
    ),
    "disk_low": Words(
        "磁盘将满",
        "请腾出空间或缩短保存期；磁盘满后无法存储。",
        (
            "已用 {used_pct}%",
            "剩余 {free_mb} MB",
            "可用 {days_left} 天",
        ),
    ),
    "door_open": Words(
        "门未关",
        "请关门，货物正在升温。",
        (
            "自 {open_ms} 起敞开",
            "已敞开 {open_min} 分钟",
        ),
    ),
    "expiry": Words(
        "货物无法在到期前售出",
        "请优先销售或转移；取出已过期的货物。",
        (
            "批次 {lot}",
            "{units} 件，剩 {days} 天",
            "已过期 {expired}",
            "涉及 {at_stake}",
            "价值 {value}",
            "{lots} 个批次",
        ),
    ),
    "forecast_off": Words(
        "预测有偏差",
        "请查看有何变化：价格、季节或客户。",
        (
            "预测 {told}，实际 {came}",
            "{days} 天内偏差 {off_pct}%",
            "共 {skus} 个类似 SKU",
        ),
    ),
    "machine_health": Words(
        "机器运行异常",
        "请在停机之前安排检修。",
        (
            "{fault}",
            "健康度 {health_pct}%",
            "{feature} {value}，通常 {normal_low} 至 {normal_high}",
            "约剩 {days_mid} 天（{days_low} 至 {days_high}）|至少剩 {days_low} 天",
        ),
    ),
    "misplaced_item": Words(
        "货物放错位置",
        "请放回原货位。",
        (
            "{units} 件 {name}",
            "应在 {slot_zone}",
            "{tags} 个标签",
        ),
    ),
    "overstock": Words(
        "库存过多",
        "请少订货；或许邻近站点用得上。",
        (
            "现有 {available}，{order_up_to} 已足够",
            "多出 {over_units}",
            "可用 {cover_days} 天",
            "价值 {value}",
        ),
    ),
    "reader_read_rate": Words(
        "读写器读取变少",
        "请查看其天线与线缆，否则标签会像丢失一样。",
        (
            "{fault}",
            "每分钟 {reads_min} 次，通常 {usual_reads_min} 次",
            "健康度 {health_pct}%",
            "天线 {antenna}",
        ),
    ),
    "refrigeration_fault": Words(
        "制冷设备有故障",
        "请在库房升温之前检修。",
        (
            "{fault}",
            "健康度 {health_pct}%",
            "约剩 {days_mid} 天（{days_low} 至 {days_high}）|至少剩 {days_low} 天",
            "运行占比 {duty}",
        ),
    ),
    "sensor_drift": Words(
        "传感器漂移",
        "请与可靠的传感器比对，其读数偏差在增大。",
        (
            "{finding}",
            "{remedy}",
            "每天 {per_day}",
        ),
    ),
    "sensor_noisy": Words(
        "传感器噪声大",
        "请检查插头、线缆与安装。",
        (
            "{finding}",
            "{remedy}",
            "噪声为平时的 {times} 倍",
        ),
    ),
    "sensor_silent": Words(
        "设备某通道无数据",
        "请检查其插头与线缆。",
        (
            "{finding}",
            "{remedy}",
            "已 {minutes} 分钟",
        ),
    ),
    "sensor_stuck": Words(
        "传感器读数卡住",
        "请重启或更换，否则它该报的情况不会被发现。",
        (
            "{finding}",
            "{remedy}",
            "已 {hours} 小时",
        ),
    ),
    "shrinkage": Words(
        "货物反复丢失",
        "请查看谁常经过那里，并更频繁地清点。",
        (
            "{days} 天内 {times} 次共丢失 {units} 件",
            "计数误差可解释 {usual_units}",
            "价值 {value}",
            "位于 {slot}",
        ),
    ),
    "supplier_late": Words(
        "供应商延迟",
        "请询问何时到货，以免有人等货。",
        (
            "迟 {days_late} 天",
            "{orders} 个订单，最早为 {order}",
            "{units} 件",
            "{skus} 个 SKU，最急为 {sku}",
        ),
    ),
    "temperature_ahead": Words(
        "库房即将到达限值",
        "请关门或转移货物，还来得及。",
        (
            "{celsius} °C，限值 {limit_c} °C",
            "约 {to_limit_min} 分钟后",
            "有 {lots} 个批次",
        ),
    ),
    "temperature_breach": Words(
        "货物曾过热或过冷",
        "请隔离货物，需有人决定如何处理。",
        (
            "{celsius} °C，限值 {limit_c} °C",
            "最差 {peak_c} °C",
            "超出 {outside_min} 分钟",
            "{why}",
            "有 {lots} 个批次，{undecided} 个待决定",
            "同时超出：{also}",
        ),
        (
            ("high", "货物曾过热"),
            ("low", "货物曾过冷"),
        ),
    ),
    "temperature_excursion": Words(
        "库房超出限值",
        "请关好门，确认制冷在运行。货物尚可承受。",
        (
            "{celsius} °C，限值 {limit_c} °C",
            "最差 {peak_c} °C",
            "超出 {outside_min} 分钟",
            "有 {lots} 个批次",
            "同时超出：{also}",
        ),
        (
            ("high", "库房过热"),
            ("low", "库房过冷"),
        ),
    ),
    "theft": Words(
        "货物离开但无人拣货",
        "请到门口查看，问问谁经过。",
        (
            "{units} 件 {name}",
            "经 {gate}，{left_ms}",
            "已拣 {picked} 件",
        ),
    ),
    "zone_dark": Words(
        "多台设备同时失联",
        "请检查那里是否断电或断网。",
        (
            "{of} 台设备中 {devices} 台",
            "自 {lost_ms} 起",
            "经 {through}",
        ),
    ),
    "work_overrun": Words(
        "计划的工作未按时完成",
        "请询问现场人员；那里的告警会重新通知。",
        (
            "工单 {order}",
            "{late}",
            "应于 {until_ms} 结束",
            "由 {assigned_to} 负责",
        ),
    ),
    "rule_asks_tuning": Words(
        "某规则误报过多",
        "请在站点文件的 [tuning] 中调整；在此之前它只显示、不通知，之后重新评判。",
        (
            "{right} 次正确，{wrong} 次有误",
            "正确率至多 {high}，要求 {floor}",
        ),
    ),
}

CHINESE = Language(_RULES, CODES, PHRASES)
