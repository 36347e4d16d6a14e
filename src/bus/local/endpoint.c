/* endpoint.c - the socket of a host's bus. */
#define _GNU_SOURCE 1

#include "bus/local/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus/driver/config.h"

#define BACKLOG 128

unsigned edai_endpoint_uid(void)
{
    return (unsigned)geteuid();
}

static eda_status refuse(eda_bus_problem *problem, const char *path, const char *what)
{
    char buffer[64];
    const char *why = strerror_r(errno, buffer, sizeof(buffer));

    return edai_config_refuse(problem, EDA_EIO, "local: %s: %s: %s", path, what, why);
}

/* --- where --- */

static bool is_owners_folder(const char *path, mode_t refused)
{
    struct stat info;

    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) &&
           info.st_uid == (uid_t)edai_endpoint_uid() && (info.st_mode & refused) == 0;
}

/* Below /tmp, which everybody may write to, in a folder nobody else may enter. */
static eda_status find_temporary(edai_endpoint *endpoint, eda_bus_problem *problem)
{
    char folder[EDAI_ENDPOINT_SIZE - 16];
    struct stat info;

    (void)snprintf(folder, sizeof(folder), "/tmp/edacious-%u", edai_endpoint_uid());
    (void)snprintf(endpoint->path, sizeof(endpoint->path), "%s/bus.sock", folder);
    if (endpoint->is_guest && lstat(folder, &info) != 0) {
        return EDA_OK; /* nobody is in it, as connect will find */
    }
    if (!endpoint->is_guest && mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return refuse(problem, folder, "cannot be made");
    }
    if (!is_owners_folder(folder, 0077)) {
        return edai_config_refuse(problem, EDA_EIO,
            "local: %s must be a folder of this user that nobody else may enter; remove it, or "
            "configure {\"socket\": \"/path\"}",
            folder);
    }
    return EDA_OK;
}

eda_status edai_endpoint_find(
    const char *config, edai_endpoint *ret_endpoint, eda_bus_problem *problem)
{
    edai_endpoint found = {.path = ""};
    char hub[sizeof("never")] = "";
    const edai_config_item items[] = {
        {"socket", found.path, sizeof(found.path), NULL}, {"hub", hub, sizeof(hub), "never"}};
    const char *runtime = getenv("XDG_RUNTIME_DIR"); /* NOLINT(concurrency-mt-unsafe): read only */

    EDA_TRY(edai_config_read(config, items, 2, problem));
    found.is_guest = hub[0] != 0;
    if (found.path[0] == 0 && runtime != NULL && strlen(runtime) < sizeof(found.path) - 16 &&
        is_owners_folder(runtime, 0022)) {
        (void)snprintf(found.path, sizeof(found.path), "%s/edacious.sock", runtime);
    }
    if (found.path[0] == 0) {
        EDA_TRY(find_temporary(&found, problem));
    }
    *ret_endpoint = found;
    return EDA_OK;
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, path, strlen(path) + 1);
    return address;
}

/* --- lock and socket --- */

eda_status edai_endpoint_lock(const char *path, int *ret_fd, eda_bus_problem *problem)
{
    char lock[EDAI_ENDPOINT_SIZE + 8];
    struct stat info;
    eda_status status;

    (void)snprintf(lock, sizeof(lock), "%s.lock", path);
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return refuse(problem, lock, "cannot be opened");
    }
    if (fstat(fd, &info) != 0 || info.st_uid != (uid_t)edai_endpoint_uid()) {
        status = edai_config_refuse(
            problem, EDA_EIO, "local: %s belongs to another user; configure another socket", lock);
    } else if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *ret_fd = fd;
        return EDA_OK;
    } else {
        status = errno == EWOULDBLOCK || errno == EINTR ? EDA_ESTATE
                                                        : refuse(problem, lock, "cannot be locked");
    }
    (void)close(fd);
    return status;
}

bool edai_endpoint_is_held(const char *path)
{
    char lock[EDAI_ENDPOINT_SIZE + 8];

    (void)snprintf(lock, sizeof(lock), "%s.lock", path);
    int fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return false;
    }
    /* Whoever wants it just now finds it taken, and tries again. */
    bool is_held = flock(fd, LOCK_SH | LOCK_NB) != 0;
    (void)close(fd);
    return is_held;
}

static int socket_new(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

eda_status edai_endpoint_listen(const char *path, int *ret_fd, eda_bus_problem *problem)
{
    struct sockaddr_un address = address_of(path);
    int fd = socket_new();

    if (fd < 0) {
        return refuse(problem, path, "no socket");
    }
    (void)unlink(path); /* of a hub that is no more, since the lock is ours */
    /* Before bind, so that there is no moment in which others may connect. */
    if (fchmod(fd, 0600) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        eda_status status = refuse(problem, path, "cannot be listened on");
        (void)close(fd);
        return status;
    }
    *ret_fd = fd;
    return EDA_OK;
}

/* The user at the other end. */
static bool uid_of(int fd, unsigned *ret_uid)
{
    struct ucred other = {.uid = 0};
    socklen_t size = sizeof(other);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &size) != 0) {
        return false;
    }
    *ret_uid = (unsigned)other.uid;
    return true;
}

eda_status edai_endpoint_connect(const char *path, int *ret_fd, eda_bus_problem *problem)
{
    struct sockaddr_un address = address_of(path);
    unsigned uid;
    int fd = socket_new();

    if (fd < 0) {
        return refuse(problem, path, "no socket");
    }
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        bool is_nobody = errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN ||
                         errno == EINTR || errno == ECONNRESET;
        eda_status status = is_nobody ? EDA_ENOENT : refuse(problem, path, "cannot be reached");
        (void)close(fd);
        return status;
    }
    if (!uid_of(fd, &uid) || uid != edai_endpoint_uid()) {
        (void)close(fd);
        return edai_config_refuse(problem, EDA_EIO,
            "local: %s is listened on by another user; configure another socket", path);
    }
    *ret_fd = fd;
    return EDA_OK;
}

int edai_endpoint_accept(int fd, unsigned *ret_uid)
{
    int other = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (other >= 0 && !uid_of(other, ret_uid)) {
        (void)close(other);
        return -1;
    }
    return other;
}
