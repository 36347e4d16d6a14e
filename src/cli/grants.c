/* grants.c - see grants.h. */
#include "cli/grants.h"

#include <string.h>

#include "base/memory.h"
#include "cli/text.h"

/* --- what is owned --- */

static char *copy_text(eda_str text)
{
    char *copy = edai_alloc(text.len + 1);

    if (copy != NULL) {
        memcpy(copy, text.ptr, text.len);
        copy[text.len] = '\0';
    }
    return copy;
}

/* Room for one more of what a list of `count` holds; it grows when that is a power of two. */
static void *grow(void *items, size_t count, size_t size)
{
    bool is_full = (count & (count - 1)) == 0;

    return is_full ? edai_realloc(items, (count == 0 ? 1 : 2 * count) * size) : items;
}

static void free_key(eda_str key)
{
    union {
        const char *borrowed;
        char *own;
    } text = {.borrowed = key.ptr};

    edai_free(text.own);
}

void edai_grants_fini(edai_grants *grants)
{
    for (size_t i = 0; i < grants->role_count; i++) {
        for (size_t act = 0; act < EDAI_ACT_MAX; act++) {
            const edai_keys *keys = &grants->roles[i].keys[act];

            for (size_t j = 0; j < keys->count; j++) {
                free_key(keys->items[j]);
            }
            edai_free(keys->items);
        }
        edai_free(grants->roles[i].name);
    }
    for (size_t i = 0; i < grants->subject_count; i++) {
        edai_free(grants->subjects[i].name);
        edai_free(grants->subjects[i].roles);
    }
    edai_free(grants->roles);
    edai_free(grants->subjects);
    *grants = (edai_grants){.role_count = 0};
}

/* --- building --- */

eda_status edai_grants_role(edai_grants *grants, eda_str name, size_t *ret_role)
{
    for (size_t i = 0; i < grants->role_count; i++) {
        if (eda_str_equal(eda_str_from(grants->roles[i].name), name)) {
            *ret_role = i;
            return EDA_OK;
        }
    }
    if (grants->role_count == EDAI_GRANTS_ROLES_MAX) {
        return EDA_ELIMIT;
    }
    edai_role *roles = grow(grants->roles, grants->role_count, sizeof *roles);
    if (roles == NULL) {
        return EDA_ENOMEM;
    }
    grants->roles = roles;
    roles[grants->role_count] = (edai_role){.name = copy_text(name)};
    if (roles[grants->role_count].name == NULL) {
        return EDA_ENOMEM;
    }
    *ret_role = grants->role_count++;
    return EDA_OK;
}

eda_status edai_grants_allow(edai_grants *grants, size_t role, edai_act act, eda_str key)
{
    edai_keys *keys = &grants->roles[role].keys[act];
    size_t at = 0;

    while (at < keys->count && eda_str_compare(keys->items[at], key) < 0) {
        at++;
    }
    if (at < keys->count && eda_str_equal(keys->items[at], key)) {
        return EDA_OK;
    }
    if (keys->count == EDAI_GRANTS_KEYS_MAX) {
        return EDA_ELIMIT;
    }
    eda_str *items = grow(keys->items, keys->count, sizeof *items);
    if (items == NULL) {
        return EDA_ENOMEM;
    }
    keys->items = items;
    char *copy = copy_text(key);
    if (copy == NULL) {
        return EDA_ENOMEM;
    }
    memmove(items + at + 1, items + at, (keys->count - at) * sizeof *items);
    items[at] = (eda_str){.ptr = copy, .len = key.len};
    keys->count++;
    return EDA_OK;
}

bool edai_grants_is_empty(const edai_grants *grants, size_t role)
{
    for (size_t act = 0; act < EDAI_ACT_MAX; act++) {
        if (grants->roles[role].keys[act].count > 0) {
            return false;
        }
    }
    return true;
}

static eda_status find_subject(
    edai_grants *grants, eda_str name, bool is_user, edai_subject **ret_subject)
{
    for (size_t i = 0; i < grants->subject_count; i++) {
        edai_subject *one = &grants->subjects[i];

        if (one->is_user == is_user && eda_str_equal(eda_str_from(one->name), name)) {
            *ret_subject = one;
            return EDA_OK;
        }
    }
    if (grants->subject_count == EDAI_GRANTS_SUBJECTS_MAX) {
        return EDA_ELIMIT;
    }
    edai_subject *subjects = grow(grants->subjects, grants->subject_count, sizeof *subjects);
    if (subjects == NULL) {
        return EDA_ENOMEM;
    }
    grants->subjects = subjects;
    edai_subject *made = &subjects[grants->subject_count];
    *made = (edai_subject){.name = copy_text(name), .is_user = is_user};
    if (made->name == NULL) {
        return EDA_ENOMEM;
    }
    grants->subject_count++;
    *ret_subject = made;
    return EDA_OK;
}

eda_status edai_grants_give(edai_grants *grants, eda_str name, bool is_user, size_t role)
{
    edai_subject *subject = NULL;

    EDA_TRY(find_subject(grants, name, is_user, &subject));
    for (size_t i = 0; i < subject->role_count; i++) {
        if (subject->roles[i] == role) {
            return EDA_OK;
        }
    }
    size_t *roles = grow(subject->roles, subject->role_count, sizeof *roles);
    if (roles == NULL) {
        return EDA_ENOMEM;
    }
    subject->roles = roles;
    roles[subject->role_count++] = role;
    return EDA_OK;
}

/* --- writing --- */

/* How Zenoh names what an act takes. What comes in is what the subject sends. A writer hears
 * who subscribes, whoever asks hears who answers: without it peers send nothing. */
typedef struct permit {
    edai_act act;
    const char *name; /* of the rule, behind the role's */
    const char *messages;
    const char *flows;
} permit;

static const permit permits[] = {{EDAI_ACT_PUBLISHES, "publishes", "\"put\"", "\"ingress\""},
    {EDAI_ACT_PUBLISHES, "sees who receives", "\"declare_subscriber\"", "\"egress\""},
    {EDAI_ACT_RECEIVES, "subscribes", "\"declare_subscriber\"", "\"ingress\""},
    {EDAI_ACT_RECEIVES, "receives", "\"put\"", "\"egress\""},
    {EDAI_ACT_ASKS, "asks", "\"query\"", "\"ingress\""},
    {EDAI_ACT_ASKS, "gets answers", "\"reply\", \"declare_queryable\"", "\"egress\""},
    {EDAI_ACT_ANSWERS, "answers", "\"reply\", \"declare_queryable\"", "\"ingress\""},
    {EDAI_ACT_ANSWERS, "is asked", "\"query\"", "\"egress\""},
    {EDAI_ACT_LIVES, "lives",
        "\"put\", \"declare_subscriber\", \"query\", \"declare_queryable\", \"reply\", "
        "\"liveliness_token\", \"liveliness_query\", \"declare_liveliness_subscriber\"",
        "\"ingress\", \"egress\""},
    {EDAI_ACT_WATCHES, "watches", "\"declare_subscriber\", \"declare_queryable\"", "\"egress\""}};
#define PERMITS_LEN (sizeof permits / sizeof permits[0])

static bool is_given(const edai_grants *grants, size_t role)
{
    for (size_t i = 0; i < grants->subject_count; i++) {
        for (size_t j = 0; j < grants->subjects[i].role_count; j++) {
            if (grants->subjects[i].roles[j] == role) {
                return true;
            }
        }
    }
    return false;
}

static void write_id(edai_buffer *text, const edai_role *role, const permit *one)
{
    edai_buffer id = {.size = 0};

    edai_text_add(&id, role->name);
    edai_text_add(&id, " ");
    edai_text_add(&id, one->name);
    edai_text_string(text, edai_text_str(&id));
    text->is_broken = text->is_broken || id.is_broken;
    edai_buffer_fini(&id);
}

static void write_rule(edai_buffer *text, const edai_role *role, const permit *one)
{
    const edai_keys *keys = &role->keys[one->act];

    edai_text_add(text, "      {\"id\": ");
    write_id(text, role, one);
    edai_text_format(text, ", \"permission\": \"allow\", \"flows\": [%s],\n", one->flows);
    edai_text_format(text, "       \"messages\": [%s],\n       \"key_exprs\": [", one->messages);
    for (size_t i = 0; i < keys->count; i++) {
        edai_text_add(text, i > 0 ? ", " : "");
        edai_text_string(text, keys->items[i]);
    }
    edai_text_add(text, "]}");
}

static void write_rules(const edai_grants *grants, edai_buffer *text)
{
    const char *before = "\n";

    for (size_t i = 0; i < grants->role_count; i++) {
        const edai_role *role = &grants->roles[i];

        for (size_t j = 0; j < PERMITS_LEN && is_given(grants, i); j++) {
            if (role->keys[permits[j].act].count > 0) {
                edai_text_add(text, before);
                write_rule(text, role, &permits[j]);
                before = ",\n";
            }
        }
    }
}

static void write_subject_id(edai_buffer *text, const edai_subject *subject)
{
    edai_buffer id = {.size = 0};

    edai_text_add(&id, subject->is_user ? "user:" : "cn:");
    edai_text_add(&id, subject->name);
    edai_text_string(text, edai_text_str(&id));
    text->is_broken = text->is_broken || id.is_broken;
    edai_buffer_fini(&id);
}

static void write_subject(edai_buffer *text, const edai_subject *subject)
{
    edai_text_add(text, "      {\"id\": ");
    write_subject_id(text, subject);
    edai_text_format(text, ", \"%s\": [", subject->is_user ? "usernames" : "cert_common_names");
    edai_text_string(text, eda_str_from(subject->name));
    edai_text_add(text, "]}");
}

static void write_policy(const edai_grants *grants, edai_buffer *text, const edai_subject *subject)
{
    const char *before = "";

    edai_text_add(text, "      {\"subjects\": [");
    write_subject_id(text, subject);
    edai_text_add(text, "],\n       \"rules\": [");
    for (size_t i = 0; i < subject->role_count; i++) {
        const edai_role *role = &grants->roles[subject->roles[i]];

        for (size_t j = 0; j < PERMITS_LEN; j++) {
            if (role->keys[permits[j].act].count > 0) {
                edai_text_add(text, before);
                write_id(text, role, &permits[j]);
                before = ", ";
            }
        }
    }
    edai_text_add(text, "]}");
}

void edai_grants_write(const edai_grants *grants, edai_buffer *text)
{
    edai_text_add(text, "{\n  \"access_control\": {\n    \"enabled\": true,\n"
                        "    \"default_permission\": \"deny\",\n    \"rules\": [");
    write_rules(grants, text);
    edai_text_add(text, "\n    ],\n    \"subjects\": [\n");
    for (size_t i = 0; i < grants->subject_count; i++) {
        edai_text_add(text, i > 0 ? ",\n" : "");
        write_subject(text, &grants->subjects[i]);
    }
    edai_text_add(text, "\n    ],\n    \"policies\": [\n");
    for (size_t i = 0; i < grants->subject_count; i++) {
        edai_text_add(text, i > 0 ? ",\n" : "");
        write_policy(grants, text, &grants->subjects[i]);
    }
    edai_text_add(text, "\n    ]\n  }\n}\n");
}
