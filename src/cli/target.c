/* target.c - see target.h. */
#include "cli/target.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define ENDPOINT "tcp/127.0.0.1:7447"
#define PASSWORD_SIZE_MAX 512

/* What begins an endpoint of a driver other than zenoh, and what its configuration calls the rest.
 */
static const struct {
    const char *prefix;
    const char *driver;
    const char *name;
} schemes[] = {
    {"local:", "local", "socket"}, {"unix:", "local", "socket"}, {"inproc:", "inproc", "network"}};

/* To be added to any configuration of the driver local: who looks around is nobody's hub. */
static json_t *as_guest(const char *driver, json_t *config)
{
    if (strcmp(driver, "local") == 0) {
        (void)json_object_set_new(config, "hub", json_string("never"));
    }
    return config;
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = edai_alloc(size);

    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

static edai_exit take_json(edai_cli *cli, json_t *json, edai_target *target)
{
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

    json_decref(json);
    if (text != NULL) {
        target->config = copy_text(text);
        free(text);
    }
    if (target->config == NULL) {
        return edai_cli_fail(
            cli, EDAI_EXIT_FAILED, "no memory, or an endpoint or name that is not UTF-8");
    }
    return EDAI_EXIT_OK;
}

/* --- zenoh --- */

static edai_exit unreadable(edai_cli *cli, const char *option, const char *path)
{
    return edai_cli_fail(cli, EDAI_EXIT_USAGE,
        "%s: %s cannot be read; is there such a file, and may you read it?", option, path);
}

static edai_exit read_password(edai_cli *cli, const char *path, char *password)
{
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        return unreadable(cli, "--password-file", path);
    }
    const char *line = fgets(password, PASSWORD_SIZE_MAX, file);
    bool is_broken = ferror(file) != 0;
    (void)fclose(file);
    if (is_broken) {
        return unreadable(cli, "--password-file", path);
    }
    size_t len = line != NULL ? strcspn(password, "\r\n") : 0;
    if (len == 0) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "--password-file: %s begins with an empty line; the password stands in its first",
            path);
    }
    if (len == PASSWORD_SIZE_MAX - 1) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "--password-file: the first line of %s is too long; a password has at most %d bytes",
            path, PASSWORD_SIZE_MAX - 2);
    }
    password[len] = '\0';
    return EDAI_EXIT_OK;
}

static edai_exit add_user(edai_cli *cli, json_t *transport)
{
    const char *user = edai_args_value(&cli->args, "--user");
    const char *path = edai_args_value(&cli->args, "--password-file");
    char password[PASSWORD_SIZE_MAX];

    if (user == NULL && path == NULL) {
        return EDAI_EXIT_OK;
    }
    if (user == NULL || path == NULL) {
        return edai_cli_fail(
            cli, EDAI_EXIT_USAGE, "--user and --password-file belong together; give both");
    }
    edai_exit code = read_password(cli, path, password);
    if (code == EDAI_EXIT_OK) {
        (void)json_object_set_new(transport, "auth",
            json_pack("{s:{s:s,s:s}}", "usrpwd", "user", user, "password", password));
    }
    return code;
}

/* The files of TLS: their options, what Zenoh calls them, and what stands in them. */
static const struct {
    const char *option;
    const char *key;
    const char *holds;
} tls_files[] = {{"--ca", "root_ca_certificate", "CERTIFICATE-----"},
    {"--cert", "connect_certificate", "CERTIFICATE-----"},
    {"--key", "connect_private_key", "PRIVATE KEY-----"}};
#define TLS_FILES_LEN (sizeof tls_files / sizeof tls_files[0])

/* As in "-----BEGIN EC PRIVATE KEY-----". */
static bool is_pem(FILE *file, const char *holds)
{
    char line[256];

    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "-----BEGIN ", 11) == 0 && strstr(line, holds) != NULL) {
            return true;
        }
    }
    return false;
}

/* Zenoh would call what is wrong with one an endpoint that does not answer. */
static edai_exit check_tls_file(edai_cli *cli, size_t at, const char *path)
{
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        return unreadable(cli, tls_files[at].option, path);
    }
    bool is_right = is_pem(file, tls_files[at].holds);
    bool is_broken = ferror(file) != 0;
    (void)fclose(file);
    if (is_broken) {
        return unreadable(cli, tls_files[at].option, path);
    }
    if (!is_right) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "%s: there is no -----BEGIN %s in %s; it takes a file in PEM", tls_files[at].option,
            tls_files[at].holds, path);
    }
    return EDAI_EXIT_OK;
}

static edai_exit check_tls(edai_cli *cli, const char *where)
{
    bool is_plain = strncmp(where, "tcp/", 4) == 0 || strncmp(where, "unixsock-stream/", 16) == 0;

    if (edai_args_has(&cli->args, "--cert") != edai_args_has(&cli->args, "--key")) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE, "--cert and --key belong together; give both");
    }
    for (size_t i = 0; i < TLS_FILES_LEN; i++) {
        const char *path = edai_args_value(&cli->args, tls_files[i].option);

        if (path != NULL && is_plain) {
            return edai_cli_fail(cli, EDAI_EXIT_USAGE,
                "%s is for TLS, and %s goes without; give --connect tls/HOST:PORT",
                tls_files[i].option, where);
        }
        edai_exit code = path != NULL ? check_tls_file(cli, i, path) : EDAI_EXIT_OK;
        if (code != EDAI_EXIT_OK) {
            return code;
        }
    }
    return EDAI_EXIT_OK;
}

static edai_exit add_tls(edai_cli *cli, const char *where, json_t *transport)
{
    edai_exit code = check_tls(cli, where);

    if (code != EDAI_EXIT_OK) {
        return code;
    }
    json_t *tls = json_object();
    for (size_t i = 0; i < TLS_FILES_LEN; i++) {
        const char *path = edai_args_value(&cli->args, tls_files[i].option);

        if (path != NULL) {
            (void)json_object_set_new(tls, tls_files[i].key, json_string(path));
        }
    }
    if (edai_args_has(&cli->args, "--cert")) {
        (void)json_object_set_new(tls, "enable_mtls", json_true());
    }
    (void)json_object_set_new(transport, "link", json_pack("{s:o}", "tls", tls));
    return EDAI_EXIT_OK;
}

/* A client of what listens there. */
static edai_exit make_zenoh(edai_cli *cli, edai_target *target)
{
    json_t *transport = json_object();
    edai_exit code = add_user(cli, transport);

    if (code == EDAI_EXIT_OK) {
        code = add_tls(cli, target->where, transport);
    }
    if (code != EDAI_EXIT_OK) {
        json_decref(transport);
        return code;
    }
    return take_json(cli,
        json_pack("{s:s,s:{s:[s]},s:o}", "mode", "client", "connect", "endpoints", target->where,
            "transport", transport),
        target);
}

/* --- any --- */

static edai_exit check_zenoh_only(edai_cli *cli, const char *why)
{
    static const char *const names[] = {"--ca", "--cert", "--key", "--user", "--password-file"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (edai_args_has(&cli->args, names[i])) {
            return edai_cli_fail(cli, EDAI_EXIT_USAGE, "%s %s", names[i], why);
        }
    }
    return EDAI_EXIT_OK;
}

/* For the driver local, which gets a word more; NULL: what is wrong with it the driver says. */
static json_t *load_object(const char *config)
{
    json_t *json = config[0] == '{' ? json_loads(config, JSON_REJECT_DUPLICATES, NULL)
                                    : json_load_file(config, JSON_REJECT_DUPLICATES, NULL);

    if (json_is_object(json)) {
        return json;
    }
    json_decref(json);
    return NULL;
}

static edai_exit read_config(edai_cli *cli, const char *path, edai_target *target)
{
    const char *driver = edai_args_value(&cli->args, "--bus");
    edai_exit code =
        check_zenoh_only(cli, "stands in the file of --config, if there is one; leave it out");

    if (code == EDAI_EXIT_OK && edai_args_has(&cli->args, "--connect")) {
        code = edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "--connect stands in the file of --config, if there is one; leave one out");
    }
    if (code != EDAI_EXIT_OK) {
        return code;
    }
    target->driver = driver != NULL ? driver : "zenoh";
    target->where = path;
    json_t *config = strcmp(target->driver, "local") == 0 ? load_object(path) : NULL;
    if (config != NULL) {
        return take_json(cli, as_guest(target->driver, config), target);
    }
    target->config = copy_text(path);
    return target->config != NULL ? EDAI_EXIT_OK
                                  : edai_cli_fail(cli, EDAI_EXIT_FAILED, "out of memory");
}

/* An endpoint of a driver other than Zenoh; none: EDAI_EXIT_OK, and where stays NULL. */
static edai_exit read_scheme(edai_cli *cli, const char *connect, edai_target *target)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t len = strlen(schemes[i].prefix);

        if (strncmp(connect, schemes[i].prefix, len) != 0) {
            continue;
        }
        edai_exit code = check_zenoh_only(cli, "is for Zenoh; leave it out");
        if (code != EDAI_EXIT_OK) {
            return code;
        }
        target->driver = schemes[i].driver;
        target->where = connect[len] == '\0' ? schemes[i].driver : connect;
        json_t *config = connect[len] == '\0' ? json_object()
                                              : json_pack("{s:s}", schemes[i].name, connect + len);
        return take_json(cli, as_guest(target->driver, config), target);
    }
    return EDAI_EXIT_OK;
}

/* --bus alone: where that driver goes by itself. */
static edai_exit read_driver(edai_cli *cli, const char *driver, edai_target *target)
{
    edai_exit code = check_zenoh_only(cli, "is for Zenoh; leave it out");

    target->driver = driver;
    target->where = driver;
    if (code != EDAI_EXIT_OK || strcmp(driver, "local") != 0) {
        return code;
    }
    return take_json(cli, as_guest(driver, json_object()), target);
}

static edai_exit read_endpoint(edai_cli *cli, edai_target *target)
{
    const char *connect = edai_args_value(&cli->args, "--connect");
    const char *driver = edai_args_value(&cli->args, "--bus");
    bool is_zenoh = driver == NULL || strstr(driver, "zenoh") != NULL;
    edai_exit code = EDAI_EXIT_OK;

    if (connect == NULL && !is_zenoh) {
        return read_driver(cli, driver, target);
    }
    if (connect != NULL) {
        code = read_scheme(cli, connect, target);
    }
    if (code != EDAI_EXIT_OK || target->where != NULL) {
        return code;
    }
    if (!is_zenoh) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "--connect %s is for Zenoh, --bus %s is not; local:SOCKET is for local", connect,
            driver);
    }
    if (connect != NULL && (connect[0] == '/' || strchr(connect, '/') == NULL)) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "--connect %s is no endpoint: PROTOCOL/ADDRESS as in %s, or local:SOCKET as in "
            "local:/run/bus",
            connect, ENDPOINT);
    }
    target->driver = driver != NULL ? driver : "zenoh";
    target->where = connect != NULL ? connect : ENDPOINT;
    target->is_dialled = true;
    return make_zenoh(cli, target);
}

edai_exit edai_target_read(edai_cli *cli, edai_target *ret_target)
{
    const char *config = edai_args_value(&cli->args, "--config");
    edai_target target = {.driver = NULL};
    edai_exit code =
        config != NULL ? read_config(cli, config, &target) : read_endpoint(cli, &target);

    if (code == EDAI_EXIT_OK) {
        *ret_target = target;
    }
    return code;
}

void edai_target_fini(edai_target *target)
{
    edai_free(target->config);
    target->config = NULL;
}
