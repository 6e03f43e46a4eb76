/* Header fields: Content-Type, Accept and Prefer, read as far as the API needs them. A field that cannot be read counts as not sent, since none of them may
 * make a request fail (RFC 9110 section 12.5.1, RFC 7240 section 2). See call.h. */
#include "api/call.h"

#include "ledger/base/text.h"

#include <string.h>
#include <strings.h>

/* Cuts the next element of a list off *rest, without the white space around it. */
static bool element_next(struct bytes *rest, uint8_t separator, struct bytes *ret) {
    if (!rest->data || rest->len == 0) return false;
    size_t end = bytes_find(*rest, separator, 0);
    struct bytes item = bytes_slice(*rest, 0, end);
    *rest = end < rest->len ? bytes_slice(*rest, end + 1, rest->len) : bytes_of(NULL, 0);
    while (item.len && strchr(" \t", item.data[0])) item = bytes_slice(item, 1, item.len);
    while (item.len && strchr(" \t", item.data[item.len - 1])) {
        item = bytes_slice(item, 0, item.len - 1);
    }
    *ret = item;
    return true;
}

static bool is_name(struct bytes item, const char *name) {
    return item.len == strlen(name) &&
           (item.len == 0 || strncasecmp((const char *)item.data, name, item.len) == 0);
}

bool field_is_media(const char *value, const char *type) {
    if (!value) return false;
    struct bytes rest = bytes_text(value), first;
    return element_next(&rest, ';', &first) && is_name(first, type);
}

/* Thousandths. RFC 9110 section 12.4.2: "qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )"; anything else counts as 1. */
static int quality(struct bytes parameters) {
    struct bytes item;
    while (element_next(&parameters, ';', &item)) {
        if (item.len < 3 || strncasecmp((const char *)item.data, "q=", 2) != 0) continue;
        if (item.data[2] != '0') return 1000;
        int value = 0, digit = 100;
        for (size_t i = 4; i < item.len && digit; i++, digit /= 10) {
            if (item.data[i] < '0' || item.data[i] > '9') return 1000;
            value += (item.data[i] - '0') * digit;
        }
        return value;
    }
    return 1000;
}

static bool is_json_range(struct bytes range) {
    return is_name(range, "application/json") || is_name(range, "application/*") ||
           is_name(range, "application/vnd.qizheng.receipt+json");
}

/* RFC 9110 section 12.5.1: "Media ranges can be overridden by more specific media ranges". JSON wins a tie where it is named. */
bool field_wants_text(const char *accept) {
    if (!accept) return false;
    int text = 0, json = -1, any = 0;
    struct bytes rest = bytes_text(accept), item, range;
    while (element_next(&rest, ',', &item)) {
        if (!element_next(&item, ';', &range)) continue;
        int q = quality(item);
        if (is_name(range, "text/plain") || is_name(range, "text/*")) text = q > text ? q : text;
        if (is_json_range(range)) json = q > json ? q : json;
        if (is_name(range, "*/*")) any = q;
    }
    if (text == 0) return false;
    return json >= 0 ? text > json : text >= any;
}

/* The value behind `=`, without quotes. */
static struct bytes preference_value(struct bytes item) {
    size_t sign = bytes_find(item, '=', 0);
    struct bytes value = sign < item.len ? bytes_slice(item, sign + 1, item.len) : bytes_of("", 0);
    if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"') {
        value = bytes_slice(value, 1, value.len - 1);
    }
    return value;
}

/* RFC 7240 section 2: "If any preference is specified more than once, only the first instance is to be considered." */
struct field_prefer field_prefer(const char *value) {
    struct field_prefer prefer = {false, false, 0};
    struct bytes rest = value ? bytes_text(value) : bytes_of(NULL, 0), item, first;
    while (element_next(&rest, ',', &item)) {
        if (!element_next(&item, ';', &first)) continue;
        struct bytes name = bytes_slice(first, 0, bytes_find(first, '=', 0));
        if (is_name(name, "respond-async")) prefer.is_async = true;
        if (is_name(name, "wait") && !prefer.has_wait) {
            prefer.has_wait = !decimal_parse(preference_value(first), &prefer.wait_s);
        }
    }
    return prefer;
}
