// Beside the latency rows: `inotify-spawn DIR PROGRAM` starts PROGRAM with the path of whatever is renamed into DIR.
// It claims nothing, records nothing and survives nothing: the least that can be done.
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  _Alignas(struct inotify_event) char events[65536];
  int fd = inotify_init1(IN_CLOEXEC);
  if (fd < 0 || inotify_add_watch(fd, argv[1], IN_MOVED_TO) < 0) return 1;
  signal(SIGCHLD, SIG_IGN);
  puts("ready");
  fflush(stdout);

  for (;;) {
    ssize_t length = read(fd, events, sizeof events);
    if (length <= 0) return 1;
    for (char *at = events; at < events + length;) {
      struct inotify_event *event = (struct inotify_event *)at;
      char path[8192];
      char *args[] = {argv[2], path, NULL};
      pid_t pid;
      snprintf(path, sizeof path, "%s/%s", argv[1], event->name);
      if (posix_spawn(&pid, argv[2], NULL, NULL, args, environ) != 0) return 1;
      at += sizeof *event + event->len;
    }
  }
}
