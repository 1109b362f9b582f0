// Beside `rq inject`: `fsync-groups DIR N GROUP` makes N files of 200 bytes durable, GROUP at a time:
// create them under temporary names, syncfs, rename them, fsync the directory.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_ROOM = 64 };

static int create(const char *name) {
  char payload[200];
  memset(payload, 'x', sizeof payload);
  int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (fd < 0 || write(fd, payload, sizeof payload) != sizeof payload) return -1;
  return close(fd);
}

static void names(long n, char *hidden, char *visible) {
  snprintf(visible, NAME_ROOM, "item-%08ld", n);
  snprintf(hidden, NAME_ROOM, ".item-%08ld", n);
}

int main(int argc, char **argv) {
  if (argc < 4 || chdir(argv[1]) != 0) return 2;
  long count = atol(argv[2]);
  long group = atol(argv[3]);
  int directory = open(".", O_DIRECTORY | O_RDONLY);
  char hidden[NAME_ROOM], visible[NAME_ROOM];

  for (long start = 0; start < count; start += group) {
    long end = start + group < count ? start + group : count;
    for (long n = start; n < end; n++) {
      names(n, hidden, visible);
      if (create(hidden) != 0) return 1;
    }
    if (syncfs(directory) != 0) return 1;
    for (long n = start; n < end; n++) {
      names(n, hidden, visible);
      if (rename(hidden, visible) != 0) return 1;
    }
    if (fsync(directory) != 0) return 1;
  }
  return 0;
}
