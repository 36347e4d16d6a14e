/* type.c - descriptors of the basic field types, of lists and optionals of them, and of the
 * system's own messages. */
#include <edacious/cluster.h>
#include <edacious/declare.h>

#define BASIC(type_, kind_)                                                                        \
    const eda_type eda_type_##type_ = {.name = #type_, .kind = kind_, .size = sizeof(type_)};

BASIC(bool, EDA_KIND_BOOL)
BASIC(int8_t, EDA_KIND_I8)
BASIC(int16_t, EDA_KIND_I16)
BASIC(int32_t, EDA_KIND_I32)
BASIC(int64_t, EDA_KIND_I64)
BASIC(uint8_t, EDA_KIND_U8)
BASIC(uint16_t, EDA_KIND_U16)
BASIC(uint32_t, EDA_KIND_U32)
BASIC(uint64_t, EDA_KIND_U64)
BASIC(float, EDA_KIND_F32)
BASIC(double, EDA_KIND_F64)
BASIC(eda_str, EDA_KIND_STR)
BASIC(eda_bytes, EDA_KIND_BYTES)
BASIC(eda_time, EDA_KIND_TIME)
BASIC(eda_duration, EDA_KIND_DURATION)
BASIC(eda_text, EDA_KIND_TEXT)

/* <stdbool.h> makes _Bool of the `bool` in a field's tuple. */
const eda_type eda_type__Bool = {.name = "bool", .kind = EDA_KIND_BOOL, .size = sizeof(bool)};

const eda_type eda_type_eda_none = {.name = "eda_none",
    .kind = EDA_KIND_RECORD,
    .size = sizeof(eda_none),
    .fields = (const eda_field[]){{.name = NULL}}};

#define BOTH(type_) EDAI_DESCRIBE_BOTH(const, eda_list_##type_, eda_opt_##type_, eda_type_##type_)
EDA_BASIC_TYPES(BOTH)

#define TEXT(name_)                                                                                \
    {                                                                                              \
        .name = #name_, .type = &eda_type_eda_str, .offset = offsetof(eda_dead_letter, name_)      \
    }

static eda_type_slot dead_letter_slot;
const eda_type eda_type_eda_dead_letter = {.name = "eda_dead_letter",
    .topic = "@edacious/dead",
    .kind = EDA_KIND_RECORD,
    .size = sizeof(eda_dead_letter),
    .slot = &dead_letter_slot,
    .doc = "A message that nobody could handle, and why.",
    .find = {"see which messages failed", "messages that were given up", "retry a lost message"},
    .fields = (const eda_field[]){
        TEXT(topic), TEXT(message), TEXT(actor), TEXT(reason), TEXT(payload), {.name = NULL}}};

/* Private: others read the field by its number. */
static const eda_type type_node_state = {.name = "eda_node_state",
    .kind = EDA_KIND_ENUM,
    .size = sizeof(eda_node_state),
    .enumerators = (const eda_enumerator[]){{.value = 0, .name = "unknown"},
        {.value = EDA_NODE_UP, .name = "up"}, {.value = EDA_NODE_SUSPECT, .name = "suspect"},
        {.value = EDA_NODE_LEAVING, .name = "leaving"}, {.value = EDA_NODE_DOWN, .name = "down"},
        {.name = NULL}}};

static eda_type_slot node_change_slot;
const eda_type eda_type_eda_node_change = {.name = "eda_node_change",
    .topic = "@edacious/node",
    .kind = EDA_KIND_RECORD,
    .size = sizeof(eda_node_change),
    .slot = &node_change_slot,
    .doc = "A node of the cluster came, was suspected, leaves or went, as this node sees it.",
    .find = {"see which nodes there are", "a node died", "a node joined"},
    .fields = (const eda_field[]){
        {.name = "node", .type = &eda_type_eda_str, .offset = offsetof(eda_node_change, node)},
        {.name = "incarnation",
            .type = &eda_type_eda_str,
            .offset = offsetof(eda_node_change, incarnation)},
        {.name = "state", .type = &type_node_state, .offset = offsetof(eda_node_change, state)},
        {.name = "nodes", .type = &eda_type_uint32_t, .offset = offsetof(eda_node_change, nodes)},
        {.name = NULL}}};
