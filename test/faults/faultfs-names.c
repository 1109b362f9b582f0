/* faultfs: the calls that open, make and remove names. */
#include "faultfs.h"
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- opening ---- */

int do_open(int dirfd, const char *path, int flags, mode_t mode) {
  STOP_IF(hit_open(dirfd, path, flags));
  return (int)answer(RAW4(SYS_openat, dirfd, path, flags, mode));
}

#define MODE_OF(flags)                              \
  mode_t mode = 0;                                  \
  if ((flags) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) { \
    va_list args;                                   \
    va_start(args, flags);                          \
    mode = va_arg(args, mode_t);                    \
    va_end(args);                                   \
  }

int open(const char *path, int flags, ...) {
  MODE_OF(flags)
  return do_open(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE_OF(flags)
  return do_open(AT_FDCWD, path, flags, mode);
}
int openat(int fd, const char *path, int flags, ...) {
  MODE_OF(flags)
  return do_open(fd, path, flags, mode);
}
int openat64(int fd, const char *path, int flags, ...) {
  MODE_OF(flags)
  return do_open(fd, path, flags, mode);
}
int __open_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
int __openat_2(int fd, const char *path, int flags) { return do_open(fd, path, flags, 0); }
int __openat64_2(int fd, const char *path, int flags) { return do_open(fd, path, flags, 0); }
int creat(const char *path, mode_t mode) { return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

static int mode_flags(const char *mode) {
  if (strchr(mode, 'w')) return O_CREAT | O_TRUNC | O_WRONLY;
  if (strchr(mode, 'a') || strchr(mode, 'x')) return O_CREAT | O_WRONLY;
  return strchr(mode, '+') ? O_RDWR : O_RDONLY;
}
#define FOPEN(name)                                                               \
  FILE *name(const char *path, const char *mode) {                                \
    int stop = hit_open(AT_FDCWD, path, mode_flags(mode));   \
    if (stop > 0) {                                                               \
      errno = stop;                                                               \
      return 0;                                                                   \
    }                                                                             \
    return REAL(#name, FILE *, const char *, const char *)(path, mode);           \
  }
FOPEN(fopen)
FOPEN(fopen64)

DIR *opendir(const char *path) {
  int stop = reads ? hit_path("opendir", AT_FDCWD, path) : PROCEED;
  if (stop > 0) {
    errno = stop;
    return 0;
  }
  return REAL("opendir", DIR *, const char *)(path);
}

/* ---- making and removing names ---- */

#define PATH1(name, label, params, dirfd, path, call)  \
  int name params {                             \
    STOP_IF(hit_path(label, dirfd, path));      \
    return (int)answer(call);                   \
  }
#define PATH2(name, label, params, fd1, from, fd2, to, call)  \
  int name params {                                    \
    STOP_IF(hit_two(label, fd1, from, fd2, to));       \
    return (int)answer(call);                          \
  }

PATH1(mkdir, "mkdir", (const char *p, mode_t m), AT_FDCWD, p, RAW3(SYS_mkdirat, AT_FDCWD, p, m))
PATH1(mkdirat, "mkdir", (int fd, const char *p, mode_t m), fd, p, RAW3(SYS_mkdirat, fd, p, m))
PATH1(rmdir, "rmdir", (const char *p), AT_FDCWD, p, RAW3(SYS_unlinkat, AT_FDCWD, p, AT_REMOVEDIR))
PATH1(unlink, "unlink", (const char *p), AT_FDCWD, p, RAW3(SYS_unlinkat, AT_FDCWD, p, 0))
PATH1(unlinkat, "unlink", (int fd, const char *p, int f), fd, p, RAW3(SYS_unlinkat, fd, p, f))
PATH1(mkfifo, "mknod", (const char *p, mode_t m), AT_FDCWD, p, RAW4(SYS_mknodat, AT_FDCWD, p, m | S_IFIFO, 0))
PATH1(mkfifoat, "mknod", (int fd, const char *p, mode_t m), fd, p, RAW4(SYS_mknodat, fd, p, m | S_IFIFO, 0))
PATH1(mknod, "mknod", (const char *p, mode_t m, dev_t d), AT_FDCWD, p, RAW4(SYS_mknodat, AT_FDCWD, p, m, d))
PATH1(mknodat, "mknod", (int fd, const char *p, mode_t m, dev_t d), fd, p, RAW4(SYS_mknodat, fd, p, m, d))
PATH1(symlink, "symlink", (const char *t, const char *p), AT_FDCWD, p, RAW3(SYS_symlinkat, t, AT_FDCWD, p))
PATH1(symlinkat, "symlink", (const char *t, int fd, const char *p), fd, p, RAW3(SYS_symlinkat, t, fd, p))
PATH1(chmod, "chmod", (const char *p, mode_t m), AT_FDCWD, p, RAW3(SYS_fchmodat, AT_FDCWD, p, m))
PATH1(truncate, "truncate", (const char *p, off_t n), AT_FDCWD, p, RAW2(SYS_truncate, p, n))
PATH1(truncate64, "truncate", (const char *p, off64_t n), AT_FDCWD, p, RAW2(SYS_truncate, p, n))
PATH2(rename, "rename", (const char *a, const char *b), AT_FDCWD, a, AT_FDCWD, b,
      RAW5(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 0))
PATH2(renameat, "rename", (int x, const char *a, int y, const char *b), x, a, y, b, RAW5(SYS_renameat2, x, a, y, b, 0))
PATH2(renameat2, "rename", (int x, const char *a, int y, const char *b, unsigned f), x, a, y, b,
      RAW5(SYS_renameat2, x, a, y, b, f))
PATH2(link, "link", (const char *a, const char *b), AT_FDCWD, a, AT_FDCWD, b,
      RAW5(SYS_linkat, AT_FDCWD, a, AT_FDCWD, b, 0))
PATH2(linkat, "link", (int x, const char *a, int y, const char *b, int f), x, a, y, b, RAW5(SYS_linkat, x, a, y, b, f))

/* The *at forms that libc has to compose of more than one call. */
int fchmodat(int fd, const char *path, mode_t mode, int flags) {
  STOP_IF(hit_path("chmod", fd, path));
  return REAL("fchmodat", int, int, const char *, mode_t, int)(fd, path, mode, flags);
}
int utimensat(int fd, const char *path, const struct timespec times[2], int flags) {
  STOP_IF(hit_path("utimens", fd, path));
  return (int)answer(RAW4(SYS_utimensat, fd, path, times, flags));
}
int futimens(int fd, const struct timespec times[2]) {
  STOP_IF(hit_fd("utimens", fd, 0));
  return (int)answer(RAW4(SYS_utimensat, fd, 0, times, 0));
}
int remove(const char *path) {
  STOP_IF(hit_path("unlink", AT_FDCWD, path));
  long result = RAW3(SYS_unlinkat, AT_FDCWD, path, 0);
  return (int)answer(result == -EISDIR ? RAW3(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR) : result);
}

char *mkdtemp(char *template) {
  int stop = hit_path("mkdir", AT_FDCWD, template);
  if (stop > 0) {
    errno = stop;
    return 0;
  }
  return REAL("mkdtemp", char *, char *)(template);
}
#define MKSTEMP(name, params, args, ...)                  \
  int name params {                                       \
    STOP_IF(hit_path("open", AT_FDCWD, template));        \
    return REAL(#name, int, __VA_ARGS__) args;            \
  }
MKSTEMP(mkstemp, (char *template), (template), char *)
MKSTEMP(mkstemp64, (char *template), (template), char *)
MKSTEMP(mkostemp, (char *template, int flags), (template, flags), char *, int)
MKSTEMP(mkostemp64, (char *template, int flags), (template, flags), char *, int)
