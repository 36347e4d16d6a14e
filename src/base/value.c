/* value.c - comparing and borrowing text. */
#include <edacious/value.h>

#include <string.h>

eda_str eda_str_from(const char *text)
{
    if (text == NULL) {
        return (eda_str){NULL, 0};
    }
    return (eda_str){text, strlen(text)};
}

bool eda_str_equal(eda_str a, eda_str b)
{
    /* An empty text may have a NULL pointer, which memcmp does not take. */
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int eda_str_compare(eda_str a, eda_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);
    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

eda_str eda_text_str(eda_text text)
{
    return (eda_str){text.ptr, text.len};
}
