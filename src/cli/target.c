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

static edai_exit read_password(edai_cli *cli, const char *path, char *password)
{
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE, "--password-file: %s cannot be read", path);
    }
    char *line = fgets(password, PASSWORD_SIZE_MAX, file);
    (void)fclose(file);
    if (line == NULL) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE, "--password-file: %s is empty", path);
    }
    password[strcspn(password, "\r\n")] = '\0';
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

static edai_exit add_tls(edai_cli *cli, json_t *transport)
{
    static const char *const options[][2] = {{"--ca", "root_ca_certificate"},
        {"--cert", "connect_certificate"}, {"--key", "connect_private_key"}};
    json_t *tls = json_object();

    if (edai_args_has(&cli->args, "--cert") != edai_args_has(&cli->args, "--key")) {
        json_decref(tls);
        return edai_cli_fail(cli, EDAI_EXIT_USAGE, "--cert and --key belong together; give both");
    }
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *value = edai_args_value(&cli->args, options[i][0]);

        if (value != NULL) {
            (void)json_object_set_new(tls, options[i][1], json_string(value));
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
        code = add_tls(cli, transport);
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
        target->where = connect;
        return connect[len] == '\0'
                   ? EDAI_EXIT_OK
                   : take_json(cli, json_pack("{s:s}", schemes[i].name, connect + len), target);
    }
    return EDAI_EXIT_OK;
}

/* --bus alone: where that driver goes by itself. */
static edai_exit read_driver(edai_cli *cli, const char *driver, edai_target *target)
{
    target->driver = driver;
    target->where = driver;
    return check_zenoh_only(cli, "is for Zenoh; leave it out");
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
