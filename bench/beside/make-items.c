// Makes N items with ids in a directory, 200 bytes each: `make-items DIR N [SUFFIX [linked]]`.
// With `linked`, 60,000 names at a time share one inode: a million names then cost a million links, not inodes.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PAYLOAD_BYTES = 200, LINKS_PER_INODE = 60000, NAME_ROOM = 256 };

static long long micros_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void make_name(char *name, long long micros, const char *suffix) {
  static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  time_t seconds = micros / 1000000;
  struct tm utc;
  char stamp[32];
  char random[7] = "000000";

  gmtime_r(&seconds, &utc);
  strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", &utc);
  // Microseconds differ from item to item, so any spread of them will do for the random part.
  unsigned long long spread = (unsigned long long)micros * 2654435761ULL >> 7;
  for (int i = 0; i < 6; i++, spread /= 36) random[i] = digits[spread % 36];
  snprintf(name, NAME_ROOM, "%s.%06lld-%s%s", stamp, micros % 1000000, random, suffix);
}

static int create(const char *name) {
  char payload[PAYLOAD_BYTES];
  memset(payload, 'x', sizeof payload);
  int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (fd < 0 || write(fd, payload, sizeof payload) != sizeof payload) return -1;
  return close(fd);
}

int main(int argc, char **argv) {
  if (argc < 3 || chdir(argv[1]) != 0) return 2;
  long count = atol(argv[2]);
  const char *suffix = argc > 3 ? argv[3] : "";
  int linked = argc > 4;
  long long first = micros_now();
  char name[NAME_ROOM];
  char source[NAME_ROOM] = "";

  for (long i = 0; i < count; i++) {
    make_name(name, first + i, suffix);
    int failed = linked && i % LINKS_PER_INODE != 0 ? link(source, name) : create(name);
    if (failed) {
      perror(name);
      return 1;
    }
    if (i % LINKS_PER_INODE == 0) strcpy(source, name);
  }
  return 0;
}
