/* stranger.c - a library that is no driver. */
int stranger(void);

int stranger(void)
{
    return 1;
}
