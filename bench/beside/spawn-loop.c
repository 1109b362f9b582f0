// Beside the throughput rows: `spawn-loop N IN_FLIGHT PROGRAM` runs PROGRAM N times, IN_FLIGHT at once, and no more.
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  long count = atol(argv[1]);
  long in_flight = atol(argv[2]);
  char *args[] = {argv[3], NULL};
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  for (int fd = 0; fd < 3; fd++) posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_RDWR, 0);

  for (long started = 0, ended = 0; ended < count;) {
    pid_t pid;
    if (started < count && started - ended < in_flight) {
      if (posix_spawn(&pid, argv[3], &quiet, NULL, args, environ) != 0) return 1;
      started++;
    } else {
      if (wait(NULL) < 0) return 1;
      ended++;
    }
  }
  return 0;
}
