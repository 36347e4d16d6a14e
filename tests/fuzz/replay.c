/* replay.c - main of a fuzz target outside libFuzzer: runs it once on each file of the folders and
 * files given.
 *
 * Fails when there is none: a corpus that went missing must not look like a passing test. */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const long input_size_max = 16L * 1024 * 1024;

/* Returns the number of inputs run, 0 or 1. */
static unsigned replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return 0;
    }
    unsigned ran = 0;
    uint8_t *data = NULL;
    long size = -1;
    if (fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
    }
    if (size < 0 || size > input_size_max || fseek(file, 0, SEEK_SET) != 0) {
        goto close;
    }
    /* Exactly as long as the input, so that a sanitizer sees the first byte read beyond it. */
    data = malloc(size == 0 ? 1 : (size_t)size);
    if (data == NULL || fread(data, 1, (size_t)size, file) != (size_t)size) {
        goto close;
    }
    LLVMFuzzerTestOneInput(data, (size_t)size);
    ran = 1;
close:
    free(data);
    fclose(file);
    return ran;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static unsigned replay_folder(const char *folder)
{
    struct dirent **entries = NULL;
    int len = scandir(folder, &entries, is_visible, alphasort);
    unsigned ran = 0;
    for (int i = 0; i < len; i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name) < (int)sizeof(path)) {
            ran += replay_file(path);
        }
        free(entries[i]);
    }
    free(entries);
    return ran;
}

int main(int argc, char **argv)
{
    unsigned ran = 0;
    for (int i = 1; i < argc; i++) {
        struct stat info;
        if (stat(argv[i], &info) != 0) {
            fprintf(stderr, "%s: no such file or folder\n", argv[i]);
            return EXIT_FAILURE;
        }
        ran += S_ISDIR(info.st_mode) ? replay_folder(argv[i]) : replay_file(argv[i]);
    }
    printf("%u inputs\n", ran);
    return ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
