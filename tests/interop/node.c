/* node.c - a node over Zenoh with some actors, for the checks that other programs make of it.
 *
 * Usage: interop-node LIBRARY NAME peer|router|client|FILE all|none [ENDPOINT]. Connects to
 * ENDPOINT if there is one; a peer and a router listen on a free port of this machine. FILE, a
 * path, is the whole configuration instead. Hosts all actors below, or none. Prints "ready
 * ENDPOINT" when it can be reached. Then each line of its input is done and answered by a line:
 * "nodes N" waits for so many nodes, "idle" until nothing is left to do anywhere, "make KEY" brings
 * a vault to life. At the end of its input it stops; status 0 if each delivery was accounted for.
 */
#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <edacious/edacious.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 60000u
#define PORTS_TRIED 8u /* a free port may be taken before it is listened to */

/* --- doors: come to life for outsiders ------------------------------------------------------ */

EDA_MESSAGE(door_unlock, "door/{door_id}/unlock",
    .doc = "Opens one door.",
    (eda_str, door_id, .len_max = 32),
    (eda_str, badge),
    (uint32_t, hold_s, .may_miss = true, .range = {0, 5}));
EDA_MESSAGE(door_opened, "door/{door_id}/opened", (eda_str, door_id), (eda_str, badge));
EDA_RECORD(door_status, (uint32_t, unlocks), (eda_str, badge));
EDA_REQUEST(door_status_get, door_status, "door/{door_id}/status", (eda_str, door_id));
EDA_MESSAGE(diary_note, "diary/note", .is_inside = true, (eda_str, text));

typedef struct door {
    uint32_t unlocks;
    eda_text badge;
} door;

static eda_status door_on_unlock(door *self, const door_unlock *cmd, eda_ctx *ctx)
{
    self->unlocks++;
    EDA_TRY(eda_text_set(ctx, &self->badge, cmd->badge));
    EDA_TRY(
        eda_publish(ctx, EDA_MSG(door_opened, .door_id = cmd->door_id, .badge = cmd->badge), NULL));
    return eda_publish(ctx, EDA_MSG(diary_note, .text = cmd->badge), NULL);
}

static void door_on_status(door *self, const door_status_get *request, door_status *reply)
{
    (void)request;
    *reply = (door_status){.unlocks = self->unlocks, .badge = eda_text_str(self->badge)};
}

EDA_ACTOR(door, eda_none,
    key(door_id),
    spawns_for(outside),
    emits(door_opened, diary_note),
    on(door_unlock, door_on_unlock),
    answers(door_status_get, door_on_status));

/* --- the diary: hears what stays inside ----------------------------------------------------- */

EDA_RECORD(diary_pages, (uint32_t, notes));
EDA_REQUEST(diary_get, diary_pages, "diary/get");

typedef struct diary {
    uint32_t notes;
} diary;

static void diary_on_note(diary *self, const diary_note *note)
{
    (void)note;
    self->notes++;
}

static void diary_on_get(diary *self, const diary_get *request, diary_pages *reply)
{
    (void)request;
    *reply = (diary_pages){.notes = self->notes};
}

EDA_ACTOR(diary, eda_none, on(diary_note, diary_on_note), answers(diary_get, diary_on_get));

/* --- vaults: do not come to life for outsiders ---------------------------------------------- */

EDA_MESSAGE(vault_turn, "vault/{vault_id}/turn", (uint64_t, vault_id), (int32_t, by));
EDA_RECORD(vault_state, (int32_t, at));
EDA_REQUEST(vault_get, vault_state, "vault/{vault_id}/get", (uint64_t, vault_id));

typedef struct vault {
    int32_t at;
} vault;

static void vault_on_turn(vault *self, const vault_turn *cmd)
{
    self->at += cmd->by;
}

static void vault_on_get(vault *self, const vault_get *request, vault_state *reply)
{
    (void)request;
    *reply = (vault_state){.at = self->at};
}

EDA_ACTOR(
    vault, eda_none, key(vault_id), on(vault_turn, vault_on_turn), answers(vault_get, vault_on_get));

/* --- the camera: another's encoding; the ear: another's topics ------------------------------ */

EDA_MESSAGE_RAW(camera_frame, "camera/frame");
EDA_RECORD(heard, (uint32_t, count), (eda_str, topic), (eda_str, encoding), (eda_bytes, payload));
EDA_REQUEST(camera_get, heard, "camera/get");
EDA_REQUEST(ear_get, heard, "ear/get");

/* The last one, or its beginning. */
typedef struct memory {
    uint32_t count;
    size_t topic_len;
    size_t encoding_len;
    size_t payload_len;
    char topic[64];
    char encoding[64];
    uint8_t payload[256];
} memory;

static size_t keep(void *to, size_t size, const void *from, size_t len)
{
    len = len < size ? len : size;
    if (len > 0) {
        memcpy(to, from, len);
    }
    return len;
}

static void memory_keep(memory *self, const eda_raw *raw)
{
    self->count++;
    self->topic_len = keep(self->topic, sizeof(self->topic), raw->topic.ptr, raw->topic.len);
    self->encoding_len =
        keep(self->encoding, sizeof(self->encoding), raw->encoding.ptr, raw->encoding.len);
    self->payload_len =
        keep(self->payload, sizeof(self->payload), raw->payload.ptr, raw->payload.len);
}

static heard memory_tell(const memory *self)
{
    return (heard){.count = self->count,
        .topic = {.ptr = self->topic, .len = self->topic_len},
        .encoding = {.ptr = self->encoding, .len = self->encoding_len},
        .payload = {.ptr = self->payload, .len = self->payload_len}};
}

typedef struct camera {
    memory last;
} camera;

static void camera_on_frame(camera *self, const camera_frame *frame)
{
    const eda_raw raw = {
        .topic = frame->topic, .encoding = frame->encoding, .payload = frame->payload};

    memory_keep(&self->last, &raw);
}

static void camera_on_get(camera *self, const camera_get *request, heard *reply)
{
    (void)request;
    *reply = memory_tell(&self->last);
}

EDA_ACTOR(camera, eda_none, on(camera_frame, camera_on_frame), answers(camera_get, camera_on_get));

typedef struct ear {
    memory last;
} ear;

static eda_status ear_on_any(ear *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    (void)ctx;
    if (envelope->type == NULL) {
        memory_keep(&self->last, envelope->data);
    }
    return EDA_OK;
}

static void ear_on_get(ear *self, const ear_get *request, heard *reply)
{
    (void)request;
    *reply = memory_tell(&self->last);
}

EDA_ACTOR(ear, eda_none, on_any("street/**", ear_on_any), answers(ear_get, ear_on_get));

/* Of what the ear hears, some. */
typedef struct eye {
    memory last;
} eye;

static eda_status eye_on_lamp(eye *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    (void)ctx;
    memory_keep(&self->last, envelope->data);
    return EDA_OK;
}

EDA_REQUEST(eye_get, heard, "eye/get");

static void eye_on_get(eye *self, const eye_get *request, heard *reply)
{
    (void)request;
    *reply = memory_tell(&self->last);
}

EDA_ACTOR(eye, eda_none, on_any("street/lamp/*", eye_on_lamp), answers(eye_get, eye_on_get));

/* --- "purse/street/coins" is of two types; and many messages --------------------------------- */

EDA_MESSAGE(gain, "purse/{from}/coins", (eda_str, from), (uint32_t, coins));
EDA_MESSAGE(loss, "purse/street/{what}", (eda_str, what), (uint32_t, coins));
EDA_RECORD(purse_state, (int64_t, coins));
EDA_REQUEST(purse_get, purse_state, "purse/get");

typedef struct purse {
    int64_t coins;
} purse;

static void purse_on_gain(purse *self, const gain *cmd)
{
    self->coins += cmd->coins;
}

static void purse_on_loss(purse *self, const loss *cmd)
{
    self->coins -= cmd->coins;
}

static void purse_on_get(purse *self, const purse_get *request, purse_state *reply)
{
    (void)request;
    *reply = (purse_state){.coins = self->coins};
}

EDA_ACTOR(purse, eda_none, on(gain, purse_on_gain), on(loss, purse_on_loss),
    answers(purse_get, purse_on_get));

EDA_MESSAGE(meter_add, "meter/{meter_id}/add", (uint64_t, meter_id), (uint32_t, amount));

typedef struct meter {
    uint64_t sum;
} meter;

static void meter_on_add(meter *self, const meter_add *cmd)
{
    self->sum += cmd->amount;
}

EDA_ACTOR(meter, eda_none, key(meter_id), spawns_for(outside), on(meter_add, meter_on_add));

/* --- the node ------------------------------------------------------------------------------- */

static int fail(const char *what, eda_status status, const char *why)
{
    (void)fprintf(stderr, "interop-node: %s: %s: %s\n", what, eda_status_name(status), why);
    return 1;
}

/* One that nobody has, at this moment. 0: there is none. */
static unsigned free_port(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    struct sockaddr *generic = (struct sockaddr *)&address;
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_bound = fd >= 0 && bind(fd, generic, size) == 0 && getsockname(fd, generic, &size) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    return is_bound ? ntohs(address.sin_port) : 0;
}

typedef struct wish {
    const char *library;
    const char *name;
    const char *mode; /* or a path of a configuration */
    bool hosts;
    const char *connect; /* NULL: nowhere */
} wish;

static bool is_file(const wish *what)
{
    return strchr(what->mode, '/') != NULL;
}

static void write_config(const wish *what, const char *listen, char *config, size_t size)
{
    if (is_file(what)) {
        (void)snprintf(config, size, "%s", what->mode);
        return;
    }
    (void)snprintf(config, size,
        "{mode: '%s', listen: {endpoints: [%s%s%s]}, connect: {endpoints: [%s%s%s]}}", what->mode,
        listen[0] != '\0' ? "'" : "", listen, listen[0] != '\0' ? "'" : "",
        what->connect != NULL ? "'" : "", what->connect != NULL ? what->connect : "",
        what->connect != NULL ? "'" : "");
}

static eda_status start(const wish *what, const char *listen, eda_system **ret_system)
{
    char config[512];
    eda_system *sys = NULL;
    eda_status status;

    write_config(what, listen, config, sizeof(config));
    EDA_TRY(eda_system_new(
        &(eda_options){
            .name = what->name, .workers = 2, .bus = what->library, .bus_config = config},
        &sys));
    status = what->hosts ? eda_add_linked(sys) : EDA_OK;
    status = status == EDA_OK ? eda_system_start(sys) : status;
    if (status != EDA_OK) {
        (void)fail(what->name, status, eda_system_error(sys));
        eda_system_free(sys);
        return status;
    }
    *ret_system = sys;
    return EDA_OK;
}

static eda_status start_somewhere(const wish *what, char *endpoint, size_t size, eda_system **ret)
{
    eda_status status = EDA_EIO;
    unsigned tried;

    if (strcmp(what->mode, "client") == 0 || is_file(what)) {
        return start(what, "", ret);
    }
    for (tried = 0; tried < PORTS_TRIED && status == EDA_EIO; tried++) {
        (void)snprintf(endpoint, size, "tcp/127.0.0.1:%u", free_port());
        status = start(what, endpoint, ret);
    }
    return status;
}

static eda_status obey(eda_system *sys, const char *line)
{
    static const char nodes[] = "nodes ";
    static const char make[] = "make ";

    if (strncmp(line, nodes, strlen(nodes)) == 0) {
        return eda_cluster_wait_nodes(
            sys, (uint32_t)strtoul(line + strlen(nodes), NULL, 10), PATIENCE_MS);
    }
    if (strncmp(line, make, strlen(make)) == 0) {
        return eda_publish_wait(eda_system_client(sys),
            EDA_MSG(vault_turn, .vault_id = strtoull(line + strlen(make), NULL, 10), .by = 1),
            PATIENCE_MS);
    }
    return strcmp(line, "idle\n") == 0 ? eda_cluster_wait_idle(sys, PATIENCE_MS) : EDA_EINVAL;
}

int main(int argc, char **argv)
{
    char endpoint[64] = "";
    char line[256];
    eda_system *sys = NULL;
    eda_counts counts;

    if (argc < 5 || argc > 6) {
        return fail("arguments", EDA_EINVAL, "see the top of tests/interop/node.c");
    }
    const wish what = {.library = argv[1],
        .name = argv[2],
        .mode = argv[3],
        .hosts = strcmp(argv[4], "all") == 0,
        .connect = argv[5]};
    if (start_somewhere(&what, endpoint, sizeof(endpoint), &sys) != EDA_OK) {
        return 1;
    }
    (void)printf("ready %s\n", endpoint);
    (void)fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        eda_status status = obey(sys, line);

        (void)printf(
            "%s %s\n", eda_status_name(status), status == EDA_OK ? "done" : eda_system_error(sys));
        (void)fflush(stdout);
    }
    eda_system_stop(sys);
    counts = eda_system_counts(sys, NULL, NULL);
    eda_system_free(sys);
    if (eda_counts_balance(&counts) != 0) {
        return fail("at the end", EDA_EFAILED, "deliveries are unaccounted for");
    }
    return 0;
}
