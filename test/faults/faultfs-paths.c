/* faultfs: which calls concern us, told by their paths. */
#include "faultfs.h"

/* Takes out "//", "." and ".." by the letters, in place. */
void normalise(char *path) {
  char *to = path;
  for (char *from = path; *from;) {
    while (*from == '/') from++;
    size_t n = strcspn(from, "/");
    if (n == 2 && from[0] == '.' && from[1] == '.') {
      while (to > path && *--to != '/') {
      }
    } else if (n > 0 && !(n == 1 && from[0] == '.')) {
      *to++ = '/';
      memmove(to, from, n);
      to += n;
    }
    from += n;
  }
  if (to == path) *to++ = '/';
  *to = 0;
}

static int below(const char *path, const char *dir) {
  size_t n = strlen(dir);
  return n > 0 && strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == 0);
}

int below_root(const char *path) { return below(path, root_given) || below(path, root_real); }

int read_fd_path(int fd, char *out) {
  char link[32] = "/proc/self/fd/", digits[16];
  int n = 0, at = 14;
  unsigned value = (unsigned)fd;
  if (fd < 0) return 0;
  do digits[n++] = (char)('0' + value % 10);
  while (value /= 10);
  while (n > 0) link[at++] = digits[--n];
  link[at] = 0;
  long got = RAW4(SYS_readlinkat, AT_FDCWD, link, out, PATH_MAX - 1);
  if (got <= 0) return 0;
  out[got] = 0;
  return out[0] == '/';
}

/* The absolute path, or 0 where it is none of ours. */
int resolve(int dirfd, const char *path, char *out) {
  if (!active || path == 0) return 0;
  size_t n = strlen(path), at = 0;
  if (n >= PATH_MAX) return 0;
  if (path[0] != '/') {
    if (dirfd == AT_FDCWD) {
      if (RAW2(SYS_getcwd, out, PATH_MAX) <= 0) return 0;
    } else if (!read_fd_path(dirfd, out)) return 0;
    at = strlen(out);
    if (n == 0 || at + 1 + n >= PATH_MAX) return n == 0 && below_root(out);
    out[at++] = '/';
  }
  memcpy(out + at, path, n + 1);
  normalise(out);
  return below_root(out);
}

int hit_path(const char *name, int dirfd, const char *path) {
  char abs[PATH_MAX];
  return resolve(dirfd, path, abs) ? hit(name, abs, 0, 0) : PROCEED;
}

int hit_two(const char *name, int fd1, const char *from, int fd2, const char *to) {
  char one[PATH_MAX], two[PATH_MAX];
  one[0] = two[0] = 0;
  int ours = resolve(fd1, from, one);
  if (resolve(fd2, to, two)) ours = 1;
  return ours ? hit(name, one[0] ? one : from, two[0] ? two : to, 0) : PROCEED;
}

int hit_fd(const char *name, int fd, int writes) {
  char abs[PATH_MAX];
  struct stat st;
  if (!active || !read_fd_path(fd, abs) || !below_root(abs)) return PROCEED;
  if (RAW4(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) != 0) return PROCEED;
  if (!S_ISREG(st.st_mode) && !(S_ISDIR(st.st_mode) && !writes)) return PROCEED;
  return hit(name, abs, 0, writes);
}

int hit_open(int dirfd, const char *path, int flags) {
  char abs[PATH_MAX];
  struct stat st;
  int writing = (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_ACCMODE) != O_RDONLY;
  if (flags & O_PATH) writing = 0;
  if ((!writing && !reads) || !resolve(dirfd, path, abs)) return PROCEED;
  /* A FIFO, a device or a directory (to be answered EISDIR) is opened, not changed. */
  if (writing && RAW4(SYS_newfstatat, dirfd, path, &st, 0) == 0 && !S_ISREG(st.st_mode)) {
    if ((flags & O_TMPFILE) != O_TMPFILE) return PROCEED;
  }
  return hit(writing ? "open" : "open-read", abs, 0, 0);
}

