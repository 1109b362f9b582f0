/* faultfs: the calls that move data, and the ways around the named functions. */
#include "faultfs.h"
#include <dlfcn.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

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
    case SYS_openat2: STOP_IF(hit_open((int)a, (char *)b, (int)((struct open_how *)c)->flags)); break;
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

void *real_dlsym(void *handle, const char *name) {
  static void *(*real)(void *, const char *);
  if (!real) {
    real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
    if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.17");
  }
  return real(handle, name);
}

/* Our own function of that name, where the one found in a library would be libc's. */
static __attribute__((noinline)) void *instead_of(void *handle, const char *name) {
  static void *ours;
  Dl_info self, found;
  if (!active || handle == RTLD_NEXT || handle == RTLD_DEFAULT || !dladdr((void *)&hit_path, &self)) return 0;
  void *theirs = real_dlsym(handle, name);
  if (!theirs || !dladdr(theirs, &found) || !strstr(found.dli_fname, "/libc.so")) return 0;
  if (!ours) ours = dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  void *mine = ours ? real_dlsym(ours, name) : 0;
  return mine && dladdr(mine, &found) && found.dli_fbase == self.dli_fbase ? mine : 0;
}

static void *(*next_dlsym)(void *, const char *);

void *dlsym(void *handle, const char *name) {
  if (!next_dlsym) next_dlsym = (void *(*)(void *, const char *))real_dlsym(RTLD_NEXT, "dlsym");
  void *mine = instead_of(handle, name);
  if (mine) return mine;
  /* A tail call (-O2): RTLD_NEXT means "after the caller", and the caller must stay who it was. */
  return next_dlsym(handle, name);
}
