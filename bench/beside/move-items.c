// Renames all of one directory into another, oldest id first: `move-items FROM TO [INTERVAL_US]`.
// Prints, for each, CLOCK_MONOTONIC in ns just before the rename, and the name.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  int from = open(argv[1], O_DIRECTORY | O_RDONLY);
  int to = open(argv[2], O_DIRECTORY | O_RDONLY);
  long pause_us = argc > 3 ? atol(argv[3]) : 0;
  struct timespec pause = {pause_us / 1000000, pause_us % 1000000 * 1000};
  struct dirent **entries;
  int count = scandir(argv[1], &entries, visible, alphasort);
  if (from < 0 || to < 0 || count < 0) return 2;
  long long *times = malloc(count * sizeof *times);

  for (int i = 0; i < count; i++) {
    struct timespec now;
    if (pause_us > 0) nanosleep(&pause, NULL);
    clock_gettime(CLOCK_MONOTONIC, &now);
    times[i] = now.tv_sec * 1000000000LL + now.tv_nsec;
    if (renameat(from, entries[i]->d_name, to, entries[i]->d_name) != 0) {
      perror(entries[i]->d_name);
      return 1;
    }
  }
  for (int i = 0; i < count; i++) printf("%lld %s\n", times[i], entries[i]->d_name);
  return 0;
}
