/* ladder.h - the machinery behind declare.h: loops over macro arguments, and what the declarations
 * expand to.
 *
 * No user needs to read this; declare.h says what each macro means in plain C. How it works: every
 * list ends with an empty item, so that no "..." is ever empty; EDAI_EACH calls a macro for all
 * items but that last one; a nested loop stands in an argument of the outer one, never in the macro
 * it calls. Not formatted by tools: one rule, one line. */
/* clang-format off */
#ifndef EDA_LADDER_H
#define EDA_LADDER_H

#include <assert.h>
#include <edacious/ctx.h>

#define EDAI_STATIC __attribute__((unused)) static

#define EDAI_CAT(a_, b_) EDAI_CAT_(a_, b_)
#define EDAI_CAT_(a_, b_) a_##b_
#define EDAI_FIRST(...) EDAI_FIRST_(__VA_ARGS__, ~)
#define EDAI_FIRST_(a_, ...) a_
#define EDAI_SECOND(...) EDAI_SECOND_(__VA_ARGS__, ~, ~)
#define EDAI_SECOND_(a_, b_, ...) b_
#define EDAI_THIRD(...) EDAI_THIRD_(__VA_ARGS__, , , ~)
#define EDAI_THIRD_(a_, b_, c_, ...) c_
#define EDAI_TAIL(...) EDAI_TAIL_(__VA_ARGS__)
#define EDAI_TAIL_(a_, ...) __VA_ARGS__
#define EDAI_UNWRAP(...) __VA_ARGS__
#define EDAI_OPEN(tuple_) EDAI_UNWRAP tuple_
#define EDAI_APPLY(m_, ...) m_(__VA_ARGS__)

/* 1 or 0: is it (a, tuple); is it nothing at all. What stands behind a tuple where a comma is missing. */
#define EDAI_IS_TUPLE(e_) EDAI_SECOND(EDAI_PROBE e_, 0)
#define EDAI_BEHIND(e_) EDAI_THIRD(EDAI_PROBE e_, )
#define EDAI_PROBE(...) ~, 1,
#define EDAI_IS_EMPTY(e_) EDAI_SECOND(EDAI_EMPTY_ e_ (), 0)
#define EDAI_EMPTY_() ~, 1

/* --- the ladder: m_(c_, x_) for each x_ but the last, by fours and then the rest; over 48: m_##_MANY(c_) --- */

#define EDAI_EACH(m_, c_, ...) EDAI_EACH_(EDAI_OPEN(EDAI_COUNT(__VA_ARGS__)), m_, c_, __VA_ARGS__)
#define EDAI_EACH_(...) EDAI_EACH_GO(__VA_ARGS__)
#define EDAI_EACH_GO(fours_, rest_, m_, c_, ...) EDAI_EACH_##fours_(rest_, m_, c_, __VA_ARGS__)
#define EDAI_COUNT(...) EDAI_PICK(__VA_ARGS__, \
    (13, 0), (13, 0), (13, 0), (13, 0), (13, 0), (13, 0), (13, 0), (13, 0), (13, 0), (13, 0), \
    (13, 0), (13, 0), (13, 0), (13, 0), (13, 0), (13, 0), (13, 0), (13, 0), (13, 0), (13, 0), \
    (13, 0), (13, 0), (13, 0), (12, 0), (11, 3), (11, 2), (11, 1), (11, 0), (10, 3), (10, 2), (10, 1), \
    (10, 0), (9, 3), (9, 2), (9, 1), (9, 0), (8, 3), (8, 2), (8, 1), (8, 0), (7, 3), (7, 2), (7, 1), (7, 0), \
    (6, 3), (6, 2), (6, 1), (6, 0), (5, 3), (5, 2), (5, 1), (5, 0), (4, 3), (4, 2), (4, 1), (4, 0), (3, 3), (3, 2), \
    (3, 1), (3, 0), (2, 3), (2, 2), (2, 1), (2, 0), (1, 3), (1, 2), (1, 1), (1, 0), (0, 3), (0, 2), (0, 1), (0, 0), \
    ~)
#define EDAI_PICK(...) EDAI_PICK_(__VA_ARGS__)
#define EDAI_PICK_( \
    p1_, p2_, p3_, p4_, p5_, p6_, p7_, p8_, p9_, p10_, p11_, p12_, p13_, p14_, p15_, p16_, p17_, p18_, p19_, p20_, \
    p21_, p22_, p23_, p24_, p25_, p26_, p27_, p28_, p29_, p30_, p31_, p32_, p33_, p34_, p35_, p36_, p37_, p38_, \
    p39_, p40_, p41_, p42_, p43_, p44_, p45_, p46_, p47_, p48_, p49_, p50_, p51_, p52_, p53_, p54_, p55_, p56_, \
    p57_, p58_, p59_, p60_, p61_, p62_, p63_, p64_, p65_, p66_, p67_, p68_, p69_, p70_, p71_, p72_, n_, ...) n_
#define EDAI_EACH_13(r_, m_, c_, ...) m_##_MANY(c_)
#define EDAI_EACH_0(r_, m_, c_, ...) EDAI_REST_##r_(m_, c_, __VA_ARGS__)
#define EDAI_REST_0(m_, c_, w_)
#define EDAI_REST_1(m_, c_, w_, x_) m_(c_, w_)
#define EDAI_REST_2(m_, c_, w_, x_, y_) m_(c_, w_) m_(c_, x_)
#define EDAI_REST_3(m_, c_, w_, x_, y_, z_) m_(c_, w_) m_(c_, x_) m_(c_, y_)
#define EDAI_EACH_1(r_, m_, c_, w_, x_, y_, z_, ...) m_(c_, w_) m_(c_, x_) m_(c_, y_) m_(c_, z_) EDAI_EACH_0(r_, m_, c_, __VA_ARGS__)
#define EDAI_EACH_2(r_, m_, c_, w_, x_, y_, z_, ...) m_(c_, w_) m_(c_, x_) m_(c_, y_) m_(c_, z_) EDAI_EACH_1(r_, m_, c_, __VA_ARGS__)
#define EDAI_EACH_3(r_, m_, c_, w_, x_, y_, z_, ...) m_(c_, w_) m_(c_, x_) m_(c_, y_) m_(c_, z_) EDAI_EACH_2(r_, m_, c_, __VA_ARGS__)
#define EDAI_EACH_4(r_, m_, c_, w_, x_, y_, z_, ...) m_(c_, w_) m_(c_, x_) m_(c_, y_) m_(c_, z_) EDAI_EACH_3(r_, m_, c_, __VA_ARGS__)
#define EDAI_EACH_5(r_, m_, c_, w_, x_, y_, z_, ...) m_(c_, w_) m_(c_, x_) m_(c_, y_) m_(c_, z_) EDAI_EACH_4(r_, m_, c_, __VA_ARGS__)
#define EDAI_EACH_6(r_, m_, c_, w_, x_, y_, z_, ...) m_(c_, w_) m_(c_, x_) m_(c_, y_) m_(c_, z_) EDAI_EACH_5(r_, m_, c_, __VA_ARGS__)
#define EDAI_EACH_7(r_, m_, c_, w_, x_, y_, z_, ...) m_(c_, w_) m_(c_, x_) m_(c_, y_) m_(c_, z_) EDAI_EACH_6(r_, m_, c_, __VA_ARGS__)
#define EDAI_EACH_8(r_, m_, c_, w_, x_, y_, z_, ...) m_(c_, w_) m_(c_, x_) m_(c_, y_) m_(c_, z_) EDAI_EACH_7(r_, m_, c_, __VA_ARGS__)
#define EDAI_EACH_9(r_, m_, c_, w_, x_, y_, z_, ...) m_(c_, w_) m_(c_, x_) m_(c_, y_) m_(c_, z_) EDAI_EACH_8(r_, m_, c_, __VA_ARGS__)
#define EDAI_EACH_10(r_, m_, c_, w_, x_, y_, z_, ...) m_(c_, w_) m_(c_, x_) m_(c_, y_) m_(c_, z_) EDAI_EACH_9(r_, m_, c_, __VA_ARGS__)
#define EDAI_EACH_11(r_, m_, c_, w_, x_, y_, z_, ...) m_(c_, w_) m_(c_, x_) m_(c_, y_) m_(c_, z_) EDAI_EACH_10(r_, m_, c_, __VA_ARGS__)
#define EDAI_EACH_12(r_, m_, c_, w_, x_, y_, z_, ...) m_(c_, w_) m_(c_, x_) m_(c_, y_) m_(c_, z_) EDAI_EACH_11(r_, m_, c_, __VA_ARGS__)

/* --- messages, records, enums ---
 * An item is a tuple (a field or an enumerator), or a piece of an initialiser of the type's descriptor: those are put
 * together again in order, with the commas at which they were split. EDAI_TUPLES calls, for each tuple,
 * m_(c_, what stands behind it, its items..., ). */

#define EDAI_MESSAGE(name_, topic_, ...) \
    EDAI_SLOT(name_) EDAI_DECLARE(name_, (.topic = topic_, .slot = &eda_slot_##name_, ), __VA_ARGS__)
#define EDAI_REQUEST(name_, reply_, topic_, ...) \
    typedef reply_ eda_reply_of_##name_; EDAI_SLOT(name_) \
    EDAI_DECLARE(name_, (.topic = topic_, .slot = &eda_slot_##name_, .reply = &eda_type_##reply_, ), __VA_ARGS__)
#define EDAI_RECORD(name_, ...) EDAI_DECLARE(name_, (), __VA_ARGS__)
#define EDAI_DECLARE(name_, own_, ...) \
    typedef struct name_ name_; \
    EDAI_LIST_TYPE(name_) \
    struct name_ { \
        EDAI_EACH(EDAI_MEMBER, name_, __VA_ARGS__) \
        EDAI_CAT(EDAI_FILLER_, EDAI_SECOND(~ EDAI_TUPLES(EDAI_FLAG, ~, __VA_ARGS__), 0)) \
    }; \
    EDAI_OPT_TYPE(name_) \
    EDAI_DESCRIBE(name_, own_, __VA_ARGS__) \
    static_assert(sizeof(name_) <= 4096, #name_ ": over 4,096 bytes; put what is big into a list")
#define EDAI_LIST_TYPE(name_) typedef struct eda_list_##name_ { const name_ *items; size_t len; } eda_list_##name_;
#define EDAI_OPT_TYPE(name_) typedef struct eda_opt_##name_ { bool is_set; name_ value; } eda_opt_##name_;
#define EDAI_FLAG(c_, ...) , 1
#define EDAI_FILLER_1
#define EDAI_FILLER_0 char eda_unused; /* no field at all: an empty struct is not C */
#define EDAI_MEMBER_MANY(c_) EDAI_MANY(~, c_)
#define EDAI_MEMBER(c_, e_) EDAI_CAT(EDAI_MEMBER_, EDAI_IS_TUPLE(e_))(c_, e_)
#define EDAI_MEMBER_0(c_, e_)
#define EDAI_MEMBER_1(c_, e_) EDAI_APPLY(EDAI_MEMBER_2, c_, EDAI_BEHIND(e_), EDAI_UNWRAP e_, , ~)
#define EDAI_MEMBER_2(c_, behind_, type_, name_, ...) \
    EDAI_COMMA(c_, behind_, ) \
    static_assert(sizeof(#name_) > 1, #c_ ": not (type, name): (" #type_ ")"); \
    type_ name_;
#define EDAI_COMMA(c_, behind_, ...) static_assert(sizeof(#behind_) == 1, #c_ ": a comma is missing before " #behind_);

#define EDAI_TUPLES(m_, c_, ...) EDAI_EACH(EDAI_TUPLE, (m_, c_), __VA_ARGS__)
#define EDAI_TUPLE_MANY(c_) EDAI_MANY c_
#define EDAI_MANY(m_, c_) static_assert(0, #c_ ": more than 48 fields and options; group fields in an EDA_RECORD");
#define EDAI_TUPLE(c_, e_) EDAI_CAT(EDAI_TUPLE_, EDAI_IS_TUPLE(e_))(c_, e_)
#define EDAI_TUPLE_0(c_, e_)
#define EDAI_TUPLE_1(c_, e_) EDAI_APPLY(EDAI_APPLY_2, EDAI_UNWRAP c_, EDAI_BEHIND(e_), EDAI_UNWRAP e_, )
#define EDAI_APPLY_2(m_, ...) m_(__VA_ARGS__)

#define EDAI_ENUM(name_, ...) \
    EDAI_TUPLES(EDAI_COMMA, name_, __VA_ARGS__) \
    typedef enum name_ { EDAI_TUPLES(EDAI_NUMBER, ~, __VA_ARGS__) } name_; \
    EDAI_LIST_TYPE(name_) \
    EDAI_OPT_TYPE(name_) \
    EDAI_DESCRIBE_ENUM(name_, __VA_ARGS__) \
    static_assert(sizeof(name_) == sizeof(int), #name_ ": not of the size of an int")
#define EDAI_NUMBER(c_, behind_, name_, ...) name_,

#ifdef __cplusplus /* descriptors are C; C++ has the structs and their names */
#define EDAI_DESCRIBE(name_, own_, ...) EDAI_DESCRIBE_ENUM(name_, )
#define EDAI_DESCRIBE_ENUM(name_, ...) extern "C++" inline const char *eda_name_of(const name_ *) { return #name_; }
#define EDAI_SLOT(name_)
#define EDAI_OPAQUE(type_) static_assert(sizeof(type_) > 0, "")
#else
#define EDAI_DESCRIBE(name_, own_, ...) \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wdouble-promotion\"") /* .range = {0.5, 1} */ \
    static const eda_type eda_type_##name_; \
    EDAI_DESCRIBE_BOTH(EDAI_STATIC const, eda_list_##name_, eda_opt_##name_, eda_type_##name_) \
    EDAI_STATIC const eda_type eda_type_##name_ = { \
        .name = #name_, .kind = EDA_KIND_RECORD, .size = sizeof(name_), EDAI_UNWRAP own_ \
        .fields = (const eda_field[]){EDAI_TUPLES(EDAI_FIELD, name_, __VA_ARGS__) {.name = NULL}}, \
        EDAI_EACH(EDAI_OPTION, ~, __VA_ARGS__)}; \
    _Pragma("GCC diagnostic pop")
#define EDAI_DESCRIBE_ENUM(name_, ...) \
    EDAI_STATIC const eda_type eda_type_##name_ = { \
        .name = #name_, .kind = EDA_KIND_ENUM, .size = sizeof(name_), \
        .enumerators = (const eda_enumerator[]){EDAI_TUPLES(EDAI_ENUMERATOR, ~, __VA_ARGS__) {.name = NULL}}, \
        EDAI_EACH(EDAI_OPTION, ~, __VA_ARGS__)}; \
    EDAI_DESCRIBE_BOTH(EDAI_STATIC const, eda_list_##name_, eda_opt_##name_, eda_type_##name_)
#define EDAI_SLOT(name_) EDAI_STATIC eda_type_slot eda_slot_##name_;
#define EDAI_OPAQUE(type_) EDAI_STATIC const eda_type eda_type_##type_ = { \
    .name = #type_, .kind = EDA_KIND_OPAQUE, .size = sizeof(type_)}
#endif
#define EDAI_DESCRIBE_BOTH(linkage_, list_, opt_, item_) \
    linkage_ eda_type eda_type_##list_ = { \
        .name = #list_, .kind = EDA_KIND_LIST, .size = sizeof(list_), .item = &item_}; \
    linkage_ eda_type eda_type_##opt_ = {.name = #opt_, .kind = EDA_KIND_OPTIONAL, .size = sizeof(opt_), \
        .item = &item_, .value_offset = offsetof(opt_, value)};
#define EDAI_FIELD(c_, behind_, type_, name_, ...) \
    {.name = #name_, .type = &EDAI_CAT(eda_type_, type_), .offset = offsetof(c_, name_), __VA_ARGS__},
#define EDAI_OPTION(c_, e_) EDAI_CAT(EDAI_OPTION_, EDAI_IS_TUPLE(e_))(e_)
#define EDAI_OPTION_0(e_) e_,
#define EDAI_OPTION_1(e_)
#define EDAI_ENUMERATOR(c_, behind_, name_, ...) \
    {.value = name_, .name = EDAI_CAT(EDAI_WIRE_, EDAI_IS_EMPTY(EDAI_FIRST(__VA_ARGS__)))(name_, __VA_ARGS__)},
#define EDAI_WIRE_0(name_, ...) __VA_ARGS__
#define EDAI_WIRE_1(name_, ...) #name_

EDA_BASIC_TYPES(EDAI_LIST_TYPE)
EDA_BASIC_TYPES(EDAI_OPT_TYPE)
#define EDAI_BASIC(name_) extern const eda_type eda_type_eda_list_##name_, eda_type_eda_opt_##name_;
EDA_BASIC_TYPES(EDAI_BASIC)

#ifndef __cplusplus
/* --- values --- */

#define EDAI_MUST(yes_, text_) (0 * sizeof(struct { static_assert(yes_, text_); char any; }))
#define EDAI_MSG(type_, ...) ((eda_value){.type = &eda_type_##type_, .data = EDAI_DATA(type_, __VA_ARGS__)})
#define EDAI_REPLY(request_, ...) \
    ((eda_value){.type = eda_type_##request_.reply, .data = EDAI_DATA(eda_reply_of_##request_, __VA_ARGS__)})
#define EDAI_ASK(request_, pointer_, ...) ((eda_request){ \
    .value = EDAI_MSG(request_, __VA_ARGS__), .ret_reply = ((void)EDAI_MUST( \
        _Generic((pointer_), const eda_reply_of_##request_ **: 1, default: 0), "EDA_ASK(" #request_ "): " #pointer_ \
            " must be the address of a: const eda_reply_of_" #request_ " *"), (const void **)(pointer_))})
#define EDAI_WITH(actor_, ...) ((eda_added){.actor = &eda_actor_##actor_, .deps = \
    EDAI_CAT(EDAI_DEPS_, EDAI_IS_EMPTY(EDAI_FIRST(__VA_ARGS__)))(eda_deps_of_##actor_, __VA_ARGS__)})
#define EDAI_DEPS_0(type_, ...) &(const type_){__VA_ARGS__}
#define EDAI_DEPS_1(type_, ...) NULL
#define EDAI_DATA(type_, ...) EDAI_CAT(EDAI_DATA_, EDAI_IS_EMPTY(EDAI_FIRST(__VA_ARGS__)))(type_, __VA_ARGS__)
#define EDAI_DATA_0(type_, ...) &(const type_){__VA_ARGS__}
#define EDAI_DATA_1(type_, ...) &(const struct { char before; type_ zero; }){.before = 0}.zero /* {} is not C17 */

/* --- actors ---
 * EDAI_VERB_x: that it is a verb, and its members of the descriptor. EDAI_GET(EDAI_SLOT_, verb): what the
 * macro EDAI_SLOT_verb gives, and a comma; nothing if there is no such macro. */

#define EDAI_ACTOR(name_, deps_, ...) \
    EDAI_EACH(EDAI_KNOWN, name_, __VA_ARGS__) \
    EDA_ACTOR_HEADER(name_, deps_); \
    static_assert(EDAI_SECOND(EDAI_OPEN(EDAI_COUNT(EDAI_EACH(EDAI_GET, EDAI_KEY_, __VA_ARGS__)))) < 2, \
        #name_ ": one of key(...), pool(...), and once"); \
    EDAI_EACH(EDAI_START, (name_, deps_), EDAI_EACH(EDAI_GET, EDAI_STARTS_, __VA_ARGS__)) \
    EDAI_EACH(EDAI_STOP, name_, EDAI_EACH(EDAI_GET, EDAI_STOPS_, __VA_ARGS__)) \
    EDAI_EACH(EDAI_TURN, (name_, EDAI_FIRST(EDAI_EACH(EDAI_GET, EDAI_KEY_, __VA_ARGS__))), \
        EDAI_EACH(EDAI_GET, EDAI_TURNS_, __VA_ARGS__)) \
    EDAI_STATIC const eda_field eda_saves_##name_[] = { \
        EDAI_EACH(EDAI_SAVE, name_, EDAI_EACH(EDAI_GET, EDAI_SAVES_, __VA_ARGS__)) {.name = NULL}}; \
    EDAI_STATIC const eda_type *const eda_emits_##name_[] = { \
        EDAI_EACH(EDAI_EMIT, ~, EDAI_EACH(EDAI_GET, EDAI_EMITS_, __VA_ARGS__)) NULL}; \
    const eda_actor eda_actor_##name_ = { \
        .name = #name_, .size = sizeof(name_), .deps = &eda_type_##deps_, \
        .handlers = (const eda_handler[]){ \
            EDAI_EACH(EDAI_ENTRY, name_, EDAI_EACH(EDAI_GET, EDAI_TURNS_, __VA_ARGS__)) {.fn = NULL}}, \
        .saves = sizeof(eda_saves_##name_) > sizeof(eda_field) ? eda_saves_##name_ : NULL, \
        .emits_any = false EDAI_EACH(EDAI_OR_ANY, ~, EDAI_EACH(EDAI_GET, EDAI_EMITS_, __VA_ARGS__)), \
        .emits = sizeof(eda_emits_##name_) > sizeof(eda_type *) ? eda_emits_##name_ : NULL, \
        EDAI_EACH(EDAI_OWN, name_, EDAI_EACH(EDAI_GET, EDAI_OWNS_, __VA_ARGS__)) \
        EDAI_EACH(EDAI_INLINE, ~, __VA_ARGS__) \
        EDAI_EACH(EDAI_SET, ~, EDAI_EACH(EDAI_GET, EDAI_OPTIONS_, __VA_ARGS__))}; \
    static eda_linked eda_linked_##name_ = {.actor = &eda_actor_##name_}; \
    __attribute__((constructor)) static void eda_link_##name_(void) { eda_link(&eda_linked_##name_); } \
    static_assert(sizeof(name_) <= 65536, #name_ ": a state over 65,536 bytes")

#define EDAI_VERB_key(field_) ~, (.key = #field_, ),
#define EDAI_VERB_pool(...) ~, (.pool_len = EDAI_FIRST(__VA_ARGS__), EDAI_STICKY(EDAI_SECOND(__VA_ARGS__, ))),
#define EDAI_VERB_supervised_by(supervisor_) ~, (.supervisor = &supervisor_, ),
#define EDAI_VERB_saves(...) ~, (),
#define EDAI_VERB_emits(...) ~, (),
#define EDAI_VERB_start(fn_) ~, (),
#define EDAI_VERB_stop(fn_) ~, (),
#define EDAI_VERB_on(...) ~, (),
#define EDAI_VERB_answers(...) ~, (),
#define EDAI_VERB_on_self(...) ~, (),
#define EDAI_VERB_on_any(...) ~, (),
#define EDAI_VERB_on_failure(decision_) ~, (.options.on_failure = EDAI_DECISION_##decision_, ),
#define EDAI_DECISION_restart EDA_RESTART
#define EDAI_DECISION_resume EDA_RESUME
#define EDAI_DECISION_stop EDA_STOP
#define EDAI_VERB_dedicated_thread ~, (.options.dedicated_thread = true, ),
#define EDAI_VERB_scope(scope_) ~, (.options.scope = EDAI_SCOPE_##scope_, ),
#define EDAI_SCOPE_cluster EDA_SCOPE_CLUSTER
#define EDAI_SCOPE_node EDA_SCOPE_NODE
#define EDAI_VERB_spawns_for(whom_) ~, (EDAI_SPAWNS_FOR_##whom_, ),
#define EDAI_SPAWNS_FOR_outside .options.spawns_for_outside = true
#define EDAI_VERB_saves_lazily ~, (.options.saves_lazily = true, ),
#define EDAI_VERB_options(...) ~, (),

#define EDAI_KNOWN_MANY(name_) static_assert(0, #name_ ": more than 48 verbs");
#define EDAI_KNOWN(name_, verb_) EDAI_APPLY(EDAI_KNOWN_, name_, verb_, EDAI_VERB_##verb_, ~, ~, ~)
#define EDAI_KNOWN_(name_, verb_, a_, members_, behind_, ...) \
    EDAI_CAT(EDAI_KNOWN_, EDAI_IS_TUPLE(members_))(name_, verb_, behind_)
#define EDAI_KNOWN_0(name_, verb_, behind_) static_assert(0, #name_ ": EDA_ACTOR does not know " #verb_);
#define EDAI_KNOWN_1(name_, verb_, behind_) \
    static_assert(sizeof(#behind_) == 1, #name_ ": a comma is missing in " #verb_);
#define EDAI_INLINE(c_, verb_) EDAI_OPEN(EDAI_SECOND(EDAI_VERB_##verb_, ))
#define EDAI_OWN(name_, verb_) .verb_ = eda_##verb_##_##name_, /* .start = eda_start_door */
#define EDAI_SET(c_, e_) .options e_, /* .options .idle_ms = 5 */
#define EDAI_STICKY(field_) EDAI_CAT(EDAI_STICKY_, EDAI_IS_EMPTY(field_))(field_)
#define EDAI_STICKY_0(field_) .pool_key = #field_,
#define EDAI_STICKY_1(field_)

#define EDAI_GET(slot_, verb_) EDAI_TAIL(slot_##verb_, )
#define EDAI_KEY_key(field_) ~, field_
#define EDAI_KEY_pool(...) ~, EDAI_SECOND(__VA_ARGS__, )
#define EDAI_STARTS_start(fn_) ~, fn_
#define EDAI_STOPS_stop(fn_) ~, fn_
#define EDAI_SAVES_saves(...) ~, __VA_ARGS__
#define EDAI_EMITS_emits(...) ~, __VA_ARGS__
#define EDAI_OPTIONS_options(...) ~, __VA_ARGS__
#define EDAI_OWNS_start(...) ~, start
#define EDAI_OWNS_stop(...) ~, stop
#define EDAI_TURNS_on(...) ~, (eda_on, __VA_ARGS__)
#define EDAI_TURNS_answers(...) ~, (eda_answers, __VA_ARGS__)
#define EDAI_TURNS_on_self(...) ~, (eda_self, __VA_ARGS__)
#define EDAI_TURNS_on_any(...) ~, (eda_any, __VA_ARGS__)

/* Adapters: they bear the actor's name, since two actors may share a function. */
#define EDAI_START(c_, fn_) EDAI_APPLY(EDAI_START_, EDAI_UNWRAP c_, fn_)
#define EDAI_START_(name_, deps_, fn_) \
    static eda_status eda_start_##name_(void *state_, const void *given_, eda_ctx *ctx_) { \
        static_assert(_Generic(&fn_, eda_status (*)(name_ *, const deps_ *, eda_ctx *): 1, default: 0), #name_ \
            ": start must be: eda_status " #fn_ "(" #name_ " *, const " #deps_ " *, eda_ctx *)"); \
        return fn_(state_, given_, ctx_); }
#define EDAI_STOP(name_, fn_) \
    static void eda_stop_##name_(void *state_, eda_stop_reason reason_, eda_ctx *ctx_) { \
        static_assert(_Generic(&fn_, void (*)(name_ *, eda_stop_reason, eda_ctx *): 1, default: 0), \
            #name_ ": stop must be: void " #fn_ "(" #name_ " *, eda_stop_reason, eda_ctx *)"); \
        fn_(state_, reason_, ctx_); }

#define EDAI_TURN(c_, e_) EDAI_APPLY(EDAI_TURN_, EDAI_UNWRAP c_, EDAI_UNWRAP e_, , , , , ~)
#define EDAI_TURN_(name_, key_, kind_, type_, fn_, x1_, x2_, x3_, x4_, ...) \
    static_assert(EDAI_IS_EXTRA(x1_) && EDAI_IS_EXTRA(x2_) && EDAI_IS_EXTRA(x3_) && sizeof(#x4_) == 1, #name_ \
        ": a handler takes key(field), attempts(n), interleaves; not " #x1_ " " #x2_ " " #x3_ " " #x4_); \
    EDAI_TURN_##kind_(name_, type_, fn_, \
        EDAI_FIRST(EDAI_GET(EDAI_KEY_, x1_) EDAI_GET(EDAI_KEY_, x2_) EDAI_GET(EDAI_KEY_, x3_) key_))
#define EDAI_IS_EXTRA(x_) EDAI_IS_TUPLE(EDAI_SECOND(EDAI_EXTRA_##x_, ~))
#define EDAI_EXTRA(x_) EDAI_OPEN(EDAI_SECOND(EDAI_EXTRA_##x_, ))
#define EDAI_EXTRA_ ~, ()
#define EDAI_EXTRA_key(field_) ~, (.key = #field_, )
#define EDAI_EXTRA_attempts(count_) ~, (.attempts = count_, )
#define EDAI_EXTRA_interleaves ~, (.interleaves = true, )
#define EDAI_KEYED(name_, type_, key_) EDAI_CAT(EDAI_KEYED_, EDAI_IS_EMPTY(key_))(name_, type_, key_)
#define EDAI_KEYED_1(name_, type_, key_)
#define EDAI_KEYED_0(name_, type_, key_) \
    static_assert(_Generic(((type_ *)0)->key_, eda_str: 1, int8_t: 1, int16_t: 1, int32_t: 1, int64_t: 1, \
        uint8_t: 1, uint16_t: 1, uint32_t: 1, uint64_t: 1, default: 0), \
        #name_ ": " #type_ "." #key_ " cannot be a key: neither an eda_str nor an integer");
#define EDAI_TURN_eda_on(name_, type_, fn_, key_) \
    EDAI_KEYED(name_, type_, key_) EDAI_ONE_WAY(eda_on_##name_##_##type_, name_, type_, fn_)
#define EDAI_TURN_eda_self(name_, type_, fn_, key_) EDAI_ONE_WAY(eda_self_##name_##_##type_, name_, type_, fn_)
#define EDAI_TURN_eda_any(name_, pattern_, fn_, key_) EDAI_ONE_WAY(eda_any_##name_##_##fn_, name_, eda_envelope, fn_)
#define EDAI_ONE_WAY(adapter_, name_, type_, fn_) \
    EDAI_ADAPTER(adapter_, (name_ *, const type_ *), (state_, message_), fn_, \
        #name_ ": the handler must be: eda_status " #fn_ "(" #name_ " *, const " #type_ " *, eda_ctx *)")
#define EDAI_TURN_eda_answers(name_, type_, fn_, key_) \
    EDAI_KEYED(name_, type_, key_) EDAI_ADAPTER(eda_on_##name_##_##type_, \
        (name_ *, const type_ *, eda_reply_of_##type_ *), (state_, message_, ret_reply_), fn_, \
        #name_ ": the handler must be: eda_status " #fn_ "(" #name_ " *, const " #type_ " *, eda_reply_of_" \
        #type_ " *, eda_ctx *)")
#define EDAI_ADAPTER(adapter_, types_, values_, fn_, text_) /* one of the two forms is NULL */ \
    static eda_status adapter_(void *state_, const void *message_, void *ret_reply_, eda_ctx *ctx_) { \
        typedef eda_status eda_full(EDAI_UNWRAP types_, eda_ctx *); \
        typedef void eda_plain(EDAI_UNWRAP types_); \
        static_assert(_Generic(&fn_, eda_full *: 1, eda_plain *: 1, default: 0), text_); \
        eda_full *full_ = _Generic(&fn_, eda_full *: &fn_, default: (eda_full *)0); \
        eda_plain *plain_ = _Generic(&fn_, eda_plain *: &fn_, default: (eda_plain *)0); \
        (void)ret_reply_; \
        if (full_ != NULL) { return full_(EDAI_UNWRAP values_, ctx_); } \
        plain_(EDAI_UNWRAP values_); \
        return EDA_OK; }

#define EDAI_ENTRY(name_, e_) EDAI_APPLY(EDAI_ENTRY_, name_, EDAI_UNWRAP e_, , , , ~)
#define EDAI_ENTRY_(name_, kind_, type_, fn_, x1_, x2_, x3_, ...) \
    {EDAI_ENTRY_##kind_(name_, type_, fn_) EDAI_EXTRA(x1_) EDAI_EXTRA(x2_) EDAI_EXTRA(x3_)},
#define EDAI_ENTRY_eda_on(name_, type_, fn_) .type = &eda_type_##type_, .fn = eda_on_##name_##_##type_,
#define EDAI_ENTRY_eda_answers(name_, type_, fn_) EDAI_ENTRY_eda_on(name_, type_, fn_) .answers = true,
#define EDAI_ENTRY_eda_self(name_, type_, fn_) \
    .type = &eda_type_##type_, .fn = eda_self_##name_##_##type_, .is_self = true,
#define EDAI_ENTRY_eda_any(name_, pattern_, fn_) .pattern = pattern_, .fn = eda_any_##name_##_##fn_,

#define EDAI_SAVE(name_, e_) EDAI_CAT(EDAI_SAVE_, EDAI_IS_TUPLE(e_))(name_, e_)
#define EDAI_SAVE_0(name_, e_) {.name = #e_, .type = EDAI_TYPE_OF(((name_ *)0)->e_), .offset = offsetof(name_, e_) + \
    EDAI_MUST(_Generic(EDAI_TYPE_OF(((name_ *)0)->e_), void *: 0, default: 1), #name_ ": cannot save " #e_ \
        ": no number, bool or eda_text; of an EDA_RECORD or EDA_ENUM write (type, " #e_ ")")},
#define EDAI_SAVE_1(name_, e_) EDAI_APPLY(EDAI_SAVE_2, name_, EDAI_UNWRAP e_, )
#define EDAI_SAVE_2(actor_, type_, name_, ...) {.name = #name_, .offset = offsetof(actor_, name_) + \
    EDAI_MUST(_Generic(&((actor_ *)0)->name_, type_ *: 1, default: 0), #actor_ ": " #name_ " is no " #type_), \
    .type = &EDAI_CAT(eda_type_, type_), __VA_ARGS__},
#define EDAI_TYPE_OF(lvalue_) _Generic((lvalue_), bool: &eda_type_bool, \
    int8_t: &eda_type_int8_t, int16_t: &eda_type_int16_t, int32_t: &eda_type_int32_t, int64_t: &eda_type_int64_t, \
    uint8_t: &eda_type_uint8_t, uint16_t: &eda_type_uint16_t, uint32_t: &eda_type_uint32_t, \
    uint64_t: &eda_type_uint64_t, float: &eda_type_float, double: &eda_type_double, eda_text: &eda_type_eda_text, \
    eda_str: &eda_type_eda_str, eda_bytes: &eda_type_eda_bytes, default: (void *)0)
#define EDAI_EMIT(c_, e_) EDAI_CAT(EDAI_EMIT_, EDAI_IS_ANY(e_))(e_)
#define EDAI_EMIT_0(e_) &eda_type_##e_,
#define EDAI_EMIT_1(e_)
#define EDAI_IS_ANY(e_) EDAI_SECOND(EDAI_CAT(EDAI_ANY_, e_), 0)
#define EDAI_OR_ANY(c_, e_) || EDAI_IS_ANY(e_)
#define EDAI_ANY_any ~, 1
#endif

#endif
/* clang-format on */
