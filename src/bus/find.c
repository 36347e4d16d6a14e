/* find.c - drivers by name: those built in, and those in libraries of their own.
 *
 * Threads: any. Memory: none kept; a library stays loaded for ever, since its table is constant and
 * its threads may outlive any session. */
#define _GNU_SOURCE 1

#include <edacious/bus.h>

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bus/driver/config.h"

#define NAME_LEN_MAX 64

static const eda_bus_driver *const built_in[] = {&eda_bus_inproc, &eda_bus_local};
#define BUILT_IN_LEN (sizeof(built_in) / sizeof(built_in[0]))

static bool is_whole(const eda_bus_driver *d)
{
    return d->name != NULL && d->about != NULL && d->open != NULL && d->close != NULL &&
           d->put != NULL && d->subscribe != NULL && d->serve != NULL && d->token != NULL &&
           d->watch != NULL && d->heard != NULL && d->drop != NULL && d->get != NULL &&
           d->answer != NULL;
}

/* The first two members are the same in every version. */
static eda_status check_table(
    const eda_bus_driver *table, const char *path, eda_bus_problem *problem)
{
    if (table == NULL) {
        return edai_config_refuse(
            problem, EDA_EINVAL, "%.120s: %s returned no table", path, EDA_BUS_SYMBOL);
    }
    if (table->version != EDA_BUS_VERSION || table->struct_size != sizeof(*table)) {
        return edai_config_refuse(problem, EDA_EINVAL,
            "%.120s: a driver of version %u (%u bytes), needed: %u (%zu bytes); build it with this "
            "edacious/bus.h",
            path, table->version, table->struct_size, EDA_BUS_VERSION, sizeof(*table));
    }
    if (!is_whole(table)) {
        return edai_config_refuse(problem, EDA_EINVAL,
            "%.120s: a name or a function of the driver's table is NULL; fill every member", path);
    }
    return EDA_OK;
}

static eda_status load(
    const char *path, const eda_bus_driver **ret_driver, eda_bus_problem *problem)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    if (library == NULL) {
        const char *why =
            dlerror(); /* NOLINT(concurrency-mt-unsafe): a thread's own in glibc, musl */
        return edai_config_refuse(problem, EDA_EINVAL, "the driver cannot be loaded: %.200s", why);
    }
    /* POSIX demands that this conversion works; C has no words for it. */
    eda_bus_driver_fn *table_of = NULL;
    void *symbol = dlsym(library, EDA_BUS_SYMBOL);
    memcpy(&table_of, &symbol, sizeof(table_of));
    if (table_of == NULL) {
        (void)dlclose(library);
        return edai_config_refuse(problem, EDA_EINVAL,
            "%.120s: no driver: it does not export %s (edacious/bus.h)", path, EDA_BUS_SYMBOL);
    }
    const eda_bus_driver *table = table_of();
    EDA_TRY(check_table(table, path, problem));
    *ret_driver = table;
    return EDA_OK;
}

/* The folder of the file this code was loaded from: the library's, or the program's. */
static bool own_folder(char folder[PATH_MAX])
{
    Dl_info info;

    if (dladdr((const void *)&eda_bus_inproc, &info) != 0 && info.dli_fname != NULL &&
        info.dli_fname[0] == '/' && strlen(info.dli_fname) < PATH_MAX) {
        memcpy(folder, info.dli_fname, strlen(info.dli_fname) + 1);
    } else { /* a program is known by how it was called, which need not be a path */
        ssize_t len = readlink("/proc/self/exe", folder, PATH_MAX - 1);
        if (len <= 0) {
            return false;
        }
        folder[len] = 0;
    }
    *strrchr(folder, '/') = 0;
    return true;
}

/* Beside this code, then in the lib folder beside its folder, then in the loader's path. */
static eda_status find_library(
    const char *name, const eda_bus_driver **ret_driver, eda_bus_problem *problem)
{
    static const char *const places[] = {"/", "/../lib/"};
    char folder[PATH_MAX] = "";
    char path[PATH_MAX + NAME_LEN_MAX + 64];
    bool is_known = own_folder(folder);

    for (size_t i = 0; is_known && i < sizeof(places) / sizeof(places[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s%slibedacious-%s.so", folder, places[i], name);
        if (access(path, F_OK) == 0) {
            return load(path, ret_driver, problem);
        }
    }
    (void)snprintf(path, sizeof(path), "libedacious-%s.so", name);
    if (load(path, ret_driver, problem) == EDA_OK) {
        return EDA_OK;
    }
    void *there = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (there != NULL) { /* it is there, and what is wrong with it stands in the problem */
        (void)dlclose(there);
        return EDA_EINVAL;
    }
    return edai_config_refuse(problem, EDA_ENOENT,
        "there is no bus driver %s: %s is neither in %.120s, nor in its ../lib, nor in the "
        "loader's "
        "path: set LD_LIBRARY_PATH, or name the file by a path",
        name, path, folder);
}

static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t len = strspn(name, letters);

    return len > 0 && len <= NAME_LEN_MAX && name[len] == 0;
}

eda_status eda_bus_find(
    const char *name, const eda_bus_driver **ret_driver, eda_bus_problem *ret_problem)
{
    for (size_t i = 0; i < BUILT_IN_LEN; i++) {
        if (strcmp(built_in[i]->name, name) == 0) {
            *ret_driver = built_in[i];
            return EDA_OK;
        }
    }
    if (strchr(name, '/') != NULL) {
        if (access(name, F_OK) != 0) {
            return edai_config_refuse(
                ret_problem, EDA_ENOENT, "there is no bus driver %.150s: no such file", name);
        }
        return load(name, ret_driver, ret_problem);
    }
    if (!is_name(name)) {
        return edai_config_refuse(ret_problem, EDA_EINVAL,
            "\"%.80s\" names no bus driver: a name is small letters, digits, _ and -, up to %d; "
            "a path has a /",
            name, NAME_LEN_MAX);
    }
    return find_library(name, ret_driver, ret_problem);
}
