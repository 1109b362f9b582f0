/*
 * faultfs: fail, or die at, the Nth file-system call below a directory.
 *
 * Loaded by LD_PRELOAD. It asks the kernel directly for what it interposes, so that it needs no other
 * function of libc on the way and leaves errno alone. What it does not see: static programs, and the writes
 * that stdio makes out of its own buffers (fwrite, fprintf); nothing of Node, sh, coreutils, Perl or Python's os
 * module is among them.
 *
 *   FAULTFS_ROOT    count calls that concern paths below this directory (required, else nothing happens)
 *   FAULTFS_MATCH   only in processes whose command line contains this
 *   FAULTFS_ONLY    comma-separated names of calls to count (as they stand in the log)
 *   FAULTFS_PATH    count only calls whose paths contain this
 *   FAULTFS_READS   1: count opening for reading and opendir too
 *   FAULTFS_AT      the call that is hit; 0 or unset only counts
 *   FAULTFS_DO      kill | stop | torn (write half, then kill) | short (write half) | ENOSPC | EIO | EMFILE ...
 *   FAULTFS_STICKY  1: every counted call from there on is hit
 *   FAULTFS_SHARED  a file of 8 bytes that holds the counter, for a whole tree of processes
 *   FAULTFS_LOG     append "N pid name path to hit" for every counted call, tab-separated
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PROCEED = 0, HALF_THEN_DIE = -1, HALF = -2 };
enum action { COUNT, KILL, STOP, TORN, SHORT, FAIL };

static char root_given[PATH_MAX], root_real[PATH_MAX], log_file[PATH_MAX];
static char only[512], part[512];
static unsigned long fault_at;
static enum action action = COUNT;
static int fault_errno, sticky, reads, active;
static atomic_int dying;
static atomic_ulong own_counter;
static atomic_ulong *counter = &own_counter;

/* ---- the kernel, without libc in between ---- */

static long raw(long nr, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = nr;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
#error "faultfs knows x86-64 and arm64 only"
#endif
}
#define RAW0(nr) raw(nr, 0, 0, 0, 0, 0, 0)
#define RAW2(nr, a, b) raw(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define RAW3(nr, a, b, c) raw(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define RAW4(nr, a, b, c, d) raw(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define RAW5(nr, a, b, c, d, e) raw(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define RAW6(nr, a, b, c, d, e, f) raw(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static long answer(long result) {
  if (result < 0 && result > -4096) {
    errno = (int)-result;
    return -1;
  }
  return result;
}

static void die(void) {
  atomic_store(&dying, 1);
  RAW2(SYS_kill, RAW0(SYS_getpid), SIGKILL);
  for (;;) RAW4(SYS_ppoll, 0, 0, 0, 0);
}

/* ---- which paths concern us ---- */

/* Takes out "//", "." and ".." by the letters, in place. */
static void normalise(char *path) {
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

static int below_root(const char *path) { return below(path, root_given) || below(path, root_real); }

static int read_fd_path(int fd, char *out) {
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
static int resolve(int dirfd, const char *path, char *out) {
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

static int wanted(const char *name, const char *path, const char *to) {
  if (only[0]) {
    size_t n = strlen(name);
    const char *at = only;
    while ((at = strstr(at, name)) && !((at == only || at[-1] == ',') && (at[n] == 0 || at[n] == ','))) at += n;
    if (!at) return 0;
  }
  if (part[0] && !strstr(path, part) && !(to && strstr(to, part))) return 0;
  return 1;
}

/* ---- the hit ---- */

static size_t put(char *line, size_t at, const char *text) {
  static const char hex[] = "0123456789abcdef";
  for (; *text && at + 5 < 3 * PATH_MAX; text++) {
    unsigned char c = (unsigned char)*text;
    if (c >= 32 && c != 127 && c != '\\') line[at++] = *text;
    else {
      line[at++] = '\\';
      line[at++] = 'x';
      line[at++] = hex[c >> 4];
      line[at++] = hex[c & 15];
    }
  }
  line[at++] = '\t';
  return at;
}

static size_t put_number(char *line, size_t at, unsigned long value) {
  char digits[24];
  int n = 24;
  digits[--n] = 0;
  do digits[--n] = (char)('0' + value % 10);
  while (value /= 10);
  return put(line, at, digits + n);
}

static void note(unsigned long n, const char *name, const char *path, const char *to, int hit) {
  char line[3 * PATH_MAX + 128];
  size_t at = put_number(line, 0, n);
  at = put_number(line, at, (unsigned long)RAW0(SYS_getpid));
  at = put(line, at, name);
  at = put(line, at, path);
  at = put(line, at, to ? to : "");
  at = put(line, at, hit ? "hit" : "");
  line[at - 1] = '\n';
  /* Opened every time: the program under test may close, or run out of, descriptors as it likes. */
  long fd = RAW4(SYS_openat, AT_FDCWD, log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0) return;
  RAW3(SYS_write, fd, line, at);
  RAW2(SYS_close, fd, 0);
}

static int hit(const char *name, const char *path, const char *to, int writes) {
  if (atomic_load(&dying)) die();
  if (!wanted(name, path, to)) return PROCEED;
  if ((action == TORN || action == SHORT) && !writes) return PROCEED;
  unsigned long n = atomic_fetch_add(counter, 1) + 1;
  int now = fault_at > 0 && (n == fault_at || (sticky && n > fault_at)) && action != COUNT;
  if (log_file[0]) note(n, name, path, to, now);
  if (!now) return PROCEED;
  switch (action) {
    case COUNT: return PROCEED;
    case KILL: die(); return PROCEED;
    case STOP: RAW2(SYS_kill, RAW0(SYS_getpid), SIGSTOP); return PROCEED;
    case TORN: return HALF_THEN_DIE;
    case SHORT: return HALF;
    case FAIL: return fault_errno;
  }
  return PROCEED;
}

static int hit_path(const char *name, int dirfd, const char *path) {
  char abs[PATH_MAX];
  return resolve(dirfd, path, abs) ? hit(name, abs, 0, 0) : PROCEED;
}

static int hit_two(const char *name, int fd1, const char *from, int fd2, const char *to) {
  char one[PATH_MAX], two[PATH_MAX];
  one[0] = two[0] = 0;
  int ours = resolve(fd1, from, one);
  if (resolve(fd2, to, two)) ours = 1;
  return ours ? hit(name, one[0] ? one : from, two[0] ? two : to, 0) : PROCEED;
}

static int hit_fd(const char *name, int fd, int writes) {
  char abs[PATH_MAX];
  struct stat st;
  if (!active || !read_fd_path(fd, abs) || !below_root(abs)) return PROCEED;
  if (RAW4(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) != 0) return PROCEED;
  if (!S_ISREG(st.st_mode) && !(S_ISDIR(st.st_mode) && !writes)) return PROCEED;
  return hit(name, abs, 0, writes);
}

static int hit_open(const char *name, const char *reading, int dirfd, const char *path, int flags) {
  char abs[PATH_MAX];
  struct stat st;
  int writing = (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_ACCMODE) != O_RDONLY;
  if (flags & O_PATH) writing = 0;
  if ((!writing && !reads) || !resolve(dirfd, path, abs)) return PROCEED;
  /* A FIFO, a device or a directory (to be answered EISDIR) is opened, not changed. */
  if (writing && RAW4(SYS_newfstatat, dirfd, path, &st, 0) == 0 && !S_ISREG(st.st_mode)) {
    if ((flags & O_TMPFILE) != O_TMPFILE) return PROCEED;
  }
  return hit(writing ? name : reading, abs, 0, 0);
}

#define STOP_IF(code)        \
  do {                       \
    int stop_ = (code);      \
    if (stop_ > 0) {         \
      errno = stop_;         \
      return -1;             \
    }                        \
  } while (0)

/* ---- opening ---- */

static int do_open(int dirfd, const char *path, int flags, mode_t mode) {
  STOP_IF(hit_open("open", "open-read", dirfd, path, flags));
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

static void *real_dlsym(void *handle, const char *name);
#define REAL(name, type, ...) ((type(*)(__VA_ARGS__))real_dlsym(RTLD_NEXT, name))

static int mode_flags(const char *mode) {
  if (strchr(mode, 'w')) return O_CREAT | O_TRUNC | O_WRONLY;
  if (strchr(mode, 'a') || strchr(mode, 'x')) return O_CREAT | O_WRONLY;
  return strchr(mode, '+') ? O_RDWR : O_RDONLY;
}
#define FOPEN(name)                                                               \
  FILE *name(const char *path, const char *mode) {                                \
    int stop = hit_open("open", "open-read", AT_FDCWD, path, mode_flags(mode));   \
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

#define PATH1(name, params, dirfd, path, call)  \
  int name params {                             \
    STOP_IF(hit_path(#name, dirfd, path));      \
    return (int)answer(call);                   \
  }
#define PATH2(name, params, fd1, from, fd2, to, call)  \
  int name params {                                    \
    STOP_IF(hit_two(#name, fd1, from, fd2, to));       \
    return (int)answer(call);                          \
  }

PATH1(mkdir, (const char *p, mode_t m), AT_FDCWD, p, RAW3(SYS_mkdirat, AT_FDCWD, p, m))
PATH1(mkdirat, (int fd, const char *p, mode_t m), fd, p, RAW3(SYS_mkdirat, fd, p, m))
PATH1(rmdir, (const char *p), AT_FDCWD, p, RAW3(SYS_unlinkat, AT_FDCWD, p, AT_REMOVEDIR))
PATH1(unlink, (const char *p), AT_FDCWD, p, RAW3(SYS_unlinkat, AT_FDCWD, p, 0))
PATH1(unlinkat, (int fd, const char *p, int f), fd, p, RAW3(SYS_unlinkat, fd, p, f))
PATH1(mkfifo, (const char *p, mode_t m), AT_FDCWD, p, RAW4(SYS_mknodat, AT_FDCWD, p, m | S_IFIFO, 0))
PATH1(mkfifoat, (int fd, const char *p, mode_t m), fd, p, RAW4(SYS_mknodat, fd, p, m | S_IFIFO, 0))
PATH1(mknod, (const char *p, mode_t m, dev_t d), AT_FDCWD, p, RAW4(SYS_mknodat, AT_FDCWD, p, m, d))
PATH1(mknodat, (int fd, const char *p, mode_t m, dev_t d), fd, p, RAW4(SYS_mknodat, fd, p, m, d))
PATH1(symlink, (const char *t, const char *p), AT_FDCWD, p, RAW3(SYS_symlinkat, t, AT_FDCWD, p))
PATH1(symlinkat, (const char *t, int fd, const char *p), fd, p, RAW3(SYS_symlinkat, t, fd, p))
PATH1(chmod, (const char *p, mode_t m), AT_FDCWD, p, RAW3(SYS_fchmodat, AT_FDCWD, p, m))
PATH1(truncate, (const char *p, off_t n), AT_FDCWD, p, RAW2(SYS_truncate, p, n))
PATH1(truncate64, (const char *p, off64_t n), AT_FDCWD, p, RAW2(SYS_truncate, p, n))
PATH2(rename, (const char *a, const char *b), AT_FDCWD, a, AT_FDCWD, b,
      RAW5(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 0))
PATH2(renameat, (int x, const char *a, int y, const char *b), x, a, y, b, RAW5(SYS_renameat2, x, a, y, b, 0))
PATH2(renameat2, (int x, const char *a, int y, const char *b, unsigned f), x, a, y, b,
      RAW5(SYS_renameat2, x, a, y, b, f))
PATH2(link, (const char *a, const char *b), AT_FDCWD, a, AT_FDCWD, b, RAW5(SYS_linkat, AT_FDCWD, a, AT_FDCWD, b, 0))
PATH2(linkat, (int x, const char *a, int y, const char *b, int f), x, a, y, b, RAW5(SYS_linkat, x, a, y, b, f))

/* The *at forms that libc has to compose of more than one call. */
int fchmodat(int fd, const char *path, mode_t mode, int flags) {
  STOP_IF(hit_path("chmod", fd, path));
  return REAL("fchmodat", int, int, const char *, mode_t, int)(fd, path, mode, flags);
}
int utimensat(int fd, const char *path, const struct timespec times[2], int flags) {
  STOP_IF(path ? hit_path("utimens", fd, path) : hit_fd("utimens", fd, 0));
  return (int)answer(RAW4(SYS_utimensat, fd, path, times, flags));
}
int futimens(int fd, const struct timespec times[2]) {
  STOP_IF(hit_fd("utimens", fd, 0));
  return (int)answer(RAW4(SYS_utimensat, fd, 0, times, 0));
}
int remove(const char *path) {
  STOP_IF(hit_path("remove", AT_FDCWD, path));
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

/* ---- data ---- */

static int hit_write(const char *name, int fd) { return hit_fd(name, fd, 1); }
static size_t half(size_t n) { return n > 1 ? n / 2 : n; }

static ssize_t do_write(int fd, const void *data, size_t n) {
  int code = hit_write("write", fd);
  STOP_IF(code);
  long result = RAW3(SYS_write, fd, data, code == PROCEED ? n : half(n));
  if (code == HALF_THEN_DIE) die();
  return answer(result);
}
static ssize_t do_pwrite(int fd, const void *data, size_t n, off64_t at) {
  int code = hit_write("pwrite", fd);
  STOP_IF(code);
  long result = RAW4(SYS_pwrite64, fd, data, code == PROCEED ? n : half(n), at);
  if (code == HALF_THEN_DIE) die();
  return answer(result);
}
/* Half a vector is half of its first part. */
static ssize_t do_writev(long nr, int fd, const struct iovec *v, int count, long lo, long hi, long flags) {
  int code = hit_write(nr == SYS_writev ? "writev" : "pwritev", fd);
  struct iovec first;
  STOP_IF(code);
  if (code != PROCEED && count > 0) {
    first.iov_base = v->iov_base;
    first.iov_len = half(v->iov_len);
    v = &first;
    count = 1;
  }
  long result = RAW6(nr, fd, v, count, lo, hi, flags);
  if (code == HALF_THEN_DIE) die();
  return answer(result);
}

ssize_t write(int fd, const void *data, size_t n) { return do_write(fd, data, n); }
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { return do_pwrite(fd, data, n, at); }
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) { return do_pwrite(fd, data, n, at); }
ssize_t writev(int fd, const struct iovec *v, int n) { return do_writev(SYS_writev, fd, v, n, 0, 0, 0); }
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) { return do_writev(SYS_pwritev, fd, v, n, at, 0, 0); }
ssize_t pwritev64(int fd, const struct iovec *v, int n, off64_t at) {
  return do_writev(SYS_pwritev, fd, v, n, at, 0, 0);
}
ssize_t pwritev2(int fd, const struct iovec *v, int n, off_t at, int f) {
  return do_writev(SYS_pwritev2, fd, v, n, at, 0, f);
}
ssize_t pwritev64v2(int fd, const struct iovec *v, int n, off64_t at, int f) {
  return do_writev(SYS_pwritev2, fd, v, n, at, 0, f);
}

#define FD1(name, label, params, call)   \
  int name params {                      \
    STOP_IF(hit_fd(label, fd, 0));       \
    return (int)answer(call);            \
  }
FD1(fsync, "fsync", (int fd), RAW2(SYS_fsync, fd, 0))
FD1(fdatasync, "fdatasync", (int fd), RAW2(SYS_fdatasync, fd, 0))
FD1(syncfs, "syncfs", (int fd), RAW2(SYS_syncfs, fd, 0))
FD1(ftruncate, "ftruncate", (int fd, off_t n), RAW2(SYS_ftruncate, fd, n))
FD1(ftruncate64, "ftruncate", (int fd, off64_t n), RAW2(SYS_ftruncate, fd, n))
FD1(fchmod, "fchmod", (int fd, mode_t m), RAW2(SYS_fchmod, fd, m))
FD1(fallocate, "fallocate", (int fd, int m, off_t a, off_t n), RAW4(SYS_fallocate, fd, m, a, n))
FD1(fallocate64, "fallocate", (int fd, int m, off64_t a, off64_t n), RAW4(SYS_fallocate, fd, m, a, n))

ssize_t sendfile(int to, int from, off_t *at, size_t n) {
  STOP_IF(hit_write("sendfile", to));
  return answer(RAW4(SYS_sendfile, to, from, at, n));
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t n) {
  STOP_IF(hit_write("sendfile", to));
  return answer(RAW4(SYS_sendfile, to, from, at, n));
}
ssize_t copy_file_range(int from, off64_t *in, int to, off64_t *out, size_t n, unsigned flags) {
  STOP_IF(hit_write("copy_file_range", to));
  return answer(RAW6(SYS_copy_file_range, from, in, to, out, n, flags));
}
int ioctl(int fd, unsigned long request, ...) {
  va_list args;
  va_start(args, request);
  long arg = va_arg(args, long);
  va_end(args);
  if (request == FICLONE || request == FICLONERANGE) STOP_IF(hit_write("ficlone", fd));
  return (int)answer(RAW3(SYS_ioctl, fd, request, arg));
}

/* ---- what libuv and others ask of the kernel by number ---- */

long syscall(long nr, ...) {
  va_list args;
  va_start(args, nr);
  long a = va_arg(args, long), b = va_arg(args, long), c = va_arg(args, long);
  long d = va_arg(args, long), e = va_arg(args, long), f = va_arg(args, long);
  va_end(args);
  switch (nr) {
    case SYS_openat: return do_open((int)a, (const char *)b, (int)c, (mode_t)d);
    case SYS_openat2: STOP_IF(hit_open("open", "open-read", (int)a, (char *)b, (int)((struct open_how *)c)->flags)); break;
    case SYS_mkdirat: return mkdirat((int)a, (const char *)b, (mode_t)c);
    case SYS_mknodat: return mknodat((int)a, (const char *)b, (mode_t)c, (dev_t)d);
    case SYS_unlinkat: return unlinkat((int)a, (const char *)b, (int)c);
    case SYS_symlinkat: return symlinkat((const char *)a, (int)b, (const char *)c);
    case SYS_linkat: return linkat((int)a, (const char *)b, (int)c, (const char *)d, (int)e);
    case SYS_renameat2: return renameat2((int)a, (const char *)b, (int)c, (const char *)d, (unsigned)e);
#ifdef SYS_renameat
    case SYS_renameat: return renameat((int)a, (const char *)b, (int)c, (const char *)d);
#endif
#ifdef SYS_open
    case SYS_open: return do_open(AT_FDCWD, (const char *)a, (int)b, (mode_t)c);
    case SYS_creat: return creat((const char *)a, (mode_t)b);
    case SYS_mkdir: return mkdir((const char *)a, (mode_t)b);
    case SYS_mknod: return mknod((const char *)a, (mode_t)b, (dev_t)c);
    case SYS_rmdir: return rmdir((const char *)a);
    case SYS_unlink: return unlink((const char *)a);
    case SYS_symlink: return symlink((const char *)a, (const char *)b);
    case SYS_link: return link((const char *)a, (const char *)b);
    case SYS_rename: return rename((const char *)a, (const char *)b);
    case SYS_chmod: return chmod((const char *)a, (mode_t)b);
#endif
    case SYS_write: return do_write((int)a, (const void *)b, (size_t)c);
    case SYS_pwrite64: return do_pwrite((int)a, (const void *)b, (size_t)c, d);
    case SYS_writev:
    case SYS_pwritev:
    case SYS_pwritev2: return do_writev(nr, (int)a, (const struct iovec *)b, (int)c, d, e, f);
    case SYS_fsync: return fsync((int)a);
    case SYS_fdatasync: return fdatasync((int)a);
    case SYS_syncfs: return syncfs((int)a);
    case SYS_ftruncate: return ftruncate((int)a, b);
    case SYS_truncate: return truncate((const char *)a, b);
    case SYS_fchmod: return fchmod((int)a, (mode_t)b);
    case SYS_fallocate: return fallocate((int)a, (int)b, c, d);
    case SYS_sendfile: STOP_IF(hit_write("sendfile", (int)a)); break;
    case SYS_copy_file_range: STOP_IF(hit_write("copy_file_range", (int)c)); break;
    default: break;
  }
  return answer(raw(nr, a, b, c, d, e, f));
}

/* ---- functions fetched by name from an opened libc (foreign-function interfaces do that) ---- */

static void *real_dlsym(void *handle, const char *name) {
  static void *(*real)(void *, const char *);
  if (!real) {
    real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
    if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.17");
  }
  return real(handle, name);
}

void *dlsym(void *handle, const char *name) {
  static void *(*next)(void *, const char *);
  static void *ours;
  Dl_info self, found;
  if (!next) next = (void *(*)(void *, const char *))real_dlsym(RTLD_NEXT, "dlsym");
  if (handle != RTLD_NEXT && handle != RTLD_DEFAULT && active && dladdr((void *)&hit_path, &self)) {
    void *theirs = real_dlsym(handle, name);
    if (!ours) ours = dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    void *mine = ours ? real_dlsym(ours, name) : 0;
    int in_libc = theirs && dladdr(theirs, &found) && strstr(found.dli_fname, "/libc.so");
    if (in_libc && mine && dladdr(mine, &found) && found.dli_fbase == self.dli_fbase) return mine;
  }
  /* A tail call: RTLD_NEXT means "after the caller", and the caller must stay who it was. */
  return next(handle, name);
}

/* ---- settings ---- */

static int errno_named(const char *name) {
  static const struct {
    const char *name;
    int value;
  } table[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EMFILE", EMFILE}, {"ENFILE", ENFILE},
               {"EDQUOT", EDQUOT}, {"EROFS", EROFS},   {"EACCES", EACCES}, {"EPERM", EPERM},
               {"ENOMEM", ENOMEM}, {"EAGAIN", EAGAIN}, {"EINTR", EINTR},   {"ENOENT", ENOENT},
               {"EEXIST", EEXIST}, {"EXDEV", EXDEV},   {"EMLINK", EMLINK}, {"ENAMETOOLONG", ENAMETOOLONG}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(table[i].name, name) == 0) return table[i].value;
  return 0;
}

static void setting(const char *name, char *out, size_t size) {
  const char *value = getenv(name);
  out[0] = 0;
  if (value && strlen(value) < size) strcpy(out, value);
}

static int flag(const char *name) {
  const char *value = getenv(name);
  return value && *value && strcmp(value, "0") != 0;
}

/* Of the words only: a sweep's own settings stand in the environment, not on a command line. */
static int command_line_has(const char *word) {
  static char line[65536];
  long fd = RAW4(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return 0;
  long n = RAW3(SYS_read, fd, line, sizeof line - 1);
  RAW2(SYS_close, fd, 0);
  for (long i = 0; i < n; i++)
    if (line[i] == 0) line[i] = ' ';
  line[n > 0 ? n : 0] = 0;
  return strstr(line, word) != 0;
}

static void share_counter(const char *file) {
  long fd = RAW4(SYS_openat, AT_FDCWD, file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return;
  RAW2(SYS_ftruncate, fd, sizeof(atomic_ulong));
  void *map = mmap(0, sizeof(atomic_ulong), PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
  RAW2(SYS_close, fd, 0);
  if (map != MAP_FAILED) counter = map;
}

static void choose_action(const char *what) {
  static const char *const names[] = {[KILL] = "kill", [STOP] = "stop", [TORN] = "torn", [SHORT] = "short"};
  for (enum action a = KILL; a <= SHORT; a++)
    if (strcmp(what, names[a]) == 0) action = a;
  fault_errno = errno_named(what);
  if (fault_errno) action = FAIL;
}

__attribute__((constructor)) static void begin(void) {
  char word[512], shared[PATH_MAX], what[32], at[32];
  setting("FAULTFS_ROOT", root_given, sizeof root_given);
  if (root_given[0] != '/') return;
  setting("FAULTFS_MATCH", word, sizeof word);
  if (word[0] && !command_line_has(word)) return;
  normalise(root_given);
  if (!realpath(root_given, root_real)) strcpy(root_real, root_given);
  setting("FAULTFS_ONLY", only, sizeof only);
  setting("FAULTFS_PATH", part, sizeof part);
  setting("FAULTFS_LOG", log_file, sizeof log_file);
  setting("FAULTFS_SHARED", shared, sizeof shared);
  setting("FAULTFS_AT", at, sizeof at);
  setting("FAULTFS_DO", what, sizeof what);
  fault_at = strtoul(at, 0, 10);
  sticky = flag("FAULTFS_STICKY");
  reads = flag("FAULTFS_READS");
  choose_action(what);
  if (shared[0]) share_counter(shared);
  active = 1;
}
