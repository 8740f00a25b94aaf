package audit

import "slices"

// renewed lists, by glibc version, symbols (as path.Match patterns) that older
// glibcs have as well, under an older version or as another symbol to which
// their headers lead. From glibc's NEWS and the Versions files of its sources:
//
//   - 2.14, 2.17, 2.27, 2.28, 2.29, 2.35, 2.38: changed behaviour or a move from
//     librt, under the same name;
//   - 2.28: fcntl64, to which headers lead fcntl with 64-bit file offsets;
//   - 2.33: stat and mknod, which were inline functions over __xstat and __xmknod;
//   - 2.34: what was in libpthread, libdl, librt, libutil and libanl before, the
//     start code, and libresolv's functions, which headers led to __res_query and
//     its like;
//   - 2.38: strtol and its like with C23's binary numbers, to which headers lead
//     the old names.
var renewed = map[string][]string{
	"GLIBC_2.14": {"memcpy"},
	"GLIBC_2.17": {"clock_*"},
	"GLIBC_2.27": {"glob", "glob64"},
	"GLIBC_2.28": {"fcntl64"},
	"GLIBC_2.29": {"exp", "exp2", "log", "log2", "pow"},
	"GLIBC_2.33": {"stat", "stat64", "lstat", "lstat64", "fstat", "fstat64", "fstatat", "fstatat64", "mknod", "mknodat"},
	"GLIBC_2.34": {
		"__libc_start_main", "pthread_*", "__pthread_*", "sem_*", "thrd_*", "mtx_*", "cnd_*", "tss_*", "call_once",
		"dlopen", "dlclose", "dlsym", "dlvsym", "dlerror", "dladdr", "dladdr1", "dlinfo", "dlmopen",
		"aio_*", "lio_listio*", "mq_*", "shm_open", "shm_unlink", "timer_*",
		"forkpty", "openpty", "login", "login_tty", "logout", "logwtmp",
		"getaddrinfo_a", "gai_*", "res_*", "__res_*", "ns_*", "dn_*", "__dn_*", "inet_*",
	},
	"GLIBC_2.35": {"hypot"},
	"GLIBC_2.38": {"fmod", "fmodf", "__isoc23_*"},
}

// Renewed reports that a symbol of a glibc version is known to be in older ones
// as well: a program that is linked on an older release asks for the older one,
// and its sources stay as they are. False says nothing.
func Renewed(symbol, version string) bool {
	return slices.ContainsFunc(renewed[version], func(p string) bool { return matches(p, symbol) })
}
