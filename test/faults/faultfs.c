/*
 * faultfs: fail, or die at, the Nth file-system call below a directory.
 *
 * Loaded by LD_PRELOAD. It asks the kernel directly for what it interposes, so that it needs no other
 * function of libc on the way and leaves errno alone. What it does not see: static programs, and the writes
 * that stdio makes out of its own buffers (fwrite, printf): bash's echo and ls are such, Node, dash, Perl and
 * Python are not.
 *
 *   FAULTFS_ROOT    count calls that concern paths below this directory (required, else nothing happens)
 *   FAULTFS_MATCH   only in processes whose command line contains this
 *   FAULTFS_ONLY    comma-separated names of calls to count (as they stand in the log)
 *   FAULTFS_PATH    count only calls whose paths contain this
 *   FAULTFS_READS   1: count opening for reading and opendir too
 *   FAULTFS_AT      the call that is hit; 0 or unset only counts
 *   FAULTFS_DO      kill | stop | torn (write half, then kill) | short (write half) | ENOSPC | EIO | EMFILE ...
 *   FAULTFS_STICKY  1: every counted call from there on is hit
 *   FAULTFS_UNTIL   nothing is hit any more once this file exists
 *   FAULTFS_SHARED  a file of 8 bytes that holds the counter, for a whole tree of processes
 *   FAULTFS_LOG     append "N pid name path to hit" for every counted call, tab-separated
 */
#include "faultfs.h"
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum action { COUNT, KILL, STOP, TORN, SHORT, FAIL };

int active, reads;
char root_given[PATH_MAX], root_real[PATH_MAX];

static char log_file[PATH_MAX], until[PATH_MAX], only[512], part[512];
static unsigned long fault_at;
static enum action action = COUNT;
static int fault_errno, sticky;
static atomic_int dying;
static atomic_ulong own_counter;
static atomic_ulong *counter = &own_counter;

void die(void) {
  atomic_store(&dying, 1);
  RAW2(SYS_kill, RAW0(SYS_getpid), SIGKILL);
  for (;;) RAW4(SYS_ppoll, 0, 0, 0, 0);
}

/* ---- the hit ---- */

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

int hit(const char *name, const char *path, const char *to, int writes) {
  if (atomic_load(&dying)) die();
  if (!wanted(name, path, to)) return PROCEED;
  if ((action == TORN || action == SHORT) && !writes) return PROCEED;
  unsigned long n = atomic_fetch_add(counter, 1) + 1;
  int now = fault_at > 0 && (n == fault_at || (sticky && n > fault_at)) && action != COUNT;
  if (now && until[0] && RAW3(SYS_faccessat, AT_FDCWD, until, F_OK) == 0) now = 0;
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
  setting("FAULTFS_UNTIL", until, sizeof until);
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
