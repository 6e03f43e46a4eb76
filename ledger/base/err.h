/* The one table of errors: FORMATS.md section 6.
 *
 * Every function that can fail returns `enum err`. The same table serves the HTTP API (status and code), the command
 * line (exit status), the logs and the documentation, so a code means one thing everywhere.
 *
 * Three classes, and no others:
 *   REFUSE  the input is at fault; asking again with the same input gives the same answer
 *   RETRY   this node cannot answer now; the same request may succeed later or elsewhere
 *   STOP    going on would risk saying something false; the caller stops and a person looks
 *
 * `struct problem` carries the explanation that a person needs beside the code. It is filled by the function that
 * refuses, once, and travels unchanged to whoever asked. It never holds a name, an id number, a token or a key.
 */
#ifndef QIZHENG_BASE_ERR_H
#define QIZHENG_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* X(NAME, code, http status, class, English title, Chinese title) */
#define ERR_TABLE(X)                                                                               \
    X(OK, "ok", 200, REFUSE, "No error", "成功")                                                   \
    X(MALFORMED_JSON, "malformed_json", 400, REFUSE, "Not strict JSON", "JSON 格式不合要求")       \
    X(JWS, "jws", 400, REFUSE, "Not a well-formed compact JWS", "JWS 格式不合要求")                \
    X(BASE64, "base64", 400, REFUSE, "Not strict base64 or base64url", "Base64 编码不合要求")      \
    X(SIGNATURE_INVALID, "signature_invalid", 400, REFUSE, "The signature does not verify",        \
      "签名验证不通过")                                                                            \
    X(REQUEST, "request", 400, REFUSE, "The request is malformed", "请求格式有误")                 \
    X(TOKEN_MISSING, "token_missing", 401, REFUSE, "A bearer token is needed", "缺少访问令牌")     \
    X(TOKEN_INVALID, "token_invalid", 401, REFUSE, "The token is not valid here", "访问令牌无效")  \
    X(TOKEN_EXPIRED, "token_expired", 401, REFUSE, "The token has expired", "访问令牌已过期")      \
    X(TOKEN_REPLAYED, "token_replayed", 401, REFUSE, "The token was used before",                  \
      "访问令牌已被使用")                                                                          \
    X(ISSUER_UNKNOWN, "issuer_unknown", 403, REFUSE, "The issuer or its key is not registered",    \
      "签发方或其密钥未登记")                                                                      \
    X(ISSUER_SUSPENDED, "issuer_suspended", 403, REFUSE, "The issuer is suspended",                \
      "签发方已被暂停")                                                                            \
    X(KEY_REVOKED, "key_revoked", 403, REFUSE, "The key is revoked or outside its validity",       \
      "密钥已撤销或不在有效期")                                                                    \
    X(ALG_MISMATCH, "alg_mismatch", 403, REFUSE, "The algorithm is not the registered key's",      \
      "算法与登记密钥不符")                                                                        \
    X(ROLE, "role", 403, REFUSE, "The issuer's role does not allow this", "角色无此权限")          \
    X(SCOPE, "scope", 403, REFUSE, "This belongs to another participant",                          \
      "无权处理其他参与方的记录")                                                                  \
    X(NOT_FOUND, "not_found", 404, REFUSE, "No such thing here", "未找到")                         \
    X(NOT_FINAL, "not_final", 404, RETRY, "Not final yet", "尚未最终确认")                         \
    X(METHOD, "method", 405, REFUSE, "This method is not allowed here", "不支持该请求方法")        \
    X(TIMEOUT, "timeout", 408, RETRY, "The request took too long to arrive", "请求超时")           \
    X(STATE, "state", 409, REFUSE, "The record's chain is not in a state that allows this",        \
      "当前状态不允许该操作")                                                                      \
    X(STALE_REF, "stale_ref", 409, REFUSE, "ref is not the head of its chain",                     \
      "所引用的记录已不是最新")                                                                    \
    X(RULE, "rule", 409, REFUSE, "A rule refuses this record", "违反业务规则")                     \
    X(DUPLICATE_TAG, "duplicate_tag", 409, REFUSE, "This was recorded before", "重复记录")         \
    X(TOO_LARGE, "too_large", 413, REFUSE, "Too large", "内容过大")                                \
    X(MEDIA_TYPE, "media_type", 415, REFUSE, "Unsupported media type", "不支持的媒体类型")         \
    X(SCHEMA, "schema", 422, REFUSE, "A member is missing, unknown or of the wrong form",          \
      "字段缺失、未知或格式有误")                                                                  \
    X(PERSONAL_FIELD, "personal_field", 422, REFUSE, "A clear claim holds personal data",          \
      "明文字段含有个人信息")                                                                      \
    X(DISCLOSURE_SUBMITTED, "disclosure_submitted", 422, REFUSE, "A disclosure was submitted",     \
      "不得提交披露内容")                                                                          \
    X(WINDOW, "window", 422, REFUSE, "iat is outside the admission window",                        \
      "签发时间不在受理期限内")                                                                    \
    X(AUDIENCE, "audience", 422, REFUSE, "The record is for another ledger", "记录属于其他账本")   \
    X(QUEUE_FULL, "queue_full", 429, RETRY, "The queue is full", "队列已满")                       \
    X(RATE, "rate", 429, RETRY, "Too many requests", "请求过于频繁")                               \
    X(NO_MEMORY, "no_memory", 503, RETRY, "Out of memory", "内存不足")                             \
    X(NO_ORDER, "no_order", 503, RETRY, "The ordering service does not answer", "排序服务不可用")  \
    X(NO_QUORUM, "no_quorum", 503, RETRY, "Too few nodes cosign", "联署节点不足")                  \
    X(DISK_FULL, "disk_full", 503, RETRY, "The disk is full", "磁盘已满")                          \
    X(DRAINING, "draining", 503, RETRY, "The node is shutting down", "节点正在停机")               \
    X(DIVERGED, "diverged", 503, STOP, "The node has diverged and stopped signing",                \
      "节点数据分歧，已停止签名")                                                                  \
    X(IO, "io", 500, STOP, "A file could not be read or written", "文件读写失败")                  \
    X(CORRUPT, "corrupt", 500, STOP, "Stored data contradict themselves", "存储数据损坏")          \
    X(LOCKED, "locked", 503, STOP, "Another process uses this directory", "目录正被其他进程使用")  \
    X(ROLLBACK, "rollback", 500, STOP, "The data are older than what this key signed",             \
      "数据早于已签名状态")                                                                        \
    X(KEY_MODE, "key_mode", 500, REFUSE, "A key file is readable by others", "密钥文件权限过宽")   \
    X(KEY, "key", 400, REFUSE, "Not a usable key", "密钥无法使用")                                 \
    X(CONFIG, "config", 500, REFUSE, "The configuration is not valid", "配置有误")                 \
    X(PROTOCOL, "protocol", 500, STOP, "The ledger needs a newer program", "账本协议版本过新")     \
    X(NOTE, "note", 400, REFUSE, "Not a valid signed note", "签名文本格式有误")                    \
    X(CHECKPOINT, "checkpoint", 400, REFUSE, "Not a valid checkpoint", "检查点格式有误")           \
    X(POLICY, "policy", 400, REFUSE, "Not a valid policy, or not met", "验证策略有误或未满足")     \
    X(PROOF, "proof", 422, REFUSE, "The proof does not verify", "证明验证不通过")                  \
    X(DISCLOSURE, "disclosure", 400, REFUSE, "A disclosure is malformed or not in the record",     \
      "披露内容与记录不符")                                                                        \
    X(RECEIPT, "receipt", 400, REFUSE, "Not a valid receipt", "回执格式有误")                      \
    X(BATCH, "batch", 400, REFUSE, "Not a valid batch envelope", "批次格式有误")                   \
    X(INTERNAL, "internal", 500, STOP, "An internal error", "内部错误")

#define ERR_ENUM(name, code, status, class, title, zh) ERR_##name,
enum err { ERR_TABLE(ERR_ENUM) ERR_COUNT };
#undef ERR_ENUM

enum err_class { ERR_CLASS_REFUSE, ERR_CLASS_RETRY, ERR_CLASS_STOP };

#define MUST_CHECK __attribute__((warn_unused_result))

/* Why something was refused. All strings are NUL-terminated, truncated where too long, empty where not applicable. */
struct problem {
    enum err err;
    char detail[384]; /* one English sentence or two: what happened, and what to do */
    char pointer[96]; /* RFC 6901 JSON Pointer into the payload at fault */
    char rule[16];    /* rule id such as "LC-03" */
    char law[128];    /* the article the rule stands on, in Chinese */
};

const char *err_code(enum err err); /* "stale_ref"; never NULL */
int err_status(enum err err);       /* HTTP status */
enum err_class err_class(enum err err);
const char *err_title(enum err err);    /* English */
const char *err_title_zh(enum err err); /* Chinese */
/* The error whose code is `code`; false where there is none. */
bool err_from_code(const char *code, enum err *ret);

/* Fill *problem (which may be NULL) with err and a formatted detail, clearing its other members. Returns err, so that a
 * refusal reads `return problem_set(ret_why, ERR_SCHEMA, "...")`. */
enum err problem_set(struct problem *problem, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, and the RFC 6901 pointer of the member at fault. */
enum err problem_at(struct problem *problem, enum err err, const char *pointer, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));

#endif
