// The worst trends, keys and sound; loaded later. Every key here must be in front_zh.ts too.
export const en = {
  "trends.title": "Worst trends",
  "trends.none": "Nothing is measured that has a normal range.",
  "trends.chart": "{name}: {feature}, now {value}",
  "trends.count": "Units on the shelf",
  "keys.title": "Keyboard shortcuts",
  "keys.rows": "next row, row before",
  "keys.search": "search",
  "keys.close": "Close",
  "keys.these": "this list",
  "keys.off_in_menu": "They can be switched off in the menu.",
  "habits.keys": "Keyboard shortcuts (? shows them)",
  "habits.sound": "Sound at a new alert of severity 1",
  "habits.on": "On",
  "habits.off": "Off",
  "habits.blocked": "The browser lets it sound after your first press on this page.",
} as const;
