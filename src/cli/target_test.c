/* target_test.c - where the command goes: what is wrong with its options and the files they name
 * ends with 2, nobody there with 3, and neither leaves anything behind. */
#define _POSIX_C_SOURCE 200809L

#include "cli/cli_run.h"

#include <sys/stat.h>

static char folder[] = "/tmp/edacious-target-XXXXXX";

static const char *path_of(const char *name)
{
    static char paths[4][64];
    static unsigned at;
    char *path = paths[at++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void put_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    cli_is_alone = true;
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    put_file("ca.pem", "of ours\n-----BEGIN CERTIFICATE-----\n");
    put_file("me.key", "-----BEGIN EC PRIVATE KEY-----\n");
    put_file("text", "hello\n");
    put_file("blank", "\nsecret\n");
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"ca.pem", "me.key", "text", "blank"};
    (void)state;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(path_of(names[i]));
    }
    return rmdir(folder); /* fails if anything else was left there */
}

static void assert_end(edai_exit code, const char *says, const char *const *words)
{
    cli_result made = cli_run_with("", words);

    if (made.code != code || strcmp(made.out, "") != 0 || strstr(made.err, says) == NULL) {
        fail_msg("%d, not %d with \"%s\":\n%s%s", made.code, code, says, made.out, made.err);
    }
    cli_drop(&made);
}

#define TLS "ps", "--connect", "tls/127.0.0.1:1"

static void files_that_are_none_end_with_2(void **state)
{
    (void)state;
    const char *ca = path_of("ca.pem");
    const char *text = path_of("text");
    const char *key = path_of("me.key");

    assert_end(EDAI_EXIT_USAGE, "--ca: /nowhere/x cannot be read; is there such a file",
        CLI_WORDS(TLS, "--ca", "/nowhere/x"));
    assert_end(EDAI_EXIT_USAGE, "--ca: /tmp cannot be read", CLI_WORDS(TLS, "--ca", "/tmp"));
    assert_end(EDAI_EXIT_USAGE, "--ca: there is no -----BEGIN CERTIFICATE----- in ",
        CLI_WORDS(TLS, "--ca", text));
    assert_end(EDAI_EXIT_USAGE, "--cert: /nowhere/x cannot be read",
        CLI_WORDS(TLS, "--ca", ca, "--cert", "/nowhere/x", "--key", key));
    assert_end(EDAI_EXIT_USAGE, "--key: /nowhere/x cannot be read",
        CLI_WORDS(TLS, "--ca", ca, "--cert", ca, "--key", "/nowhere/x"));
    assert_end(EDAI_EXIT_USAGE, "--key: there is no -----BEGIN PRIVATE KEY----- in ",
        CLI_WORDS(TLS, "--ca", ca, "--cert", ca, "--key", ca));
    assert_end(EDAI_EXIT_USAGE, "--cert and --key belong together", CLI_WORDS(TLS, "--cert", ca));
    assert_end(EDAI_EXIT_USAGE,
        "--ca is for TLS, and tcp/127.0.0.1:1 goes without; give --connect tls/HOST:PORT",
        CLI_WORDS("ps", "--connect", "tcp/127.0.0.1:1", "--ca", ca));
}

static void endpoint_that_is_none_ends_with_2(void **state)
{
    (void)state;
    static const char *const each[][4] = {{"ps", "--connect", "127.0.0.1:7447"},
        {"ps", "--connect", ""}, {"ps", "--connect", "/run/bus"}, {"ps", "--connect", "home"}};

    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        assert_end(EDAI_EXIT_USAGE,
            " is no endpoint: PROTOCOL/ADDRESS as in tcp/127.0.0.1:7447, or local:SOCKET as in "
            "local:/run/bus",
            each[i]);
    }
}

static void password_that_is_none_ends_with_2(void **state)
{
    (void)state;
    char line[600];

    assert_end(EDAI_EXIT_USAGE, "--password-file: /nowhere/x cannot be read",
        CLI_WORDS(TLS, "--user", "me", "--password-file", "/nowhere/x"));
    assert_end(EDAI_EXIT_USAGE, "--password-file: /tmp cannot be read",
        CLI_WORDS(TLS, "--user", "me", "--password-file", "/tmp"));
    assert_end(EDAI_EXIT_USAGE, " begins with an empty line; the password stands in its first",
        CLI_WORDS(TLS, "--user", "me", "--password-file", path_of("blank")));
    assert_end(EDAI_EXIT_USAGE, "--user and --password-file belong together",
        CLI_WORDS(TLS, "--user", "me"));
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    put_file("text", line);
    assert_end(EDAI_EXIT_USAGE, " is too long; a password has at most 510 bytes",
        CLI_WORDS(TLS, "--user", "me", "--password-file", path_of("text")));
    put_file("text", "hello\n");
}

/* Words are looked at before anybody is looked for. */
static void words_that_are_wrong_end_with_2_also_where_nobody_is(void **state)
{
    (void)state;
    static const char *const each[][6] = {{"pub", "door/*", "1"}, {"pub", "door", "{badge: 7}"},
        {"pub", "door", "/nowhere/x", "--raw=a/b"}, {"ask", "door", "{badge: 7}"},
        {"ask", "door/*"}, {"sub", "door//x"}, {"acl", "--subject=home"}, {"acl", "--outsider=x"},
        {"acl", "--subject=cn:home", "--into=/nowhere/x"}, {"messages", "--catalogue=/nowhere/x"}};

    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        const char *words[7] = {NULL};
        size_t count = 0;

        for (; each[i][count] != NULL; count++) {
            words[count] = each[i][count];
        }
        words[count] = "--connect=local:/nowhere/bus";
        assert_end(EDAI_EXIT_USAGE, "edacious ", words);
    }
}

static void driver_that_is_none_ends_with_2(void **state)
{
    (void)state;
    assert_end(EDAI_EXIT_USAGE, "there is no bus driver nowhere", CLI_WORDS("ps", "--bus=nowhere"));
    assert_end(EDAI_EXIT_USAGE,
        "the driver cannot be loaded: ", CLI_WORDS("ps", "--bus", path_of("text")));
    assert_end(EDAI_EXIT_USAGE, "--connect tcp/127.0.0.1:1 is for Zenoh, --bus local is not",
        CLI_WORDS("ps", "--bus", "local", "--connect", "tcp/127.0.0.1:1"));
}

static void config_that_is_wrong_ends_with_2_and_names_the_file(void **state)
{
    (void)state;
    char says[96];

    assert_end(EDAI_EXIT_USAGE, "--config /nowhere/x: the file /nowhere/x cannot be opened",
        CLI_WORDS("ps", "--bus", "local", "--config", "/nowhere/x"));
    (void)snprintf(says, sizeof says, "--config %s: JSON, line 1, column ", path_of("text"));
    assert_end(
        EDAI_EXIT_USAGE, says, CLI_WORDS("ps", "--bus", "local", "--config", path_of("text")));
    put_file("text", "[]");
    (void)snprintf(says, sizeof says, "--config %s: must be a JSON object", path_of("text"));
    assert_end(
        EDAI_EXIT_USAGE, says, CLI_WORDS("ps", "--bus", "local", "--config", path_of("text")));
    put_file("text", "{\"sock\": \"/x\"}");
    (void)snprintf(says, sizeof says,
        "--config %s: \"sock\" is unknown; known: \"socket\", \"hub\"\n", path_of("text"));
    assert_end(
        EDAI_EXIT_USAGE, says, CLI_WORDS("ps", "--bus", "local", "--config", path_of("text")));
    put_file("text", "hello\n");
}

/* It is nobody's hub: no socket, no lock, no folder stays. */
static void socket_where_nobody_listens_ends_with_3_and_leaves_nothing(void **state)
{
    (void)state;
    char where[64];
    char text[96];

    (void)snprintf(where, sizeof where, "local:%s", path_of("bus"));
    assert_end(EDAI_EXIT_UNREACHABLE,
        "/bus; is a node up whose bus is \"local\", and is that its socket?\n",
        CLI_WORDS("ps", "--connect", where));
    (void)snprintf(where, sizeof where, "local:%s", path_of("no/bus"));
    assert_end(EDAI_EXIT_UNREACHABLE, "nobody listens at ", CLI_WORDS("ps", "--connect", where));
    (void)snprintf(text, sizeof text, "{\"socket\": \"%s\"}", path_of("bus"));
    put_file("text", text);
    assert_end(EDAI_EXIT_UNREACHABLE, "nobody listens at ",
        CLI_WORDS("ps", "--bus", "local", "--config", path_of("text")));
    assert_end(EDAI_EXIT_UNREACHABLE, "nobody listens at ",
        CLI_WORDS("ps", "--bus", "local", "--config", text));
    put_file("text", "hello\n");
    assert_end(EDAI_EXIT_USAGE, "xxxx: \"socket\" has ",
        CLI_WORDS("ps", "--connect",
            "local:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
}

static void default_socket_is_reached_or_nobodys(void **state)
{
    (void)state;
    static const char *const each[][3] = {{"ps", "--connect=local:"}, {"ps", "--bus=local"}};

    assert_int_equal(chmod(folder, 0700), 0);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    assert_int_equal(setenv("XDG_RUNTIME_DIR", folder, 1), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_end(EDAI_EXIT_UNREACHABLE, "/edacious.sock; is a node up", each[i]);
        assert_end(EDAI_EXIT_UNREACHABLE, "no connection to local: nobody listens at ", each[i]);
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_are_none_end_with_2),
        cmocka_unit_test(endpoint_that_is_none_ends_with_2),
        cmocka_unit_test(password_that_is_none_ends_with_2),
        cmocka_unit_test(words_that_are_wrong_end_with_2_also_where_nobody_is),
        cmocka_unit_test(driver_that_is_none_ends_with_2),
        cmocka_unit_test(config_that_is_wrong_ends_with_2_and_names_the_file),
        cmocka_unit_test(socket_where_nobody_listens_ends_with_3_and_leaves_nothing),
        cmocka_unit_test(default_socket_is_reached_or_nobodys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
