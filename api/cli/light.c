/* See light.h. */
#include "api/cli/light.h"

#define QUEUE_BUSY_PERCENT 80

static const struct light_words table[] = {
    {ERR_OK, LIGHT_GREEN, "Records are taken, and receipts are given.",
     "可以办理存证，可以出具回执。", "Nothing needs to be done.", "无需处理。"},
    {ERR_QUEUE_FULL, LIGHT_YELLOW, "Many records are waiting; answers take longer.",
     "排队的记录较多，办理会变慢。",
     "Wait a few minutes and try again; sending twice does no harm.",
     "请等几分钟再试；重复提交不会重复存证。"},
    {ERR_DRAINING, LIGHT_YELLOW, "The node is shutting down, perhaps to start again.",
     "节点正在停机，可能随后重启。",
     "Wait a minute and try again. If it stays like this, call the operator.",
     "请等一分钟再试；若一直如此，请联系运维人员。"},
    {ERR_NO_ORDER, LIGHT_RED, "The node, or what orders its records, does not answer.",
     "节点或其排序服务没有响应。",
     "Receipts can still be verified off line. Try again later and call the operator.",
     "已有回执仍可离线验证。请稍后再试，并联系运维人员。"},
    {ERR_NO_QUORUM, LIGHT_RED, "There is no fresh confirmation: new records get no receipt yet.",
     "近期没有最终确认，新记录暂时拿不到回执。",
     "Receipts that you hold stay valid. Call the operator, and send new records again later.",
     "已有回执继续有效。请联系运维人员，新记录稍后重新提交。"},
    {ERR_DISK_FULL, LIGHT_RED,
     "The disk is full: no new records. Looking up and verifying still work.",
     "磁盘已满，不能办理新的存证；查询和验证不受影响。",
     "Call the operator: room must be made. Nothing was lost; send new records again afterwards.",
     "请联系运维人员清理磁盘。数据没有丢失，之后重新提交新记录即可。"},
    {ERR_DIVERGED, LIGHT_RED, "The node contradicts itself and has stopped signing.",
     "节点数据前后矛盾，已停止签名。",
     "Do not use this node, change nothing on it, and call the operator at once.",
     "请停用该节点，不要改动任何内容，并立即联系运维人员。"},
};
#define TABLE_COUNT (sizeof table / sizeof table[0])

static const struct light_words fault = {
    ERR_INTERNAL,
    LIGHT_RED,
    "The node has a fault and takes no new records.",
    "节点出现故障，不能办理新的存证。",
    "Call the operator. Receipts can still be verified off line.",
    "请联系运维人员；已有回执仍可离线验证。",
};

const char *light_name(enum light light) {
    switch (light) {
    case LIGHT_GREEN: return "green";
    case LIGHT_YELLOW: return "yellow";
    case LIGHT_RED: return "red";
    }
    return "";
}

const char *light_name_zh(enum light light) {
    switch (light) {
    case LIGHT_GREEN: return "绿灯";
    case LIGHT_YELLOW: return "黄灯";
    case LIGHT_RED: return "红灯";
    }
    return "";
}

const struct light_words *light_of(enum err code) {
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (table[i].code == code) return &table[i];
    }
    return &fault;
}

static bool is_busy(const struct json *status) {
    int64_t queue = 0, max = 0;
    if (!json_int(json_member(status, "queue"), &queue)) return false;
    if (!json_int(json_member(status, "queue_max"), &max) || max <= 0 || queue <= 0) return false;
    return queue >= max - max / 100 * (100 - QUEUE_BUSY_PERCENT);
}

const struct light_words *light_judge(const struct json *ready, const struct json *status) {
    bool is_ready = false;
    enum err code = ERR_OK;
    const char *text = json_text(json_member(ready, "code"));
    if (!json_bool(json_member(ready, "ready"), &is_ready)) return &fault;
    if (!is_ready) return text && err_from_code(text, &code) && code ? light_of(code) : &fault;
    return light_of(is_busy(status) ? ERR_QUEUE_FULL : ERR_OK);
}
