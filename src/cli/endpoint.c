/* endpoint.c - see endpoint.h. */
#include "cli/endpoint.h"

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
    {"local:", "local", "path"}, {"unix:", "local", "path"}, {"inproc:", "inproc", "network"}};

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = edai_alloc(size);

    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

static edai_exit take_json(edai_cli *cli, json_t *json, edai_endpoint *endpoint)
{
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

    json_decref(json);
    if (text != NULL) {
        endpoint->config = copy_text(text);
        free(text);
    }
    if (endpoint->config == NULL) {
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
static edai_exit make_zenoh(edai_cli *cli, edai_endpoint *endpoint)
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
        json_pack("{s:s,s:{s:[s]},s:o}", "mode", "client", "connect", "endpoints", endpoint->where,
            "transport", transport),
        endpoint);
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

static edai_exit read_config(edai_cli *cli, const char *path, edai_endpoint *endpoint)
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
    endpoint->driver = driver != NULL ? driver : "zenoh";
    endpoint->where = path;
    endpoint->config = copy_text(path);
    return endpoint->config != NULL ? EDAI_EXIT_OK
                                    : edai_cli_fail(cli, EDAI_EXIT_FAILED, "out of memory");
}

/* An endpoint of another driver; EDAI_EXIT_OK with config NULL: it is none. */
static edai_exit read_scheme(edai_cli *cli, const char *connect, edai_endpoint *endpoint)
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
        endpoint->driver = schemes[i].driver;
        return take_json(cli, json_pack("{s:s}", schemes[i].name, connect + len), endpoint);
    }
    return EDAI_EXIT_OK;
}

edai_exit edai_endpoint_read(edai_cli *cli, edai_endpoint *ret_endpoint)
{
    const char *config = edai_args_value(&cli->args, "--config");
    const char *connect = edai_args_value(&cli->args, "--connect");
    const char *driver = edai_args_value(&cli->args, "--bus");
    edai_endpoint endpoint = {.driver = driver != NULL ? driver : "zenoh"};
    edai_exit code;

    if (config != NULL) {
        code = read_config(cli, config, &endpoint);
    } else {
        endpoint.where = connect != NULL ? connect : ENDPOINT;
        code = read_scheme(cli, endpoint.where, &endpoint);
        if (code == EDAI_EXIT_OK && endpoint.config == NULL) {
            code = make_zenoh(cli, &endpoint);
        }
    }
    if (code == EDAI_EXIT_OK) {
        *ret_endpoint = endpoint;
    }
    return code;
}

void edai_endpoint_fini(edai_endpoint *endpoint)
{
    edai_free(endpoint->config);
    endpoint->config = NULL;
}
