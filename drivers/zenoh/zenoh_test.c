/* The Zenoh driver passes the conformance suite, between peers and through a router, by TCP and by
 * a Unix socket. Usage: zenoh_test LIBRARY [CASE CONFIG_A CONFIG_B]; a LIBRARY that was not built:
 * 77. */
#define _GNU_SOURCE 1

#include <edacious/bus.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus/conform/cases.h"

#define CONFIG_SIZE 512

static const eda_bus_driver *driver;

/* A port nobody has: bound once, and left for the driver. */
static unsigned free_port(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    struct sockaddr *generic = (struct sockaddr *)&address;
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, generic, size), 0);
    assert_int_equal(getsockname(fd, generic, &size), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static void conform(const char *mode_a, const char *mode_b, const char *endpoint)
{
    char a[CONFIG_SIZE];
    char b[CONFIG_SIZE];
    eda_bus_problem problem = {.text = {0}};

    (void)snprintf(a, sizeof(a), "{mode: '%s', listen: {endpoints: ['%s']}}", mode_a, endpoint);
    (void)snprintf(b, sizeof(b),
        "{mode: '%s', connect: {endpoints: ['%s']}, listen: {endpoints: []}}", mode_b, endpoint);
    eda_status status = eda_bus_conform(driver, a, b, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, EDA_OK);
}

static void zenoh_peers_by_tcp_conform(void **state)
{
    (void)state;
    char endpoint[64];
    (void)snprintf(endpoint, sizeof(endpoint), "tcp/127.0.0.1:%u", free_port());
    conform("peer", "peer", endpoint);
}

static void zenoh_clients_of_a_router_conform(void **state)
{
    (void)state;
    char endpoint[64];
    (void)snprintf(endpoint, sizeof(endpoint), "tcp/127.0.0.1:%u", free_port());
    conform("router", "client", endpoint);
}

static void zenoh_peers_by_unix_socket_conform(void **state)
{
    (void)state;
    char folder[] = "/tmp/edacious-zenoh-XXXXXX";
    char endpoint[128];

    assert_non_null(mkdtemp(folder));
    (void)snprintf(endpoint, sizeof(endpoint), "unixsock-stream/%s/bus", folder);
    conform("peer", "peer", endpoint);
    (void)snprintf(endpoint, sizeof(endpoint), "%s/bus", folder);
    (void)unlink(endpoint);
    (void)snprintf(endpoint, sizeof(endpoint), "%s/bus.lock", folder);
    (void)unlink(endpoint);
    assert_int_equal(rmdir(folder), 0);
}

static int run_one(char **arguments)
{
    eda_bus_problem problem = {.text = {0}};
    edai_conform_options options = {.driver = driver,
        .only = arguments[0],
        .config_a = arguments[1],
        .config_b = arguments[2],
        .patience_ms = 10000};

    eda_status status = edai_conform_run(&options, &problem);
    (void)printf("%s: %s %s\n", arguments[0], eda_status_name(status), problem.text);
    return status == EDA_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zenoh_peers_by_tcp_conform),
        cmocka_unit_test(zenoh_clients_of_a_router_conform),
        cmocka_unit_test(zenoh_peers_by_unix_socket_conform),
    };
    eda_bus_problem problem = {.text = {0}};

    if (argc < 2 || access(argv[1], F_OK) != 0) {
        (void)printf("the Zenoh driver was not built (EDA_ZENOH)\n");
        return 77;
    }
    if (eda_bus_find(argv[1], &driver, &problem) != EDA_OK) {
        (void)fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    (void)printf("%s\n", driver->about);
    return argc == 5 ? run_one(argv + 2) : cmocka_run_group_tests(tests, NULL, NULL);
}
