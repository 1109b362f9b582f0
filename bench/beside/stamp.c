// The handler of the latency rows: appends CLOCK_MONOTONIC in ns, its argument and its directory to STAMP_FILE,
// a path fixed when it is compiled. The clock is read first, so what follows costs nothing that is measured.
// Linked as `hold`, it then stays until it is told to end: its items keep their slots, the others keep waiting.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);

  char directory[4096] = "";
  char line[8192];
  if (getcwd(directory, sizeof directory) == NULL) directory[0] = '\0';
  long long ns = now.tv_sec * 1000000000LL + now.tv_nsec;
  int length = snprintf(line, sizeof line, "%lld %s %s\n", ns, argc > 1 ? argv[1] : "", directory);
  int fd = open(STAMP_FILE, O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (fd < 0 || write(fd, line, length) != length) return 1;

  const char *slash = strrchr(argv[0], '/');
  if (strcmp(slash ? slash + 1 : argv[0], "hold") == 0) pause();
  return 0;
}
