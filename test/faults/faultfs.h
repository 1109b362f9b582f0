/* What the parts of faultfs share; see faultfs.c. */
#ifndef FAULTFS_H
#define FAULTFS_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The program under test may have functions of these names itself. */
#pragma GCC visibility push(hidden)

enum { PROCEED = 0, HALF_THEN_DIE = -1, HALF = -2 };

extern int active, reads;
extern char root_given[PATH_MAX], root_real[PATH_MAX];

void die(void) __attribute__((noreturn));

/* Each answers PROCEED, an errno to fail with, or, for what writes data, one of the halves. */
int hit(const char *name, const char *path, const char *to, int writes);
int hit_path(const char *name, int dirfd, const char *path);
int hit_two(const char *name, int fd1, const char *from, int fd2, const char *to);
int hit_fd(const char *name, int fd, int writes);
int hit_open(int dirfd, const char *path, int flags);
int do_open(int dirfd, const char *path, int flags, mode_t mode);

void normalise(char *path);
int below_root(const char *path);
int read_fd_path(int fd, char *out);
int resolve(int dirfd, const char *path, char *out);
void *real_dlsym(void *handle, const char *name);

#pragma GCC visibility pop

/* The function that would have been called without us. */
#define REAL(name, type, ...) ((type(*)(__VA_ARGS__))real_dlsym(RTLD_NEXT, name))

#define STOP_IF(code)        \
  do {                       \
    int stop_ = (code);      \
    if (stop_ > 0) {         \
      errno = stop_;         \
      return -1;             \
    }                        \
  } while (0)

/* ---- the kernel, without libc in between ---- */

static inline long raw(long nr, long a, long b, long c, long d, long e, long f) {
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

static inline long answer(long result) {
  if (result < 0 && result > -4096) {
    errno = (int)-result;
    return -1;
  }
  return result;
}

#endif
