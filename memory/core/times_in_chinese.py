"""Phrases about time in Chinese (data; written as `time_rules.folded` returns a text)."""

from __future__ import annotations

from memory.core import time_meanings as means
from memory.core.time_rules import HAN_MONTHS, NO_NUMBER, Language, Rule

_WEEK = r"(?:个|個)?(?:周|週|星期|礼拜|禮拜)"
_ALONE = r"(?![一二三四五六日天末])"
_WEEKEND = r"(?:个|個)?(?:周末|週末)"
_NAMES = "(?![一二三四五六七八九十元福][是的叫说說和跟在吗嗎?。,]|报社|报纸|報社|報紙)"
"""Not after `周三` and the like: with it, that is a name or another word."""
_USUALLY = "(?:一般|通常|平时|平時)"
_GIFTS = r"(?!礼物|禮物|树|樹|卡|歌|老人|大餐)"
CHINESE = Language(
    weekdays="一 二 三 四 五 六 日|天",
    months=HAN_MONTHS,
    counts={},
    units={
        "天|日": "days",
        "(?:个|個)?(?:星期|礼拜|禮拜)|周|週": "weeks",
        "(?:个|個)月": "months",
        "年": "years",
    },
    feasts={
        "圣诞节?|聖誕節?": "christmas",
        "平安夜": "christmas eve",
        "元旦": "new year",
        "情人节|情人節": "valentine's day",
        "万圣节|萬聖節": "halloween",
        "春天|春季": "spring",
        "夏天|夏季": "summer",
        "秋天|秋季": "autumn",
        "冬天|冬季": "winter",
    },
    rules=(
        Rule(f"(?:周末|週末).{{0,6}}{_USUALLY}|{_USUALLY}.{{0,6}}(?:周末|週末)", None),
        Rule(f"每{_WEEK}<weekday>?|每隔?(?:天|年|(?:个|個)?月)", None),
        Rule(r"(?:周|週|星期|礼拜|禮拜)<weekday>[到至](?:周|週|星期|礼拜|禮拜)?[一二三四五六日天]", None),
        Rule("(?<![以之])大前天", means.day(-3)),
        Rule("(?<![以之大])前天(?!天)", means.day(-2)),
        Rule("昨天|昨日|昨晚|昨夜", means.day(-1)),
        Rule("今天|今早|今晚|今日|今晨", means.day(0)),
        Rule("明天|明早|明晚|明日", means.day(1)),
        Rule("(?<![今以之大])[后後]天(?!天)", means.day(2)),
        Rule("大[后後]天", means.day(3)),
        Rule("<count><unit>[之以]?前", means.ago),
        Rule("<count><unit>[之以]?[后後]", means.ahead),
        Rule("(?:最近|过去|過去|近)[这這的]?<count><unit>", means.up_to_now),
        Rule("[这這](?=[两兩几幾])<count><unit>", means.up_to_now),
        Rule("(?:未来|未來|接下来|接下來|今后|今後)的?<count><unit>", means.from_now),
        Rule(f"上上{_WEEK}<weekday>", means.weekday_of_week(-2)),
        Rule(f"(?<!上)上{_WEEK}<weekday>", means.weekday_of_week(-1)),
        Rule(f"[这這本]{_WEEK}<weekday>", means.weekday_of_week(0)),
        Rule(f"(?<!下)下{_WEEK}<weekday>", means.weekday_of_week(1)),
        Rule(f"下下{_WEEK}<weekday>", means.weekday_of_week(2)),
        Rule(rf"{NO_NUMBER}(?<![上下这這本每个個])(?:周|週|星期|礼拜|禮拜)<weekday>(?![次回年]){_NAMES}", means.weekday),
        Rule(f"上上{_WEEK}{_ALONE}", means.week(-2)),
        Rule(f"(?<!上)上{_WEEK}{_ALONE}", means.week(-1)),
        Rule(f"[这這本]{_WEEK}{_ALONE}", means.week(0)),
        Rule(f"(?<!下)下{_WEEK}{_ALONE}", means.week(1)),
        Rule(f"(?<!上)上{_WEEKEND}", means.weekend_of_week(-1)),
        Rule(f"[这這本]{_WEEKEND}", means.weekend_of_week(0)),
        Rule(f"(?<!下)下{_WEEKEND}", means.weekend_of_week(1)),
        Rule(r"(?<![上下这這本每个個])(?:周末|週末)", means.weekend),
        Rule("上上(?:个|個)月", means.month_at(-2)),
        Rule("(?<!上)上(?:个|個)?月", means.month_at(-1)),
        Rule("[这這](?:个|個)?月|本月", means.month_at(0)),
        Rule("(?<!下)下(?:个|個)?月", means.month_at(1)),
        Rule("前年", means.year_at(-2)),
        Rule("去年", means.year_at(-1)),
        Rule("今年", means.year_at(0)),
        Rule("明年", means.year_at(1)),
        Rule(r"<year>年(?!\d)", means.year),
        Rule(rf"{NO_NUMBER}(?:<year>年)?<month>(?![是叫])份?(?:初|中旬|底|末)?(?!\d)", means.month),
        Rule("去年的?<month>份?", means.month_of_year(-1)),
        Rule("今年的?<month>份?", means.month_of_year(0)),
        Rule("明年的?<month>份?", means.month_of_year(1)),
        Rule(f"{NO_NUMBER}(?:<year>年)?<month><day>[日号號]", means.date_named),
        Rule("去年的?<month><day>[日号號]", means.date_of_year(-1)),
        Rule(f"(?=圣诞|聖誕|平安夜|元旦|情人|万圣|萬聖)<feast>{_GIFTS}", means.feast("at")),
        Rule("<year>年的?<feast>", means.feast("at")),
        Rule("去年的?<feast>", means.feast_of_year(-1)),
        Rule("今年的?<feast>", means.feast_of_year(0)),
        Rule("明年的?<feast>", means.feast_of_year(1)),
    ),
    may_name="周 週 星期 礼拜 禮拜 天 日 月 年 昨 今 明 圣诞 聖誕 平安夜 元旦 情人 万圣 萬聖",
    ahead="要|会|會|将|將|打算|安排|计划|計劃|预约|預約|准备|準備",
    behind="了|过|過|曾|刚|剛",
    before="",
    after="",
)
